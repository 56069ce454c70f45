"""Shapes that come again and again, as one regular expression each.

A shape that is known needs no search for numbers: its texts are matched as they stand, and only
the numbers that the plan uses are taken. Where anything differs (nan, a comma between thousands,
another text), the line goes the long way, which says the same or more.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tui_tracker.parsing.plans import Plan
    from tui_tracker.parsing.reading import Reading

_NUMBER = r"[-+]?+\d*+\.?+\d*+(?:[eE][-+]?\d++)?+"
_MOST_DIGITS = 18
_UNSURE = (",", "D", "%(")
"""Texts behind a number that might be a part of it."""


class Hot:
    """A shape with its plan."""

    __slots__ = ("_at", "_carry_out", "_match", "_plan", "phase")

    def __init__(
        self,
        plan: Plan,
        literals: Sequence[str],
        phase: str,
        carry_out: Callable[[Plan, Sequence[str]], Reading],
    ) -> None:
        self.phase = phase
        self._plan, self._carry_out = plan, carry_out
        self._at = -1
        taken = list(range(len(literals) - 1))
        if plan.step >= 0 and plan.epoch < 0 and plan.batch < 0 and _are_plain(plan):
            taken = sorted((plan.step, *[at for at, _ in plan.picks]))
            self._at = taken.index(plan.step)
        regex = re.escape(literals[0])
        for at, literal in enumerate(literals[1:]):
            regex += f"({_NUMBER})" if at in taken else f"(?:{_NUMBER})"
            regex += re.escape(literal)
        self._match = re.compile(regex).fullmatch

    def read(self, text: str, make: type[Reading]) -> Reading | None:
        """Return what a line says, None where it is of another shape."""
        found = self._match(text)
        if found is None:
            return None
        plan, texts, at = self._plan, found.groups(), self._at
        try:
            if at < 0:
                return self._carry_out(plan, texts)
            step = texts[at]
            if not step.isdigit() or len(step) > _MOST_DIGITS:
                return None
            values = tuple(map(float, texts[1:] if not at else texts[:at] + texts[at + 1 :]))
        except ValueError:
            return None
        return make(plan.kind, plan.axis, int(step), None, 0, plan.names, values, plan.why)


def _are_plain(plan: Plan) -> bool:
    """Return whether each value is a number as it stands, in the order of the line."""
    places = [at for at, _ in plan.picks]
    return all(over < 0 for _, over in plan.picks) and places == sorted(set(places))


def can_be_hot(literals: Sequence[str]) -> bool:
    """Return whether the texts between numbers tell surely where numbers end."""
    return not any(literal.startswith(_UNSURE) for literal in literals[1:])
