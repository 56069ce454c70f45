"""A curve reduced to buckets along an axis, and how points become one."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

Bucket = tuple[float, float, float | None, float | None, float, int]
"""Low x, high x, minimum, maximum, sum and number of the finite values."""


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """A curve in buckets, in order of x; none is empty.

    All sequences are as long. Minimum and maximum of every bucket are kept, so a spike of
    one step stays visible.
    """

    lows: Sequence[float]
    highs: Sequence[float]
    """Where each bucket begins and ends: the x of its first and last point."""
    mins: Sequence[float]
    maxs: Sequence[float]
    means: Sequence[float]
    """Over the finite values; NaN in all three where a bucket has none."""
    first: float
    last: float
    """The smallest and largest x of the whole curve, shown or not."""
    count: int
    """Points in the whole curve."""
    low: float
    high: float
    """What the buckets were laid over."""
    slots: int
    """How many buckets there could be: one of equal width each."""

    @property
    def exact(self) -> bool:
        """Whether every bucket is a single x."""
        return all(low == high for low, high in zip(self.lows, self.highs, strict=True))

    def slot(self, x: float) -> int:
        """Return which of the equal stretches an x is in."""
        return slot(x, self.low, self.high, self.slots)


def slot(x: float, low: float, high: float, count: int) -> int:
    """Return which of `count` equal stretches from `low` to `high` an x is in.

    Whole numbers fall one into a stretch where there are as many stretches as numbers, so
    they end one unit behind `high`; fractions (epochs, shares) have no such unit.
    """
    if isinstance(low, int) and isinstance(high, int):
        # Not through floats, which cannot tell the largest steps apart.
        return max(0, min(count - 1, int((x - low) * count // (high - low + 1))))
    width = (high - low) * (1 + 1e-9)
    return max(0, min(count - 1, int((x - low) / width * count))) if width > 0 else 0


def merge(old: Bucket | None, new: Bucket) -> Bucket:
    """Return what two buckets are together."""
    if old is None:
        return new
    low, high = old[2], old[3]
    if new[2] is not None and (low is None or new[2] < low):
        low = new[2]
    if new[3] is not None and (high is None or new[3] > high):
        high = new[3]
    return (
        min(old[0], new[0]),
        max(old[1], new[1]),
        low,
        high,
        old[4] + new[4],
        old[5] + new[5],
    )


def from_buckets(
    found: dict[int, Bucket],
    extent: tuple[float, float],
    count: int,
    laid: tuple[float, float, int],
) -> Curve:
    """Return buckets by slot as a curve; `laid` is low, high and number of slots."""
    kept = [found[index] for index in sorted(found)]
    return Curve(
        lows=[bucket[0] for bucket in kept],
        highs=[bucket[1] for bucket in kept],
        mins=array("d", [math.nan if b[2] is None else b[2] for b in kept]),
        maxs=array("d", [math.nan if b[3] is None else b[3] for b in kept]),
        means=array("d", [_mean(bucket) for bucket in kept]),
        first=extent[0],
        last=extent[1],
        count=count,
        low=laid[0],
        high=laid[1],
        slots=laid[2],
    )


def _mean(bucket: Bucket) -> float:
    _, _, low, high, total, count = bucket
    if low is None or high is None:
        return math.nan
    mean = total / count if count else math.nan
    # Outside where the sum overflowed, or where a stored block does not tell its NaN.
    return mean if low <= mean <= high else low / 2 + high / 2


def reduce(
    xs: Iterable[float],
    values: Iterable[float],
    slots: int,
    *,
    low: float | None = None,
    high: float | None = None,
) -> Curve | None:
    """Return points as a curve of at most `slots` buckets; points need not be sorted.

    Points whose x is NaN, infinite or outside `low` to `high` are left out. None where
    there is none at all.
    """
    points = [(x, v) for x, v in zip(xs, values, strict=True) if math.isfinite(x)]
    if not points or slots < 1:
        return None
    first, last = min(x for x, _ in points), max(x for x, _ in points)
    start, end = first if low is None else low, last if high is None else high
    found: dict[int, Bucket] = {}
    for x, value in points:
        if start <= x <= end:
            index = slot(x, start, end, slots)
            finite = math.isfinite(value)
            bound = value if finite else None
            new = (x, x, bound, bound, value if finite else 0.0, int(finite))
            found[index] = merge(found.get(index), new)
    return from_buckets(found, (first, last), len(points), (start, end, slots))
