"""A snippet as leaves: where each value stands, and what its keys say."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from functools import cached_property
from typing import Any

from tui_tracker.names.words import snake

MISSING = frozenset(
    (
        *("", "none", "null", "n/a", "na", "unknown", "?", "??", "???", "-", "tbd", "todo", "nan"),
        *("...", "not set", "unset", "not given", "not recorded", "not specified", "undefined"),
    )
)
PARAM_HOMES = frozenset(
    "params param parameters hyperparameters hyperparams hparams config args hp settings "
    "hyper_parameters configuration".split()
)
"""Keys below which params stand."""
WHERE_DATA = frozenset(("data", "dataset", "datasets", "train_data", "corpus", "input_data"))
COMMANDS = frozenset("cmd command command_line argv args arguments run_command launch".split())
FILES = frozenset(
    "artifacts artifact checkpoints checkpoint ckpt model_path model_file model_uri weights "
    "weights_path outputs output files predictions prediction_file saved_model best_model "
    "model_checkpoint checkpoint_path artifact_uri best_model_checkpoint outs".split()
)
"""Keys below which files stand that came out of a run."""
_DEEPEST = 12
_MOST = 20_000
_STEPS = frozenset(("epoch", "step", "global_step", "iteration"))
_TIMES = (
    *("%d.%m.%Y", "%d.%m.%Y %H:%M", "%d.%m.%Y %H:%M:%S", "%b %d, %Y", "%b %d, %Y %H:%M"),
    *("%d %b %Y", "%d %b %Y %H:%M", "%d %B %Y", "%B %d, %Y", "%Y-%m-%d %H-%M-%S", "%c"),
)
_WORDS = {"true": True, "false": False, "null": None, "none": None, "~": None, "undefined": None}
_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")
_SPREAD_BEHIND = re.compile(r"(±|\+/?-).*|(?<=\d)\s*\(\s*(±|\+/?-)?\s*[\d.]+\s*\)")
"""Of `0.52 ± 0.01` and `0.52 (0.01)`, all behind the value."""
_SPREAD = re.compile(r"[./]")
_WORDS_BEHIND = re.compile(r"(?<=[\d%])\s*\([^()]*\)\s*$")
"""Of `0.91 (mean of 3 seeds)`, all behind the value."""
_COMMA = re.compile(r"[-+]?(?:0,\d+|\d+,(?:\d{1,2}|\d{4,}))(?:e[-+]?\d+)?", re.I)
"""A decimal comma. `1,024` is none: it may be a thousand."""

_THOUSANDS = re.compile(r"[-+]?\d{1,3}(?:(?:,\d{3})+\.\d+|(?:\.\d{3})+,\d+)")
"""Both marks, of which the last stands before the decimals: `1,024.5`, `1.024,5`."""


@dataclass(frozen=True)
class Leaf:
    """One value, or one list of plain values, with the keys on the way to it."""

    keys: tuple[str, ...]
    """In small letters with underscores; keys with dots and slashes are several."""
    value: Any
    path: str
    """As it is written, for people."""

    @property
    def key(self) -> str:
        return self.keys[-1] if self.keys else ""

    @cached_property
    def words(self) -> frozenset[str]:
        """All words of all keys."""
        return frozenset(word for key in self.keys for word in key.split("_"))

    @property
    def is_empty(self) -> bool:
        return is_missing(self.value)

    @property
    def text(self) -> str:
        return "" if self.is_empty else str(self.value)


def is_missing(value: object) -> bool:
    """Return whether a value says nothing: null, empty, or a word such as `unknown`."""
    if value is None or value == [] or value == {}:
        return True
    if not isinstance(value, str):
        return False
    text = value.strip().lower()
    return text in MISSING or text.startswith("todo:")


def leaves(snippet: object) -> list[Leaf]:
    """Return all leaves; a list of plain values or of points is one leaf."""
    found: list[Leaf] = []
    for leaf in _walk(snippet, (), "", 0):
        found.append(leaf)
        if len(found) >= _MOST:
            break
    return found


def _walk(node: object, keys: tuple[str, ...], path: str, depth: int) -> Iterator[Leaf]:
    node = _said(node)
    if isinstance(node, Mapping) and node and depth < _DEEPEST and not is_point(node):
        for key, value in node.items():
            parts = tuple(p for part in _SPREAD.split(str(key)) if (p := snake(part)))
            where = f"{path}.{key}" if path else str(key)
            if _is_wrapper(str(key), value):
                yield from _walk(value, keys, where, depth + 1)
            else:
                yield from _walk(value, (*keys, *parts), where, depth + 1)
        return
    holds_tables = isinstance(node, list) and any(
        isinstance(item, Mapping) and not is_point(item) for item in node
    )
    if holds_tables and depth < _DEEPEST:
        assert isinstance(node, list)
        for number, item in enumerate(node):
            yield from _walk(item, keys, f"{path}[{number}]", depth + 1)
        return
    yield Leaf(keys, node, path)


def _is_wrapper(key: str, value: object) -> bool:
    """Whether a table is MLflow's `data` of a run, which is no data set."""
    inside = {"metrics", "params", "tags"}
    return key == "data" and isinstance(value, Mapping) and bool(value) and set(value) <= inside


