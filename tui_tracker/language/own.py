"""Conditions on what every run has: name, status, times, tags, notes, machine."""

from __future__ import annotations

from datetime import datetime
from difflib import get_close_matches
from fnmatch import fnmatchcase

from tui_tracker.formatting import SHORT_ID
from tui_tracker.language import units
from tui_tracker.language.matching import (
    Bound,
    any_of,
    clamped,
    is_pattern,
    one_of,
    regex,
    text_is,
    text_test,
    wanted_number,
)
from tui_tracker.language.parser import STATUSES
from tui_tracker.language.tree import Field, Value

SETS = frozenset(("tag", "note", "artifact"))
"""Fields of which a run has any number, and none is not missing."""
DIRTY = Field("dirty", "fact")
_COLUMNS = {"host": "r.host", "user": 'r."user"', "reason": "r.ended_by"}
_ROWS = {
    "name": "r.id IN (SELECT n.id FROM run AS n WHERE {test})",
    "experiment": "r.experiment IN (SELECT n.id FROM experiment AS n WHERE {test})",
    "tag": "r.id IN (SELECT n.run FROM tag AS n WHERE {test})",
    "note": "r.id IN (SELECT n.run FROM note AS n WHERE {test})",
    "artifact": "r.id IN (SELECT n.run FROM artifact AS n WHERE {test})",
}
_TEXTS = {
    "name": "n.name",
    "experiment": "n.name",
    "tag": "n.tag",
    "note": "n.text",
    "artifact": "n.path",
    **_COLUMNS,
}
_PARTS = frozenset(("name", "experiment", "note", "artifact", "host", "reason"))
"""Texts of which `:` finds a part."""
_TIMES = {"started": "r.started_ms", "ended": "r.ended_ms"}
_IDS = {"id": "r.uuid", "parent": "r.parent"}
_SWITCHES = {
    "archived": "r.archived_ms IS NOT NULL",
    "starred": "r.id IN (SELECT n.run FROM tag AS n WHERE n.tag = 'star')",
}
_TRUE, _FALSE = frozenset(("true", "yes", "1")), frozenset(("false", "no", "0"))
_ALL_DIGITS = 32


def id_digits(text: str) -> str:
    """Return the digits of a part of an id, "" where the text can be none."""
    digits = text.replace("-", "").lower()
    good = 0 < len(digits) <= _ALL_DIGITS and all(c in "0123456789abcdef" for c in digits)
    return digits if good else ""


