"""What is made of curves: smoothed ones, bands over runs, differences, first crossings."""

from __future__ import annotations

import math
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from operator import sub
from typing import Literal

from tui_tracker.curves.series import Curve

Spread = Literal["range", "std"]
"""What a band is: smallest to largest over the runs, or mean ± standard deviation."""


def smooth(values: Iterable[float], weight: float) -> list[float]:
    """Return the exponential moving average; NaN and infinities stay where they are.

    `weight` 0 changes nothing, towards 1 the curve gets smoother. The start is corrected
    for the missing past, so the first value is the first value.

    Source: Kingma and Ba, Adam (2015), section 3: the correction of the initial bias.
    """
    made, average, total = [], 0.0, 0.0
    for value in values:
        if math.isfinite(value):
            average = average * weight + value * (1 - weight)
            total = total * weight + (1 - weight)
            made.append(average / total if total else value)
        else:
            made.append(value)
    return made


def smoothed(curve: Curve, weight: float) -> Curve:
    """Return a curve whose only values are the moving average of its buckets' means."""
    means = array("d", smooth(curve.means, weight))
    return replace(curve, mins=means, maxs=means, means=means)


@dataclass(frozen=True, slots=True, eq=False)
class Band:
    """Several runs as one: their mean, and how far they spread around it."""

    mean: Curve
    spread: Curve
    counts: tuple[int, ...]
    """How many runs have a value, by bucket; a mean is over so many."""

    @property
    def fewest(self) -> int:
        """How many runs a mean is over where least have a value."""
        return min(filter(None, self.counts), default=0)

    @property
    def most(self) -> int:
        """How many runs a mean is over where most have a value."""
        return max(self.counts, default=0)


def band(curves: Sequence[Curve], spread: Spread) -> Band | None:
    """Return the mean of curves that were laid over the same slots, and its band.

    Where a run has no point in a slot but one before and one behind, its value is
    interpolated; beyond its ends and across NaN it does not count. The band `range` goes to
    the smallest and largest value of any run, `std` is one standard deviation (ddof 1) of
    the runs' means to each side, none where there is one run. None where no curve has a
    bucket.
    """
    places = sorted({curve.slot(low) for curve in curves for low in curve.lows})
    if not places:
        return None
    known = [_by_slot(curve) for curve in curves]
    filled = [_fill(slots, places) for slots in known]
    means, lows, highs, counts = array("d"), array("d"), array("d"), []
    for index, place in enumerate(places):
        values = [run[index] for run in filled if math.isfinite(run[index])]
        counts.append(len(values))
        mean, low, high = _spread(values, spread)
        if spread == "range":
            there = [slots[place] for slots in known if place in slots]
            low = min([low, *(one[0] for one in there if math.isfinite(one[0]))])
            high = max([high, *(one[1] for one in there if math.isfinite(one[1]))])
        means.append(mean)
        lows.append(low)
        highs.append(high)
    xs = _extents(curves, places)
    mean_curve = replace(
        curves[0],
        lows=[low for low, _ in xs],
        highs=[high for _, high in xs],
        mins=means,
        maxs=means,
        means=means,
        first=min(curve.first for curve in curves),
        last=max(curve.last for curve in curves),
        count=sum(curve.count for curve in curves),
    )
    return Band(mean_curve, replace(mean_curve, mins=lows, maxs=highs), tuple(counts))


def _by_slot(curve: Curve) -> dict[int, tuple[float, float, float]]:
    rows = zip(curve.lows, curve.mins, curve.maxs, curve.means, strict=True)
    return {curve.slot(x): (low, high, mean) for x, low, high, mean in rows}


def _fill(slots: dict[int, tuple[float, float, float]], places: Sequence[int]) -> list[float]:
    at = sorted(slots)
    return interpolate(at, [slots[place][2] for place in at], places)


def _spread(values: Sequence[float], spread: Spread) -> tuple[float, float, float]:
    if not values:
        return math.nan, math.nan, math.nan
    count = len(values)
    mean = min(max(values), max(min(values), math.fsum(value / count for value in values)))
    if spread == "range":
        return mean, min(values), max(values)
    if count < 2:
        return mean, mean, mean
    deviation = math.dist(values, (mean,) * count) / math.sqrt(count - 1)
    return mean, mean - deviation, mean + deviation


def _extents(curves: Sequence[Curve], places: Sequence[int]) -> list[tuple[float, float]]:
    found: dict[int, tuple[float, float]] = {}
    for curve in curves:
        for low, high in zip(curve.lows, curve.highs, strict=True):
            old = found.get(curve.slot(low), (low, high))
            found[curve.slot(low)] = min(old[0], low), max(old[1], high)
    return [found[place] for place in places]


def interpolate(xs: Sequence[float], values: Sequence[float], at: Sequence[float]) -> list[float]:
    """Return the values at `at`, on straight lines between known ones; NaN beyond the ends.

    `xs` are sorted, each once. NaN beside a place makes it NaN: nothing is known there.
    """
    if len(xs) == len(at) and list(xs) == list(at):
        return list(values)
    found = []
    for x in at:
        index = bisect_left(xs, x)
        if index < len(xs) and xs[index] == x:
            found.append(values[index])
        elif 0 < index < len(xs):
            share = (x - xs[index - 1]) / (xs[index] - xs[index - 1])
            found.append(values[index - 1] * (1 - share) + values[index] * share)
        else:
            found.append(math.nan)
    return found


def difference(
    first: tuple[Sequence[float], Sequence[float]],
    second: tuple[Sequence[float], Sequence[float]],
) -> tuple[list[float], list[float], int]:
    """Return first minus second where both are known: x, difference, how many interpolated.

    Each is xs and values. At an x that only one of them has, the other is interpolated
    between its neighbours; beyond the ends of either there is no difference. Of several
    values at one x the last counts.
    """
    if list(first[0]) == list(second[0]) and all(a < b for a, b in pairwise(first[0])):
        return list(first[0]), list(map(sub, first[1], second[1])), 0
    known = [dict(zip(xs, values, strict=True)) for xs, values in (first, second)]
    if not all(known):
        return [], [], 0
    low, high = max(map(min, known)), min(map(max, known))
    at = sorted({x for one in known for x in one if low <= x <= high})
    sides = []
    for one in known:
        xs = sorted(one)
        sides.append(interpolate(xs, [one[x] for x in xs], at))
    made = sum(1 for x in at if not all(x in one for one in known))
    return at, list(map(sub, *sides)), made


def crossing(values: Iterable[float], threshold: float, *, rising: bool) -> int | None:
    """Return the place of the first finite value at or beyond a threshold."""
    for index, value in enumerate(values):
        if (value >= threshold if rising else value <= threshold) and math.isfinite(value):
            return index
    return None
