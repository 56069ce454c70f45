"""The table of runs as it stands on a page, ready to be written as Markdown or LaTeX."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from tui_tracker.formatting import MISSING, align_points
from tui_tracker.handing_on.table_texts import TextColumn, best_places
from tui_tracker.queries import RunRow
from tui_tracker.queries.selection import EVERYTHING
from tui_tracker.store import Store
from tui_tracker.telling import metric_stat
from tui_tracker.tui.cells import COSTLY, cell_text
from tui_tracker.tui.columns import Column
from tui_tracker.tui.costly import read_extras
from tui_tracker.tui.reading import choose_columns, read_rows

_NUMBERS = ("metric", "param", "duration")


def table_of(store: Store, keys: Sequence[int], columns: Sequence[Column]) -> list[TextColumn]:
    """Return the columns with the cells of these runs; () has them chosen by what the runs have."""
    chosen = columns or choose_columns(store, EVERYTHING, keys)
    found = read_rows(store, keys, chosen)
    rows = [found[key] for key in keys if key in found]
    costly = [column for column in chosen if column.kind in COSTLY]
    extras = read_extras(store, keys, costly) if costly else {}
    now = datetime.now(UTC)
    return [_column(column, rows, extras, now) for column in chosen if column.kind != "spark"]


def _column(
    column: Column, rows: Sequence[RunRow], extras: Mapping[int, Mapping[str, str]], now: datetime
) -> TextColumn:
    cells = [
        cell_text(row, column, extras.get(row.key, {}), now=now, elapsed_s=0.0) for row in rows
    ]
    if column.kind == "metric":
        summaries = [row.metrics.get(column.key) for row in rows]
        values = [getattr(one, column.stat) if one else None for one in summaries]
        direction = metric_stat(column.key) if column.stat not in ("count", "std") else ""
        cells = align_points(cells)
        return TextColumn(column.title, cells, True, values, best_places(values, direction))
    return TextColumn(column.title, cells, column.kind in _NUMBERS, _values(column, rows, cells))


def _values(column: Column, rows: Sequence[RunRow], cells: Sequence[str]) -> Sequence[object]:
    """Return what is shown in place of the cells: words without signs, times as dates."""
    if column.kind == "status":
        return [row.status for row in rows]
    if column.kind == "time":
        times = [row.ended_at if column.spec == "ended" else row.started_at for row in rows]
        return [MISSING if time is None else time for time in times]
    return cells
