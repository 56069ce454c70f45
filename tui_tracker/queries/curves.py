"""Curves of several runs and metrics at once, reduced to what a chart can show.

Whatever the number of charts, all block heads come with one query and the blocks that must
be read with one a batch. A curve of more blocks than dot columns is drawn from heads alone.
Metrics that were logged together share the bytes of their steps, so how points fall into
buckets is worked out once for all of them.
"""

from __future__ import annotations

import json
import math
from array import array
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from operator import le
from typing import TYPE_CHECKING, Literal
from weakref import WeakKeyDictionary

from tui_tracker import blocks
from tui_tracker.curves import Curve, round_step
from tui_tracker.curves.series import Bucket, from_buckets, merge, slot
from tui_tracker.errors import StoreDamaged
from tui_tracker.queries.answers import RunKey
from tui_tracker.store import Store

if TYPE_CHECKING:
    from tui_tracker.store import Row

Pair = tuple[RunKey, int]
"""A run and the key of one of its metrics."""
Cut = tuple[int, int, int]
"""A slot, and the first and the end of the points of a block that fall into it."""

EXACT_POINTS = 200_000
"""Up to so many points two series are joined step by step, above by their blocks."""
BATCH = 256
"""Blocks read with one query: two megabytes."""
_KEPT = 4096
"""Full blocks of a store whose buckets are remembered, so that a live chart reads the rest."""
_MEMORY = 512
"""Axes of blocks that are remembered while curves are read."""


@dataclass(frozen=True, slots=True)
class XAxis:
    """What a chart has to the right."""

    kind: Literal["step", "wall", "relative", "metric"] = "step"
    """`wall` is Unix milliseconds, `relative` milliseconds since the run began."""
    metric: int = 0
    """The key of the metric on the axis."""


STEP = XAxis()
_kept: WeakKeyDictionary[Store, dict[tuple[object, ...], list[tuple[int, Bucket]]]] = (
    WeakKeyDictionary()
)


@dataclass(frozen=True, slots=True)
class ChartWanted:
    """Curves that share one x axis."""

    pairs: tuple[Pair, ...]
    low: float | None = None
    high: float | None = None
    """What of the axis is shown, both ends included; None for all of every curve."""
    grows: bool = False
    """The axis ends at a round place ahead, because points will come."""


