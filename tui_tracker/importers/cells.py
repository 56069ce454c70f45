"""Cells of foreign databases as values: SQLite's column types bind nobody, so all may be there.

Besides: times as texts, JSON in cells, and points gathered into batches.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from datetime import UTC, datetime, tzinfo

from tui_tracker.importers.records import BATCH_POINTS, Points, ms_from_utc

_HIGHEST = 2**63


def text(cell: object) -> str:
    """Return a cell as text, "" for none."""
    if cell is None:
        return ""
    if isinstance(cell, bytes):
        return cell.decode("utf-8", "replace")
    return str(cell)


def number(cell: object) -> float | None:
    """Return a cell as a number; words such as `nan` count, None and other texts do not."""
    try:
        return float(cell) if isinstance(cell, (int, float)) else float(text(cell))
    except (ValueError, OverflowError):
        return None


def whole(cell: object) -> int | None:
    """Return a cell as a whole number of 64 bits; None where it is none."""
    if isinstance(cell, int):
        return cell if -_HIGHEST <= cell < _HIGHEST else None
    value = number(cell)
    if value is None or not math.isfinite(value) or value != int(value):
        return None
    return whole(int(value))


def parsed(cell: object) -> object:
    """Return what the JSON in a cell says; None where it says nothing that can be read."""
    try:
        return json.loads(text(cell))
    except (ValueError, RecursionError):
        return None


def moment(cell: object, zone: tzinfo | None = UTC) -> datetime | None:
    """Return a time as ISO text, or `2026-01-31 12:00:00`, as aware.

    Without an offset it is of the zone given; None stands for this machine's.
    """
    try:
        found = datetime.fromisoformat(text(cell).strip())
        if found.tzinfo is None:
            found = found.replace(tzinfo=zone)
        return found.astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        return None


def milliseconds(cell: object, zone: tzinfo | None = UTC) -> int | None:
    """Return a time as text in Unix milliseconds."""
    found = moment(cell, zone)
    return None if found is None else ms_from_utc(found)


class Gathered:
    """Points of many series, handed on in batches."""

    def __init__(self, *, context: str = "", system: bool = False) -> None:
        self._series: dict[tuple[str, str], tuple[list[int], list[int], list[float]]] = {}
        self._count = 0
        self._context, self._system = context, system

    def add(self, run: str, metric: str, step: int, time_ms: int, value: float) -> None:
        found = self._series.get((run, metric))
        if found is None:
            found = self._series[run, metric] = ([], [], [])
        found[0].append(step)
        found[1].append(time_ms)
        found[2].append(value)
        self._count += 1

    def full(self) -> Iterator[Points]:
        """Yield all points if there are enough of them for a batch."""
        if self._count >= BATCH_POINTS:
            yield from self.rest()

    def rest(self) -> Iterator[Points]:
        """Yield all points there are."""
        series, self._series, self._count = self._series, {}, 0
        for (run, metric), (steps, times, values) in series.items():
            yield Points(run, metric, steps, times, values, self._context, self._system)
