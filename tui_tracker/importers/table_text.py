"""A growing file of rows, as columns: CSV, TSV, semicolons, blanks, or one JSON object a line.

The form is told from the first lines. A header may come again after a restart, with other columns
too. Lines that begin with `#` are comments; one before the first row may be the header.
A last row without a line end waits until the file is left alone.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from io import StringIO
from itertools import islice
from pathlib import Path

from tui_tracker.importers.growing import Change, GrowingText
from tui_tracker.importers.rewritten import parse_json
from tui_tracker.importers.table_cells import is_missing, number

MOST_COLUMNS = 100_000
_SNIFFED_LINES = 30
_MOST_QUOTED_LINES = 500
_DELIMITERS = ",\t;|"


@dataclass(frozen=True, slots=True)
class Form:
    """How the rows of a file are written."""

    delimiter: str
    """ " " for any blanks, "json" for JSON lines."""
    comma: bool = False
    """Numbers have a comma for a point."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """Rows that follow each other, by column."""

    names: Sequence[str]
    columns: Sequence[Sequence[object]]
    """Of the same length; cells are texts, or what JSON holds, None where it has nothing."""
    lines: Sequence[int]
    """The number of each row's line."""


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that does not fit."""

    line: int
    problem: str


@dataclass(slots=True)
class GrowingTable:
    """The rows of one file."""

    path: Path
    form: Form | None = None
    header: list[str] = field(default_factory=list)
    most_cells: int = 50_000
    """Of a chunk."""
    text: GrowingText = field(init=False)
    _last_widths: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.text = GrowingText(self.path, bare_returns=True)

    def look(self) -> Change:
        return self.text.look()

    def start_over(self) -> None:
        self.text.start_over()
        self.form, self.header = None, []

    def read(self) -> Iterator[Chunk | BadRow]:
        """Yield new rows.

        Raises:
            OSError: the file cannot be read.
        """
        held: list[tuple[int, str]] = []
        for first, lines in self.text.read():
            held += enumerate(lines, first)
            if self.form is None and len(held) < _SNIFFED_LINES:
                continue
            yield from self._rows(held)
            held = []
        if self.form is None and not held and self.text.rest:
            return
        yield from self._rows(held)

    def read_last(self) -> Iterator[Chunk | BadRow]:
        """Yield the last row of a file that nobody writes any more, if it has no line end.

        It is taken for whole if nothing speaks against it: as many cells as there are columns, and
        a last one that is not shorter than all before it.
        """
        if not self.text.rest.strip():
            return
        line, whole = self.text.lines_read + 1, self._is_whole(self.text.rest)
        text = self.text.take_rest()
        if whole:
            yield from self._rows([(line, text)])
        else:
            yield BadRow(line, "was cut off while it was written; left out")

    def _is_whole(self, text: str) -> bool:
        if self.form is None or self.form.delimiter == "json":
            return True
        cells = self._split(text)
        if not self.header:
            return True
        if len(cells) != len(self.header) or text.count('"') % 2:
            return False
        return not self._last_widths or len(cells[-1]) >= min(self._last_widths)

    def _rows(self, lines: list[tuple[int, str]]) -> Iterator[Chunk | BadRow]:
        if self.form is None:
            if not any(line.strip() for _, line in lines):
                return
            self.form = sniff([line for _, line in lines[:200]])
        if self.form.delimiter == "json":
            yield from self._objects(lines)
            return
        rows = iter(self._split_all(lines))
        if not self.header:
            begun = list(rows)
            if begun and max(len(cells) for _, cells in begun) > MOST_COLUMNS:
                yield BadRow(begun[0][0], f"has more than {MOST_COLUMNS:,} columns; left out")
                return
            rows = self._begin(begun)
        size = max(1, self.most_cells // max(1, len(self.header)))
        while some := list(islice(rows, size)):
            yield from self._by_column(some)

    def _begin(self, rows: list[tuple[int, list[str]]]) -> Iterator[tuple[int, list[str]]]:
        """Take the header off the first rows."""
        comments = [cells for _, cells in rows if cells and cells[0].startswith("#")]
        plain = [(line, cells) for line, cells in rows if not cells[0].startswith("#")]
        if not plain:
            return iter(())
        if not self._has_numbers(plain[0][1]):
            self.header = unique_names(plain[0][1])
            return iter(plain[1:])
        width = len(plain[0][1])
        named = [cells for cells in comments if len(cells) == width]
        first = [cells[1:] for cells in comments if cells[0] == "#" and len(cells) == width + 1]
        if first or named:
            cells = first[-1] if first else [named[-1][0].lstrip("# "), *named[-1][1:]]
            self.header = unique_names(cells)
        else:
            self.header = [f"column {place + 1}" for place in range(width)]
        return iter(plain)

    def _has_numbers(self, cells: Sequence[str]) -> bool:
        comma = self.form is not None and self.form.comma
        return any(number(cell, comma=comma) is not None for cell in cells)

    def _split(self, line: str) -> list[str]:
        delimiter = self.form.delimiter if self.form else ","
        if delimiter == " ":
            return line.split()
        if '"' not in line or line.count('"') % 2:
            return line.split(delimiter)
        try:
            rows = list(csv.reader(StringIO(line), delimiter=delimiter, skipinitialspace=True))
        except csv.Error:
            return line.split(delimiter)
        return rows[0] if len(rows) == 1 else []

    def _split_all(self, lines: list[tuple[int, str]]) -> Iterator[tuple[int, list[str]]]:
        width = len(self.header)
        for some in _joined(lines):
            line, text = some[0][0], "\n".join(text for _, text in some)
            if not text or text.isspace() or (text[0] == "#" and self.header):
                continue
            cells = self._split(text)
            width = width or len(cells)
            if len(some) == 1 or len(cells) == width:
                yield line, cells
            else:  # a quote that stands for itself, not for a cell over several lines
                yield from ((line, self._split(text)) for line, text in some if text.strip())

    def _by_column(self, rows: list[tuple[int, list[str]]]) -> Iterator[Chunk | BadRow]:
        width, good = len(self.header), []
        for line, cells in rows:
            if len(cells) == width and cells[0] != self.header[0]:
                good.append((line, cells))
                continue
            if self._is_header(cells):
                yield from self._chunk(good)
                good = []
                self.header = unique_names(cells)
                width = len(cells)
                continue
            fitted = _fit(cells, width)
            if isinstance(fitted, str):
                yield BadRow(line, fitted)
            else:
                good.append((line, fitted))
                if len(cells) < width:
                    problem = f"has {len(cells)} cells for {width} columns; the rest is missing"
                    yield BadRow(line, problem)
        yield from self._chunk(good)

    def _is_header(self, cells: Sequence[str]) -> bool:
        if self._has_numbers(cells):
            return False
        names = unique_names(cells)
        return len(set(names) & set(self.header)) * 2 >= len(self.header)

    def _chunk(self, rows: list[tuple[int, list[str]]]) -> Iterator[Chunk]:
        if rows:
            self._last_widths = [len(cells[-1]) for _, cells in rows]
            columns = list(zip(*(cells for _, cells in rows), strict=True))
            yield Chunk(self.header, columns, [line for line, _ in rows])

    def _objects(self, lines: list[tuple[int, str]]) -> Iterator[Chunk | BadRow]:
        records: list[tuple[int, dict[str, object]]] = []
        names: set[str] = set()
        for line, text in lines:
            if not text.strip():
                continue
            try:
                record = parse_json(text.lstrip("\ufeff"))
                flat = flat_record(record) if isinstance(record, Mapping) else None
            except (ValueError, RecursionError):
                flat = None
            if flat is None or len(flat) > MOST_COLUMNS:
                what = f"has more than {MOST_COLUMNS:,} fields" if flat else "is no JSON object"
                yield BadRow(line, f"{what}; left out")
                continue
            records.append((line, flat))
            names |= flat.keys()
            # Records with names of their own each are a table of few filled cells.
            if len(names) * len(records) >= self.most_cells:
                yield _chunk_of(records)
                records, names = [], set()
        if records:
            yield _chunk_of(records)


def _joined(lines: list[tuple[int, str]]) -> Iterator[list[tuple[int, str]]]:
    """Yield lines one by one, but those together that a quoted cell seems to go over."""
    held: list[tuple[int, str]] = []
    for line in lines:
        odd = line[1].count('"') % 2 == 1 if '"' in line[1] else False
        if not held and not odd:
            yield [line]
            continue
        held.append(line)
        if odd and len(held) > 1:
            yield held
            held = []
        elif len(held) > _MOST_QUOTED_LINES:
            yield from ([one] for one in held)
            held = []
    yield from ([one] for one in held)


def flat_record(
    record: Mapping[str, object], prefix: str = "", depth: int = 0
) -> dict[str, object]:
    """Return a nested record with dots in its names, in its own order."""
    flat: dict[str, object] = {}
    for name, value in record.items():
        if isinstance(value, Mapping) and depth < 50:
            flat |= flat_record(value, f"{prefix}{name}.", depth + 1)
        else:
            flat[f"{prefix}{name}"] = value
    return flat


def _chunk_of(records: list[tuple[int, dict[str, object]]]) -> Chunk:
    names = list(dict.fromkeys(name for _, record in records for name in record))
    columns = [[record.get(name) for _, record in records] for name in names]
    return Chunk(names, columns, [line for line, _ in records])


def _fit(cells: list[str], width: int) -> list[str] | str:
    if len(cells) < width:
        return [*cells, *[""] * (width - len(cells))]
    if all(is_missing(cell) for cell in cells[width:]):
        return cells[:width]
    return f"has {len(cells)} cells for {width} columns; left out"


def unique_names(cells: Sequence[str]) -> list[str]:
    """Return names of columns: without blanks around them, and none twice."""
    names: list[str] = []
    seen: dict[str, int] = {}
    for place, cell in enumerate(cells):
        name = cell.strip().strip('"') or ("index" if place == 0 else f"column {place + 1}")
        count = seen.get(name, 0)
        seen[name] = count + 1
        names.append(f"{name}.{count}" if count else name)
    return names


def sniff(lines: Sequence[str]) -> Form:
    """Return the form in which some first lines of a file are written."""
    filled = [line for line in lines if line.strip() and not line.startswith("#")]
    filled = filled[:_SNIFFED_LINES] or [line for line in lines if line.strip()][:_SNIFFED_LINES]
    if filled and filled[0].lstrip("\ufeff \t").startswith("{"):
        return Form("json")
    delimiter = max(_DELIMITERS, key=lambda one: _evenness(filled, one))
    if _evenness(filled, delimiter) <= 0:
        return Form(" ")
    cells = [cell.strip() for line in filled[1:] for cell in line.split(delimiter)]
    commas = sum("," in cell and number(cell, comma=True) is not None for cell in cells)
    points = sum("." in cell and number(cell) is not None for cell in cells)
    return Form(delimiter, comma=delimiter != "," and commas >= points)


def _evenness(lines: Sequence[str], delimiter: str) -> float:
    """Return how well a delimiter explains the lines: the more alike the better, then the more."""
    counts = [_outside_quotes(line, delimiter) for line in lines]
    if not counts or not max(counts):
        return 0.0
    usual = max(set(counts), key=counts.count)
    if not usual:
        return 0.0
    # A comma in `0,5` is no delimiter where a semicolon would do.
    weight = 1.5 if delimiter in ";\t" else 1.0
    return weight * counts.count(usual) / len(counts) + min(usual, 100) / 1000


def _outside_quotes(line: str, delimiter: str) -> int:
    if '"' not in line:
        return line.count(delimiter)
    return sum(part.count(delimiter) for part in line.split('"')[::2])
