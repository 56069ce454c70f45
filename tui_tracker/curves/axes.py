"""Axes: a range laid over dots, round ticks 1-2-5 apart, and their labels."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

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

    def places(self, values: Sequence[float]) -> list[int]:
        """Return the dots of many finite values at once, as `place` does one by one."""
        span = self.high - self.low
        if not (self.log or 0 < span < math.inf):
            return [self.place(value) for value in values]
        last, low = self.dots - 1, self.low
        if self.log:
            try:
                values = list(map(math.log10, values))
            except ValueError:
                return [self.place(value) for value in values]
            low = math.log10(low)
            span = math.log10(self.high) - low
            if span <= 0:
                return [0] * len(values)
        scale = last / span
        if not 0 < scale < math.inf:
            return [self.place(value) for value in values]
        start = 0.5 - low * scale
        if not math.isfinite(start):
            return [self.place(value) for value in values]
        if values and min(values) >= low and max(values) <= low + span:
            return [int(value * scale + start) for value in values]
        # Not as an integer yet: far outside the axis it would have hundreds of digits.
        return [
            int(min(last, max(0.0, value * scale + start))) if value == value else 0
            for value in values
        ]

    def value(self, dot: int) -> float:
        """Return the value that dot `dot` stands for."""
        share = dot / max(1, self.dots - 1)
        if self.log:
            low, high = math.log10(self.low), math.log10(self.high)
            return float(10 ** (low * (1 - share) + high * share))
        return self.low * (1 - share) + self.high * share


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


def nice_range(low: float, high: float, count: int) -> tuple[float, float]:
    """Return the range widened to half the distance of its ticks.

    A growing curve then crosses its axis rarely, and most ticks stand clear of the edges.
    """
    step = round_step((high / 2 - low / 2) / max(1, count) * 2) / 2
    if not (math.isfinite(step) and step > 0) or (high - low) / step > 1000:
        return low, high
    wide = math.floor(low / step + 1e-9) * step, math.ceil(high / step - 1e-9) * step
    # A share or a loss that never was negative gets no axis below zero, and the decimal
    # text spares 0.30000000000000004.
    least, most = (float(f"{end:.12g}") for end in wide)
    return min(least, low), max(most, high)


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
    rounded = (float(f"{index * step:.12g}") for index in range(first, last + 1))
    # A range that is narrow at a great height has several ticks of one text.
    return list(dict.fromkeys(rounded))


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
    """Return powers of ten within the range, at most about `count`; 1-2-5 where there is room."""
    if not 0 < low < high < math.inf:
        return []
    first, last = math.ceil(math.log10(low) - 1e-9), math.floor(math.log10(high) + 1e-9)
    marks = [float(f"{m}e{e}") for e in range(first - 1, last + 1) for m in (1, 2, 5)]
    fitting = [mark for mark in marks if low <= mark <= high]
    if last - first >= 1 and len(fitting) > count:
        apart = max(1, math.ceil((last - first + 1) / max(1, count)))
        return [float(f"1e{e}") for e in range(first, last + 1) if e % apart == 0]
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


def log_labels(values: Sequence[float]) -> list[str]:
    """Return the ticks of a logarithmic axis as short texts, each with its own decimals."""
    return [_alone(value) for value in values]


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
