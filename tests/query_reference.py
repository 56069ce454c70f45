"""What a query means, told once more in plain Python over whole runs: slow and easy to read.

Nothing of the SQL is used here, so that the two can be held against each other.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from fnmatch import translate

from tui_tracker.fact_rows import fact_rows
from tui_tracker.language import units
from tui_tracker.language.tree import (
    And,
    Between,
    Compare,
    Field,
    Has,
    Is,
    Missing,
    Node,
    Not,
    OneOf,
    Or,
    Text,
    Value,
)
from tui_tracker.queries import RunDetail
from tui_tracker.telling import metric_stat

_LOWER = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")
_STATISTICS = ("last", "min", "max", "mean", "first", "count", "std", "best", "nan", "inf")
_SETS = ("tag", "note")
_OWN_TEXTS: dict[str, Callable[[RunDetail], Iterable[str]]] = {
    "name": lambda run: [run.row.name],
    "experiment": lambda run: [run.row.experiment],
    "tag": lambda run: run.row.tags,
    "note": lambda run: [note.text for note in run.notes],
    "host": lambda run: [run.host] if run.host else [],
    "user": lambda run: [run.user] if run.user else [],
}
_PARTS = ("name", "experiment", "note", "host")
_SIGNS: dict[str, Callable[[object, object], bool]] = {
    "=": lambda a, b: a == b,
    "<": lambda a, b: a < b,  # type: ignore[operator]
    "<=": lambda a, b: a <= b,  # type: ignore[operator]
    ">": lambda a, b: a > b,  # type: ignore[operator]
    ">=": lambda a, b: a >= b,  # type: ignore[operator]
}


def low(text: str) -> str:
    """Return a text with the letters A to Z made small, as SQLite compares."""
    return text.translate(_LOWER)


class Reference:
    """The runs of a store, and which of them a query fits."""

    def __init__(self, runs: Sequence[RunDetail], now: datetime) -> None:
        self.runs, self.now = runs, now
        self.params = {name for run in runs for name in run.row.params}
        self.metrics = {label for run in runs for label in run.row.metrics}

    def fitting(self, tree: Node | None) -> set[str]:
        return {run.row.id for run in self.runs if tree is None or self.fits(run, tree)}

    def fits(self, run: RunDetail, node: Node) -> bool:
        match node:
            case Not(part):
                return not self.fits(run, part)
            case And(parts):
                return all(self.fits(run, part) for part in parts)
            case Or(parts):
                return any(self.fits(run, part) for part in parts)
            case _:
                return self._term_fits(run, node)

    def _term_fits(self, run: RunDetail, node: Node) -> bool:
        match node:
            case Text(text):
                return self._found(run, text)
            case Is(word):
                return self._is(run, word)
            case Has(field):
                return self._has(run, field)
            case Missing(field):
                return not self._has(run, field)
            case Compare():
                return self._compares(run, node)
            case OneOf(field, values):
                return self._test(run, field, "=", list(values))
            case _:
                assert isinstance(node, Between)
                return self._within(run, node.field, node.low, node.high)

    def _compares(self, run: RunDetail, term: Compare) -> bool:
        if term.operator not in ("!=", "!~"):
            return self._test(run, term.field, term.operator, [term.value])
        has = term.field.name in _SETS or self._has(run, term.field)
        return has and not self._test(run, term.field, term.operator[1:], [term.value])

    def _within(self, run: RunDetail, field: Field, start: Value | None, end: Value | None) -> bool:
        # One and the same value must be within both ends.
        limits = [(sign, value) for sign, value in ((">=", start), ("<=", end)) if value]
        return any(
            all(self._one(field, candidate, sign, value) for sign, value in limits)
            for candidate in self._candidates(run, field)
        )

    def _test(self, run: RunDetail, field: Field, sign: str, values: list[Value]) -> bool:
        return any(
            self._one(field, candidate, sign, value)
            for candidate in self._candidates(run, field)
            for value in values
        )

    def _found(self, run: RunDetail, text: str) -> bool:
        places = [run.row.name, run.row.experiment, run.row.status, *run.row.tags]
        places += [note.text for note in run.notes]
        digits = low(text.replace("-", ""))
        if 0 < len(digits) <= 32 and set(digits) <= set("0123456789abcdef"):
            places.append(run.row.id.replace("-", ""))
            if digits in places[-1]:
                return True
            places.pop()
        return any(low(text) in low(place) for place in places)

    def _is(self, run: RunDetail, word: str) -> bool:
        match word:
            case "archived":
                return run.row.archived
            case "starred":
                return "star" in run.row.tags
            case "dirty":
                return any(fact[1] == 1.0 for fact in _facts(run, "dirty"))
            case _:
                return run.row.status == word

    def _has(self, run: RunDetail, field: Field) -> bool:
        kind, name, statistic = self._target(field)
        if kind == "metric":
            return any(value is not None for value in self._values(run, name, statistic))
        return bool(list(self._candidates(run, field)))

    # -- what is compared

    def _target(self, field: Field) -> tuple[str, str, str]:
        if not field.kind and not field.exact and field.name in (*_OWN_TEXTS, "duration", "status"):
            return "own", field.name, ""
        if field.kind in ("", "metric"):
            if field.name in self.metrics:
                return "metric", field.name, field.statistic or "last"
            stem, _, last = field.name.rpartition(".")
            contexts = {label.rpartition("@")[0] for label in self.metrics}
            if not field.exact and stem in self.metrics | contexts and last in _STATISTICS:
                return "metric", stem, last
            if field.name in contexts:
                return "metric", field.name, field.statistic or "last"
            if field.kind:
                return "metric", field.name, "last"
        if field.kind == "param" or field.name in self.params:
            return "param", field.name, ""
        return "fact", field.name, ""

    def _candidates(self, run: RunDetail, field: Field) -> Iterable[object]:
        kind, name, statistic = self._target(field)
        if kind == "own":
            if name == "duration":
                return [run.row.duration_s]
            return [run.row.status] if name == "status" else _OWN_TEXTS[name](run)
        if kind == "metric":
            return [value for value in self._values(run, name, statistic) if value is not None]
        if kind == "param":
            return [run.row.params[name]] if name in run.row.params else []
        return _facts(run, name)

    def _values(self, run: RunDetail, name: str, statistic: str) -> list[float | None]:
        """Return a statistic of the metric of that label, else of all contexts of that name."""
        if statistic == "best":
            statistic = metric_stat(name)
        labelled = name in self.metrics
        return [
            getattr(metric, statistic)
            for metric in run.row.metrics.values()
            if (metric.label if labelled else metric.name) == name
        ]

    def _one(self, field: Field, candidate: object, sign: str, value: Value) -> bool:
        kind, name, _ = self._target(field)
        if kind == "metric":
            wanted = units.number(value.text)
            assert wanted is not None
            assert isinstance(candidate, (int, float))
            return _number_fits(candidate, sign, wanted)
        if kind == "param":
            return _param_fits(candidate, sign, value)
        if kind == "fact":
            assert isinstance(candidate, tuple)
            return _fact_fits(name, candidate[0], candidate[1], sign, value)
        if name == "duration":
            seconds = units.span(value.text)
            assert seconds is not None
            return _SIGNS["=" if sign == ":" else sign](candidate, seconds)
        if name == "status" and sign in (":", "="):
            return _text_fits(str(candidate), ":", Value(low(value.text), value.quoted))
        return _text_fits(str(candidate), sign, value, part=name in _PARTS)


def _facts(run: RunDetail, name: str) -> list[tuple[str, float | None]]:
    return [
        (text, number)
        for part in run.lineage
        for rows in fact_rows(part.name, part.facts)
        for known, text, number in rows
        if known == name
    ]


def _number_fits(left: float, sign: str, right: float) -> bool:
    if math.isnan(right):
        return sign in "=:" and math.isnan(left)
    return _SIGNS["=" if sign == ":" else sign](left, right)


def _text_fits(text: str, sign: str, value: Value, *, part: bool = False) -> bool:
    pattern = not value.quoted and ("*" in value.text or "?" in value.text)
    if sign == "~":
        return re.search(value.text, text) is not None
    if sign in ("=", ":") and pattern:
        safe = low(value.text).replace("[", "[[]")
        return re.match(translate(safe), low(text)) is not None
    if sign == ":":
        return low(value.text) in low(text) if part else low(value.text) == low(text)
    return _SIGNS[sign](text, value.text)


def _param_fits(param: object, sign: str, value: Value) -> bool:
    if sign in ("<", "<=", ">", ">="):
        return _param_is_beyond(param, sign, value)
    if isinstance(param, list):
        members = [member for member in param if not isinstance(member, (list, dict))]
        strict = _is_json(param)
        if strict and any(
            _param_fits(member, sign, value) for member in members if member is not None
        ):
            return True
    text = _text_of(param)
    if text is not None and _text_fits(text, sign, value):
        return True
    return sign != "~" and not value.quoted and _means(param, value.text)


def _is_json(value: list[object]) -> bool:
    try:
        json.dumps(value, allow_nan=False)
    except ValueError:
        return False
    return True


def _means(param: object, text: str) -> bool:
    """Return whether a param is what a bare word says apart from its letters."""
    word = text.lower()
    if word in ("true", "false") and isinstance(param, bool):
        return param == (word == "true")
    if word in ("none", "null"):
        return param is None
    number = units.number(text)
    if number is None or not isinstance(param, (bool, int, float)):
        return False
    if isinstance(param, float) and math.isnan(param):
        return math.isnan(number)
    return float(param) == number if isinstance(param, float) else param == number


def _param_is_beyond(param: object, sign: str, value: Value) -> bool:
    number = None if value.quoted else units.number(value.text)
    if isinstance(param, list):
        members = [member for member in param if isinstance(member, (str, int, float))]
        return _is_json(param) and any(_param_is_beyond(member, sign, value) for member in members)
    if number is None:
        return isinstance(param, str) and _SIGNS[sign](param[:512], value.text)
    if isinstance(param, int) and abs(param) > 10**308:
        return False  # not as a float, and so not in any order
    return isinstance(param, (bool, int, float)) and _SIGNS[sign](float(param), number)


def _text_of(param: object) -> str | None:
    """Return the text that the store has of a param, None where it has but a number."""
    if isinstance(param, str):
        return param
    if isinstance(param, list):
        return json.dumps(param)
    if isinstance(param, float) and math.isnan(param):
        return "NaN"
    is_large = isinstance(param, int) and not isinstance(param, bool) and abs(param) > 2**53
    return str(param) if is_large else None


def _fact_fits(name: str, text: str, number: float | None, sign: str, value: Value) -> bool:
    if name == "commit" and sign in ("=", ":"):
        return low(text).startswith(low(value.text))
    if name.startswith("package.") and sign not in (":", "~"):
        return _SIGNS[sign](units.version(text), units.version(value.text))
    wanted = None if value.quoted else units.number(value.text)
    if sign in ("=", ":"):
        if wanted is not None and number is not None and number == wanted:
            return True
        return _text_fits(text, sign, value, part=True)
    if sign == "~":
        return _text_fits(text, sign, value)
    if wanted is not None:
        return number is not None and _SIGNS[sign](number, wanted)
    return number is None and _SIGNS[sign](text, value.text)
