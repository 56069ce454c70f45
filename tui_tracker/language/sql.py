"""From a tree to a condition on runs: SQL text with named parameters, and what they bind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from tui_tracker.language import own, rows
from tui_tracker.language.audits import AuditFields
from tui_tracker.language.matching import MOST_VALUES, Bound, any_of, like
from tui_tracker.language.parser import STATUSES
from tui_tracker.language.targets import Target, Targets
from tui_tracker.language.tree import (
    And,
    Between,
    Compare,
    Has,
    Is,
    Missing,
    Node,
    Not,
    OneOf,
    Or,
    Query,
    Text,
    Value,
    terms,
)
from tui_tracker.store import Store


@dataclass(frozen=True, slots=True)
class Condition:
    """Which runs a query fits, as SQL on `run AS r`."""

    sql: str
    bound: dict[str, object]
    archived: bool
    """The query speaks of archived runs, so they are not left out beforehand."""


def condition(
    query: Query, store: Store, now: datetime | None = None, *, prefix: str = "q"
) -> Condition:
    """Return the condition of a query in a store.

    `now` is what `2 days ago` counts from; its zone is that of times without one.
    `prefix` begins the names that it binds.

    Raises:
        QueryError: a field is in no run of the store, or a value does not fit its field.
    """
    if query.tree is None:
        return Condition("1", {}, archived=False)
    writer = _Writer(
        store, Bound(query.text or str(query), prefix), now or datetime.now().astimezone()
    )
    sql = writer.node(query.tree)
    return Condition(sql, writer.bound.values, _speaks_of_archived(query.tree))


def _speaks_of_archived(tree: Node) -> bool:
    for term in terms(tree):
        if isinstance(term, Is) and term.word == "archived":
            return True
        field = getattr(term, "field", None)
        if field is not None and (field.name, field.kind, field.exact) == ("archived", "", False):
            return True
    return False


class _Writer:
    """Writes one query."""

    def __init__(self, store: Store, bound: Bound, now: datetime) -> None:
        self._store, self.bound, self._now = store, bound, now
        self._targets = Targets(store, bound.query)
        self._own = own.OwnFields(bound, now)
        self._audits = AuditFields(store, bound)

    def node(self, node: Node) -> str:
        if isinstance(node, Not):
            return f"NOT {self.node(node.part)}"
        if isinstance(node, (And, Or)):
            word = " AND " if isinstance(node, And) else " OR "
            return f"({word.join(map(self.node, node.parts))})"
        return f"({self._terms[type(node)](self, node)})"

    def _text(self, term: Text) -> str:
        """Return the runs that a free word is found in."""
        word = like(term.text)
        name = self.bound.put(f"%{word}%")
        found = f"LIKE {name} ESCAPE '\\'"
        # What the run's own row tells stands first: where it fits, no set is looked into.
        # Each other is a set of its own: names, tags and notes are read from their indexes.
        statuses = [status for status in STATUSES if term.text.lower() in status]
        status = f"r.status IN ({', '.join(map(self.bound.put, statuses))})"
        tests = [
            *([status] if statuses else ()),
            f"r.experiment IN (SELECT x.id FROM experiment AS x WHERE x.name {found})",
            f"r.id IN (SELECT n.id FROM run AS n WHERE n.name {found})",
            # In the order of runs a set is made in half the time that it takes by tags.
            f"r.id IN (SELECT DISTINCT t.run FROM tag AS t NOT INDEXED WHERE t.tag {found})",
            f"r.id IN (SELECT o.run FROM note AS o WHERE o.text {found})",
        ]
        if digits := own.id_digits(term.text):
            there = f"LIKE {self.bound.put(f'%{digits}%')}"
            if len(digits) == 1:
                # It is in nearly each id: quicker looked for in the row than in a set of all.
                tests.insert(-2, f"hex(r.uuid) {there}")
            else:
                tests.append(f"r.id IN (SELECT u.id FROM run AS u WHERE hex(u.uuid) {there})")
        return " OR ".join(tests)

    def _is(self, term: Is) -> str:
        if term.word == "archived":
            return "r.archived_ms IS NOT NULL"
        if term.word == "starred":
            return rows.tags("t.tag = 'star'")
        if term.word == "dirty":
            target = self._targets.find(own.DIRTY)
            return rows.fact_is(self._store, self.bound, target, [Value("true")])
        return f"r.status = {self.bound.put(term.word)}"

    def _has(self, term: Has) -> str:
        target = self._targets.find(term.field, lacking=True)
        if target.keys or target.kind != "param" or term.field.kind or term.field.exact:
            return self._having(target)
        below = self._targets.branch(term.field.name)
        return any_of([self._having(part) for part in below])

    def _missing(self, term: Missing) -> str:
        return f"NOT ({self._has(Has(term.field))})"

    def _having(self, target: Target) -> str:
        if target.kind == "own":
            return self._own.has(target.name)
        if target.kind == "audit":
            return self._audits.has(target.name)
        return rows.has(self.bound, target)

    def _compare(self, term: Compare) -> str:
        target = self._targets.find(term.field)
        sign = term.operator
        if sign in ("!=", "!~"):
            positive = "=" if sign == "!=" else "~"
            base = self._positive(target, positive, term.value)
            if (target.kind, target.name) == ("audit", "audit") or (
                target.kind == "own" and target.name in own.SETS
            ):
                return f"NOT ({base})"
            return f"({self._having(target)}) AND NOT ({base})"
        return self._positive(target, sign, term.value)

    def _positive(self, target: Target, sign: str, value: Value) -> str:
        if sign in ("=", ":"):
            return self._equal(target, [value], loose=sign == ":")
        if sign == "~":
            return self._matches(target, value)
        return self._within(target, [(sign, value)])

    def _one_of(self, term: OneOf) -> str:
        target = self._targets.find(term.field)
        if len(term.values) > MOST_VALUES:
            raise self.bound.fail(term.values[MOST_VALUES], f"more than {MOST_VALUES} values")
        return self._equal(target, list(term.values), loose=False)

    def _between(self, term: Between) -> str:
        target = self._targets.find(term.field)
        limits = [(">=", term.low), ("<=", term.high)]
        return self._within(target, [(sign, value) for sign, value in limits if value is not None])

    def _equal(self, target: Target, values: list[Value], *, loose: bool) -> str:
        match target.kind:
            case "own":
                return self._own.equal(target.name, values, loose=loose)
            case "audit":
                return self._audits.equal(target.name, values)
            case "param":
                return rows.param_is(self.bound, target, values, loose=loose)
            case "metric":
                return rows.metric_is(self.bound, target, values)
            case "fact":
                return rows.fact_is(self._store, self.bound, target, values, loose=loose)
            case _:
                return rows.tag_is(self.bound, target, values, loose=loose)

    def _matches(self, target: Target, value: Value) -> str:
        match target.kind:
            case "own":
                return self._own.matches(target.name, value)
            case "audit":
                return self._audits.matches(target.name, value)
            case "param":
                return rows.param_matches(self.bound, target, value)
            case "metric":
                raise self.bound.fail(value, f"{target.name} is a number, and no regex fits it")
            case "fact":
                return rows.fact_matches(self.bound, target, value)
            case _:
                return rows.tag_test(self.bound, target, [("~", value)])

    def _within(self, target: Target, limits: list[tuple[str, Value]]) -> str:
        match target.kind:
            case "own":
                return self._own.within(target.name, limits)
            case "audit":
                return self._audits.within(target.name, limits)
            case "param":
                return rows.param_within(self.bound, target, limits)
            case "metric":
                return rows.metric_within(self.bound, target, limits)
            case "fact":
                return rows.fact_within(self._store, self.bound, target, limits)
            case _:
                return rows.tag_test(self.bound, target, limits)

    _terms = cast(
        "dict[type, Callable[[_Writer, Node], str]]",
        {
            Text: _text,
            Is: _is,
            Has: _has,
            Missing: _missing,
            Compare: _compare,
            OneOf: _one_of,
            Between: _between,
        },
    )
