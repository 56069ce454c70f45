"""What `copy as` copies: runs as lines for a spreadsheet, JSON, commands, or a table to print."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from tui_tracker.queries import RunRow, get_rows, get_run
from tui_tracker.queries.records import run_records
from tui_tracker.store import Store

if TYPE_CHECKING:
    from tui_tracker.handing_on.table_texts import TextFormat
    from tui_tracker.tui.columns import Column

WAYS: tuple[tuple[str, str], ...] = (
    ("TSV", "params and metrics, for a spreadsheet"),
    ("JSON", "everything, as `tt show --json` prints it"),
    ("command", "how the run was started"),
    ("Markdown", "the table as it stands, for a README or a chat"),
    ("LaTeX", "the table as it stands, for a paper (booktabs)"),
)
"""What can be chosen, and what is said about it."""


@dataclass(frozen=True, slots=True)
class Copied:
    """A text for the clipboard, and what it is in words."""

    text: str
    words: str


def copied(store: Store, keys: Sequence[int], way: int, columns: Sequence[Column] = ()) -> Copied:
    """Return runs in one of the `WAYS`; `keys` are in the order they are copied in.

    `columns` are those of a table, where one stands on the page; else they are chosen.
    """
    writers: tuple[Callable[[Store, Sequence[int]], str], ...] = (
        _tsv,
        _json,
        _commands,
        partial(_table, columns, "markdown"),
        partial(_table, columns, "latex"),
    )
    what = "1 run" if len(keys) == 1 else f"{len(keys):,} runs"
    return Copied(writers[way](store, keys), f"{what} as {WAYS[way][0]}")


def _tsv(store: Store, keys: Sequence[int]) -> str:
    rows = get_rows(store, keys, params=None, metrics=None)
    params = list(dict.fromkeys(name for row in rows for name in row.params))
    metrics = list(dict.fromkeys(label for row in rows for label in row.metrics))
    head = ["id", "name", "experiment", "status", "started", "duration_s", "tags"]
    lines: list[list[object]] = [[*head, *params, *metrics]]
    lines += (_cells(row, params, metrics) for row in rows)
    return "".join("\t".join(map(_cell, line)) + "\n" for line in lines)


def _cells(row: RunRow, params: Sequence[str], metrics: Sequence[str]) -> list[object]:
    fixed = [row.id, row.name, row.experiment, row.status, row.started_at.isoformat()]
    values = [row.metrics[label].last if label in row.metrics else "" for label in metrics]
    found = [row.params.get(name, "") for name in params]
    return [*fixed, round(row.duration_s, 3), " ".join(row.tags), *found, *values]


def _cell(value: object) -> str:
    """Return a value as a spreadsheet takes it: a tab or a line end would make two cells."""
    if value is None:
        return ""
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return " ".join(text.split("\t")).replace("\n", " ")


def _table(columns: Sequence[Column], format: TextFormat, store: Store, keys: Sequence[int]) -> str:
    from tui_tracker.handing_on.table_texts import write_table
    from tui_tracker.tui.copying_table import table_of

    return write_table(table_of(store, keys, columns), format)


def _json(store: Store, keys: Sequence[int]) -> str:
    records = list(run_records(store, keys))
    return records[0] if len(records) == 1 else "[" + ",\n ".join(records) + "]"


def _commands(store: Store, keys: Sequence[int]) -> str:
    return "".join(f"{_command(store, key)}\n" for key in keys)


def _command(store: Store, key: int) -> str:
    """Return the command that a run was started by; where none is recorded, what shows it."""
    detail = get_run(store, key)
    for part in detail.lineage:
        argv = part.facts.get("argv") if part.name == "process" else None
        if isinstance(argv, list) and argv:
            return shlex.join(map(str, argv))
    return f"tt show {detail.row.id}"
