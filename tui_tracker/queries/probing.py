"""Single points of curves: what stands at a place, and where a threshold is first met.

Both find the one block that holds the answer by the heads, and read no other.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from tui_tracker import blocks
from tui_tracker.curves import crossing
from tui_tracker.queries.curves import (
    STEP,
    Pair,
    XAxis,
    damage_told,
    read_blocks,
    read_heads,
    read_holding,
    read_starts,
)
from tui_tracker.queries.rows import moment
from tui_tracker.store import Store

if TYPE_CHECKING:
    from tui_tracker.store import Row


@dataclass(frozen=True, slots=True)
class PointFound:
    """The logged point of a series that is nearest to a place on the axis."""

    step: int
    at: datetime
    x: float
    """Where it stands on the axis that was asked for."""
    values: tuple[float, ...]
    """All that were logged there, in log order; more than one where a step was repeated."""


@dataclass(frozen=True, slots=True)
class Crossing:
    """Where a series first is at or beyond a threshold."""

    threshold: float
    rising: bool
    """It began below the threshold."""
    step: int | None
    """None where it never came there."""
    at: datetime | None
    value: float | None


def read_values_at(
    store: Store, pairs: Sequence[Pair], at: float, x: XAxis = STEP
) -> dict[Pair, PointFound]:
    """Return each series' point nearest to `at`; ties to the earlier one.

    A series that ends before `at` or begins behind it is left out, as is one without a
    point. On a metric's axis steps are asked for, so `x` is `step` there.

    Raises:
        StoreDamaged: a block cannot be read.
    """
    shifts = read_starts(store, pairs) if x.kind == "relative" else {}
    low, high = (1, 2) if x.kind == "step" else (3, 4)
    places = [(run, metric, at + shifts.get(run, 0)) for run, metric in pairs]
    wanted = read_holding(store, places, times=x.kind != "step")
    # All heads only where a series has no point there, or the place is between two blocks.
    between = [pair for pair in pairs if pair not in wanted]
    for pair, rows in (read_heads(store, between) if between else {}).items():
        if near := _around(rows, at + shifts.get(pair[0], 0), low, high):
            wanted[pair] = near
    data = read_blocks(store, sorted({head[8] for rows in wanted.values() for head in rows}))
    found = {}
    with damage_told(store):
        for pair, rows in wanted.items():
            shift = shifts.get(pair[0], 0)
            found[pair] = _nearest([data[head[8]] for head in rows], at, shift, x)
    return found


def _around(heads: Sequence[Row], at: float, low: int, high: int) -> list[Row]:
    """Return the last block before a place and the first behind it; none beyond the ends."""
    before = [head for head in heads if head[high] < at]
    behind = [head for head in heads if head[low] > at]
    if not before or not behind:
        return []
    return [max(before, key=lambda head: head[high]), min(behind, key=lambda head: head[low])]


def _nearest(data: Sequence[bytes], at: float, shift: int, x: XAxis) -> PointFound:
    points: list[tuple[int, int, float]] = []
    for block in data:
        steps, times = blocks.decode_axis(block)
        points += zip(steps, times, blocks.decode_values(block), strict=True)
    place = 0 if x.kind == "step" else 1
    # On an axis of steps a step that was logged twice is one place.
    best = min(points, key=lambda point: (abs(point[place] - shift - at), point[place]))
    same = tuple(point[2] for point in points if point[place] == best[place])
    return PointFound(best[0], moment(best[1]), best[place] - shift, same)


def first_crossings(store: Store, pairs: Sequence[Pair], threshold: float) -> dict[Pair, Crossing]:
    """Return where each series first reaches a threshold, from the side it began on.

    A series that begins exactly there has crossed it with its first value. NaN and infinities
    cross nothing. First is meant in log order.

    Raises:
        StoreDamaged: a block cannot be read.
    """
    found = {}
    with damage_told(store):
        for pair, heads in read_heads(store, pairs).items():
            found[pair] = _first(store, heads, threshold)
    return found


def _first(store: Store, heads: Sequence[Row], threshold: float) -> Crossing:
    rising: bool | None = None
    for head in heads:
        low, high = head[5], head[6]
        if (
            low is None
            or (rising is True and high < threshold)
            or (rising is False and low > threshold)
        ):
            continue
        data = read_blocks(store, [head[8]])[head[8]]
        values = blocks.decode_values(data)
        if rising is None:
            rising = next(value for value in values if math.isfinite(value)) <= threshold
        place = crossing(values, threshold, rising=rising)
        if place is not None:
            steps, times = blocks.decode_axis(data)
            at = moment(times[place])
            return Crossing(threshold, rising, steps[place], at, values[place])
    return Crossing(threshold, bool(rising), None, None, None)
