"""Where charts, cursor and zoom stand: arithmetic of the grid of curves."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from functools import lru_cache
from math import log

from tui_tracker.curves import Axis

CHART_WIDTH, CHART_HEIGHT = 36, 9
"""The smallest chart that is worth looking at, in cells."""
GAP = 2
Range = tuple[float, float]
"""The first and the last of what an axis shows."""
BEST_SHAPE = 3.0
"""Width by height of a chart in cells, where there is a choice."""


@lru_cache(64)
def charts_across(count: int, width: int, height: int) -> int:
    """Return how many of `count` charts should stand side by side."""
    most = max(1, min(count, (width + GAP) // (CHART_WIDTH + GAP)))

    def badness(across: int) -> tuple[int, float]:
        rows = max(1, -(-count // across))
        if rows * CHART_HEIGHT > height:  # it scrolls: the more at once the better
            return 1000 - across, 0.0
        shape = (width / across) / (height / rows)
        return rows * across - count, abs(log(shape / BEST_SHAPE))

    return min(range(1, most + 1), key=badness)


def chart_height(count: int, across: int, height: int) -> int:
    """Return the lines of a chart: all fill the screen, or as many as fit on it do."""
    rows = max(1, -(-count // across))
    return height // min(rows, max(1, height // CHART_HEIGHT))


def moved(places: Sequence[float], at: float | None, columns: int, axis: Axis) -> float:
    """Return the place that the cursor stands on after moving by cells, at least one point.

    `places` are sorted and not empty. A cursor that was not shown begins in the middle.
    """
    if at is None:
        return places[len(places) // 2]
    if columns > 0:
        target = axis.value(min(axis.dots - 1, axis.place(at) + 2 * columns))
        index = max(bisect_right(places, at), bisect_left(places, target))
        return places[min(index, len(places) - 1)]
    target = axis.value(max(0, axis.place(at) + 2 * columns))
    index = min(bisect_left(places, at), bisect_right(places, target)) - 1
    return places[max(index, 0)]


def zoomed(shown: Range, whole: Range, at: float | None, direction: int) -> Range | None:
    """Return half (1) or twice (-1) the range around `at`; None where that is all of it.

    A range of whole numbers stays one and shows at least four of them.
    """
    (low, high), (first, last) = shown, whole
    exact = all(isinstance(end, int) for end in (*shown, *whole))
    half = (high - low) / 4 if direction > 0 else high - low
    if exact:
        half = max(2, half // 1)
    if direction == 0 or half >= last - first or half <= 0:
        return None
    middle = at if at is not None else (low + high) / 2
    start = max(first, min(middle - half, last - 2 * half))
    return _whole((start, min(last, start + 2 * half)), exact=exact)


def panned(shown: Range, whole: Range, share: float) -> Range:
    """Return the range moved by a share of its width, no further than there is something."""
    (low, high), (first, last) = shown, whole
    width = high - low
    start = max(first, min(low + width * share, last - width))
    exact = all(isinstance(end, int) for end in (*shown, *whole))
    return _whole((start, start + width), exact=exact)


def _whole(ends: Range, *, exact: bool) -> Range:
    return (int(ends[0]), int(ends[1])) if exact else ends
