"""What several values of one quantity come to: centre, spread, interval, and who is ahead.

Every number says what it rests on: a spread of one value is None, never 0, and values
that are not finite are counted apart and take part in nothing. Intervals are those of
Student's t below 20 values and BCa bootstrap intervals from there on; the bootstrap draws
with a seed of its own, so that the same values always get the same interval.

Source: B. Efron, 1987 (BCa); R. Agarwal et al., 2021 (interquartile mean); X. Bouthillier
et al., 2021 (probability of outperforming); B. Iglewicz and D. Hoaglin, 1993 (outliers).
"""

from __future__ import annotations

import math
import random
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from statistics import NormalDist, median
from typing import Literal

from tui_tracker.equivalence import mean_interval, spread
from tui_tracker.means import mean_of

Method = Literal["t", "bca", ""]

FEW = 20
"""Below so many values a bootstrap interval is too short: 0.75 instead of 0.95 at three."""
RESAMPLES = 2000
FEWEST_FOR_IQM = 4
FEWEST_FOR_OUTLIER = 5
FAR = 3.5
"""Modified z score beyond which a value is called an outlier."""

_NORMAL = NormalDist()
_SEED = 20_260_101


@dataclass(frozen=True, slots=True)
class Interval:
    """Where the true value lies, and how that was found."""

    low: float
    high: float
    level: float
    method: Method


@dataclass(frozen=True, slots=True)
class Estimate:
    """Several values of one quantity, one a seed."""

    n: int
    """Finite values; all below is taken from these."""
    left_out: int
    """Values that were NaN or infinite."""
    mean: float
    std: float | None
    """Of the sample (divided by n - 1); None for a single value."""
    sem: float | None
    min: float
    max: float
    median: float
    iqm: float
    """Mean of the middle half; the mean where there are fewer than four values."""
    interval: Interval | None
    """Of the mean; None for a single value."""


def estimate(values: Iterable[float], *, level: float = 0.95) -> Estimate | None:
    """Return what the finite values come to; None where there is none."""
    given = list(values)
    finite = [value for value in given if math.isfinite(value)]
    if not finite:
        return None
    n = len(finite)
    std = spread(finite) if n > 1 else None
    return Estimate(
        n=n,
        left_out=len(given) - n,
        mean=mean_of(finite),
        std=std,
        sem=None if std is None else std / math.sqrt(n),
        min=min(finite),
        max=max(finite),
        median=median(finite),
        iqm=interquartile_mean(finite),
        interval=interval_of_mean(finite, level=level) if n > 1 else None,
    )


def interval_of_mean(values: Sequence[float], *, level: float = 0.95) -> Interval:
    """Return the interval of the mean: t below 20 values, BCa from there on.

    Raises:
        ValueError: there are fewer than two values.
    """
    if len(values) < FEW:
        return Interval(*mean_interval(values, level), level, "t")
    return Interval(*bootstrap_interval(values, mean_of, level=level), level, "bca")


def interquartile_mean(values: Sequence[float]) -> float:
    """Return the mean of the middle half, values at its edges by their share.

    Under four values there is no middle half, and the mean is returned.

    Raises:
        ValueError: there is no value.
    """
    n = len(values)
    if n < FEWEST_FOR_IQM:
        if not n:
            raise ValueError("there is no value to take a mean of")
        return mean_of(values)
    cut = n / 4
    weights = [min(1.0, max(0.0, min(i + 1 - cut, n - cut - i))) for i in range(n)]
    pairs = zip(weights, sorted(values), strict=True)
    return math.fsum(weight / (n / 2) * value for weight, value in pairs)


def quantile(values: Sequence[float], q: float) -> float:
    """Return a quantile, between two neighbours in proportion (NumPy's and R's default).

    Raises:
        ValueError: there is no value, or `q` is not between 0 and 1.
    """
    if not values or not 0 <= q <= 1:
        raise ValueError("a quantile needs values, and a share between 0 and 1")
    ordered = sorted(values)
    at = q * (len(ordered) - 1)
    below = min(int(at), len(ordered) - 1)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (at - below)


def bootstrap_interval(
    values: Sequence[float],
    statistic: Callable[[Sequence[float]], float],
    *,
    level: float = 0.95,
    resamples: int = RESAMPLES,
) -> tuple[float, float]:
    """Return the bias corrected and accelerated bootstrap interval of a statistic.

    Where all resamples agree, that one value is both ends.

    Raises:
        ValueError: there are fewer than two values.
    """
    if len(values) < 2:
        raise ValueError("an interval needs at least two values")
    draws = random.Random(_SEED)
    drawn = [statistic(draws.choices(values, k=len(values))) for _ in range(resamples)]
    return accelerated(values, statistic, drawn, level)


