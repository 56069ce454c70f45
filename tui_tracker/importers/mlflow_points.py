"""The table of metrics of an MLflow database, read on from a mark; see `mlflow_sqlite`."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from tui_tracker.importers.batches import Batches
from tui_tracker.importers.cells import number, whole
from tui_tracker.importers.databases import Row, Session
from tui_tracker.importers.following import Mark
from tui_tracker.importers.mlflow_facts import is_system, metric_value
from tui_tracker.importers.records import Piece, Unread


def metrics_mark() -> Mark:
    """Return a mark at the beginning of the table."""
    return Mark("metrics", "run_uuid", "key", "value", "timestamp", "step", "is_nan")


def read_points(session: Session, mark: Mark, until: int, runs: Collection[str]) -> Iterator[Piece]:
    """Yield further points up to a row, in log order; those of no known run are counted."""
    points, odd = Batches(), 0
    for rows in mark.read(session, until):
        for row in rows:
            _, run, key, value, time_ms, step, is_nan = _sound(row)
            if value is None or time_ms is None or step is None or run not in runs or not key:
                odd += 1
                continue
            value = float("nan") if is_nan else metric_value(value)
            points.add(run, key, step, time_ms, value, system=is_system(key))
        yield from points.full()
    yield from points.take()
    if odd:
        problem = f"{odd} rows are no points of any run that is there, and were passed over"
        yield Unread(session.path, "table metrics", problem)


def _sound(row: Row) -> Row:
    """Return a row with the types that its columns should have, None where that cannot be."""
    if [type(cell) for cell in row[1:6]] == [str, str, float, int, int]:
        return row
    rowid, run, key, value, time_ms, step, is_nan = row
    if not isinstance(run, str) or not isinstance(key, str):
        return (rowid, None, None, None, None, None, None)
    return (rowid, run, key, number(value), whole(time_ms), whole(step or 0), is_nan)
