"""Conditions on what runs are rather than on what they scored: params, tags, data."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence

from tui_tracker.decide.candidates import Candidate
from tui_tracker.decide.rule import Comparison, Fact, Value, as_number

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


def holds(found: object, comparison: Comparison, wanted: Value) -> bool:
    """Return whether a value is what is wanted.

    A number is wanted as a number, also where it is kept as text, as some trackers keep all
    params; what is no number is wanted as a word.
    """
    a, b = as_number(found), as_number(wanted)
    in_order = comparison not in ("=", "!=")
    if a is not None and b is not None and (in_order or not isinstance(wanted, str)):
        return COMPARE[comparison](a, b)
    same = str(found).casefold() == str(wanted).casefold()
    return {"=": same, "!=": not same}.get(comparison, False)