def _said(node: object) -> object:
    """Return a node as it is meant: trackers write a value, and pairs, in several ways.

    `{"value": 3, "desc": null}` (W&B's config) is 3, and a list of `{"key": k, "value": v}`
    (MLflow's params, tags and metrics) the table of them; a key that comes again is a series.
    So is a table of values by step, and a list of one table an epoch.
    """
    if isinstance(node, Mapping) and "value" in node and set(node) <= {"value", "desc"}:
        return node["value"]
    if isinstance(node, Mapping) and len(node) > 1 and all(map(_is_step, node)):
        return [node[key] for key in sorted(node, key=float)]
    if not isinstance(node, list) or not node:
        return node
    for name in ("key", "name"):
        if all(isinstance(item, Mapping) and {name, "value"} <= set(item) for item in node):
            found: dict[str, list[object]] = {}
            for item in node:
                rest = {key: value for key, value in item.items() if key != name}
                found.setdefault(str(item[name]), []).append(rest)
            return {key: _one_or_all(items) for key, items in found.items()}
    return (_columns(node) or node) if len(node) > 1 else node


def _is_step(key: object) -> bool:
    return str(key).isdecimal()


def _columns(rows: list[object]) -> dict[str, list[object]]:
    """Return rows that have an epoch or a step each as columns; {} where they are other rows."""
    found: dict[str, list[object]] = {}
    for row in rows:
        if not isinstance(row, Mapping) or is_point(row) or not _STEPS & set(map(snake, row)):
            return {}
        for key, value in row.items():
            if isinstance(value, (Mapping, list)):
                return {}
            found.setdefault(str(key), []).append(value)
    return found


def _one_or_all(items: list[Any]) -> object:
    if len(items) > 1:
        return items
    return items[0]["value"] if is_point(items[0]) else items[0]


def is_point(node: object) -> bool:
    """Return whether a table is one point of a series: a value at a step, epoch or time."""
    if not isinstance(node, Mapping) or "value" not in node:
        return False
    return set(map(str, node)) <= {"step", "value", "epoch", "timestamp", "time", "x", "iteration"}


def series(value: object) -> list[float]:
    """Return the values of a series however it is written; one number is a series of one."""
    if (number := as_number(value)) is not None:
        return [number]
    if is_point(value):
        assert isinstance(value, Mapping)
        return series(value["value"])
    if not isinstance(value, list):
        return []
    found = []
    for item in value:
        if isinstance(item, list) and len(item) in (2, 3):
            item = item[-1]
        elif isinstance(item, Mapping):
            item = item.get("value")
        if (number := as_number(item)) is not None:
            found.append(number)
    return found


def plain_value(text: str) -> object:
    """Return what a text without quotes means: a truth value, null, a number, else the text.

    What no number gives back digit by digit stays a text: a version 1.10, a commit 12e4567.
    """
    if text.lower() in _WORDS:
        return _WORDS[text.lower()]
    if not _NUMBER.fullmatch(text):
        return text
    try:
        number = float(text)
    except ValueError:
        return text
    if re.fullmatch(r"[-+]?(0|[1-9]\d{0,17})", text):
        return int(text)
    is_digest = len(text) >= 7 and text.isalnum()
    exact = repr(number).removeprefix("0") == text.removeprefix("0") or (
        "e" in text.lower() and not is_digest
    )
    return number if exact and math.isfinite(number) else text


def as_number(value: object) -> float | None:
    """Return a number, also one that is written as a text; None for anything else."""
    if isinstance(value, str):
        text = _SPREAD_BEHIND.sub("", value.strip()).rstrip()
        return _number_of(_WORDS_BEHIND.sub("", text))
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        return float(value)
    except OverflowError:  # a whole number of more than 308 digits
        return math.inf if value > 0 else -math.inf


def _number_of(text: str) -> float | None:
    if text.endswith("%"):
        share = _number_of(text[:-1].rstrip())
        return None if share is None else of_hundred(share)
    if _COMMA.fullmatch(text):
        text = text.replace(",", ".")
    if _THOUSANDS.fullmatch(text):
        whole, _, part = text.rpartition(max(".", ",", key=text.rfind))
        text = f"{re.sub('[.,]', '', whole)}.{part}"
    try:
        return float(text)
    except ValueError:
        return None


def of_hundred(percent: float) -> float:
    """Return a percentage as a share, in the digits that it was written with."""
    if not math.isfinite(percent):
        return percent
    return float(Decimal(repr(percent)).scaleb(-2))


def has_spread(text: str) -> bool:
    """Return whether a number is written with its spread behind it."""
    return _SPREAD_BEHIND.search(text) is not None and as_number(text) is not None


def as_truth(value: object) -> bool:
    """Return whether a value says yes; a number says it where it is not 0."""
    if isinstance(value, str):
        return value.strip().lower() in ("yes", "true", "y", "1", "dirty", "modified", "on")
    return bool(value)


def as_time(value: object) -> datetime | None:
    """Return a moment: ISO 8601, or seconds or milliseconds since 1970; UTC without a zone."""
    number = as_number(value)
    if number is not None and math.isfinite(number):
        seconds = number / 1000 if number > 1e11 else number
        return datetime.fromtimestamp(seconds, UTC) if 1e8 < seconds < 1e11 else None
    if not isinstance(value, str):
        return None
    found = _read_time(value.strip())
    return found.replace(tzinfo=UTC) if found is not None and found.tzinfo is None else found


def _read_time(text: str) -> datetime | None:
    """Return a moment in a form that leaves no choice: 02/03/2026 would be two days."""
    try:
        return datetime.fromisoformat(text.replace("Z", "+00:00").replace("/", "-"))
    except ValueError:
        pass
    for form in _TIMES:
        try:
            return datetime.strptime(text, form)
        except ValueError:
            continue
    try:
        return parsedate_to_datetime(text)
    except (ValueError, IndexError, TypeError):
        return None
