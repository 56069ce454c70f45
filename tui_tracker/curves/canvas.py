"""Dots on a grid of terminal cells, drawn with whole integers instead of cell by cell.

A layer is bytes, one a cell, column after column, each from the top: the low four bits are
the cell's left dots, the high four its right ones, topmost first. A dot column of a line is
then one integer with a byte a cell row, a stroke from one height to another is the exclusive
or of two prepared ones, and a whole layer is laid over another with three operations.
"""

from __future__ import annotations

import codecs
import math
import re
from collections.abc import Sequence
from functools import lru_cache

from tui_tracker.curves.axes import Axis
from tui_tracker.curves.series import Curve

Dots = bytes
"""A layer."""

_LEFT, _RIGHT = (0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80)
"""Unicode's bits of a braille cell: its left and its right column, from the top."""


def _braille(mask: int) -> str:
    bits = sum(_LEFT[row] for row in range(4) if mask >> row & 1)
    bits += sum(_RIGHT[row] for row in range(4) if mask >> 4 + row & 1)
    return chr(0x2800 + bits) if bits else " "


def _ascii(mask: int) -> str:
    rows = [row for row in range(4) if (mask | mask >> 4) >> row & 1]
    if not rows:
        return " "
    if rows[-1] - rows[0] >= 2:
        return "|" if len(rows) > 2 else ":"
    return "'" if rows[-1] <= 1 else "." if rows[0] >= 2 else "-"


BRAILLE = "".join(map(_braille, range(256)))
"""The character of each cell byte."""
ASCII = "".join(map(_ascii, range(256)))

_SET = bytes([0]) + bytes([255]) * 255
_SPARSE = bytes(mask & 0x41 for mask in range(256))
_STRETCH = re.compile(rb"([^\0])(?:\1|\0)*|\0+", re.S)
"""Equal owners; blank cells have no colour and join what stands before them."""


