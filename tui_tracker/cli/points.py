"""A series cut down to a number of points of which each was logged."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterator, Sequence

from tui_tracker.queries import Series


def reduce_points(series: Series, most: int) -> Series:
    """Return at most `most` (2 or more) points: smallest and largest of each stretch.

    Stretches have equally many points, in log order. No spike is lost, infinite ones
    included; a stretch of NaN alone keeps its first point, so that it is seen.
    """
    count = len(series.values)
    if count <= most:
        return series
    kept = [place for part in _stretches(count, most // 2) for place in _ends(series.values, part)]
    return Series(
        array("q", [series.steps[place] for place in kept]),
        array("q", [series.times_ms[place] for place in kept]),
        array("d", [series.values[place] for place in kept]),
    )


def _stretches(count: int, parts: int) -> Iterator[range]:
    for number in range(parts):
        yield range(number * count // parts, (number + 1) * count // parts)


def _ends(values: Sequence[float], part: range) -> list[int]:
    """Return the places of the smallest and the largest value of a stretch, in order."""
    shown = [place for place in part if not math.isnan(values[place])]
    if not shown:
        return [part[0]]
    low = min(shown, key=values.__getitem__)
    high = max(shown, key=values.__getitem__)
    return sorted({low, high})
