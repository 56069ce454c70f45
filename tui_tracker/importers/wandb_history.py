"""The numbers in W&B's records: history, and what the summary has beyond it.

A history record is a row of items, in no fixed order, each a path and a value as JSON text:

    item (1): { key (1) | nested_key (2)...   value_json (16) }     step (2): { num (1) }

A path of several keys is a nested dictionary. `_step` and `_timestamp` (Unix seconds) say where
the row belongs, `_runtime` is seconds since the start. NaN and infinities are bare words, or,
by older versions, texts. What has a `_type` beside it (`histogram`, `image-file`, `table-file`)
is media: its width is no metric. A summary record has items of the same form to set (1) and to
remove (2); most of them repeat the history.

Almost all bytes of a file are such items, so they are taken apart here by hand: the bytes of a
path are looked up whole, and the text is made a number at once.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from typing import Literal

from tui_tracker.importers.records import BATCH_POINTS, Points
from tui_tracker.importers.wire import Message, WireError, read_field, read_fields

Keys = tuple[str, ...]
Role = Literal["metric", "step", "time", "type", "internal"]

_ROLES: Mapping[str, Role] = {
    "_step": "step",
    "_timestamp": "time",
    "_runtime": "internal",
    "_wandb": "internal",
}
_WORDS = {
    "true": 1.0,
    "false": 0.0,
    '"NaN"': math.nan,
    '"nan"': math.nan,
    '"Infinity"': math.inf,
    '"-Infinity"': -math.inf,
    '"inf"': math.inf,
    '"-inf"': -math.inf,
}
_DEEPEST = 32
_ITEM_KEY, _PATH_KEYS, _VALUE_KEY = 0x0A, b"\x0a\x12", b"\x82\x01"
_STEP = _REMOVED = 2
_VALUE = 16
_LARGEST_MS = 1 << 53
_SMALLEST, _LARGEST = -(1 << 63), (1 << 63) - 1


class Column:
    """One metric of the run: points that were not handed on yet."""

    __slots__ = ("name", "path", "role", "steps", "times", "values")

    def __init__(self, path: Keys) -> None:
        self.path = path
        self.name = ".".join(path)
        self.role: Role = _ROLES.get(path[0], "metric") if self.name else "internal"
        if self.role == "metric" and path[-1] == "_type" and len(path) > 1:
            self.role = "type"
        self.steps: list[int] = []
        self.times: list[int] = []
        self.values: list[float] = []


class History:
    """All metrics of one run, filled row by row."""

    def __init__(self) -> None:
        self.columns: dict[Keys, Column] = {}
        self.media: dict[tuple[str, str], int] = {}
        """How often something of a type was logged, by type and name."""
        self.files: dict[str, str] = {}
        """Paths of media files, and their types."""
        self.last_step = 0
        self.first_ms: int | None = None
        self.last_ms: int | None = None
        self._by_bytes: dict[bytes, Column] = {}
        self._waiting = 0

    @property
    def is_full(self) -> bool:
        return self._waiting >= BATCH_POINTS

    def add(self, record: bytes, started_ms: int, below: float = math.inf) -> None:
        """Take in a history record; one whose step is not below `below` is left out.

        Raises:
            WireError: the bytes are no such record.
        """
        pairs, rest = split_items(record)
        step = _step_of(rest)
        at_ms = started_ms if self.last_ms is None else self.last_ms
        known = self._by_bytes
        rows: list[tuple[Column, bytes]] = []
        types: list[tuple[Keys, str]] = []
        for name, text in pairs:
            column = known.get(name) or self._learn(name)
            role = column.role
            if role == "metric":
                rows.append((column, text))
            elif role == "step":
                step = _whole(text, step)
            elif role == "time":
                at_ms = _milliseconds(text, at_ms)
            elif role == "type":
                types.append((column.path[:-1], str(loaded(text))))
        if step >= below:
            return
        self._keep(rows, types, min(max(step, _SMALLEST), _LARGEST), at_ms)

    def _keep(
        self, rows: list[tuple[Column, bytes]], types: list[tuple[Keys, str]], step: int, at_ms: int
    ) -> None:
        if self.first_ms is None:
            self.first_ms = at_ms
        self.last_step, self.last_ms = step, at_ms
        if types:
            rows = self._without_media(rows, types)
        for column, text in rows:
            try:
                value = float(text)
            except ValueError:
                self._add_other(column, text, step, at_ms)
                continue
            column.steps.append(step)
            column.times.append(at_ms)
            column.values.append(value)
        self._waiting += len(rows)

    def batches(self, run: str) -> Iterator[Points]:
        """Yield all points that wait, by metric in order of appearance."""
        for column in self.columns.values():
            if column.steps:
                yield Points(run, column.name, column.steps, column.times, column.values)
                column.steps, column.times, column.values = [], [], []
        self._waiting = 0

    def knows(self, path: Keys) -> bool:
        """Return whether a metric of this path was logged."""
        column = self.columns.get(path)
        return column is not None and column.role == "metric"

    def count(self, kind: str, name: str) -> None:
        """Note that something was logged that is no number."""
        self.media[kind, name] = self.media.get((kind, name), 0) + 1

    def _learn(self, name: bytes) -> Column:
        path = path_of(name)
        column = self.columns.get(path)
        if column is None:
            column = self.columns[path] = Column(path)
        self._by_bytes[name] = column
        return column

    def _without_media(
        self, rows: list[tuple[Column, bytes]], types: list[tuple[Keys, str]]
    ) -> list[tuple[Column, bytes]]:
        """Take out of a row what belongs to media, and note it."""
        for path, kind in types:
            self.count(kind, ".".join(path))
        heads = dict(types)
        kept: list[tuple[Column, bytes]] = []
        for column, text in rows:
            path = column.path
            within = [path[:size] for size in range(1, len(path)) if path[:size] in heads]
            if not within:
                kept.append((column, text))
            elif path[-1] in ("path", "filenames"):
                self._note_files(loaded(text), heads[within[0]])
        return kept

    def _note_files(self, found: object, kind: str) -> None:
        for path in found if isinstance(found, list) else [found]:
            if isinstance(path, str):
                self.files[path] = kind

    def _add_other(self, column: Column, text: bytes, step: int, at_ms: int) -> None:
        """Take in a value that is no number as it stands: a word, a dictionary, a text."""
        words = text.decode("utf-8", "replace").strip()
        if words in _WORDS:
            column.steps.append(step)
            column.times.append(at_ms)
            column.values.append(_WORDS[words])
        elif words.startswith("{"):
            self._add_nested(column.path, loaded(text), step, at_ms, 0)
        elif words != "null":
            self.count("list" if words.startswith("[") else "text", column.name)

    def _add_nested(self, path: Keys, value: object, step: int, at_ms: int, depth: int) -> None:
        if isinstance(value, dict) and depth < _DEEPEST:
            kind = value.get("_type")
            if isinstance(kind, str):
                self.count(kind, ".".join(path))
                self._note_files(value.get("path") or value.get("filenames"), kind)
                return
            for key, one in value.items():
                self._add_nested((*path, str(key)), one, step, at_ms, depth + 1)
        elif isinstance(value, (bool, int, float)):
            column = self.columns.setdefault(path, Column(path))
            if column.role != "metric":
                return
            column.steps.append(step)
            column.times.append(at_ms)
            column.values.append(as_float(value))
        elif value is not None:
            self.count("list" if isinstance(value, list) else "text", ".".join(path))


class Summary:
    """The last word of a run on its values, by path."""

    def __init__(self) -> None:
        self._texts: dict[bytes, bytes] = {}

    def add(self, record: bytes) -> None:
        """Take in a summary record.

        Raises:
            WireError: the bytes are no such record.
        """
        pairs, rest = split_items(record)
        self._texts.update(pairs)
        for number, item in rest:
            if number == _REMOVED and isinstance(item, bytes):
                self._remove(path_of(item))

    def _remove(self, path: Keys) -> None:
        gone = [name for name in self._texts if path_of(name)[: len(path)] == path]
        for name in gone:
            del self._texts[name]

    def beyond(self, history: History) -> dict[str, float | str]:
        """Return what was never logged as history: numbers, and short texts."""
        values: dict[Keys, object] = {}
        for name, text in self._texts.items():
            if (path := path_of(name)) and path[0] not in _ROLES:
                values[path] = loaded(text)
        media = {path[:-1] for path in values if path[-1] == "_type" and len(path) > 1}
        found: dict[str, float | str] = {}
        for path, value in values.items():
            if any(path[:size] in media for size in range(1, len(path))):
                continue
            for leaf, one in _leaves(path, value, 0):
                if any(leaf) and not history.knows(leaf):
                    found[".".join(leaf)] = one
        return found


def _leaves(path: Keys, value: object, depth: int) -> Iterator[tuple[Keys, float | str]]:
    """Yield numbers and texts of a JSON value, media left out."""
    if isinstance(value, dict) and depth < _DEEPEST:
        if "_type" not in value:
            for key, one in value.items():
                yield from _leaves((*path, str(key)), one, depth + 1)
    elif isinstance(value, (bool, int, float)):
        yield path, as_float(value)
    elif isinstance(value, str):
        yield path, _WORDS.get(json.dumps(value), value)


def split_items(record: bytes) -> tuple[list[tuple[bytes, bytes]], list[tuple[int, int | bytes]]]:
    """Return the bytes of path and value of each item, and the fields that are no items.

    Raises:
        WireError: the bytes are no record of items.
    """
    pairs: list[tuple[bytes, bytes]] = []
    rest: list[tuple[int, int | bytes]] = []
    at, end = 0, len(record)
    try:
        while at < end:
            if record[at] != _ITEM_KEY or record[at + 1] >= 0x80:
                number, value, at = read_field(record, at)
                if number == 1 and isinstance(value, bytes):
                    pairs.append(_slow_pair(value))
                else:
                    rest.append((number, value))
                continue
            begin = place = at + 2
            at = begin + record[at + 1]
            while record[place] in _PATH_KEYS and record[place + 1] < 0x80:
                place += 2 + record[place + 1]
            text = place + 3
            # Only a short value fits to the end; all others go the slow way.
            if record[place : text - 1] == _VALUE_KEY and text + record[text - 1] == at <= end:
                pairs.append((record[begin:place], record[text:at]))
            elif at <= end:
                pairs.append(_slow_pair(record[begin:at]))
            else:
                raise WireError("an item reaches beyond its record")
    except IndexError as error:
        raise WireError("an item ends within itself") from error
    return pairs, rest


def path_of(name: bytes) -> Keys:
    """Return the keys that stand in the bytes before an item's value."""
    fields = read_fields(name)
    keys = [value for number, value in fields if number <= 2 and isinstance(value, bytes)]
    return tuple(key.decode("utf-8", "replace") for key in keys) or ("",)


