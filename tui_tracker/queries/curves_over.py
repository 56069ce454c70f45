"""Curves over another metric: joined by step, interpolated between the steps that it has."""

from __future__ import annotations

import math
from array import array
from collections.abc import Sequence
from itertools import chain
from typing import TYPE_CHECKING

from tui_tracker import blocks
from tui_tracker.curves import Curve, interpolate, reduce
from tui_tracker.curves.series import Bucket, from_buckets, merge, slot
from tui_tracker.queries.curves import (
    BATCH,
    EXACT_POINTS,
    ChartWanted,
    Pair,
    damage_told,
    laid_over,
    read_blocks,
    read_heads,
)
from tui_tracker.store import Store

if TYPE_CHECKING:
    from tui_tracker.store import Row

Points = tuple[Sequence[int], Sequence[float]]
"""Steps and values."""


def read_over_metric(
    store: Store, charts: Sequence[ChartWanted], slots: int, metric: int
) -> dict[Pair, Curve]:
    """Return curves over the values of a metric of the same run.

    Series longer than `EXACT_POINTS` are joined block by block: a block stands where the
    metric is on average around its steps.
    """
    pairs = list(dict.fromkeys(pair for chart in charts for pair in chart.pairs))
    runs = dict.fromkeys(run for run, _ in pairs)
    heads = read_heads(store, list(dict.fromkeys([*pairs, *((run, metric) for run in runs)])))
    found: dict[Pair, Curve] = {}
    with damage_told(store):
        axes = {run: _known(store, heads.get((run, metric), [])) for run in runs}
        joined_all = _joined_all(
            store, {pair: heads[pair] for pair in pairs if pair in heads}, axes
        )
        for chart in charts:
            joined = {pair: joined_all[pair] for pair in chart.pairs if pair in joined_all}
            extents = {
                pair: (min(b[0] for b in made), max(b[1] for b in made))
                for pair, made in joined.items()
                if made
            }
            if not extents:
                continue
            low, high = laid_over(chart, list(extents.values()))
            for pair, extent in extents.items():
                laid: dict[int, Bucket] = {}
                for bucket in joined[pair]:
                    if bucket[1] >= low and bucket[0] <= high:
                        index = slot(max(low, bucket[0]), low, high, slots)
                        laid[index] = merge(laid.get(index), bucket)
                count = sum(head[0] for head in heads[pair])
                found[pair] = from_buckets(laid, extent, count, (low, high, slots))
    return found


def read_points(store: Store, heads: Sequence[Row]) -> Points:
    """Return the steps and values of a series, in log order."""
    return _decoded(heads, read_blocks(store, [head[8] for head in heads]))


def _decoded(heads: Sequence[Row], data: dict[int, bytes]) -> Points:
    steps, values = array("q"), array("d")
    for head in heads:
        steps += blocks.decode_axis(data[head[8]])[0]
        values += blocks.decode_values(data[head[8]])
    return steps, values


def _joined_all(
    store: Store, heads: dict[Pair, list[Row]], axes: dict[int, Points]
) -> dict[Pair, list[Bucket]]:
    """Return all curves as buckets on the axis, their blocks read a batch at a time."""
    joined: dict[Pair, list[Bucket]] = {}
    data: dict[int, bytes] = {}
    waiting = list(heads)
    for index, pair in enumerate(waiting):
        rows = heads[pair]
        if _is_long(rows):
            joined[pair] = _joined_blocks(rows, axes[pair[0]])
            continue
        if any(head[8] not in data for head in rows):
            ids: list[int] = []
            for ahead in waiting[index:]:
                ids += [] if _is_long(heads[ahead]) else [head[8] for head in heads[ahead]]
                if len(ids) >= BATCH:
                    break
            data = read_blocks(store, ids)
        joined[pair] = _joined_points(_decoded(rows, data), axes[pair[0]])
    return joined


