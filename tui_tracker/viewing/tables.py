"""Files of rows and columns, of any size: CSV, TSV, JSON lines, and Parquet where pyarrow is.

Rows are read as they are looked at. What a column holds is told by the first rows; a value
that does not fit it is shown all the same.
"""

from __future__ import annotations

import csv
import json
import re
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from tui_tracker.formatting import format_value
from tui_tracker.viewing.finding import Unreadable
from tui_tracker.viewing.lines import LONGEST_ROW, TextFile

ColumnType = Literal["int", "float", "bool", "date", "text", "empty"]
_SAMPLED = 500
_APART = 256
_DELIMITERS = ",\t;|"
_INT = re.compile(r"[-+]?\d+")
_DATE = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d.*)?")
_WORDS = frozenset(("true", "false"))
_NONE = frozenset(("", "nan", "null", "none", "na", "n/a"))
MOST_COLUMNS = 500


@dataclass(frozen=True, slots=True)
class TableColumn:
    """A column's name and what its values are."""

    name: str
    type: ColumnType


class Table(Protocol):
    """Rows of texts by their place from 0."""

    columns: Sequence[TableColumn]
    note: str
    """What is odd about the file, in one sentence; "" where nothing is."""

    @property
    def count(self) -> int:
        """Rows known so far."""

    @property
    def complete(self) -> bool:
        """Whether those are all."""

    def rows(self, first: int, count: int) -> list[list[str]]: ...

    def index(self, rows: int | None, stop: Callable[[], bool] = ...) -> bool: ...

    def close(self) -> None: ...