def _slow_pair(item: bytes) -> tuple[bytes, bytes]:
    name = text = b""
    at = 0
    while at < len(item):
        begin = at
        number, value, at = read_field(item, at)
        if number <= 2:
            name += item[begin:at]
        elif number == _VALUE and isinstance(value, bytes):
            text = value
    return name, text


def _step_of(rest: list[tuple[int, int | bytes]]) -> int:
    """Return the step that stands beside the items."""
    for number, value in rest:
        if number == _STEP and isinstance(value, bytes):
            return Message(value).integer(1)
    return 0


def loaded(text: bytes) -> object:
    """Return a JSON value; a text that is none is a text."""
    words = text.decode("utf-8", "replace")
    try:
        value: object = json.loads(words)
        if "\\ud" in words or "\\uD" in words:  # half a pair of surrogates cannot be written
            value = json.loads(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"))
        return value
    except (ValueError, RecursionError):
        return words


def as_float(value: bool | int | float) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.copysign(math.inf, value)


def _whole(text: bytes, otherwise: int) -> int:
    try:
        return int(float(text)) if b"." in text or b"e" in text else int(text)
    except (ValueError, OverflowError):
        return otherwise


def _milliseconds(text: bytes, otherwise: int) -> int:
    try:
        at_ms = round(float(text) * 1000)
    except (ValueError, OverflowError):
        return otherwise
    return at_ms if abs(at_ms) < _LARGEST_MS else otherwise
