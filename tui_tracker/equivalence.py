"""Whether two groups of numbers differ, agree, or cannot be told apart yet.

A small p says that two groups differ; a large one says nothing. Agreement is shown by
two one-sided tests against a margin that was stated beforehand (TOST), and what shows
neither is undecided. Plain arithmetic on short lists: neither NumPy nor SciPy is needed.

Source: D. Schuirmann, 1987 (TOST); B. Welch, 1947, with the degrees of freedom of
Satterthwaite; S. Holm, 1979; Numerical Recipes, 3rd edition, 6.4 (incomplete beta).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from statistics import NormalDist

from tui_tracker.means import deviation_of, mean_of

ALPHA = 0.05
POWER = 0.8
"""With which a number of runs is said to settle a question."""
MOST_RUNS = 1000
"""Beyond this, more runs are no way to settle it."""

_TINY = 1e-300
_CLOSE = 1e-16
_LARGE = 40.0
"""From here on the series for a ratio of gammas is exact to a double."""
_NORMAL = NormalDist()


@dataclass(frozen=True, slots=True)
class Contrast:
    """A difference of means with what its uncertainty rests on."""

    difference: float
    """Second group less first."""
    error: float
    """Standard error of the difference; 0 where nothing varied."""
    df: float
    pairs: int
    """How many pairs it was taken from; 0 where the groups are not paired."""
    sizes: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Equivalence:
    """What two one-sided tests say."""

    contrast: Contrast
    margin: float
    p: float
    """The larger of both; below `ALPHA` the groups agree within the margin."""
    low: float
    high: float
    """The interval of 90 % around the difference: agreement is that it lies in the margin."""

    @property
    def agrees(self) -> bool:
        return self.p < ALPHA


def t_cdf(t: float, df: float) -> float:
    """Return the probability that Student's t with `df` degrees of freedom is at most `t`."""
    if math.isnan(t) or not df > 0:
        return math.nan
    if math.isinf(df):
        return _NORMAL.cdf(t)
    tail = _upper_tail(abs(t), df)
    return tail if t < 0 else 1.0 - tail


def t_tail(t: float, df: float) -> float:
    """Return the probability that Student's t exceeds `t`, exact in relative terms."""
    return t_cdf(-t, df)


@lru_cache(maxsize=4096)
def t_quantile(p: float, df: float) -> float:
    """Return the t that Student's t falls below with probability `p`."""
    if not 0 < p < 1 or not df > 0:
        return math.nan if not 0 <= p <= 1 or not df > 0 else math.copysign(math.inf, p - 0.5)
    if p == 0.5:
        return 0.0
    tail = min(p, 1.0 - p)
    low, high = 0.0, 1.0
    while t_cdf(-high, df) > tail:
        low, high = high, high * 2
    # Halving until no double lies between: at most some sixty steps, and never astray.
    while low < (middle := (low + high) / 2) < high:
        if t_cdf(-middle, df) > tail:
            low = middle
        else:
            high = middle
    return high if p > 0.5 else -high


def welch(first: Sequence[float], second: Sequence[float]) -> Contrast:
    """Return the difference of two independent groups whose spread may differ.

    Raises:
        ValueError: a group has fewer than two values.
    """
    if min(len(first), len(second)) < 2:
        raise ValueError("a group of fewer than two values has no spread")
    parts = [_variance(group) / len(group) for group in (first, second)]
    error = math.sqrt(sum(parts))
    df = float(len(first) + len(second) - 2)
    if error > 0:
        shares = [part / sum(parts) for part in parts]
        weighed = zip(shares, (first, second), strict=True)
        df = 1.0 / sum(share**2 / (len(group) - 1) for share, group in weighed)
    difference = mean_of(second) - mean_of(first)
    return Contrast(difference, error, df, 0, (len(first), len(second)))


def paired(first: Sequence[float], second: Sequence[float]) -> Contrast:
    """Return the mean difference of values that belong together, such as of one seed.

    Raises:
        ValueError: there are fewer than two pairs, or values without a partner.
    """
    if len(first) != len(second) or len(first) < 2:
        raise ValueError("at least two pairs are needed, and a partner for every value")
    differences = [b - a for a, b in zip(first, second, strict=True)]
    error = math.sqrt(_variance(differences) / len(differences))
    size = len(differences)
    return Contrast(mean_of(differences), error, size - 1.0, size, (size, size))


