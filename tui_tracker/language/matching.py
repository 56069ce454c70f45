"""Tests of a column against values, as SQL whose values are bound."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from tui_tracker.errors import QueryError
from tui_tracker.language import units
from tui_tracker.language.tree import Value

MOST_VALUES = 2000


@dataclass(slots=True)
class Bound:
    """What the SQL of one query binds, and the query for its errors."""

    query: str
    prefix: str = "q"
    """Of the names that are bound: two conditions in one SQL want two."""
    values: dict[str, object] = field(default_factory=dict)

    def put(self, value: object) -> str:
        """Return the name under which a value is bound."""
        name = f"{self.prefix}{len(self.values)}"
        self.values[name] = value
        return f":{name}"

    def fail(self, value: Value, problem: str, near: str = "") -> QueryError:
        length = max(1, len(str(value)))
        return QueryError(self.query, value.column, problem, nearest=near, length=length)


def one_of(bound: Bound, column: str, values: list[object]) -> str:
    """Return the test whether a column equals one of the values."""
    if len(values) == 1:
        return f"{column} = {bound.put(values[0])}"
    return f"{column} IN ({', '.join(map(bound.put, values))})"


def any_of(tests: list[str]) -> str:
    return "0" if not tests else tests[0] if len(tests) == 1 else f"({' OR '.join(tests)})"


def is_pattern(value: Value) -> bool:
    """Return whether a value has a `*` or `?` that stands for other letters."""
    return not value.quoted and ("*" in value.text or "?" in value.text)


def like(text: str) -> str:
    """Return what LIKE takes for just this text, case ignored."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def like_pattern(value: Value) -> str:
    """Return what LIKE takes for a value with `*` and `?`."""
    text = like(value.text)
    return text.replace("*", "%").replace("?", "_") if is_pattern(value) else text


def text_test(bound: Bound, column: str, operator: str, value: Value, *, part: bool = False) -> str:
    """Return the test of a text column; `part` lets `:` find a part of the text."""
    if operator == "~":
        return f"regexp({bound.put(regex(bound, value))}, {column})"
    if operator == ":":
        pattern = like_pattern(value)
        if part and not is_pattern(value):
            pattern = f"%{pattern}%"
        return f"{column} LIKE {bound.put(pattern)} ESCAPE '\\'"
    if operator == "=":
        return text_is(bound, column, [value])
    return f"{column} {operator} {bound.put(value.text)}"


def text_is(bound: Bound, column: str, values: list[Value]) -> str:
    """Return the test whether a text is one of the values, or fits one of their patterns."""
    plain: list[object] = [value.text for value in values if not is_pattern(value)]
    tests = [one_of(bound, column, plain)] if plain else []
    for value in values:
        if is_pattern(value):
            tests.append(f"{column} LIKE {bound.put(like_pattern(value))} ESCAPE '\\'")
    return any_of(tests)


def regex(bound: Bound, value: Value) -> str:
    """Return a regex, seen to be one.

    Raises:
        QueryError: it is none.
    """
    try:
        re.compile(value.text)
    except (re.error, OverflowError, RecursionError) as error:
        raise bound.fail(value, f"no regex: {error}") from error
    return value.text


def wanted_number(bound: Bound, value: Value, what: str) -> int | float:
    """Return the number that a value says, where nothing else will do.

    Raises:
        QueryError: it is none.
    """
    found = None if value.quoted else units.number(value.text)
    if found is None:
        hint = f"{what} is a number, and {value.text!r} is none"
        raise bound.fail(value, hint, _nearest_number(value.text))
    return found


def ordered(bound: Bound, value: Value) -> int | float | None:
    """Return the number that `<` and `>` compare with; None where texts are compared.

    Raises:
        QueryError: it begins like a number and is none.
    """
    if value.quoted:
        return None
    found = units.number(value.text)
    if found is None and re.match(r"[-+.]?\d", value.text):
        near = _nearest_number(value.text) or f'"{value.text}"'
        raise bound.fail(value, f"{value.text!r} is no number", near)
    return found


def sized(value: int | float) -> float | int | None:
    """Return a number as SQLite takes it; None where no float holds it."""
    try:
        return value if isinstance(value, int) and abs(value) < 2**63 else float(value)
    except OverflowError:
        return None


def clamped(number: int | float) -> float | int:
    """Return a number as SQLite takes it, infinite where no float holds it."""
    value = sized(number)
    return value if value is not None else float("inf") if number > 0 else float("-inf")


def _nearest_number(text: str) -> str:
    digits = text.rstrip("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
    unit = text[len(digits) :]
    for near in (unit.upper(), unit.capitalize(), unit[:1], unit[:1].upper()):
        if unit and digits != text and units.number(digits + near) is not None:
            return digits + near
    return ""
