"""Curve arithmetic: round ticks, axes, dot columns, smoothing, sparklines.

A curve comes in as buckets (first and last step, smallest and largest value), never as
points to be thinned out, and a dot column shows the whole range of its buckets: a spike
of one step in a million is drawn. Rows of dots count from the top, as terminals do.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

_BLOCKS = "▁▂▃▄▅▆▇"
"""Without the full block, which would run into the line above."""
_DOTS = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))
"""Bits of a braille cell: its left and its right column, from the top."""
_THOUSANDS = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))


@dataclass(frozen=True, slots=True)
class Axis:
    """A range of values laid over a number of dots."""

    low: float
    high: float
    dots: int
    log: bool = False

    def place(self, value: float) -> int:
        """Return the dot of a finite value, 0 for `low`; values outside go to the ends."""
        low, high, at = self.low, self.high, value
        if self.log:
            at = math.log10(value) if value > 0 else math.log10(low)
            low, high = math.log10(low), math.log10(high)
        if high <= low:
            return 0
        # Halved, because the span of two huge values may not fit a float.
        share = (at / 2 - low / 2) / (high / 2 - low / 2)
        return round(min(1.0, max(0.0, share)) * (self.dots - 1))

    def value(self, dot: int) -> float:
        """Return the value that dot `dot` stands for."""
        share = dot / max(1, self.dots - 1)
        if self.log:
            low, high = math.log10(self.low), math.log10(self.high)
            return float(10 ** (low * (1 - share) + high * share))
        return self.low * (1 - share) + self.high * share


@dataclass(frozen=True, slots=True)
class Column:
    """What one dot column shows: the rows between `top` and `bottom`, both included."""

    top: int
    bottom: int


def value_range(
    mins: Sequence[float], maxs: Sequence[float], *, log: bool = False
) -> tuple[float, float] | None:
    """Return the range that shows every finite value, widened where it is one value.

    On a logarithmic axis values of zero and below have no place and are left out. None
    where no value is left.
    """
    floor = 0.0 if log else -math.inf
    finite = [v for pair in (mins, maxs) for v in pair if math.isfinite(v) and v > floor]
    if not finite:
        return None
    low, high = min(finite), max(finite)
    if low < high:
        return low, high
    if log:
        return low / 2, high * 2
    room = abs(low) / 10 or 1.0
    return low - room, high + room


def ticks(low: float, high: float, count: int) -> list[float]:
    """Return at most `count` + 1 round values within the range, 1, 2 or 5 apart."""
    if not (math.isfinite(low) and math.isfinite(high)) or high <= low or count < 1:
        return []
    step = round_step((high / 2 - low / 2) / count * 2)
    if not (math.isfinite(step) and step > 0):
        return []
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    if last - first > 10_000:  # the range is too narrow for floats at this height
        return []
    # Through the decimal text, or 3 * 0.1 would be written 0.30000000000000004.
    return [float(f"{index * step:.12g}") for index in range(first, last + 1)]


def round_step(least: float) -> float:
    """Return the smallest 1, 2 or 5 times a power of ten that is not below `least`."""
    if least <= 0:
        return 0.0
    power = 10.0 ** math.floor(math.log10(least))
    if power == 0:
        return least
    for factor in (1, 2, 5, 10):
        if factor * power >= least * (1 - 1e-9):
            return float(f"{factor * power:.12g}")
    return 10 * power


def log_ticks(low: float, high: float, count: int) -> list[float]:
    """Return powers of ten within the range, at most about `count`; 1-2-5 where few fit."""
    if not 0 < low < high < math.inf:
        return []
    first, last = math.ceil(math.log10(low) - 1e-9), math.floor(math.log10(high) + 1e-9)
    if last - first >= 1:
        apart = max(1, math.ceil((last - first + 1) / max(1, count)))
        powers = [e for e in range(first, last + 1) if e % apart == 0]
        return [float(f"1e{exponent}") for exponent in powers]
    marks = [m * 10.0**e for e in range(first - 1, last + 1) for m in (1, 2, 5)]
    fitting = [mark for mark in marks if low <= mark <= high]
    return fitting if len(fitting) >= 2 else ticks(low, high, count)


def tick_labels(values: Sequence[float]) -> list[str]:
    """Return the ticks as short texts, all with the decimals that tell them apart."""
    if not values:
        return []
    apart = min((b - a for a, b in pairwise(values)), default=values[0])
    largest = max(abs(value) for value in values)
    if largest >= 1e15 or (0 < largest < 1e-3):
        return [_scientific(value) for value in values]
    if len(values) > 1 and values[0] > 0 and values[-1] / values[0] >= 1000:
        return [_alone(value) for value in values]
    for scale, letter in _THOUSANDS:
        if largest >= scale * (10 if letter == "k" else 1):
            decimals = _decimals(apart / scale)
            return [f"{v / scale:.{decimals}f}{letter}" if v else "0" for v in values]
    decimals = _decimals(apart)
    return [f"{value:.{decimals}f}" for value in values]


def _decimals(apart: float) -> int:
    if not apart:
        return 0
    return min(9, max(0, -math.floor(math.log10(abs(apart)) + 1e-9)))


def _alone(value: float) -> str:
    if value >= 1e4 or value < 1e-3:
        return _scientific(value)
    return f"{value:g}"


def _scientific(value: float) -> str:
    mantissa, _, exponent = f"{value:.3e}".partition("e")
    mantissa = mantissa.rstrip("0").rstrip(".")
    return "0" if value == 0 else f"{mantissa}e{int(exponent)}"


def columns(
    low_steps: Sequence[int],
    high_steps: Sequence[int],
    mins: Sequence[float],
    maxs: Sequence[float],
    x: Axis,
    y: Axis,
) -> list[Column | None]:
    """Return what each of the `x.dots` dot columns shows, None where nothing is.

    A column shows the range of all its buckets; neighbours that do not touch are joined by
    a line. A bucket without a finite value (on a log axis: without a positive one) is a gap
    that no line crosses.
    """
    drawn: list[Column | None] = [None] * x.dots
    before: tuple[int, Column] | None = None
    for low_step, high_step, low, high in zip(low_steps, high_steps, mins, maxs, strict=True):
        if not _drawable(high, y) or high_step < x.low or low_step > x.high:
            before = None if high_step >= x.low else before
            continue
        low = low if _drawable(low, y) else y.low
        here = Column(y.dots - 1 - y.place(high), y.dots - 1 - y.place(low))
        at = x.place((low_step + high_step) / 2)
        if before is not None:
            _join(drawn, before, (at, here))
        _add(drawn, at, here)
        before = (at, here)
    return drawn


def _drawable(value: float, y: Axis) -> bool:
    return math.isfinite(value) and (value > 0 or not y.log)


def _add(drawn: list[Column | None], at: int, new: Column) -> None:
    old = drawn[at]
    drawn[at] = new if old is None else Column(min(old.top, new.top), max(old.bottom, new.bottom))


def _join(drawn: list[Column | None], a: tuple[int, Column], b: tuple[int, Column]) -> None:
    """Draw the line between two columns, each dot row of it once."""
    (left, first), (right, last) = a, b
    if right <= left:
        return
    start = (first.top + first.bottom) / 2 if right - left > 1 else None
    if start is None:
        # Side by side: reach half way towards each other, so that steps look like steps.
        if last.top > first.bottom + 1:
            middle = (first.bottom + last.top) // 2
            _add(drawn, left, Column(first.bottom, middle))
            _add(drawn, right, Column(middle + 1, last.top))
        elif first.top > last.bottom + 1:
            middle = (first.top + last.bottom) // 2
            _add(drawn, left, Column(middle + 1, first.top))
            _add(drawn, right, Column(last.bottom, middle))
        return
    slope = ((last.top + last.bottom) / 2 - start) / (right - left)
    for at in range(left, right + 1):
        ends = (
            start + slope * max(0, at - left - 0.5),
            start + slope * (min(right, at + 0.5) - left),
        )
        _add(drawn, at, Column(round(min(ends)), round(max(ends))))


def braille(drawn: Sequence[Column | None], height: int) -> list[str]:
    """Return dot columns as `height` lines of braille; a cell without a dot is a space."""
    width = (len(drawn) + 1) // 2
    cells = [[0] * width for _ in range(height)]
    for at, column in enumerate(drawn):
        if column is None:
            continue
        bits = _DOTS[at % 2]
        for row in range(max(0, column.top), min(4 * height - 1, column.bottom) + 1):
            cells[row // 4][at // 2] |= bits[row % 4]
    return ["".join(chr(0x2800 + bits) if bits else " " for bits in line) for line in cells]


def gaps(
    low_steps: Sequence[int], high_steps: Sequence[int], maxs: Sequence[float], x: Axis
) -> list[int]:
    """Return the dot columns of buckets that hold no finite value."""
    return [
        x.place((low + high) / 2)
        for low, high, value in zip(low_steps, high_steps, maxs, strict=True)
        if not math.isfinite(value) and high >= x.low and low <= x.high
    ]


def smooth(values: Iterable[float], weight: float) -> list[float]:
    """Return the exponential moving average; NaN and infinities stay where they are.

    `weight` 0 changes nothing, towards 1 the curve gets smoother. The start is corrected
    for the missing past, so the first value is the first value.

    Source: Kingma and Ba, Adam (2015), section 3: the correction of the initial bias.
    """
    smoothed, average, total = [], 0.0, 0.0
    for value in values:
        if math.isfinite(value):
            average = average * weight + value * (1 - weight)
            total = total * weight + (1 - weight)
            smoothed.append(average / total if total else value)
        else:
            smoothed.append(value)
    return smoothed


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
