"""Conditions on params, metrics, facts and tags: sets of runs, each read from an index.

A condition is `r.id IN (SELECT run ...)` and never looks back at `r`, so that SQLite reads
the set once and not anew for each run.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from tui_tracker.language import units
from tui_tracker.language.matching import (
    Bound,
    any_of,
    clamped,
    is_pattern,
    like,
    like_pattern,
    one_of,
    ordered,
    regex,
    sized,
    text_is,
    text_test,
    wanted_number,
)
from tui_tracker.language.targets import Target
from tui_tracker.language.tree import Value
from tui_tracker.logged import Logged
from tui_tracker.store import Store

Test = Callable[[str], str]
"""From a column to the SQL of a test of it."""

LONG_TEXT = 512
"""Of a longer param the row holds so many characters, and `content` the whole."""
_WHOLE = "coalesce(inflate((SELECT c.data FROM content AS c WHERE c.digest = p.digest)), p.text)"
_MEMBERS = f"json_each(CASE WHEN json_valid({_WHOLE}) THEN {_WHOLE} ELSE '[]' END)"
_NUMERIC = "j.type IN ('integer', 'real', 'true', 'false')"
_SWITCHES = ("true", "false")
_NONE = "p.number IS NULL AND p.text IS NULL AND p.type = 'none'"
_WORDS = {
    "true": "p.number = 1 AND p.type = 'bool'",
    "false": "p.number = 0 AND p.type = 'bool'",
    "none": _NONE,
    "null": _NONE,
}
COLUMNS = {
    **{
        name: f"m.{name}" for name in ("last", "min", "max", "mean", "first", "count", "nan", "inf")
    },
    # A square root is no part of every SQLite.
    "std": "(m.m2 / (m.count - m.nan - m.inf - 1))",
}
FINITE = ("min", "max", "mean", "std")
"""Statistics of the finite values: missing where there is none, or one of a spread."""
_VERSIONED = ("python",)
_HASHES = ("commit", "data.hash", "split.hash")


# -- params


def param_is(bound: Bound, target: Target, values: list[Value], *, loose: bool = False) -> str:
    """Return the runs whose param is one of the values; `loose` ignores case."""
    if target.rows is None:
        return "0"
    tests = _param_numbers(bound, values)
    plain = [value for value in values if not is_pattern(value)]
    if plain and not loose:
        tests += _exact_texts(bound, plain)
    for value in values:
        if loose or is_pattern(value):
            tests += _on_whole(target.rows, _liked(bound, value))
    tests.append(_member(_member_is(bound, values, loose=loose)))
    return _params(target.rows, tests)


def param_matches(bound: Bound, target: Target, value: Value) -> str:
    """Return the runs whose param, as text, fits a regex."""
    pattern = bound.put(regex(bound, value))

    def test(column: str) -> str:
        return f"regexp({pattern}, {column})"

    if target.rows is None:
        return "0"
    # Runs share few texts: each is looked at once, because a regex is Python's.
    rows = target.rows
    texts = f"SELECT DISTINCT q.text FROM {rows.table} AS q WHERE {rows.where('q')}"
    short = f"SELECT d.text FROM ({texts}) AS d WHERE length(d.text) < {LONG_TEXT} AND "
    _, long = _on_whole(rows, test)
    members = _member(f"j.type = 'text' AND {test('j.value')}")
    return _params(rows, [f"p.text IN ({short}{test('d.text')})", long, members])


def param_within(bound: Bound, target: Target, limits: list[tuple[str, Value]]) -> str:
    """Return the runs whose param is beyond, or within, all limits: `(">=", low)`."""
    numbers = [ordered(bound, value) for _, value in limits]
    if all(number is not None for number in numbers):
        tests = _numeric("p.number", "j.value", bound, limits, numbers)
    elif any(number is not None for number in numbers):
        raise bound.fail(limits[-1][1], "a range goes from number to number or from text to text")
    else:
        texts = [(sign, bound.put(value.text)) for sign, value in limits]
        row = " AND ".join(f"p.text {sign} {text}" for sign, text in texts)
        member = " AND ".join(f"j.value {sign} {text}" for sign, text in texts)
        tests = [f"{row} AND p.type = 'str'", _member(f"j.type = 'text' AND {member}")]
    return _params(target.rows, tests) if target.rows is not None else "0"


def _numeric(
    row: str,
    member: str,
    bound: Bound,
    limits: list[tuple[str, Value]],
    numbers: list[int | float | None],
) -> list[str]:
    if any(number is None or number != number for number in numbers):
        return []
    put = [
        (sign, bound.put(clamped(number or 0)))
        for (sign, _), number in zip(limits, numbers, strict=True)
    ]
    tests = [
        " AND ".join(f"{column} {sign} {name}" for sign, name in put) for column in (row, member)
    ]
    return [tests[0], _member(f"{_NUMERIC} AND {tests[1]}")]


def _params(rows: Logged, tests: list[str]) -> str:
    if not tests:
        return "0"
    head = f"SELECT p.run FROM {rows.table} AS p WHERE {rows.where('p')} AND"
    parts = [f"{head} {test}" for test in tests]
    return f"r.id IN ({' UNION ALL '.join(parts)})"


def _param_numbers(bound: Bound, values: list[Value]) -> list[str]:
    """Return tests for what the values say apart from their letters."""
    bare = [value.text for value in values if not value.quoted]
    tests = [_WORDS[text.lower()] for text in bare if text.lower() in _WORDS]
    numbers = [number for number in map(units.number, bare) if number is not None]
    finite = [number for number in numbers if number == number]
    if len(finite) < len(numbers):
        tests.append("p.text = 'NaN' AND p.type = 'float'")
    small: list[object] = [number for number in finite if abs(number) < 2**53]
    if small:
        tests.append(one_of(bound, "p.number", small))
    for number in finite:
        if abs(number) >= 2**53:
            tests += _large(bound, number)
    return tests


def _large(bound: Bound, number: int | float) -> list[str]:
    # Whole numbers beyond 2 ** 53 are kept digit by digit, beside a number that is near.
    tests = []
    if (value := sized(number)) is not None:
        kinds = "('int', 'float')" if abs(number) == 2**53 else "('float')"
        near = bound.put(float(value))
        tests.append(f"p.number = {near} AND p.text IS NULL AND p.type IN {kinds}")
    if isinstance(number, int):
        tests.append(f"p.text = {bound.put(str(number))} AND p.type = 'int'")
    return tests


def _exact_texts(bound: Bound, values: list[Value]) -> list[str]:
    short: list[object] = [value.text for value in values if len(value.text) < LONG_TEXT]
    tests = [one_of(bound, "p.text", short)] if short else []
    for value in values:
        if len(value.text) == LONG_TEXT:
            tests.append(f"p.text = {bound.put(value.text)} AND p.digest IS NULL")
        elif len(value.text) > LONG_TEXT:
            digest = hashlib.sha256(value.text.encode("utf-8", "replace")).digest()
            head = bound.put(value.text[:LONG_TEXT])
            tests.append(f"p.text = {head} AND p.digest = {bound.put(digest)}")
    return tests


def _liked(bound: Bound, value: Value) -> Test:
    pattern = bound.put(like_pattern(value))
    return lambda column: f"{column} LIKE {pattern} ESCAPE '\\'"


def _on_whole(rows: Logged, test: Test) -> list[str]:
    """Return a test of the text in the row, and one of the text that goes on elsewhere."""
    # The long ones are sought in the index alone: few params have any.
    long = (
        f"p.run IN (SELECT l.run FROM {rows.table} AS l WHERE {rows.where('l')} "
        f"AND l.text >= '' AND length(l.text) >= {LONG_TEXT})"
    )
    return [
        f"length(p.text) < {LONG_TEXT} AND {test('p.text')}",
        f"{long} AND {test(_WHOLE)}",
    ]


def _member(test: str) -> str:
    """Return the test whether any member of a list fits."""
    # JSON of a list begins with a bracket: few texts do, and the index knows them.
    return (
        "p.text >= '[' AND p.text < '\\' AND p.type = 'list' "
        f"AND EXISTS (SELECT 1 FROM {_MEMBERS} AS j WHERE {test})"
    )


def _member_is(bound: Bound, values: list[Value], *, loose: bool) -> str:
    tests = []
    for value in values:
        if loose or is_pattern(value):
            test = f"j.value LIKE {bound.put(like_pattern(value))} ESCAPE '\\'"
        else:
            test = f"j.value = {bound.put(value.text)}"
        tests.append(f"j.type = 'text' AND {test}")
        number = None if value.quoted else units.number(value.text)
        if number is not None and number == number and sized(number) is not None:
            tests.append(f"{_NUMERIC} AND j.value = {bound.put(sized(number))}")
        if not value.quoted and value.text.lower() in _SWITCHES:
            tests.append(f"j.type = '{value.text.lower()}'")
    return any_of([f"({test})" for test in tests])


# -- metrics


def metric_is(bound: Bound, target: Target, values: list[Value]) -> str:
    column, tests = COLUMNS[target.statistic], []
    for value in values:
        number = wanted_number(bound, value, _metric_name(target))
        if number == number:
            tests.append(_metric_test(bound, target, "=", number))
        elif target.statistic in ("last", "first"):
            tests.append(f"{column} IS NULL")
    return _metrics(target, any_of(tests))


def metric_within(bound: Bound, target: Target, limits: list[tuple[str, Value]]) -> str:
    name = _metric_name(target)
    tests = [
        _metric_test(bound, target, sign, wanted_number(bound, value, name))
        for sign, value in limits
    ]
    return _metrics(target, " AND ".join(tests))


def _metric_test(bound: Bound, target: Target, sign: str, number: int | float) -> str:
    if number != number:
        return "0"
    if target.statistic == "std":
        number = number * abs(number)
    return f"{COLUMNS[target.statistic]} {sign} {bound.put(clamped(number))}"


def _metric_name(target: Target) -> str:
    return f"{target.name}.{target.statistic}"


def _metrics(target: Target, test: str) -> str:
    rows = target.rows
    if rows is None:
        return "0"
    return f"r.id IN (SELECT m.run FROM {rows.table} AS m WHERE {rows.where('m')} AND {test})"


# -- facts


def fact_is(
    store: Store, bound: Bound, target: Target, values: list[Value], *, loose: bool = False
) -> str:
    tests = []
    for value in values:
        number = None if value.quoted else units.number(value.text)
        if number is not None and number == number and sized(number) is not None:
            tests.append(f"f.number = {bound.put(sized(number))}")
    if target.name in _HASHES:
        tests += [_hash_test(bound, value) for value in values]
    elif loose:
        tests += [text_test(bound, "f.text", ":", value, part=True) for value in values]
    elif _is_versioned(target) and not any(map(is_pattern, values)):
        tests.append(_versions(store, bound, target, [("=", values)]))
    else:
        tests.append(text_is(bound, "f.text", values))
    return _facts(bound, target, any_of(tests))


def fact_matches(bound: Bound, target: Target, value: Value) -> str:
    return _facts(bound, target, text_test(bound, "f.text", "~", value))


def fact_within(store: Store, bound: Bound, target: Target, limits: list[tuple[str, Value]]) -> str:
    if _is_versioned(target):
        wanted = [(sign, [value]) for sign, value in limits]
        return _facts(bound, target, _versions(store, bound, target, wanted))
    numbers = [ordered(bound, value) for _, value in limits]
    if all(number is not None for number in numbers):
        tests = _numeric("f.number", "f.number", bound, limits, numbers)[:1] or ["0"]
        return _facts(bound, target, tests[0])
    tests = [f"f.text {sign} {bound.put(value.text)}" for sign, value in limits]
    return _facts(bound, target, " AND ".join(["f.number IS NULL", *tests]))


def _is_versioned(target: Target) -> bool:
    return target.name in _VERSIONED or target.name.startswith("package.")


def _versions(
    store: Store, bound: Bound, target: Target, limits: list[tuple[str, list[Value]]]
) -> str:
    """Return the test for the recorded versions that fit, which are few."""
    keys = one_of(inner := Bound(bound.query), "key", list(target.keys)) if target.keys else "0"
    known = store.read(
        f"SELECT DISTINCT text FROM fact WHERE {keys}", inner.values if target.keys else {}
    )
    fitting: list[object] = [
        text
        for (text,) in known
        if all(
            any(_compares(units.version(text), sign, units.version(value.text)) for value in values)
            for sign, values in limits
        )
    ]
    return one_of(bound, "f.text", fitting) if fitting else "0"


def _compares(left: tuple[object, ...], sign: str, right: tuple[object, ...]) -> bool:
    match sign:
        case "=":
            return left == right
        case "<":
            return left < right
        case "<=":
            return left <= right
        case ">":
            return left > right
        case _:
            return left >= right


def _hash_test(bound: Bound, value: Value) -> str:
    """Return the test whether a hash begins so, with or without the name of its kind."""
    pattern = like_pattern(value)
    names = [bound.put(f"{pattern}%"), bound.put(f"%:{pattern}%")]
    return any_of([f"f.text LIKE {name} ESCAPE '\\'" for name in names])


def _facts(bound: Bound, target: Target, test: str) -> str:
    if not target.keys or test == "0":
        return "0"
    keys = one_of(bound, "f.key", list(target.keys))
    return (
        "r.id IN (SELECT b.run FROM fact AS f JOIN run_body AS b ON b.body = f.body "
        f"WHERE {keys} AND {test})"
    )


# -- tags with a key


def tag_is(bound: Bound, target: Target, values: list[Value], *, loose: bool = False) -> str:
    tests = []
    head = like(f"{target.name}:")
    plain: list[object] = []
    for value in values:
        if loose or is_pattern(value):
            name = bound.put(head + like_pattern(value))
            tests.append(f"t.tag LIKE {name} ESCAPE '\\'")
        else:
            plain.append(f"{target.name}:{value.text}")
    if plain:
        tests.append(one_of(bound, "t.tag", plain))
    return tags(any_of(tests))


def tag_test(bound: Bound, target: Target, limits: list[tuple[str, Value]]) -> str:
    """Return the runs with a tag of this key whose rest fits all limits, or a regex."""
    rest = f"substr(t.tag, {len(target.name) + 2})"
    tests = [text_test(bound, rest, sign, value) for sign, value in limits]
    return tags(" AND ".join([keyed(bound, target.name), *tests]))


def keyed(bound: Bound, name: str) -> str:
    """Return the test for tags of a key."""
    return f"t.tag >= {bound.put(f'{name}:')} AND t.tag < {bound.put(f'{name};')}"


def tags(test: str) -> str:
    return f"r.id IN (SELECT t.run FROM tag AS t WHERE {test})"


# -- having a field at all


def has(bound: Bound, target: Target) -> str:
    """Return the runs that have a param, metric, fact or key of a tag."""
    if target.kind == "tag":
        return tags(keyed(bound, target.name))
    if not target.keys:
        return "0"
    if target.kind == "metric":
        test = "1"
        if target.statistic in ("min", "max", "mean"):
            test = f"m.{target.statistic} IS NOT NULL"
        elif target.statistic == "std":
            test = "m.count - m.nan - m.inf >= 2"
        return _metrics(target, test)
    if target.kind == "fact":
        return _facts(bound, target, "1")
    return _params(target.rows, ["1"]) if target.rows is not None else "0"
