"""Read pasted tables: CSV, Markdown, boxes, frames as pandas prints them; a record a row."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from itertools import pairwise, takewhile
from typing import Any

from tui_tracker.audit.snippets.leaves import as_number, plain_value
from tui_tracker.audit.snippets.reader import says_something
from tui_tracker.names.words import snake

Record = dict[str, Any]

_RULE = re.compile(r"[\s|:+=-]+")
_DRAWN = str.maketrans(
    dict.fromkeys("│┃║", "|") | dict.fromkeys("━─═┏┓┗┛┡┩┢┪┳┻╇┴┬┼├┤└┘┌┐╔╗╚╝╠╣╦╩╬╞╡╪", "-")
)
"""Lines of boxes that programs print around their tables."""
_KEYS = frozenset(
    "key field param parameter name item property setting what metric hyperparameter hyperparam "
    "hparam option argument arg flag attribute variable config configuration".split()
)
_VALUES = frozenset("value values setting val content".split())
_STEPS = frozenset("step steps epoch epochs iteration iter global_step round".split())


def read_table(text: str) -> list[Record] | None:
    """Return the rows of a table as records; one where it is of keys, or of steps."""
    lines = [line for line in text.splitlines() if line.strip()]
    rows = _rows(_ruled(lines) or lines)
    if len(rows) < 2 or len(rows[0]) < 2 or len({len(row) for row in rows}) > 1:
        return None
    head = rows[0]
    if len(head) == 2 and not any(head):
        head = ["key", "value"]  # of a card
    if any(not cell or as_number(cell) is not None for cell in head) or len({*head}) < len(head):
        return None
    if len(head) == 2 and snake(head[0]) in _KEYS and snake(head[1]) in _VALUES:
        return [{key: plain_value(value) for key, value in rows[1:] if key}]
    records = [dict(zip(head, map(plain_value, row), strict=True)) for row in rows[1:]]
    if _is_by_step(head, records):
        return [_history(head, records)]
    return records if says_something(records) else None


def _is_rule(line: str) -> bool:
    """Whether a line only parts a head from its rows; cells that are all empty are a row."""
    return _RULE.fullmatch(line) is not None and not {*"-="}.isdisjoint(line)


def _ruled(lines: Sequence[str]) -> list[str]:
    """Return the first table of Markdown that stands between other lines; [] where none does."""
    for at, line in enumerate(lines):
        if at and line.count("|") > 1 and _is_rule(line) and lines[at - 1].count("|") > 1:
            return [lines[at - 1], *takewhile(lambda row: "|" in row, lines[at:])]
    return []


def _rows(lines: Sequence[str]) -> list[list[str]]:
    lines = [line.translate(_DRAWN) for line in lines]
    if len(lines) < 2:
        return []
    if lines[0].count("|") > 1 or any(_is_rule(line) for line in lines[:2]):
        kept = [line.strip().strip("|") for line in lines if not _is_rule(line)]
        return [[cell.strip(" *`_") for cell in line.split("|")] for line in kept]
    by = next((mark for mark in "\t;," if mark in lines[0]), "")
    if not by:
        return _aligned(lines)
    try:
        return [[cell.strip() for cell in row] for row in csv.reader(lines, delimiter=by)]
    except csv.Error:
        return []


def _aligned(lines: Sequence[str]) -> list[list[str]]:
    """Return the rows of a frame as pandas prints it: columns stand two blanks apart."""
    rows = [re.split(r"\s{2,}", line.strip()) for line in lines]
    by_index = {len(row) for row in rows[1:]} == {len(rows[0]) + 1}
    return [rows[0], *(row[1:] for row in rows[1:])] if by_index else rows


def _is_by_step(head: Sequence[str], records: Sequence[Record]) -> bool:
    """Whether rows are steps of one run: a step rises from row to row."""
    for name in head:
        if snake(name) in _STEPS and len(records) > 1:
            steps = [as_number(record[name]) for record in records]
            told = [step for step in steps if step is not None]
            return len(told) == len(steps) and all(a < b for a, b in pairwise(told))
    return False


def _history(head: Sequence[str], records: Sequence[Record]) -> Record:
    columns = {name: [record[name] for record in records] for name in head}
    fixed = {
        name: values[0]
        for name, values in columns.items()
        if not isinstance(values[0], (int, float)) and len({*map(str, values)}) == 1
    }
    return {**fixed, "history": {n: v for n, v in columns.items() if n not in fixed}}
