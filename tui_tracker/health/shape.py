"""A curve made ready for judging: oriented so that higher is worse, cut to few cells.

A cell is a point, or a stretch of points with its lowest, highest and middle value. All
rules work on at most `MOST_CELLS` cells, so that a curve of ten million points costs what
one of two hundred does, and a spike of one step stands in its cell's worst value.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median

from tui_tracker.telling import metric_stat

MOST_CELLS = 240
_HUGE = 1e300
"""Sums and differences of such values are still finite."""
MAD_TO_SIGMA = 1.4826
"""The standard deviation of normal noise over its median absolute deviation."""
_SETBACK = re.compile(
    r"\b(gan|g|d|gen|disc|generator|discriminator|adversarial|adv|critic|actor|policy|value|entropy"
    r"|kl|td|q|baseline|advantage)\b",
    re.I,
)
"""Losses of opponents and of policies go up when the other side learns."""
_RETURNS = re.compile(r"reward|return|score|win|success|episode", re.I)


@dataclass(frozen=True, slots=True)
class Curve:
    """What is known of one metric of one run, in log order."""

    label: str
    steps: Sequence[int]
    """First step of each cell."""
    lows: Sequence[float]
    highs: Sequence[float]
    mids: Sequence[float]
    """All finite; for a point the three are one."""
    nan: int = 0
    inf: int = 0
    count: int = 0
    """Points, also those that are not finite."""
    odd_step: int | None = None
    """The step from which on no value is finite; where the last one is, of the first that is not.

    None where that is not known.
    """
    ends_odd: bool = False
    """The last value is not finite."""
    peaks: Sequence[int] = field(default=())
    """The step of the worst value of each cell, where cells are stretches; may be empty."""


def curve_of_points(label: str, steps: Sequence[int], values: Sequence[float]) -> Curve:
    """Return the curve of all points of a series."""
    nans = sum(value != value for value in values)
    finite = [(s, v) for s, v in zip(steps, values, strict=True) if math.isfinite(v)]
    odd = len(values) - len(finite)
    at = first_odd(values)
    numbers = [value for _, value in finite]
    return Curve(
        label,
        [step for step, _ in finite],
        numbers,
        numbers,
        numbers,
        nan=nans,
        inf=odd - nans,
        count=len(values),
        odd_step=None if at is None else steps[at],
        ends_odd=bool(odd) and not math.isfinite(values[-1]),
    )


def first_odd(values: Sequence[float]) -> int | None:
    """Return the place from which on no value is finite.

    Where the last one is, that of the first that is not; None where all are.
    """
    if not values or math.isfinite(values[-1]):
        return next((at for at, value in enumerate(values) if not math.isfinite(value)), None)
    at = len(values) - 1
    while at and not math.isfinite(values[at - 1]):
        at -= 1
    return at


def curve_of_buckets(
    label: str,
    steps: Sequence[int],
    lows: Sequence[float],
    highs: Sequence[float],
    *,
    mids: Sequence[float] | None = None,
    count: int = 0,
) -> Curve:
    """Return the curve of a long series by its buckets; those without a finite value are left out.

    Without `mids` the middle of a bucket is halfway between its ends.
    """
    kept = [i for i, low in enumerate(lows) if math.isfinite(low) and math.isfinite(highs[i])]
    middle = mids or [(low / 2 + high / 2) for low, high in zip(lows, highs, strict=True)]
    return Curve(
        label,
        [steps[i] for i in kept],
        [lows[i] for i in kept],
        [highs[i] for i in kept],
        [middle[i] for i in kept],
        count=count or len(kept),
    )


@dataclass(frozen=True, slots=True)
class Shape:
    """A curve as the rules read it: higher is worse."""

    label: str
    steps: list[int]
    level: list[float]
    """The middle of each cell."""
    worst: list[float]
    """The worst value of each cell."""
    peaks: list[int]
    """The step of that value."""
    sign: int
    """-1 where large values are good: a value is `sign` times what stands in the lists, plus
    `offset`."""
    offset: float
    opposed: bool
    """A loss that also rises when all is well."""
    returns: bool
    """What an agent earned: noisy, and never at rest."""

    def value(self, badness: float) -> float:
        """Return a number of the lists as it was logged."""
        return self.sign * (badness - self.offset)


def shape_of(curve: Curve) -> Shape | None:
    """Return the curve ready for judging; None where its name does not tell what is worse."""
    stat = metric_stat(curve.label)
    if stat == "last" or not curve.steps:
        return None
    sign = 1 if stat == "min" else -1
    offset = _ceiling(curve) if sign < 0 else 0.0
    words = re.sub(r"[_/@.\-]", " ", curve.label)
    return Shape(
        *(curve.label, *_cells_of(curve, sign, offset), sign, offset),
        opposed=bool(_SETBACK.search(words)),
        returns=bool(_RETURNS.search(words)),
    )


def _cells_of(
    curve: Curve, sign: int, offset: float
) -> tuple[list[int], list[float], list[float], list[int]]:
    """Return steps, middles, worst values and the steps of those, oriented, by cell."""
    tops = curve.highs if sign > 0 else curve.lows
    peaks = curve.peaks or curve.steps
    count = len(curve.steps)
    middles = curve.mids
    if max(map(abs, (*curve.lows, *curve.highs))) > _HUGE:
        tops, middles = list(map(_within, tops)), list(map(_within, middles))
    if count <= MOST_CELLS:
        level = [sign * value + offset for value in middles]
        worst = level if tops is curve.mids else [sign * value + offset for value in tops]
        return list(curve.steps), level, worst, list(peaks)
    bounds = [number * count // MOST_CELLS for number in range(MOST_CELLS + 1)]
    parts = list(pairwise(bounds))
    best_of = max if sign > 0 else min
    tops_at = [start + tops[start:end].index(best_of(tops[start:end])) for start, end in parts]
    return (
        [curve.steps[start] for start in bounds[:-1]],
        [sign * median(middles[start:end]) + offset for start, end in parts],
        [sign * tops[at] + offset for at in tops_at],
        [peaks[at] for at in tops_at],
    )


def _within(value: float) -> float:
    return max(-_HUGE, min(_HUGE, value))


def _ceiling(curve: Curve) -> float:
    """Return the best value there can be, of shares and percentages; else 0.

    An accuracy that goes from 0.98 to 0.99 has halved its error, which is what counts.
    """
    low, high = min(curve.lows), max(curve.highs)
    if low < 0:
        return 0.0
    return 1.0 if high <= 1 else 100.0 if 1.5 < high <= 100 and low < 100 else 0.0


def noise(values: Sequence[float]) -> float:
    """Return the standard deviation of the noise on a curve, by its changes from cell to cell.

    The median of the changes is taken out, so that a steady trend is no noise, and the MAD
    is deaf to the few changes that a spike or a jump makes. 0 for fewer than four values.
    """
    if len(values) < 4:
        return 0.0
    changes = [after - before for before, after in pairwise(values)]
    usual = median(changes)
    mad = median([abs(change - usual) for change in changes])
    return MAD_TO_SIGMA * mad / math.sqrt(2)


def smoothed(values: Sequence[float], reach: int) -> list[float]:
    """Return the running median over `reach` cells to both sides."""
    return [median(values[max(0, at - reach) : at + reach + 1]) for at in range(len(values))]


def grain(values: Sequence[float]) -> float:
    """Return the smallest change of a curve that mostly stands still; 0 for any other.

    An accuracy over 170 rows moves by whole rows: where most of its changes are none, the
    noise above is 0, and two rows more or less would be taken for something.
    """
    changes = [abs(after - before) for before, after in pairwise(values)]
    moved = [change for change in changes if change > 0]
    return min(moved) if 0 < len(moved) < len(changes) / 2 else 0.0