class DelimitedTable:
    """CSV and its like. A row may take several lines, where a value has line ends in quotes."""

    def __init__(self, path: str, name: str) -> None:
        self._file = TextFile(path, LONGEST_ROW)
        self._lock = threading.RLock()
        self.note = ""
        sample = [line.text for line in self._file.read(0, 100)]
        self._delimiter = "\t" if name.lower().endswith(".tsv") else delimiter_of(sample)
        self._starts = [0]
        """Of every `_APART`th row the line it begins in."""
        self._line = 0
        self._total = 0
        self.count = 0
        self.complete = False
        self._has_header = False
        first = self._parse(0, _SAMPLED)
        self._has_header = bool(first) and looks_like_header(first)
        head = first[0] if self._has_header else []
        widest = max(map(len, first), default=0)
        width = min(widest, MOST_COLUMNS)
        names = [head[n] if n < len(head) and head[n] else f"column {n + 1}" for n in range(width)]
        body = first[1:] if self._has_header else first
        self.columns: Sequence[TableColumn] = [
            TableColumn(name, type_of([row[n] for row in body if n < len(row)]))
            for n, name in enumerate(names)
        ]
        named = len(head) or widest
        ragged = sum(len(row) != named for row in body)
        if ragged:
            self.note = (
                f"{ragged} of the first {len(body)} rows have more or fewer values than names"
            )

    def close(self) -> None:
        self._file.close()

    def _records(self, line: int) -> Iterator[tuple[list[str], int]]:
        """Yield records from a line on, each with the line after it."""
        taken = line

        def lines() -> Iterator[str]:
            nonlocal taken
            at = line
            while found := self._file.read(at, _APART):
                for piece in found:
                    taken += 1
                    yield piece.text + "\n"
                at += len(found)

        reader = csv.reader(lines(), delimiter=self._delimiter)
        while True:
            try:
                record = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                self.note = f"line {taken:,}: {error}"
                record = [self._file.read(max(0, taken - 1), 1)[0].text]
            if record:
                yield [value.rstrip("\n") for value in record[:MOST_COLUMNS]], taken

    def _parse(self, first: int, count: int) -> list[list[str]]:
        """Return records by their place, the header's among them."""
        known = min(first // _APART, len(self._starts) - 1)
        found: list[list[str]] = []
        if count <= 0:
            return found
        for at, (record, _) in enumerate(self._records(self._starts[known]), known * _APART):
            if at >= first:
                found.append(record)
            if len(found) == count:
                break
        return found

    def rows(self, first: int, count: int) -> list[list[str]]:
        self.index(first + count)
        with self._lock:
            return self._parse(first + self._has_header, min(count, max(0, self.count - first)))

    def index(self, rows: int | None, stop: Callable[[], bool] = lambda: False) -> bool:
        """Learn of so many rows, None for all; False if stopped."""
        while not self.complete and (rows is None or self.count < rows):
            if stop():
                return False
            with self._lock:
                self._index_some()
        return True

    def _index_some(self) -> None:
        seen = 0
        for _, after in self._records(self._line):
            self._line, seen = after, seen + 1
            self._total += 1
            if self._total % _APART == 0:
                self._starts.append(after)
            if seen == _APART:
                break
        self.complete = seen < _APART
        self.count = max(0, self._total - self._has_header)


class JsonLinesTable:
    """One JSON object a line; its keys are the columns."""

    def __init__(self, path: str) -> None:
        self._file = TextFile(path, LONGEST_ROW)
        self.note = ""
        sample = [self._parsed(line.text) for line in self._file.read(0, _SAMPLED)]
        names = Counter(name for record in sample for name in record)
        kept = list(names)[:MOST_COLUMNS]
        self.columns: Sequence[TableColumn] = [
            TableColumn(name, type_of([_text(r[name]) for r in sample if name in r]))
            for name in kept
        ]

    @property
    def count(self) -> int:
        return self._file.count

    @property
    def complete(self) -> bool:
        return self._file.complete

    def close(self) -> None:
        self._file.close()

    def index(self, rows: int | None, stop: Callable[[], bool] = lambda: False) -> bool:
        return self._file.index(rows, stop)

    def rows(self, first: int, count: int) -> list[list[str]]:
        found = [self._parsed(line.text) for line in self._file.read(first, count)]
        return [
            [_text(record[column.name]) if column.name in record else "" for column in self.columns]
            for record in found
        ]

    def _parsed(self, line: str) -> dict[str, object]:
        if not line.strip():
            return {}
        try:
            value = json.loads(line)
        except (ValueError, RecursionError):
            self.note = "some lines are no JSON, or longer than can be shown as a row"
            return {"line": line}
        return value if isinstance(value, dict) else {"value": value}


class ParquetTable:
    """A Parquet file through pyarrow: only the row groups that are looked at are read."""

    note = ""
    complete = True

    def __init__(self, path: str) -> None:
        try:
            import pyarrow.parquet as parquet  # type: ignore[import-untyped]
        except ImportError as error:
            raise Unreadable("`pip install pyarrow` lets Parquet tables be shown") from error
        try:
            self._file = parquet.ParquetFile(path)
        except Exception as error:
            raise Unreadable(f"this file is damaged: {error}") from error
        self.count = self._file.metadata.num_rows
        self.columns: Sequence[TableColumn] = [
            TableColumn(field.name, _arrow_type(str(field.type)))
            for field in list(self._file.schema_arrow)[:MOST_COLUMNS]
        ]
        sizes = [
            self._file.metadata.row_group(n).num_rows
            for n in range(self._file.metadata.num_row_groups)
        ]
        self._ends = [sum(sizes[: n + 1]) for n in range(len(sizes))]
        self._kept: tuple[int, object] = (-1, None)

    def close(self) -> None:
        self._file.close()

    def index(self, rows: int | None, stop: Callable[[], bool] = lambda: False) -> bool:
        del rows, stop
        return True

    def rows(self, first: int, count: int) -> list[list[str]]:
        found: list[list[str]] = []
        start = 0
        for group, end in enumerate(self._ends):
            if first < end and first + count > start:
                low, high = max(0, first - start), min(end, first + count) - start
                found += self._of_group(group, low, high)
            start = end
        return found

    def _of_group(self, group: int, low: int, high: int) -> list[list[str]]:
        try:
            if self._kept[0] != group:
                names = [column.name for column in self.columns]
                self._kept = (group, self._file.read_row_group(group, columns=names))
            part = self._kept[1].slice(low, high - low)  # type: ignore[attr-defined]
            columns = [part.column(n).to_pylist() for n in range(part.num_columns)]
        except Exception as error:
            raise Unreadable(f"this file is damaged: {error}") from error
        return [[_text(value) for value in row] for row in zip(*columns, strict=True)]


def open_table(path: str, name: str, kind: str) -> Table:
    """Return the rows of a file of kind `csv`, `jsonl` or `parquet`.

    Raises:
        Unreadable: it is damaged, or pyarrow is missing.
    """
    try:
        if kind == "parquet":
            return ParquetTable(path)
        return JsonLinesTable(path) if kind == "jsonl" else DelimitedTable(path, name)
    except OSError as error:
        raise Unreadable(f"this file cannot be read: {error.strerror or error}") from error


def delimiter_of(lines: Sequence[str]) -> str:
    """Return what stands between values: what most lines have equally often."""

    def rank(delimiter: str) -> tuple[int, int]:
        counts = Counter(line.count(delimiter) for line in lines if line.strip())
        counts.pop(0, None)
        often, times = max(counts.items(), key=lambda item: item[1], default=(0, 0))
        return times, often

    return max(_DELIMITERS, key=rank) if lines else ","


def looks_like_header(rows: Sequence[Sequence[str]]) -> bool:
    """Return whether the first row has names: no number and no repetition in it."""
    head = [value.strip() for value in rows[0]]
    if any(type_of([value]) in ("int", "float", "date") for value in head):
        return False
    return len(set(head)) == len(head) and any(head)


def type_of(values: Sequence[str]) -> ColumnType:
    """Return what texts are, `text` where they are not all of one kind."""
    kinds = {_kind(value.strip()) for value in values} - {"empty"}
    if not kinds:
        return "empty"
    if kinds == {"int", "float"}:
        return "float"
    return kinds.pop() if len(kinds) == 1 else "text"


def _kind(value: str) -> ColumnType:
    low = value.lower()
    if low in _NONE:
        return "empty"
    if _INT.fullmatch(value):
        return "int"
    if low in _WORDS:
        return "bool"
    if _DATE.fullmatch(value):
        return "date"
    try:
        float(value)
    except ValueError:
        return "text"
    return "float"


def _arrow_type(name: str) -> ColumnType:
    if name.startswith(("int", "uint")):
        return "int"
    if name.startswith(("float", "double", "halffloat", "decimal")):
        return "float"
    if name.startswith(("timestamp", "date")):
        return "date"
    return "bool" if name == "bool" else "text"


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    return "" if value is None else format_value(value, digits=None)