def _is_long(heads: Sequence[Row]) -> bool:
    return bool(sum(head[0] for head in heads) > EXACT_POINTS)


def _known(store: Store, heads: Sequence[Row]) -> Points:
    """Return a metric by step, each step once; of a long one the mean of each block."""
    if not _is_long(heads):
        steps, values = read_points(store, heads)
    else:
        ends = [((head[1], head[5]), (head[2], head[6])) for head in heads if head[5] is not None]
        # A metric that grows is at its minimum where a block begins.
        flat = list(chain.from_iterable(ends))
        steps, values = [step for step, _ in flat], [value for _, value in flat]
    known = {s: v for s, v in zip(steps, values, strict=True) if math.isfinite(v)}
    at = sorted(known)
    return at, [known[step] for step in at]


def _joined_points(points: Points, axis: Points) -> list[Bucket]:
    made: list[Bucket] = []
    for x, value in zip(interpolate(axis[0], axis[1], points[0]), points[1], strict=True):
        if math.isfinite(x):
            bound = value if math.isfinite(value) else None
            made.append((x, x, bound, bound, bound or 0.0, int(bound is not None)))
    return made


def _joined_blocks(heads: Sequence[Row], axis: Points) -> list[Bucket]:
    made: list[Bucket] = []
    for head in heads:
        ends = [x for x in interpolate(axis[0], axis[1], head[1:3]) if math.isfinite(x)]
        if ends:
            made.append((min(ends), max(ends), head[5], head[6], head[7] or 0.0, head[0]))
    return made


def read_difference(
    store: Store, first: Pair, second: Pair, slots: int, *, low: float | None, high: float | None
) -> tuple[Curve, int] | None:
    """Return first minus second over steps, and at how many steps a value was interpolated.

    Aligned by step: where only one has a value, the other is interpolated between its known
    neighbours, never beyond its ends. Of a series longer than `EXACT_POINTS` so many points
    between `low` and `high` are read, those of restless blocks first, so that a spike of one
    step stays; its other blocks are their means. None where no step is within both.

    Raises:
        StoreDamaged: a block cannot be read.
    """
    from tui_tracker.curves import difference

    heads = read_heads(store, list(dict.fromkeys((first, second))))
    if first not in heads or second not in heads:
        return None
    with damage_told(store):
        sides = [_aligned(store, heads[pair], low, high) for pair in (first, second)]
    at, values, made = difference(*sides)
    curve = reduce(at, values, slots, low=low, high=high)
    return (curve, made) if curve is not None else None


def _aligned(store: Store, heads: Sequence[Row], low: float | None, high: float | None) -> Points:
    if not _is_long(heads):
        return read_points(store, heads)
    whole = _worth_reading(heads, low, high)
    read = [head for head in heads if head[8] in whole]
    steps, values = read_points(store, read)
    rest = [head for head in heads if head[8] not in whole]
    middles = [(head[1] + head[2]) // 2 for head in rest]
    return [*steps, *middles], [*values, *map(_mean, rest)]


def _mean(head: Row) -> float:
    """Return the mean of a block; NaN where no value is finite."""
    if head[5] is None:
        return math.nan
    # How many of the values are finite is not said; the mean is never beyond them.
    return float(min(max(head[7] / head[0], head[5]), head[6]))


def _worth_reading(heads: Sequence[Row], low: float | None, high: float | None) -> set[int]:
    """Return blocks in view of a long series to be read whole: those of the widest range."""
    shown_from = -math.inf if low is None else low
    shown_to = math.inf if high is None else high
    in_view = [head for head in heads if head[2] >= shown_from and head[1] <= shown_to]
    in_view.sort(key=lambda head: head[6] - head[5] if head[5] is not None else -1.0, reverse=True)
    chosen: set[int] = set()
    points = 0
    for head in in_view:
        points += head[0]
        if points > EXACT_POINTS:
            break
        chosen.add(head[8])
    return chosen
