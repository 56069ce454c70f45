"""The points of a series, whole or reduced, and the lines of a console."""

from __future__ import annotations

import json
import math
import zlib
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from operator import lt
from typing import TYPE_CHECKING

from tui_tracker import blocks
from tui_tracker.errors import StoreDamaged
from tui_tracker.queries.answers import Buckets, ConsoleLine, RunKey, Series
from tui_tracker.queries.rows import moment
from tui_tracker.store import Store

if TYPE_CHECKING:
    from tui_tracker.store import Row

_Bucket = tuple[int, int, float | None, float | None]
"""Low step, high step, minimum, maximum."""


def read_series(store: Store, run: RunKey, metric: int) -> Series:
    """Return all points of a metric; empty where there is none."""
    steps, times, values = array("q"), array("q"), array("d")
    for (data,) in store.read(
        "SELECT b.data FROM series_block AS s JOIN block AS b ON b.id = s.data "
        "WHERE s.run=? AND s.metric=? ORDER BY s.seq",
        (run, metric),
    ):
        with _damage_told(store):
            block_steps, block_times = blocks.decode_axis(data)
            steps += block_steps
            times += block_times
            values += blocks.decode_values(data)
    return Series(steps, times, values)


def read_buckets(
    store: Store,
    run: RunKey,
    metric: int,
    buckets: int,
    *,
    low: int | None = None,
    high: int | None = None,
) -> Buckets | None:
    """Return the curve between two steps (inclusive) in at most `buckets` buckets.

    Where there are more blocks than buckets, neighbouring blocks are joined from their
    heads alone; else the points are read. None where the run has no point of the metric.
    """
    heads = store.read(
        "SELECT n, low_step, high_step, min, max, data FROM series_block "
        "WHERE run=? AND metric=? ORDER BY seq",
        (run, metric),
    )
    if not heads or buckets < 1:
        return None
    first, last = min(head[1] for head in heads), max(head[2] for head in heads)
    start, end = first if low is None else low, last if high is None else high
    inside = [head for head in heads if head[2] >= start and head[1] <= end]
    whole = [head[1:5] for head in inside if head[1] >= start and head[2] <= end]
    if len(whole) >= buckets:
        # The first and last block of a range may reach out of it, so their points are read.
        cut = [head for head in inside if head[1] < start or head[2] > end]
        points = _points(_data(store, cut), cut, start, end)
        found = _join(chain(whole, points), start, end, buckets)
    else:
        with _damage_told(store):
            found = _reduce(store, inside, start, end, buckets)
    return Buckets(
        low_steps=[bucket[0] for bucket in found],
        high_steps=[bucket[1] for bucket in found],
        mins=[math.nan if bucket[2] is None else bucket[2] for bucket in found],
        maxs=[math.nan if bucket[3] is None else bucket[3] for bucket in found],
        first_step=first,
        last_step=last,
        count=sum(head[0] for head in heads),
    )


def read_console(store: Store, run: RunKey, first: int = 0, count: int = 1000) -> list[ConsoleLine]:
    """Return up to `count` lines of the run's console from line `first`."""
    lines: list[ConsoleLine] = []
    for start, data in store.read(
        "SELECT first_line, data FROM console_block WHERE run=? AND first_line < ? "
        "AND first_line + n > ? ORDER BY seq",
        (run, first + count, first),
    ):
        for number, (at, stream, text) in enumerate(json.loads(zlib.decompress(data)), start):
            if first <= number < first + count:
                name = "err" if stream in "eE" else "out"
                lines.append(ConsoleLine(number, moment(at), name, text))  # type: ignore[arg-type]
    return lines


@contextmanager
def _damage_told(store: Store) -> Iterator[None]:
    try:
        yield
    except ValueError as error:
        raise StoreDamaged(store.path, f"{error}: run tt doctor, or restore a backup") from error


def _reduce(store: Store, heads: Sequence[Row], start: int, end: int, n: int) -> list[_Bucket]:
    data = _data(store, heads)
    if sum(head[0] for head in heads) <= n:
        return _join(_points(data, heads, start, end), start, end, n)
    return _scatter(data, heads, start, end, n)


def _data(store: Store, heads: Sequence[Row]) -> dict[int, bytes]:
    wanted = json.dumps([head[5] for head in heads])
    return dict(
        store.read(
            "SELECT id, data FROM block WHERE id IN (SELECT value FROM json_each(?))", (wanted,)
        )
    )


def _points(
    data: dict[int, bytes], heads: Sequence[Row], start: int, end: int
) -> Iterable[_Bucket]:
    for *_, block in heads:
        steps, _ = blocks.decode_axis(data[block])
        for step, value in zip(steps, blocks.decode_values(data[block]), strict=True):
            if start <= step <= end:
                finite = value if math.isfinite(value) else None
                yield step, step, finite, finite


def _scatter(
    data: dict[int, bytes], heads: Sequence[Row], start: int, end: int, n: int
) -> list[_Bucket]:
    """Reduce points to buckets of equal width, taking runs of points at C speed."""
    span = max(1, end - start + 1)
    found: dict[int, _Bucket] = {}
    for count, _, _, _, _, block in heads:
        steps, _ = blocks.decode_axis(data[block])
        values = blocks.decode_values(data[block])
        grows = all(map(lt, steps, steps[1:]))
        at = 0
        while at < count:
            step = steps[at]
            index = (step - start) * n // span
            limit = start + -(-(index + 1) * span // n)
            until = bisect_left(steps, limit, at) if grows else _end_of_bucket(steps, at, limit)
            if start <= step <= end:
                piece = _piece(steps[at:until], values[at:until])
                found[index] = _merge(found.get(index), piece)
            at = until
    return [found[index] for index in sorted(found)]


def _end_of_bucket(steps: array[int], at: int, limit: int) -> int:
    """Return the first place behind `at` whose step is not in the bucket below `limit`.

    Also where steps jump back: what is taken at once always grows.
    """
    end = len(steps)
    last = at + 1
    while last < end and steps[last - 1] < steps[last] < limit:
        last += 1
    return last


def _piece(steps: array[int], values: array[float]) -> _Bucket:
    finite: Sequence[float] = values
    if not math.isfinite(sum(values)):
        finite = [value for value in values if math.isfinite(value)]
    return steps[0], steps[-1], min(finite, default=None), max(finite, default=None)


def _merge(old: _Bucket | None, new: _Bucket) -> _Bucket:
    if old is None:
        return new
    lows = [value for value in (old[2], new[2]) if value is not None]
    highs = [value for value in (old[3], new[3]) if value is not None]
    low, high = min(lows, default=None), max(highs, default=None)
    return min(old[0], new[0]), max(old[1], new[1]), low, high


def _join(parts: Iterable[_Bucket], start: int, end: int, n: int) -> list[_Bucket]:
    """Join parts that begin in the same of n equal stretches of the step axis."""
    span = max(1, end - start + 1)
    found: dict[int, _Bucket] = {}
    for part in parts:
        index = (part[0] - start) * n // span
        found[index] = _merge(found.get(index), part)
    return [found[index] for index in sorted(found)]
