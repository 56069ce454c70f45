"""Where charts, cursor and zoom stand: arithmetic of the grid of curves."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from math import ceil, log

from tui_tracker.curves import Axis, round_step

CHART_WIDTH, CHART_HEIGHT = 36, 9
"""The smallest chart that is worth looking at, in cells."""
GAP = 2
BEST_SHAPE = 3.0
"""Width by height of a chart in cells, where there is a choice."""


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


def room_to_grow(first: int, last: int) -> tuple[int, int]:
    """Return the steps that a growing curve is drawn over: some more than it has.

    The end is round and moves rarely, so that a new point changes the right end of the
    chart and not every column of it.
    """
    step = max(1, ceil(round_step((last - first) / 10)))
    return first, max(first + step, (last // step + 1) * step)


def moved(steps: Sequence[int], at: int | None, columns: int, axis: Axis) -> int:
    """Return the step that the cursor stands on after moving by cells, at least one point.

    `steps` are sorted and not empty. A cursor that was not shown begins in the middle.
    """
    if at is None:
        return steps[len(steps) // 2]
    if columns > 0:
        target = axis.value(min(axis.dots - 1, axis.place(at) + 2 * columns))
        index = max(bisect_right(steps, at), bisect_left(steps, target))
        return steps[min(index, len(steps) - 1)]
    target = axis.value(max(0, axis.place(at) + 2 * columns))
    index = min(bisect_left(steps, at), bisect_right(steps, target)) - 1
    return steps[max(index, 0)]


def zoomed(
    shown: tuple[int, int], whole: tuple[int, int], at: int | None, direction: int
) -> tuple[int, int] | None:
    """Return half (1) or twice (-1) the steps around `at`; None where that is all of them."""
    (low, high), (first, last) = shown, whole
    half = (high - low) // 4 if direction > 0 else high - low
    if direction == 0 or half >= last - first:
        return None
    half = max(half, 2)
    middle = at if at is not None else (low + high) // 2
    start = max(first, min(middle - half, last - 2 * half))
    return start, min(last, start + 2 * half)