@lru_cache(maxsize=64)
def _strokes(rows: int) -> list[int]:
    """Return for each height the integer of all dots below it, in left columns."""
    below, total = [0], 0
    for row in reversed(range(rows)):
        total |= 1 << (row // 4 * 8 + row % 4)
        below.append(total)
    return below


def trace(curve: Curve, x: Axis, y: Axis, *, means: bool = False) -> Dots:
    """Return the line of a curve on a canvas of `x.dots` by `y.dots` dots.

    A dot column shows the range of all its buckets, or their means; neighbours that do not
    touch are joined by a line. A bucket without a finite value (on a log axis: without a
    positive one) is a gap that no line crosses.
    """
    lows, highs = (curve.means, curve.means) if means else (curve.mins, curve.maxs)
    at = _columns(curve, x)
    shown = _shown(curve, highs, x, y)
    if y.log:
        lows = [value if value > 0 else y.low for value in lows]
    if shown is None:
        tops, bottoms = y.places(highs), y.places(lows)
        return _stroke(at, tops, bottoms, x.dots, y.dots, ())
    kept, breaks = shown
    return _stroke(
        [at[index] for index in kept],
        y.places([highs[index] for index in kept]),
        y.places([lows[index] for index in kept]),
        x.dots,
        y.dots,
        breaks,
    )


def _columns(curve: Curve, x: Axis) -> list[int]:
    lows, highs = curve.lows, curve.highs
    if x.log:
        return x.places([max(x.low, low) for low in lows])
    # Halved before they are added: steps may be near the largest whole numbers.
    return x.places([low / 2 + high / 2 for low, high in zip(lows, highs, strict=True)])


def _shown(
    curve: Curve, highs: Sequence[float], x: Axis, y: Axis
) -> tuple[list[int], set[int]] | None:
    """Return the buckets to draw and before which of them the line breaks; None for all."""
    inside = not curve.lows or (curve.lows[0] >= x.low and curve.highs[-1] <= x.high)
    if inside and math.isfinite(sum(highs)) and not (y.log and min(highs, default=1.0) <= 0):
        return None
    kept: list[int] = []
    breaks: set[int] = set()
    for index, value in enumerate(highs):
        if curve.highs[index] < x.low or curve.lows[index] > x.high:
            continue
        if not math.isfinite(value) or (y.log and value <= 0):
            breaks.add(len(kept))
        else:
            kept.append(index)
    return kept, breaks


def _stroke(
    at: Sequence[int],
    tops: Sequence[int],
    bottoms: Sequence[int],
    across: int,
    down: int,
    breaks: Sequence[int] | set[int],
) -> Dots:
    """Draw ranges and the lines between them; tops and bottoms are heights, in dots."""
    below = _strokes(down)
    columns = [0] * ((across + 1) // 2)
    before, past_top, past_bottom, past_shift = -9, 0, 0, 0
    for index, (column, top, bottom) in enumerate(zip(at, tops, bottoms, strict=True)):
        shift = (column & 1) << 2
        high, low = top, bottom
        if breaks and index in breaks:
            before = -9
        if column == before + 1:
            # Side by side: reach half way towards each other, so that steps look like steps.
            if bottom > past_top + 1:
                low = ((past_top + bottom) >> 1) + 1
                columns[before >> 1] |= (below[low] ^ below[past_top]) << past_shift
            elif past_bottom > top + 1:
                high = (past_bottom + top) >> 1
                columns[before >> 1] |= (below[past_bottom] ^ below[high + 1]) << past_shift
        elif column > before > -1:
            _line(columns, below, (before, column), (past_top + past_bottom, top + bottom))
        columns[column >> 1] |= (below[high + 1] ^ below[low]) << shift
        if column == before:
            top, bottom = max(top, past_top), min(bottom, past_bottom)
        before, past_top, past_bottom, past_shift = column, top, bottom, shift
    return _joined(columns, down)


def _joined(columns: Sequence[int], down: int) -> Dots:
    height = (down + 3) // 4
    return b"".join([dots.to_bytes(height, "little") for dots in columns])


def _line(
    columns: list[int], below: Sequence[int], ends: tuple[int, int], twice: tuple[int, int]
) -> None:
    """Draw the straight line between two dot columns, each height of it once.

    `twice` are the heights at its ends, doubled, as middles of ranges are halves.
    """
    (left, right), start = ends, twice[0] / 2
    slope = (twice[1] / 2 - start) / (right - left)
    for at in range(left, right + 1):
        first = start + slope * max(0.0, at - left - 0.5)
        last = start + slope * (min(float(right), at + 0.5) - left)
        low, high = sorted((round(first), round(last)))
        columns[at >> 1] |= (below[high + 1] ^ below[low]) << ((at & 1) << 2)


def fill(curve: Curve, x: Axis, y: Axis) -> Dots:
    """Return the area between a curve's minima and maxima as a quarter of its dots."""
    at, shown = _columns(curve, x), _shown(curve, curve.maxs, x, y)
    kept, breaks = shown if shown is not None else (list(range(len(at))), set())
    lows = [value if value > 0 or not y.log else y.low for value in curve.mins]
    tops = y.places([curve.maxs[index] for index in kept])
    bottoms = y.places([lows[index] for index in kept])
    below = _strokes(y.dots)
    columns = [0] * ((x.dots + 1) // 2)
    before = -1
    for index, (place, top, bottom) in enumerate(zip(kept, tops, bottoms, strict=True)):
        column = at[place]
        start = before if before >= 0 and index not in breaks else column
        # Between two places the area goes straight from one range to the next.
        for between in range(start, column + 1):
            share = (between - start) / (column - start) if column > start else 1.0
            high = round(tops[index - 1] * (1 - share) + top * share)
            low = round(bottoms[index - 1] * (1 - share) + bottom * share)
            columns[between >> 1] |= (below[high + 1] ^ below[low]) << ((between & 1) << 2)
        before = column
    # A quarter of the dots: a line stays legible on it, also without colours.
    return _joined(columns, y.dots).translate(_SPARSE)


def gaps(curve: Curve, x: Axis) -> list[int]:
    """Return the dot columns of buckets that hold no finite value."""
    return [
        x.place(low / 2 + high / 2)
        for low, high, value in zip(curve.lows, curve.highs, curve.maxs, strict=True)
        if not math.isfinite(value) and high >= x.low and low <= x.high
    ]


class Canvas:
    """Layers over each other; each cell belongs to the topmost layer that has a dot there."""

    __slots__ = ("_dots", "_owners", "height", "width")

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self._dots = self._owners = 0

    def add(self, layer: Dots, owner: int, *, over: bool = False) -> None:
        """Lay a layer over what is there; `over` hides the dots below instead of adding to them.

        `owner` is a number from 1 to 255.
        """
        dots = int.from_bytes(layer, "little")
        here = int.from_bytes(layer.translate(_SET), "little")
        ours = int.from_bytes(bytes([owner]) * len(layer), "little") & here
        self._owners = self._owners & ~here | ours
        self._dots = (self._dots & ~here if over else self._dots) | dots

    def cover(self, other: Canvas) -> None:
        """Lay a canvas of the same size over this one, hiding the dots below it."""
        size = self.width * self.height
        here = other._dots.to_bytes(size, "little").translate(_SET)
        below = ~int.from_bytes(here, "little")
        self._dots = self._dots & below | other._dots
        self._owners = self._owners & below | other._owners

    def rows(self, characters: str = BRAILLE) -> list[tuple[str, bytes]]:
        """Return each line's text and the owner of each of its cells, 0 where it is blank."""
        height, size = self.height, self.width * self.height
        dots = self._dots.to_bytes(size, "little")
        owners = self._owners.to_bytes(size, "little")
        return [
            (codecs.charmap_decode(dots[row::height], "strict", characters)[0], owners[row::height])
            for row in range(height)
        ]


def stretches(owners: bytes) -> list[tuple[int, int, int]]:
    """Return start, end and owner of the stretches of one owner in a line."""
    return [
        (found.start(), found.end(), owners[found.start()]) for found in _STRETCH.finditer(owners)
    ]
