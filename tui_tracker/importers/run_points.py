"""Points and printed lines of a foreign run into the tables: those that the store lacks.

All of it inside the transaction of whoever calls.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence

from tui_tracker.facts import clean
from tui_tracker.importers.known import KnownRun, Label, Position, advance, rewind
from tui_tracker.importers.records import Points, Printed
from tui_tracker.printed import Console
from tui_tracker.records import METRIC, SYSTEM, RunWriter
from tui_tracker.sampled import PREFIX
from tui_tracker.series import AxisCache, OpenSeries

_LEAST, _MOST = -(2**63), 2**63 - 1
_LATEST_MS = 2**48 - 1


def label_of(points: Points) -> Label:
    """Return the name that a series has in the store."""
    if not points.system:
        return METRIC, clean(points.metric), clean(points.context)
    name = points.metric if points.metric.startswith(PREFIX) else f"{PREFIX}{points.metric}"
    return SYSTEM, clean(name), clean(points.context)


def save_points(
    connection: sqlite3.Connection, writer: RunWriter, known: KnownRun, points: Iterable[Points]
) -> list[str]:
    """Append what the store lacks of these points; return what could not be taken."""
    axes, problems, added = AxisCache(), [], 0
    for label, batch in _by_series(points).items():
        problem, columns = _joined(batch)
        if problem:
            problems.append(f"{label[1]}: {problem}")
        if not columns[0]:
            continue
        metric = writer.metric_key(label[1], label[2], label[0])
        position = known.positions.get(label)
        if position is None:
            position = known.positions[label] = _position(connection, known, metric)
        added += _append(connection, (known.row, metric), position, columns, axes)
    if added:
        known.changed = True
        connection.execute("UPDATE run SET points=points+? WHERE id=?", (added, known.row))
    return problems


def _append(
    connection: sqlite3.Connection,
    place: tuple[int, int],
    position: Position,
    columns: tuple[list[int], list[int], list[float]],
    axes: AxisCache,
) -> int:
    """Append what the store does not have of these points; return by how many it grew."""
    before, steps, times, values = position.stored, *columns
    known = advance(connection, place, position, steps, values)
    if known is None:
        kept = rewind(connection, place, position)
        position.seen += len(steps)
        steps, times = [*kept[0], *steps], [*kept[1], *times]
        values = [*kept[2], *values]
        known, grown = 0, len(steps) - before
    else:
        grown = len(steps) - known
    if known < len(steps):
        series = OpenSeries.load(connection, *place)
        # Full blocks are written as they fill, so that memory stays bounded.
        series.add(steps[known:], times[known:], values[known:])
        series.save(connection, axes)
        axes.clear()
    return grown


def _position(connection: sqlite3.Connection, known: KnownRun, metric: int) -> Position:
    row = (
        known.was_there
        and connection.execute(
            "SELECT count FROM metric WHERE run=? AND key=?", (known.row, metric)
        ).fetchone()
    )
    return Position(stored=int(row[0]) if row else 0)


def _by_series(points: Iterable[Points]) -> dict[Label, list[Points]]:
    found: dict[Label, list[Points]] = {}
    for batch in points:
        found.setdefault(label_of(batch), []).append(batch)
    return found


def _joined(
    batches: Sequence[Points],
) -> tuple[str, tuple[list[int], list[int], list[float]]]:
    """Return the points of one series without what no store holds, and what that was."""
    steps: list[int] = []
    times: list[int] = []
    values: list[float] = []
    for batch in batches:
        steps += batch.steps
        times += batch.times_ms
        values += batch.values
    problem = ""
    if steps and not (min(steps) >= _LEAST and max(steps) <= _MOST):
        rows = [row for row in zip(steps, times, values, strict=True) if _LEAST <= row[0] <= _MOST]
        problem = f"{len(steps) - len(rows)} points have steps beyond 64 bits and were passed over"
        steps, times, values = ([row[place] for row in rows] for place in range(3))  # type: ignore[assignment]
    if times and not (min(times) >= 0 and max(times) <= _LATEST_MS):
        times = [storable_ms(time) for time in times]
    return problem, (steps, times, [float(value) for value in values])


def save_lines(connection: sqlite3.Connection, known: KnownRun, printed: Sequence[Printed]) -> None:
    """Append what the store lacks of these lines."""
    if not printed:
        return
    if known.was_there and not known.lines_stored and not known.lines_seen:
        known.lines_stored = connection.execute(
            "SELECT console_lines FROM run WHERE id=?", (known.row,)
        ).fetchone()[0]
    console: Console | None = None
    for batch in printed:
        skip = min(len(batch.lines), max(0, known.lines_stored - known.lines_seen))
        known.lines_seen += len(batch.lines)
        for at_ms, stream, text in batch.lines[skip:]:
            console = console or Console.load(connection, known.row)
            told = {
                "t": storable_ms(at_ms),
                "text": text,
                "stream": "err" if stream == "e" else "out",
            }
            console.add(told, "")
    if console is not None:
        known.changed = True
        console.save(connection)


def storable_ms(at_ms: int) -> int:
    """Return a Unix time in milliseconds, or the nearest one that the store can hold."""
    return min(max(0, int(at_ms)), _LATEST_MS)