def room_to_grow(first: float, last: float) -> tuple[float, float]:
    """Return the range that a growing curve is drawn over: some more than it has.

    The end is round and moves rarely, so that a new point changes the right end of the
    chart and not every column of it.
    """
    step = round_step((last - first) / 10)
    if isinstance(first, int) and isinstance(last, int):
        step = max(1, math.ceil(step))
    if step <= 0:
        return first, first + 1
    return first, max(first + step, (last // step + 1) * step)


def read_curves(
    store: Store, charts: Sequence[ChartWanted], slots: int, x: XAxis = STEP
) -> dict[Pair, Curve]:
    """Return the curves of some charts in at most `slots` buckets each.

    All curves of a chart are laid over the same slots, so that they can be averaged. What
    has no point is left out. On a metric's axis points stand where that metric was at their
    step, interpolated between the steps that it was logged at, and left out beyond them.

    Raises:
        StoreDamaged: a block cannot be read.
    """
    if slots < 1:
        return {}
    pairs = list(dict.fromkeys(pair for chart in charts for pair in chart.pairs))
    if x.kind == "metric":
        from tui_tracker.queries.curves_over import read_over_metric

        return read_over_metric(store, charts, slots, x.metric)
    heads = read_heads(store, pairs)
    shifts = read_starts(store, pairs) if x.kind == "relative" else {}
    reader = _Reader(store, slots, times=x.kind != "step")
    plans: list[_Plan] = []
    for chart in charts:
        known = {pair: heads[pair] for pair in chart.pairs if pair in heads}
        spans = {pair: reader.span(rows, shifts.get(pair[0], 0)) for pair, rows in known.items()}
        if not spans:
            continue
        laid = laid_over(chart, list(spans.values()))
        plans += [
            reader.plan(pair, known[pair], spans[pair], laid, shifts.get(pair[0], 0))
            for pair in known
        ]
    with damage_told(store):
        return {plan.pair: curve for plan, curve in zip(plans, reader.run(plans), strict=True)}


def laid_over(chart: ChartWanted, spans: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """Return the range that the buckets of a chart are laid over."""
    first, last = min(low for low, _ in spans), max(high for _, high in spans)
    if chart.grows:
        first, last = room_to_grow(first, last)
    return first if chart.low is None else chart.low, last if chart.high is None else chart.high


def read_heads(store: Store, pairs: Sequence[Pair]) -> dict[Pair, list[Row]]:
    """Return the heads of all blocks in log order.

    n, low and high step, low and high time, minimum, maximum, sum, id of the block.
    """
    found: dict[Pair, list[Row]] = {}
    # CROSS JOIN keeps SQLite from scanning all series for the list of wanted ones.
    for run, metric, *head in store.read(
        "SELECT s.run, s.metric, s.n, s.low_step, s.high_step, s.low_ms, s.high_ms, s.min, s.max, "
        "s.sum, s.data FROM json_each(?) AS w CROSS JOIN series_block AS s "
        "ON s.run = json_extract(w.value, '$[0]') AND s.metric = json_extract(w.value, '$[1]') "
        "ORDER BY s.run, s.metric, s.seq",
        (json.dumps(pairs),),
    ):
        found.setdefault((run, metric), []).append(tuple(head))
    return found


def read_holding(
    store: Store, places: Sequence[tuple[RunKey, int, float]], *, times: bool
) -> dict[Pair, list[Row]]:
    """Return the heads of the blocks that hold a step, or a time, of each series."""
    low, high = ("low_ms", "high_ms") if times else ("low_step", "high_step")
    found: dict[Pair, list[Row]] = {}
    for run, metric, *head in store.read(
        "SELECT s.run, s.metric, s.n, s.low_step, s.high_step, s.low_ms, s.high_ms, s.min, s.max, "
        "s.sum, s.data FROM json_each(?) AS w CROSS JOIN series_block AS s "
        "ON s.run = json_extract(w.value, '$[0]') AND s.metric = json_extract(w.value, '$[1]') "
        f"AND s.{low} <= json_extract(w.value, '$[2]') "
        f"AND s.{high} >= json_extract(w.value, '$[2]') ORDER BY s.run, s.metric, s.seq",
        (json.dumps(places),),
    ):
        found.setdefault((run, metric), []).append(tuple(head))
    return found


def read_starts(store: Store, pairs: Sequence[Pair]) -> dict[RunKey, int]:
    """Return when the runs began, in Unix milliseconds."""
    runs = json.dumps(sorted({run for run, _ in pairs}))
    return dict(
        store.read(
            "SELECT id, started_ms FROM run WHERE id IN (SELECT value FROM json_each(?))", (runs,)
        )
    )


def read_blocks(store: Store, ids: Sequence[int]) -> dict[int, bytes]:
    """Return the bytes of some blocks."""
    return dict(
        store.read(
            "SELECT id, data FROM block WHERE id IN (SELECT value FROM json_each(?))",
            (json.dumps(ids),),
        )
    )


@contextmanager
def damage_told(store: Store) -> Iterator[None]:
    """Tell of a block that cannot be decoded as damage of the store."""
    try:
        yield
    except (ValueError, KeyError) as error:
        problem = "a series block is missing" if isinstance(error, KeyError) else str(error)
        raise StoreDamaged(store.path, f"{problem}: run tt doctor, or restore a backup") from error


@dataclass(frozen=True, slots=True)
class _Plan:
    """How one curve comes about: buckets known from heads, and blocks to read."""

    pair: Pair
    joined: dict[int, Bucket]
    blocks: tuple[Row, ...]
    """The heads of those."""
    extent: tuple[float, float]
    count: int
    laid: tuple[float, float]
    shift: int


class _Reader:
    """Reads blocks in batches and lets their points fall into slots."""

    def __init__(self, store: Store, slots: int, *, times: bool) -> None:
        self._store, self._slots, self._times = store, slots, times
        self._cuts: dict[tuple[bytes, float, float], tuple[array[int], list[Cut]]] = {}
        self._kept = _kept.setdefault(store, {})
        if len(self._kept) > _KEPT:
            self._kept.clear()

    def span(self, heads: Sequence[Row], shift: int) -> tuple[int, int]:
        """Return the smallest and the largest x of a curve."""
        low, high = (3, 4) if self._times else (1, 2)
        return min(head[low] for head in heads) - shift, max(head[high] for head in heads) - shift

    def plan(
        self,
        pair: Pair,
        heads: Sequence[Row],
        extent: tuple[int, int],
        laid: tuple[float, float],
        shift: int,
    ) -> _Plan:
        low, high = (3, 4) if self._times else (1, 2)
        start, end = laid[0] + shift, laid[1] + shift
        inside = [head for head in heads if head[high] >= start and head[low] <= end]
        whole = [head for head in inside if head[low] >= start and head[high] <= end]
        joined: dict[int, Bucket] = {}
        wanted = inside
        if len(whole) >= self._slots:
            for head in whole:
                index = slot(head[low], start, end, self._slots)
                bucket = (
                    *(head[low] - shift, head[high] - shift, head[5], head[6]),
                    *(head[7] or 0.0, head[0]),
                )
                joined[index] = merge(joined.get(index), bucket)
            # The first and last block of a range may reach out of it, so their points are read.
            wanted = [head for head in inside if head[low] < start or head[high] > end]
        count = sum(head[0] for head in heads)
        return _Plan(pair, joined, tuple(wanted), extent, count, laid, shift)

    def run(self, plans: Sequence[_Plan]) -> Iterator[Curve]:
        """Yield the curves of the plans, in their order."""
        data: dict[int, bytes] = {}
        for index, plan in enumerate(plans):
            if any(head[8] not in data for head in self._lacking(plan)):
                data = read_blocks(self._store, self._ahead(plans[index:]))
            found = dict(plan.joined)
            for head in plan.blocks:
                for place, bucket in self._pieces(head, plan, data):
                    found[place] = merge(found.get(place), bucket)
            yield from_buckets(found, plan.extent, plan.count, (*plan.laid, self._slots))

    def _lacking(self, plan: _Plan) -> list[Row]:
        return [head for head in plan.blocks if self._key(head, plan) not in self._kept]

    def _ahead(self, plans: Sequence[_Plan]) -> list[int]:
        """Return the next blocks to read, those of as many plans as make a batch."""
        ids: list[int] = []
        for plan in plans:
            ids += [head[8] for head in self._lacking(plan)]
            if len(ids) >= BATCH:
                break
        return ids

    def _key(self, head: Row, plan: _Plan) -> tuple[object, ...]:
        # The whole head: the id alone is given again once a run is swept away.
        return head, plan.laid, plan.shift, self._slots, self._times

    def _pieces(self, head: Row, plan: _Plan, data: dict[int, bytes]) -> list[tuple[int, Bucket]]:
        key = self._key(head, plan)
        pieces = self._kept.get(key)
        if pieces is None:
            # Another thread may have cleared what was remembered a moment ago.
            block = (
                data[head[8]] if head[8] in data else read_blocks(self._store, [head[8]])[head[8]]
            )
            pieces = self._scattered(block, plan)
            # A block that is not full grows in place.
            if head[0] >= blocks.CAPACITY:
                self._kept[key] = pieces
        return pieces

    def _scattered(self, block: bytes, plan: _Plan) -> list[tuple[int, Bucket]]:
        """Return the points of a block as buckets with their slots."""
        start, end = plan.laid[0] + plan.shift, plan.laid[1] + plan.shift
        xs, cuts = self._cut(block, start, end)
        values = blocks.decode_values(block)
        # A finite sum proves that every value is finite, at C speed.
        finite = math.isfinite(sum(values))
        pieces: list[tuple[int, Bucket]] = []
        for index, first, last in cuts:
            part = values[first:last]
            shown: Sequence[float] = part if finite else list(filter(math.isfinite, part))
            bucket = (
                xs[first] - plan.shift,
                xs[last - 1] - plan.shift,
                min(shown, default=None),
                max(shown, default=None),
                sum(shown),
                len(shown),
            )
            pieces.append((index, bucket))
        return pieces

    def _cut(self, block: bytes, start: float, end: float) -> tuple[array[int], list[Cut]]:
        key = (blocks.axis_part(block), start, end)
        if (known := self._cuts.get(key)) is None:
            if len(self._cuts) >= _MEMORY:
                self._cuts.clear()
            xs = blocks.decode_axis(block)[1 if self._times else 0]
            known = self._cuts[key] = xs, cut_up(xs, start, end, self._slots)
        return known


def cut_up(xs: Sequence[float], start: float, end: float, slots: int) -> list[Cut]:
    """Return how points fall into slots: stretches of neighbours, in the order of the points.

    Points outside `start` to `end`, and those whose x is NaN, are in none.
    """
    if all(map(le, xs, xs[1:])) and slots < len(xs) and isinstance(start, int):
        return _cut_sorted(xs, start, end, slots)
    found: list[Cut] = []
    for place, x in enumerate(xs):
        if not start <= x <= end:
            continue
        index = slot(x, start, end, slots)
        # A stretch goes on only upwards, so that its ends are its smallest and largest x.
        if found and found[-1][0] == index and found[-1][2] == place and xs[place - 1] <= x:
            found[-1] = (index, found[-1][1], place + 1)
        else:
            found.append((index, place, place + 1))
    return found


def _cut_sorted(xs: Sequence[float], start: int, end: float, slots: int) -> list[Cut]:
    found, place, count = [], bisect_left(xs, start), len(xs)
    width = int(end) - start + 1
    while place < count and xs[place] <= end:
        index = slot(xs[place], start, int(end), slots)
        limit = start + -(-(index + 1) * width // slots)
        until = bisect_left(xs, limit, place) if index < slots - 1 else count
        if index == slots - 1:
            until = bisect_left(xs, int(end) + 1, place)
        found.append((index, place, until))
        place = until
    return found
