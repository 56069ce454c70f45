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
        return math.fsum(values) / len(values)
    except OverflowError:
        return math.fsum(value / len(values) for value in values)


def deviation_of(values: Sequence[float]) -> float:
    """Return the sample's standard deviation (divided by n - 1); inf where no double holds it.

    Raises:
        ZeroDivisionError: there are fewer than two values.
    """
    # A mean of equal values may be off by its last digit.
    if len(values) > 1 and min(values) == max(values):
        return 0.0
    mean = mean_of(values)
    try:
        return math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (len(values) - 1))
    except OverflowError:
        scale = max(map(abs, values))
        return scale * deviation_of([value / scale for value in values])
