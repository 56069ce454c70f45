"""A curve in the cells of one line of text."""

from __future__ import annotations

import math
from collections.abc import Sequence

from tui_tracker.curves.axes import Axis

_BLOCKS = "▁▂▃▄▅▆▇"
"""Without the full block, which would run into the line above."""


def sparkline(values: Sequence[float], width: int) -> str:
    """Return the values as blocks of eight heights, at most `width` cells, `×` for a gap.

    Where several values share a cell, the one farthest from the cell's neighbour stays, so
    that a spike is seen.
    """
    finite = [value for value in values if math.isfinite(value)]
    if not finite or width < 1:
        return "×" * min(len(values), max(0, width))
    axis = Axis(min(finite), max(finite), len(_BLOCKS))
    cells: list[float] = []
    count = min(width, len(values))
    for index in range(count):
        share = values[index * len(values) // count : (index + 1) * len(values) // count]
        shown = [value for value in share if math.isfinite(value)]
        past = next((cell for cell in reversed(cells) if math.isfinite(cell)), finite[0])
        cells.append(max(shown, key=lambda v: abs(v / 2 - past / 2)) if shown else math.nan)
    return "".join(_BLOCKS[axis.place(cell)] if math.isfinite(cell) else "×" for cell in cells)