def one_against(value: float, group: Sequence[float]) -> Contrast:
    """Return how far a group's mean lies from one value that is another draw like them.

    Raises:
        ValueError: the group has fewer than two values.
    """
    if len(group) < 2:
        raise ValueError("a group of fewer than two values has no spread")
    size = len(group)
    error = math.sqrt(_variance(group) * (1 + 1 / size))
    return Contrast(mean_of(group) - value, error, size - 1.0, 0, (1, size))


def difference_p(contrast: Contrast) -> float:
    """Return the two-sided p of "there is no difference"."""
    if contrast.error == 0:
        return 1.0 if contrast.difference == 0 else 0.0
    return min(1.0, 2 * t_tail(abs(contrast.difference) / contrast.error, contrast.df))


def tost(contrast: Contrast, margin: float) -> Equivalence:
    """Return whether the difference is shown to be smaller than `margin` both ways."""
    difference, error = contrast.difference, contrast.error
    if error == 0:
        p = 0.0 if abs(difference) < margin else 1.0
        return Equivalence(contrast, margin, p, difference, difference)
    p = t_tail((margin - abs(difference)) / error, contrast.df)
    reach = t_quantile(1 - ALPHA, contrast.df) * error
    return Equivalence(contrast, margin, p, difference - reach, difference + reach)


def holm(ps: Sequence[float]) -> list[float]:
    """Return the p of each of several tests, corrected for their number."""
    order = sorted(range(len(ps)), key=lambda index: ps[index])
    corrected = [0.0] * len(ps)
    highest = 0.0
    for rank, index in enumerate(order):
        highest = max(highest, min(1.0, (len(ps) - rank) * ps[index]))
        corrected[index] = highest
    return corrected


def prediction_interval(group: Sequence[float], level: float = 0.95) -> tuple[float, float]:
    """Return where one more value like these falls with probability `level`.

    Raises:
        ValueError: the group has fewer than two values.
    """
    if len(group) < 2:
        raise ValueError("a group of fewer than two values has no spread")
    size, mean = len(group), mean_of(group)
    reach = t_quantile((1 + level) / 2, size - 1.0) * spread(group) * math.sqrt(1 + 1 / size)
    return mean - reach, mean + reach


def mean_interval(group: Sequence[float], level: float = 0.95) -> tuple[float, float]:
    """Return the t interval of the mean.

    Raises:
        ValueError: the group has fewer than two values.
    """
    if len(group) < 2:
        raise ValueError("a group of fewer than two values has no spread")
    reach = t_quantile((1 + level) / 2, len(group) - 1.0) * spread(group) / math.sqrt(len(group))
    return mean_of(group) - reach, mean_of(group) + reach


def spread(group: Sequence[float]) -> float:
    """Return the sample's standard deviation (divided by n - 1)."""
    return deviation_of(group)


def tost_power(difference: float, error: float, df: float, margin: float) -> float:
    """Return how probably TOST shows agreement where the true difference is `difference`.

    `error` is the true standard error. Integrates over the spread that a sample shows,
    which is exact for pairs and for groups of one size and spread.
    """
    if error <= 0:
        return 1.0 if abs(difference) < margin else 0.0
    critical = t_quantile(1 - ALPHA, df)
    upper, lower = (margin - difference) / error, (margin + difference) / error

    def inside(shown: float) -> float:
        if critical * shown >= (upper + lower) / 2:
            return 0.0
        reach = critical * shown
        return _NORMAL.cdf(upper - reach) - _NORMAL.cdf(reach - lower)

    return _over_spread(inside, df)


def difference_power(difference: float, error: float, df: float, alpha: float = ALPHA) -> float:
    """Return how probably the two-sided test finds a true difference."""
    if error <= 0:
        return float(difference != 0)
    critical, shift = t_quantile(1 - alpha / 2, df), abs(difference) / error
    return _over_spread(
        lambda shown: (
            _NORMAL.cdf(shift - critical * shown) + _NORMAL.cdf(-shift - critical * shown)
        ),
        df,
    )


