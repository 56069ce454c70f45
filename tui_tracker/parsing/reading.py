"""What a line says, by its shape: values at a step, values alone, a heading, or nothing.

What is thought about a shape is kept as a plan (`plans.py`), so that the millionth line of a
shape costs a cut at its numbers and a look-up; a frequent one not even the cut (`hot.py`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from tui_tracker.parsing.events import Step
from tui_tracker.parsing.hot import Hot, can_be_hot
from tui_tracker.parsing.plans import Kind, Plan, make_plan, may_say_values
from tui_tracker.parsing.shapes import LONGEST, MOST_NUMBERS, NUMBER, read_shape
from tui_tracker.parsing.words import has_phase, is_schedule

_MOST_PLANS = 4096


class Reading(NamedTuple):
    """What one line says."""

    kind: Kind
    axis: str = ""
    step: Step | None = None
    epoch: int | float | None = None
    """The epoch that it names, whatever its step is."""
    total: int = 0
    names: tuple[str, ...] = ()
    values: tuple[float, ...] = ()
    why: str = ""


NOTHING = Reading("none", why="no value of a name that could be a metric")


_NO_PLAN = Plan()
_HEAD = 6
_OFTEN, _MOST_HOT = 8, 256


class Reader:
    """Reads lines, and remembers what it thought of their shapes."""

    def __init__(self) -> None:
        self._plans: dict[tuple[str, ...], Plan | dict[tuple[bool, ...], Plan]] = {}
        self._hot: dict[str, Hot] = {}
        """By the first letters of a line, the shape that was seen last, of frequent ones."""
        self._many = 0

    def read(self, text: str, phase: str = "") -> Reading:
        """Return what a line says; `phase` is what its prefix says of it."""
        if len(text) > LONGEST:
            return NOTHING
        hot = self._hot.get(text[:_HEAD])
        if hot is not None and hot.phase == phase and (said := hot.read(text, Reading)) is not None:
            return said
        pieces = NUMBER.split(text)
        if len(pieces) < 3 or len(pieces) > 2 * MOST_NUMBERS:
            return NOTHING
        plan = self._plan((phase, *pieces[::2]), pieces, text)
        if plan.kind == "none":
            return NOTHING if not plan.why else Reading("none", why=plan.why)
        plan.uses += 1
        if plan.uses > _OFTEN and plan.kind == "record":
            self._warm(plan, pieces, text, phase)
        return _carry_out(plan, pieces[1::2])

    def _warm(self, plan: Plan, pieces: list[str], text: str, phase: str) -> None:
        """Read further lines of this shape the short way, if its plan hangs on nothing else."""
        if plan.hot is None:
            literals = pieces[::2]
            sure = can_be_hot(literals) and self._plans.get((phase, *literals)) is plan
            if not sure or self._many >= _MOST_HOT:
                return
            self._many += 1
            plan.hot = Hot(plan, literals, phase, _carry_out)
        self._hot[text[:_HEAD]] = plan.hot

    def _plan(self, key: tuple[str, ...], pieces: list[str], text: str) -> Plan:
        found = self._plans.get(key)
        if isinstance(found, Plan):
            return found
        forms = tuple([not number.isdigit() for number in pieces[1::2]])
        if found is not None and forms in found:
            return found[forms]
        if not may_say_values(text):
            return _NO_PLAN
        plan, sensitive = make_plan(read_shape(pieces[::2]), forms, key[0])
        if len(self._plans) >= _MOST_PLANS:
            self._plans.clear()
            self._hot.clear()
            self._many = 0
        if not sensitive:
            self._plans[key] = plan
        elif found is None:
            self._plans[key] = {forms: plan}
        elif len(found) < 64:
            found[forms] = plan
        return plan


def with_phase(said: Reading, phase: str) -> Reading:
    """Return what a line says with its phase before the names that tell none."""
    if not phase:
        return said
    names = [n if has_phase(n) or is_schedule(n) else f"{phase} {n}" for n in said.names]
    return said._replace(names=tuple(names))


def number_of(text: str) -> float:
    """Return a printed number, with commas between its thousands or Fortran's `D` or without."""
    return float(text.replace(",", "").replace("D", "e")) if _ODD.search(text) else float(text)


_ODD = re.compile("[,D]")


def _carry_out(plan: Plan, numbers: Sequence[str]) -> Reading:
    values: list[float] = []
    for at, over in plan.picks:
        text = numbers[at]
        value = number_of(text)
        if over >= 0:
            whole = number_of(numbers[over])
            value = value / whole if whole else float("nan")
        values.append(value)
    if plan.epoch < 0 and plan.batch < 0:
        step = _step(numbers, plan.step)
        return Reading(plan.kind, plan.axis, step, None, 0, plan.names, tuple(values), plan.why)
    epoch = _step(numbers, plan.epoch)
    step = _step(numbers, plan.step)
    batch = _step(numbers, plan.batch)
    total = _step(numbers, plan.total)
    told: Step | None = step if step is not None else epoch
    axis = plan.axis
    if batch is not None:
        told = (int(epoch), int(batch)) if epoch is not None else batch
    return Reading(
        plan.kind, axis, told, epoch, int(total or 0), plan.names, tuple(values), plan.why
    )


def _step(numbers: Sequence[str], at: int) -> int | float | None:
    if at < 0:
        return None
    text = numbers[at]
    if text.isdigit():
        return int(text) if len(text) < 19 else None
    value = number_of(text)
    if value != value or abs(value) > 2**62:
        return None
    return int(value) if value.is_integer() else value
