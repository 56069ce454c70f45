"""The rows of a growing table as points of runs, by the roles of its columns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from math import isfinite

from tui_tracker.importers.columns import Columns
from tui_tracker.importers.records import ParamValue, Points, Unread, typed
from tui_tracker.importers.rewritten import as_step
from tui_tracker.importers.table_cells import is_missing, moment_ms, number, numbers
from tui_tracker.importers.table_text import BadRow, Chunk, GrowingTable

_MOST_TOLD = 5


@dataclass(slots=True)
class TableRun:
    """What is known of one run of a table."""

    key: str
    value: str
    """What the column of runs says; "" where there is none."""
    params: dict[str, ParamValue] = field(default_factory=dict)
    rows: int = 0
    step: int = 0
    started_ms: int | None = None
    ended_ms: int | None = None
    counts_rows: bool = False
    """Its steps are no whole numbers: the rows are counted, and the steps are a series."""


@dataclass(slots=True)
class TableRuns:
    """Runs and points of one file."""

    table: GrowingTable
    columns: Columns
    key: str
    time_ms: int = 0
    """Of rows that tell no time."""
    runs: dict[str, TableRun] = field(default_factory=dict)
    bad_cells: Counter[str] = field(default_factory=Counter)
    first_bad: dict[str, int] = field(default_factory=dict)
    changed_params: set[str] = field(default_factory=set)

    def start_over(self) -> None:
        self.table.start_over()
        self.runs.clear()
        self.bad_cells.clear()
        self.first_bad.clear()
        self.changed_params.clear()

    def take(
        self, pieces: Iterator[Chunk | BadRow], announce: Callable[[TableRun], None]
    ) -> Iterator[Points | Unread]:
        """Yield points; `announce` hears of each run before its first ones.

        Raises:
            OSError: the file cannot be read.
        """
        bad = 0
        for piece in pieces:
            if isinstance(piece, Chunk):
                yield from self._chunk(piece, announce)
                continue
            bad += 1
            if bad <= _MOST_TOLD:
                yield self._unread(f"line {piece.line}", piece.problem)
        if bad > _MOST_TOLD:
            yield self._unread("", f"{bad - _MOST_TOLD} further lines do not fit")
        yield from self._told_cells()

    def _unread(self, place: str, problem: str) -> Unread:
        run = self.key if not self.columns.run else ""
        return Unread(self.table.path, place, problem, run)

    def _told_cells(self) -> Iterator[Unread]:
        for name, count in sorted(self.bad_cells.items())[:_MOST_TOLD]:
            problem = f"{count} cells of {name!r} are no numbers; left out"
            yield self._unread(f"line {self.first_bad[name]}", problem)
        for name in sorted(self.changed_params):
            problem = (
                f"{name!r} was taken for a param, but changes; `metric={name}` makes it a series"
            )
            yield self._unread(f"line {self.first_bad[f'param {name}']}", problem)
        self.bad_cells.clear()
        self.changed_params.clear()

    def _chunk(
        self, chunk: Chunk, announce: Callable[[TableRun], None]
    ) -> Iterator[Points | Unread]:
        places = {name: place for place, name in enumerate(chunk.names)}
        for value, rows in self._by_run(chunk, places):
            run = self._run(value)
            self._take_params(run, chunk, places, rows)
            times = self._times(run, chunk, places, rows)
            if not run.rows:
                announce(run)
            points = list(self._points(run, chunk, places, rows, times))
            run.rows += len(rows)
            yield from points

    def _run(self, value: str) -> TableRun:
        run = self.runs.get(value)
        if run is None:
            key = f"{self.key}#{value}" if self.columns.run else self.key
            run = self.runs[value] = TableRun(key, value)
            if self.columns.run and not self.columns.runs_by_name:
                run.params[self.columns.run] = self._param(value)
        return run

    def _by_run(self, chunk: Chunk, places: dict[str, int]) -> Iterator[tuple[str, Sequence[int]]]:
        place = places.get(self.columns.run)
        if place is None:
            yield "", range(len(chunk.lines))
            return
        groups: dict[str, list[int]] = {}
        for row, cell in enumerate(chunk.columns[place]):
            groups.setdefault("" if cell is None else str(cell).strip(), []).append(row)
        yield from groups.items()

    def _take_params(
        self, run: TableRun, chunk: Chunk, places: dict[str, int], rows: Sequence[int]
    ) -> None:
        for name in self.columns.params:
            if name not in places:
                continue
            column = chunk.columns[places[name]]
            present = [row for row in rows if not is_missing(column[row])]
            if not present:
                continue
            first = run.params.setdefault(name, self._param(column[present[0]]))
            for row in (present[0], present[-1]):
                if self._param(column[row]) != first:
                    self.first_bad.setdefault(f"param {name}", chunk.lines[row])
                    self.changed_params.add(name)

    def _param(self, cell: object) -> ParamValue:
        if isinstance(cell, str):
            value = typed(cell.strip())
            if isinstance(value, str) and self.columns.form.comma:
                held = number(value, comma=True)
                return value if held is None else held
            return value
        return cell if isinstance(cell, (bool, int, float, list)) or cell is None else str(cell)

    def _times(
        self, run: TableRun, chunk: Chunk, places: dict[str, int], rows: Sequence[int]
    ) -> list[int]:
        place = places.get(self.columns.time)
        if place is None:
            return [self.time_ms] * len(rows)
        times, last = [], run.ended_ms if run.ended_ms is not None else self.time_ms
        for row in rows:
            found = moment_ms(chunk.columns[place][row])
            last = last if found is None else found
            times.append(last)
        if times:
            run.started_ms = times[0] if run.started_ms is None else run.started_ms
            run.ended_ms = times[-1]
        return times

    def _points(
        self,
        run: TableRun,
        chunk: Chunk,
        places: dict[str, int],
        rows: Sequence[int],
        times: list[int],
    ) -> Iterator[Points]:
        steps, originals = self._steps(run, chunk, places, rows)
        if originals is not None:
            yield from self._series(run.key, self.columns.step, steps, times, originals)
        for name in self._metrics(chunk):
            column = chunk.columns[places[name]]
            cells = column if len(rows) == len(chunk.lines) else [column[row] for row in rows]
            values = numbers(cells, comma=self.columns.form.comma)
            if None in values:
                self._count_bad(name, cells, values, [chunk.lines[row] for row in rows])
            yield from self._series(run.key, name, steps, times, values)

    def _metrics(self, chunk: Chunk) -> Iterator[str]:
        known = set(self.columns.names)
        wanted = set(self.columns.metrics)
        for name in chunk.names:
            if name in wanted or (self.columns.others_are_metrics and name not in known):
                yield name

    def _count_bad(
        self,
        name: str,
        cells: Sequence[object],
        values: Sequence[float | None],
        lines: Sequence[int],
    ) -> None:
        if name not in self.columns.metrics:
            return
        for cell, value, line in zip(cells, values, lines, strict=True):
            if value is None and not is_missing(cell):
                self.bad_cells[name] += 1
                self.first_bad.setdefault(name, line)

    def _series(
        self,
        key: str,
        name: str,
        steps: list[int],
        times: list[int],
        values: Sequence[float | None],
    ) -> Iterator[Points]:
        if None not in values:
            if values:
                yield Points(key, name, steps, times, [float(v) for v in values if v is not None])
            return
        there = [row for row, value in enumerate(values) if value is not None]
        if there:
            held = [value for value in values if value is not None]
            yield Points(key, name, [steps[r] for r in there], [times[r] for r in there], held)

    def _steps(
        self, run: TableRun, chunk: Chunk, places: dict[str, int], rows: Sequence[int]
    ) -> tuple[list[int], list[float | None] | None]:
        """Return whole steps, and what the column says where it is not whole."""
        place = places.get(self.columns.step)
        counted = list(range(run.rows, run.rows + len(rows)))
        if place is None:
            return counted, None
        column = chunk.columns[place]
        found = numbers([column[row] for row in rows], comma=self.columns.form.comma)
        whole = [
            as_step(value) if value is not None and isfinite(value) else None for value in found
        ]
        if any(w is None and f is not None for w, f in zip(whole, found, strict=True)):
            run.counts_rows = True
        if run.counts_rows:
            return counted, found
        steps = []
        for step in whole:
            run.step = run.step if step is None else step
            steps.append(run.step)
        return steps, None