def runs_to_settle(contrast: Contrast, margin: float, alpha: float = ALPHA) -> int | None:
    """Return how many more runs a side would settle it; None where no number up to 1000 would.

    Taken as if the difference and the spread seen so far were the true ones: agreement
    is then shown with a probability of 0.8, or a difference where it exceeds the margin.
    """
    now = contrast.pairs or min(contrast.sizes)
    per_run = contrast.error * math.sqrt(now)
    low, high = now + 1, MOST_RUNS
    if not _settles(contrast, margin, per_run, high, alpha):
        return None
    while low < high:
        middle = (low + high) // 2
        if _settles(contrast, margin, per_run, middle, alpha):
            high = middle
        else:
            low = middle + 1
    return low - now


def _settles(contrast: Contrast, margin: float, per_run: float, size: int, alpha: float) -> bool:
    error = per_run / math.sqrt(size)
    df = float(size - 1 if contrast.pairs else 2 * size - 2)
    if abs(contrast.difference) < margin:
        return tost_power(contrast.difference, error, df, margin) >= POWER
    return difference_power(contrast.difference, error, df, alpha) >= POWER


def _variance(group: Sequence[float]) -> float:
    deviation = deviation_of(group)
    return deviation * deviation  # inf where `**` would raise


def _upper_tail(t: float, df: float) -> float:
    """Return P(T > t) for t >= 0."""
    if t == 0:
        return 0.5
    if math.isinf(t):
        return 0.0
    square = t * t
    # Both shares of one are had without a subtraction, so no digit is lost in either tail.
    return 0.5 * _incomplete_beta(df / 2, 0.5, 1 / (1 + square / df), 1 / (1 + df / square))


def _incomplete_beta(a: float, b: float, x: float, rest: float) -> float:
    """Return the regularised incomplete beta I_x(a, b) with `rest` = 1 - x."""
    if x <= 0:
        return 0.0
    if rest <= 0:
        return 1.0
    front = math.exp(a * math.log(x) + b * math.log(rest) - _log_beta(a, b))
    if x < (a + 1) / (a + b + 2):
        return front * _fraction(a, b, x) / a
    return 1.0 - front * _fraction(b, a, rest) / b


def _log_beta(a: float, b: float) -> float:
    if b == 0.5 and a > _LARGE:
        # lgamma of large numbers loses in its difference what it has in digits.
        inverse = 1 / a
        series = inverse * (1 / 8 - inverse**2 * (1 / 192 - inverse**2 * (1 / 640)))
        return math.lgamma(b) - 0.5 * math.log(a) + series
    return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)


def _fraction(a: float, b: float, x: float) -> float:
    """Return the continued fraction of the incomplete beta, by Lentz's method."""
    c, d = 1.0, 1.0 / _kept(1.0 - (a + b) * x / (a + 1))
    value = d
    for m in range(1, 100_000):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        d, c = 1.0 / _kept(1.0 + even * d), _kept(1.0 + even / c)
        value *= d * c
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        d, c = 1.0 / _kept(1.0 + odd * d), _kept(1.0 + odd / c)
        step = d * c
        value *= step
        if abs(step - 1.0) <= 4 * _CLOSE:
            break
    return value


def _kept(value: float) -> float:
    return value if abs(value) > _TINY else _TINY


def _over_spread(given: Callable[[float], float], df: float) -> float:
    """Return the mean of `given(s)` over the ratio s of a sample's spread to the true one."""
    # s * sqrt(df) is chi distributed: mean near 1, spread near 1 / sqrt(2 df).
    reach = 9 / math.sqrt(2 * df)
    low, high = max(1e-9, 1 - reach), 1 + reach
    log_scale = math.log(2) + df / 2 * math.log(df / 2) - math.lgamma(df / 2)
    steps = 400
    width = (high - low) / steps
    total = weight = 0.0
    for index in range(steps + 1):
        s = low + index * width
        share = 1 if index in (0, steps) else 4 if index % 2 else 2
        density = share * math.exp(log_scale + (df - 1) * math.log(s) - df * s * s / 2)
        total += density * given(s)
        weight += density
    return float(total / weight)