class OwnFields:
    """The conditions of one query."""

    def __init__(self, bound: Bound, now: datetime) -> None:
        self._bound, self._now = bound, now

    def has(self, name: str) -> str:
        if name in SETS:
            return _ROWS[name].format(test="1")
        if name in _COLUMNS:
            return f"{_COLUMNS[name]} != ''"
        if name in ("ended", "parent"):
            return f"{_TIMES.get(name) or _IDS[name]} IS NOT NULL"
        return _SWITCHES.get(name, "1")

    def equal(self, name: str, values: list[Value], *, loose: bool) -> str:
        if name in _TEXTS:
            return self._text_equal(name, values, loose=loose)
        if name == "status":
            return self._status([state for value in values for state in self._states(value)])
        if name in _TIMES:
            return any_of([self._at(name, value) for value in values])
        if name in _IDS:
            return any_of([self._id(name, value) for value in values])
        if name in _SWITCHES:
            return any_of([self._switch(name, value) for value in values])
        return any_of([self._number(name, "=", value) for value in values])

    def matches(self, name: str, value: Value) -> str:
        if name == "status":
            pattern = regex(self._bound, value)
            import re

            return self._status([state for state in STATUSES if re.search(pattern, state)])
        if name in _TEXTS:
            return self._text(name, text_test(self._bound, _TEXTS[name], "~", value))
        raise self._bound.fail(value, f"no regex fits {name}")

    def within(self, name: str, limits: list[tuple[str, Value]]) -> str:
        if name in _TIMES:
            return self._between(name, limits)
        if name in ("duration", "points"):
            return " AND ".join(self._number(name, sign, value) for sign, value in limits)
        if name in _TEXTS:
            tests = [text_test(self._bound, _TEXTS[name], sign, value) for sign, value in limits]
            return self._text(name, " AND ".join(tests))
        raise self._bound.fail(limits[0][1], f"{name} is neither more nor less than anything", "=")

    # -- texts

    def _text_equal(self, name: str, values: list[Value], *, loose: bool) -> str:
        column = _TEXTS[name]
        if not loose:
            return self._text(name, text_is(self._bound, column, values))
        part = name in _PARTS
        tests = [text_test(self._bound, column, ":", value, part=part) for value in values]
        return self._text(name, any_of(tests))

    def _text(self, name: str, test: str) -> str:
        if name in _COLUMNS:
            return f"{_COLUMNS[name]} != '' AND ({test})"
        return _ROWS[name].format(test=test)

    def _status(self, states: list[str]) -> str:
        return one_of(self._bound, "r.status", list(dict.fromkeys(states))) if states else "0"

    def _states(self, value: Value) -> list[str]:
        text = value.text.lower()
        if is_pattern(value):
            safe = text.replace("[", "[[]")
            return [state for state in STATUSES if fnmatchcase(state, safe)]
        if text not in STATUSES:
            near = next(iter(get_close_matches(text, STATUSES, n=1)), "")
            known = f"no status {value.text!r}: {', '.join(STATUSES)}" if not near else ""
            raise self._bound.fail(value, known or f"no status {value.text!r}", near)
        return [text]

    def _id(self, name: str, value: Value) -> str:
        digits = id_digits(value.text.replace("*", "").replace("?", ""))
        if not digits:
            raise self._bound.fail(value, f"{value.text!r} is no part of an id")
        shown = f"%{digits:_<{SHORT_ID}}"
        ends = [self._bound.put(end) for end in (f"{digits}%", f"%{digits}", shown)]
        tests = [f"hex({_IDS[name]}) LIKE {end}" for end in ends]
        return f"{_IDS[name]} IS NOT NULL AND {any_of(tests)}"

    def _switch(self, name: str, value: Value) -> str:
        word = value.text.lower()
        if word not in _TRUE | _FALSE:
            raise self._bound.fail(value, f"{name} is true or false, not {value.text!r}", "true")
        return f"({_SWITCHES[name]})" if word in _TRUE else f"NOT ({_SWITCHES[name]})"

    # -- times and numbers

    def _moment(self, value: Value) -> tuple[int, int]:
        found = units.moment(value.text, self._now)
        if found is None:
            problem = f"{value.text!r} is no time: 2 days ago, today, 2026-11-01"
            near = f"{value.text} ago" if units.is_span(value.text) else ""
            raise self._bound.fail(
                value, problem if not near else f"{value.text!r} is no time", near
            )
        return found

    def _at(self, name: str, value: Value) -> str:
        first, last = self._moment(value)
        column = _TIMES[name]
        low, high = self._bound.put(first), self._bound.put(last)
        return f"({column} IS NOT NULL AND {column} BETWEEN {low} AND {high})"

    def _between(self, name: str, limits: list[tuple[str, Value]]) -> str:
        column, tests = _TIMES[name], []
        for sign, value in limits:
            first, last = self._moment(value)
            edge = first if sign in ("<", ">=") else last
            tests.append(f"{column} {sign} {self._bound.put(edge)}")
        return " AND ".join([f"{column} IS NOT NULL", *tests])

    def _number(self, name: str, sign: str, value: Value) -> str:
        if name == "points":
            number = wanted_number(self._bound, value, name)
            column = "r.points"
        else:
            column = self._duration()
            number = self._seconds(value) * 1000
        if number != number:
            return "0"
        return f"{column} {sign} {self._bound.put(clamped(number))}"

    def _duration(self) -> str:
        now = self._bound.put(round(self._now.timestamp() * 1000))
        return f"max(0, coalesce(r.ended_ms, {now}) - r.started_ms)"

    def _seconds(self, value: Value) -> float:
        found = units.span(value.text)
        if found is None:
            problem = f"{value.text!r} is no duration: 90, 30min, 2h, 1d"
            raise self._bound.fail(value, problem)
        return found
