"""Which planned run a run is, by its params: looked up value by value, not cell by cell."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from typing import cast

from tui_tracker.names.words import PARAM_ALIASES, snake
from tui_tracker.plan.plan import Plan, is_same
from tui_tracker.queries.answers import ParamValue
from tui_tracker.values import is_seed, seed_of


class Places:
    """The places of a plan's cells; `names` say what its params are read as in the store."""

    def __init__(self, plan: Plan, names: Mapping[str, str]) -> None:
        self._fixed = [(names.get(key, key), value) for key, value in plan.params.items()]
        self._axes = [(names.get(key, key), _Axis(values)) for key, values in plan.axes()]

    def of(self, params: Mapping[str, ParamValue]) -> int | None:
        """Return the number of the planned run that a run is; None where it is none."""
        for name, value in self._fixed:
            found = _param(params, name)
            if found is not None and not is_same(found, value):
                return None
        number = 0
        for name, axis in self._axes:
            place = axis.place(_param(params, name))
            if place is None:
                return None
            number = number * axis.size + place
        return number


class _Axis:
    """The values of one param that varies, found as `is_same` finds them."""

    def __init__(self, values: Sequence[ParamValue]) -> None:
        self.size = len(values)
        self._values = values
        numbers = [(n, at) for at, value in enumerate(values) if (n := _number(value)) is not None]
        self._numbers = sorted(numbers)
        # In the order in which they stand: of two that read alike the first counts.
        self._texts = {str(value): at for at, value in reversed(list(enumerate(values)))}

    def place(self, found: ParamValue) -> int | None:
        if found is None:
            return None
        if isinstance(found, list):
            return next((at for at, v in enumerate(self._values) if is_same(found, v)), None)
        places = [self._texts[text]] if (text := str(found)) in self._texts else []
        if (number := _number(found)) is not None:
            at = bisect_left(self._numbers, (number, -1))
            nearest = self._numbers[max(0, at - 1) : at + 1]
            places += [place for near, place in nearest if is_same(number, near)]
        # One value may be there as a number and as a text: the first counts.
        return min(places, default=None)


def _number(value: object) -> float | None:
    if not isinstance(value, (int, float)):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return None if math.isnan(number) else number


def _param(params: Mapping[str, ParamValue], name: str) -> ParamValue:
    """Return a run's value of a planned param, whichever of its usual names it has."""
    if name in params:
        return params[name]
    if is_seed(name):
        return cast("ParamValue", seed_of(params))
    wanted = PARAM_ALIASES.get(snake(name), snake(name))
    for key, value in params.items():
        leaf = snake(key.rpartition(".")[2])
        if PARAM_ALIASES.get(leaf, leaf) == wanted:
            return value
    return None
