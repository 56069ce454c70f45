"""Mean and spread of numbers whose sum or squares may be beyond a double.

A loss of 1e308 is a number that a run logged; what is made of it must not end a command.
"""

from __future__ import annotations

import math
from collections.abc import Sequence


def mean_of(values: Sequence[float]) -> float:
    """Return the mean, which lies between the smallest and the largest of the values.

    Raises:
        ZeroDivisionError: there is no value.
    """
    try:
        mean = math.fsum(values) / len(values)
    except OverflowError:
        mean = math.fsum(value / len(values) for value in values)
    # Three times 0.97 is 0.9700000000000001 on average, as a double divides.
    return min(max(mean, min(values)), max(values))


def deviation_of(values: Sequence[float]) -> float:
    """Return the sample's standard deviation (divided by n - 1); inf where no double holds it.

    Raises:
        ZeroDivisionError: there are fewer than two values.
    """
    mean = mean_of(values)
    try:
        squares = math.fsum((value - mean) ** 2 for value in values)
    except OverflowError:
        squares = math.inf
    # Squares leave the doubles where the values do not: as zero, too, which would be no spread.
    if math.isinf(squares) or (squares == 0 and min(values) < max(values)):
        scale = max(map(abs, values))
        return scale * deviation_of([value / scale for value in values])
    return math.sqrt(squares / (len(values) - 1))
