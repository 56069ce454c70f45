"""Conditions on what runs are rather than on what they scored: params, tags, data."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence

from tui_tracker.decide.candidates import Candidate
from tui_tracker.decide.rule import Fact, Value

COMPARE: dict[str, Callable[[float, float], bool]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "<": operator.lt,
    ">": operator.gt,
    "=": math.isclose,
    "!=": lambda a, b: not math.isclose(a, b),
}


def other_fact(fact: Fact, runs: Sequence[Candidate]) -> str:
    """Return why a fact does not hold for all runs; "" where it does."""
    # Of several tags or data sets one has to be what is wanted, and none what is not.
    enough = all if fact.comparison == "!=" else any
    for run in runs:
        found = _facts(fact, run)
        if not found or not enough(holds(value, fact.comparison, fact.value) for value in found):
            shown = ", ".join(map(str, found)) or "not recorded"
            return f"{fact.kind}.{fact.name} is {shown}, not {fact.comparison} {fact.value}"
    return ""


def _facts(fact: Fact, run: Candidate) -> list[Value]:
    if fact.kind == "param":
        value = run.params.get(fact.name)
        return [value] if isinstance(value, (bool, int, float, str)) else []
    if fact.kind == "tag":
        heads = (tag.partition(":") for tag in run.tags)
        keyed: list[Value] = [value for key, colon, value in heads if colon and key == fact.name]
        return keyed or ([True] if fact.name in run.tags else [""])
    field = {"version": 0, "digest": 1, "hash": 1}.get(fact.name)
    if fact.name == "name":
        return list(run.data)
    return [] if field is None else [both[field] for both in run.data.values() if both[field]]


def holds(found: object, comparison: str, wanted: Value) -> bool:
    """Return whether a value is what is wanted: numbers as numbers, others as words."""
    numbers = [
        value
        for value in (found, wanted)
        if isinstance(value, (int, float)) and not isinstance(value, bool)
    ]
    if len(numbers) == 2:
        return COMPARE[comparison](numbers[0], numbers[1])
    same = str(found).casefold() == str(wanted).casefold()
    return {"=": same, "!=": not same}.get(comparison, False)