def accelerated(
    values: Sequence[float],
    statistic: Callable[[Sequence[float]], float],
    drawn: Sequence[float],
    level: float,
) -> tuple[float, float]:
    """Return the BCa interval from what the statistic was on each resample."""
    ordered, seen = sorted(drawn), statistic(values)
    if ordered[0] == ordered[-1]:
        return ordered[0], ordered[0]
    below = (bisect_left(ordered, seen) + bisect_right(ordered, seen)) / 2 / len(ordered)
    if not 0 < below < 1:
        # The statistic of the sample lies beyond all resamples: nothing to correct with.
        return quantile(ordered, (1 - level) / 2), quantile(ordered, (1 + level) / 2)
    bias = _NORMAL.inv_cdf(below)
    speed = _acceleration(values, statistic)
    ends = []
    for share in ((1 - level) / 2, (1 + level) / 2):
        shifted = bias + _NORMAL.inv_cdf(share)
        ends.append(_NORMAL.cdf(bias + shifted / (1 - speed * shifted)))
    return quantile(ordered, ends[0]), quantile(ordered, ends[1])


def _acceleration(values: Sequence[float], statistic: Callable[[Sequence[float]], float]) -> float:
    """Return the skewness of the jackknife, which says how the spread moves with the value."""
    left = [statistic([*values[:i], *values[i + 1 :]]) for i in range(len(values))]
    middle = mean_of(left)
    apart = [middle - value for value in left]
    farthest = max(map(abs, apart))
    if farthest == 0:
        return 0.0
    apart = [value / farthest for value in apart]  # the skewness has no unit, squares have limits
    squares = math.fsum(value**2 for value in apart)
    return math.fsum(value**3 for value in apart) / float(6 * squares**1.5)


@dataclass(frozen=True, slots=True)
class Ahead:
    """How probably a run of one group beats a run of another."""

    chance: float
    """Ties count half."""
    low: float
    high: float
    """95 % bootstrap interval; the whole range from 0 to 1 where a group has one value."""
    pairs: int
    """Pairs by seed that it rests on; 0 where every run met every run."""


def chance_to_beat(
    first: Sequence[float], second: Sequence[float], *, paired: bool = False
) -> Ahead:
    """Return P(a value of `first` is larger than one of `second`).

    Raises:
        ValueError: a group is empty, or `paired` groups are not of one size.
    """
    if not first or not second or (paired and len(first) != len(second)):
        raise ValueError("both groups need values, and pairs a partner for each")
    pairs = len(first) if paired else 0
    chance = _share_won(first, second, paired)
    if min(len(first), len(second)) < 2:
        return Ahead(chance, 0.0, 1.0, pairs)
    draws = random.Random(_SEED)
    drawn = []
    for _ in range(RESAMPLES // 2):
        if paired:
            picked = draws.choices(range(pairs), k=pairs)
            a, b = [first[i] for i in picked], [second[i] for i in picked]
        else:
            a = draws.choices(first, k=len(first))
            b = draws.choices(second, k=len(second))
        drawn.append(_share_won(a, b, paired))
    return Ahead(chance, quantile(drawn, 0.025), quantile(drawn, 0.975), pairs)


def _share_won(first: Sequence[float], second: Sequence[float], paired: bool) -> float:
    if paired:
        won = sum((a > b) + (a == b) / 2 for a, b in zip(first, second, strict=True))
        return won / len(first)
    ordered = sorted(second)
    won = sum(bisect_left(ordered, a) + bisect_right(ordered, a) for a in first) / 2
    return won / (len(first) * len(second))


def find_outlier(values: Mapping[str, float]) -> str | None:
    """Return the name (a seed) of the value farthest out, where it is far; else None.

    Far is a modified z score beyond 3.5. Fewer than five values name none: with four, one
    of them is always far from the rest.
    """
    finite = {name: value for name, value in values.items() if math.isfinite(value)}
    if len(finite) < FEWEST_FOR_OUTLIER:
        return None
    middle = median(finite.values())
    apart = {name: abs(value - middle) for name, value in finite.items()}
    usual = median(apart.values())
    if usual == 0:
        # More than half are equal: by the mean distance instead, as the source does.
        usual = mean_of(list(apart.values())) * 0.6745 / 0.7979
    farthest = max(apart, key=lambda name: apart[name])
    return farthest if usual > 0 and 0.6745 * apart[farthest] / usual > FAR else None


@lru_cache(maxsize=1024)
def optimism(groups: int, runs: int) -> float:
    """Return by how many standard deviations the best of equal groups looks better.

    `runs` values a group: choosing by their mean picks luck, and this much of it.
    """
    if groups < 2:
        return 0.0
    expected = _over_normal(
        lambda z: groups * z * _NORMAL.cdf(z) ** (groups - 1),
    )
    return expected / math.sqrt(runs)


@lru_cache(maxsize=1024)
def chance_of_best(groups: int, runs: int, lead: float = 1.0) -> float:
    """Return how probably the best mean is the truly best group's.

    That group leads all others, which are equal, by `lead` standard deviations.
    """
    shift = lead * math.sqrt(runs)
    return _over_normal(lambda z: _NORMAL.cdf(z + shift) ** (groups - 1))


def _over_normal(given: Callable[[float], float]) -> float:
    """Return the mean of `given(z)` over a standard normal z (Simpson's rule)."""
    steps, reach = 800, 9.0
    width = 2 * reach / steps
    total = 0.0
    for index in range(steps + 1):
        z = -reach + index * width
        share = 1 if index in (0, steps) else 4 if index % 2 else 2
        total += share * _NORMAL.pdf(z) * given(z)
    return total * width / 3
