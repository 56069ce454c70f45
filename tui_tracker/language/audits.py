"""Conditions on what the audit says of runs: grade, errors, open rules, proof."""

from __future__ import annotations

from difflib import get_close_matches

from tui_tracker import judged
from tui_tracker.language import units
from tui_tracker.language.matching import (
    Bound,
    any_of,
    clamped,
    is_pattern,
    one_of,
    regex,
    wanted_number,
)
from tui_tracker.language.tree import Value
from tui_tracker.store import Store

_COMPARES = {"<": "<", "<=": "<=", ">": ">", ">=": ">="}
_LEVELS = ("L0", "L1", "L2", "L3", "L4", "L5")


class AuditFields:
    """The conditions of one query; what is kept of audits is brought up to date for it."""

    def __init__(self, store: Store, bound: Bound) -> None:
        self._store, self._bound = store, bound
        self._profile = ""

    def has(self, name: str) -> str:
        """Return the runs that have it: every run is graded, not every one leaves a doubt."""
        return self._kept("a.rules <> ' '") if name == "audit" else "1"

    def equal(self, name: str, values: list[Value]) -> str:
        if name == "audit":
            return self._kept(any_of([self._rule(value) for value in values]))
        if name == "proof":
            return one_of(self._bound, judged.PROOF, [self._level(value) for value in values])
        if name == "grade":
            return self._kept(any_of([self._graded("=", value) for value in values]))
        return self._kept(any_of([self._counted(name, "=", value) for value in values]))

    def matches(self, name: str, value: Value) -> str:
        if name != "audit":
            raise self._bound.fail(value, f"no regex fits {name}")
        import re

        pattern = regex(self._bound, value)
        ids = [id_ for id_ in judged.rule_ids() if re.search(pattern, id_)]
        return self._kept(any_of([self._open(id_) for id_ in ids]))

    def within(self, name: str, limits: list[tuple[str, Value]]) -> str:
        if name == "audit":
            raise self._bound.fail(limits[0][1], "a rule is neither more nor less", "=")
        if name == "proof":
            tests = [
                f"{judged.PROOF} {_COMPARES[sign]} {self._bound.put(self._level(value))}"
                for sign, value in limits
            ]
            return " AND ".join(tests)
        if name == "grade":
            graded = (self._graded(sign, value) for sign, value in _from_worse(limits))
            return self._kept(" AND ".join(graded))
        tests = [self._counted(name, sign, value) for sign, value in limits]
        return self._kept(" AND ".join(tests))

    def _kept(self, test: str) -> str:
        if not self._profile:
            self._profile = self._bound.put(judged.fresh_profile(self._store))
        return judged.in_audit(self._profile, f"({test})")

    def _graded(self, sign: str, value: Value) -> str:
        """Return the test of a grade; A is more than B, and a number is a score."""
        letter = value.text.upper()
        if letter in judged.GRADES:
            place = judged.GRADES.index(letter)
            fitting = {
                "=": judged.GRADES[place : place + 1],
                ">=": judged.GRADES[: place + 1],
                ">": judged.GRADES[:place],
                "<=": judged.GRADES[place:],
                "<": judged.GRADES[place + 1 :],
            }[sign]
            return one_of(self._bound, "a.grade", list(fitting)) if fitting else "0"
        number = units.number(value.text)
        if number is None or number != number:
            known = ", ".join(judged.GRADES)
            problem = f"{value.text!r} is no grade: {known}, or a score of 0 to 100"
            raise self._bound.fail(value, problem)
        return f"a.score {sign} {self._bound.put(clamped(number))}"

    def _counted(self, name: str, sign: str, value: Value) -> str:
        number = wanted_number(self._bound, value, name)
        if number != number:
            return "0"
        return f"a.{name} {sign} {self._bound.put(clamped(number))}"

    def _level(self, value: Value) -> str:
        level = value.text.upper()
        level = f"L{level}" if level.isdigit() else level
        if level not in _LEVELS:
            raise self._bound.fail(value, f"{value.text!r} is no proof: {', '.join(_LEVELS)}")
        return level

    def _rule(self, value: Value) -> str:
        """Return the test for an open rule, for a whole category (`code`), or for a glob."""
        known = judged.rule_ids()
        text = value.text.lower()
        if is_pattern(value):
            from fnmatch import fnmatchcase

            safe = text.replace("[", "[[]")
            return any_of([self._open(id_) for id_ in known if fnmatchcase(id_, safe)])
        found = [id_ for id_ in known if id_ == text or id_.startswith(f"{text}.")]
        if not found:
            near = next(iter(get_close_matches(text, known, n=1)), "")
            words = f"no rule of the audit is called {value.text!r}"
            raise self._bound.fail(value, words if near else f"{words}: tt audit --rules", near)
        return any_of([self._open(id_) for id_ in found])

    def _open(self, id_: str) -> str:
        return f"instr(a.rules, {self._bound.put(f' {id_} ')}) > 0"


def _from_worse(limits: list[tuple[str, Value]]) -> list[tuple[str, Value]]:
    """Return the ends of a range of grades in order: `A..C` says the same as `C..A`."""
    letters = [value.text.upper() for _, value in limits]
    if len(letters) < 2 or not set(letters) <= set(judged.GRADES):
        return limits
    (low, first), (high, second) = limits
    places = [judged.GRADES.index(letter) for letter in letters]
    return limits if places[0] >= places[1] else [(low, second), (high, first)]
