"""The fields of a store that queries, columns and sorts can name, and the values they have."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast

from tui_tracker.fact_rows import KIND as FACT_KIND
from tui_tracker.judged import FIELDS as AUDIT_FIELDS
from tui_tracker.judged import PROOF, fresh_profile
from tui_tracker.language import parse
from tui_tracker.language.complete import written_field, written_value
from tui_tracker.language.rows import COLUMNS, FINITE
from tui_tracker.language.sql import condition
from tui_tracker.language.targets import OWN, Target, Targets
from tui_tracker.language.tokens import Reader
from tui_tracker.language.tree import Field
from tui_tracker.queries.selection import EVERYTHING, Selection, selection_sql
from tui_tracker.store import Store

FieldKind = Literal["run", "param", "metric", "system", "fact", "tag"]

_KINDS: dict[int, FieldKind] = {0: "param", 1: "metric", 2: "system", FACT_KIND: "fact"}
_TABLES = {
    "param": ("param", "SELECT key, count(*) FROM param GROUP BY key"),
    "metric": ("metric", "SELECT key, count(*) FROM metric GROUP BY key"),
    "fact": (
        "fact",
        "SELECT f.key, count(*) FROM fact AS f "
        "JOIN run_body AS b ON b.body = f.body GROUP BY f.key",
    ),
}
_PERIODS = ("today..", "yesterday..", "7 days ago..", "30 days ago..", "..30 days ago")
_LENGTHS = ("..1min", "1min..10min", "10min..1h", "1h..1d", "1d..")
MANY_VALUES = 24
"""More different numbers than this are told as ranges."""
_PARTS = 4
"""Ranges of as many runs each."""
_NO_VALUES = frozenset(("id", "parent", "note", "reason", "points", "archived", "starred"))


@dataclass(frozen=True, slots=True)
class FieldInfo:
    """A field that a query can name."""

    name: str
    kind: FieldKind
    runs: int | None
    """How many runs have it; None where nobody counted."""
    says: str
    """What the run's own fields mean; "" for others."""

    @property
    def written(self) -> str:
        """As it stands in a query."""
        return self.name if self.kind == "run" else written_field(self.name)


@dataclass(frozen=True, slots=True)
class ValueCount:
    """A value of a field, or a range of its values, and how many runs have it."""

    text: str
    runs: int
    is_range: bool = False
    """`text` is `low..high`."""

    @property
    def written(self) -> str:
        """As it stands in a query."""
        return self.text if self.is_range else written_value(self.text)


@dataclass(frozen=True, slots=True)
class FieldValues:
    """The values that the runs of a selection have of one field."""

    field: str
    """As it stands in a query."""
    kind: FieldKind
    values: tuple[ValueCount, ...]
    """The most frequent first; ranges in their order."""
    different: int
    """How many values there are, also those that are not told."""
    missing: int
    """Runs that lack the field."""


def list_fields(store: Store, *, count: bool = False) -> list[FieldInfo]:
    """Return the run's own fields, metrics, params, facts, keys of tags, what an audit says.

    `count` tells how many runs have each, which reads all params and metrics.
    """
    found = [FieldInfo(name, "run", None, says) for name, says in OWN.items()]
    runs: dict[str, dict[int, int]] = {kind: {} for kind in _KINDS.values()}
    if count:
        for kind, (_, sql) in _TABLES.items():
            runs[kind] = dict(store.read(sql))
        runs["system"] = runs["metric"]
    keys = store.read("SELECT id, kind, name, context FROM key ORDER BY name, context")
    for wanted in ("metric", "param", "fact", "system"):
        for key, number, name, context in keys:
            if _KINDS.get(number) == wanted:
                label = f"{name}@{context}" if context else name
                known = runs[wanted].get(key, 0) if count else None
                found.append(FieldInfo(label, wanted, known, ""))
    found += [FieldInfo(name, "tag", n, "") for name, n in _tag_keys(store)]
    return found + [FieldInfo(name, "run", None, says) for name, says in AUDIT_FIELDS.items()]


def list_values(
    store: Store,
    field: str,
    selection: Selection = EVERYTHING,
    *,
    limit: int = 100,
    prefix: str = "",
    ranges: bool = True,
) -> FieldValues:
    """Return the values that the selected runs have of a field, with their counts.

    Numbers of which there are many different ones, and times, are told as ranges; without
    `ranges` numbers are told one by one. `prefix` takes only the values that begin so, case
    ignored.

    Raises:
        QueryError: no run has the field, or the selection's query cannot be read.
    """
    known, named = _read_field(store, field)
    where, bound = selection_sql(store, selection)
    chosen = "SELECT r.id FROM run AS r JOIN experiment AS e ON e.id = r.experiment WHERE " + where
    asked = _Asked(store, chosen, bound, prefix.lower(), ranges=ranges and not prefix)
    values = asked.values(known, str(named))
    (total,) = store.read(f"SELECT count(*) FROM ({chosen})", bound)[0]
    missing = asked.missing(str(named))
    kind: FieldKind = "run"
    if known.kind not in ("own", "audit"):
        kind = cast("FieldKind", known.kind)
    return FieldValues(field, kind, tuple(values[:limit]), len(values), min(missing, total))


def _read_field(store: Store, text: str) -> tuple[Target, Field]:
    reader = Reader(text)
    field = reader.field()
    if reader.at < len(text):
        field = Field(text, exact=True)
    return Targets(store, text).find(field), field


def _tag_keys(store: Store) -> list[tuple[str, int]]:
    return [
        (name, runs)
        for name, runs in store.read(
            "SELECT substr(tag, 1, instr(tag, ':') - 1) AS name, count(DISTINCT run) FROM tag "
            "WHERE instr(tag, ':') > 1 GROUP BY name ORDER BY name"
        )
    ]


class _Asked:
    """The values of some runs."""

    def __init__(
        self, store: Store, chosen: str, bound: dict[str, Any], prefix: str, *, ranges: bool
    ) -> None:
        self._store, self._chosen, self._bound, self._prefix = store, chosen, bound, prefix
        self._ranges = ranges

    def values(self, target: Target, field: str) -> list[ValueCount]:
        if target.kind == "own":
            return self._own(target.name, field)
        if target.kind == "audit":
            return self._audited(target.name)
        rows = self._rows(_value_sql(target), target)
        if target.kind == "metric" and target.statistic == "std":
            # A square root is no part of every SQLite.
            rows = [(None, math.sqrt(variance), kind, n) for _, variance, kind, n in rows]
        counts = [(_value_text(text, number, kind), n) for text, number, kind, n in rows]
        counts = [(text, n) for text, n in counts if text.lower().startswith(self._prefix)]
        numbers = [
            (number, n) for text, number, _, n in rows if text is None and number is not None
        ]
        if len(numbers) > MANY_VALUES and len(numbers) == len(rows) and self._ranges:
            return _ranges(numbers)
        return [ValueCount(text, n) for text, n in sorted(counts, key=lambda row: -row[1])]

    def missing(self, field: str) -> int:
        return self._count(f"missing:{field}")

    def _count(self, query: str) -> int:
        """Return how many of the runs fit a query as well."""
        found = condition(parse(query), self._store, prefix="also")
        sql = f"SELECT count(*) FROM run AS r WHERE r.id IN ({self._chosen}) AND {found.sql}"
        return int(self._store.read(sql, {**self._bound, **found.bound})[0][0])

    def _own(self, name: str, field: str) -> list[ValueCount]:
        if name in ("started", "ended", "duration"):
            periods = _LENGTHS if name == "duration" else _PERIODS
            counts = [(text, self._count(f"{field} in {text}")) for text in periods]
            return [ValueCount(text, n, is_range=True) for text, n in counts if n]
        if name in _NO_VALUES:
            return []
        rows = self._store.read(
            f"{_OWN_SQL[name].format(chosen=self._chosen)} ORDER BY count(*) DESC, 1", self._bound
        )
        return [
            ValueCount(text, n)
            for text, n in rows
            if text and text.lower().startswith(self._prefix)
        ]

    def _audited(self, name: str) -> list[ValueCount]:
        """Return the grades, proofs or numbers of findings in their order, rules by count."""
        if name == "proof":
            sql = (
                f"SELECT {PROOF}, count(*) FROM run AS r WHERE r.id IN ({self._chosen}) GROUP BY 1"
            )
            return [ValueCount(text, n) for text, n in self._store.read(sql, self._bound)]
        profile = fresh_profile(self._store)
        column = "rules" if name == "audit" else name
        rows = self._store.read(
            f"SELECT a.{column}, count(*) FROM audit AS a WHERE a.profile = :profile "
            f"AND a.run IN ({self._chosen}) GROUP BY 1",
            {**self._bound, "profile": profile},
        )
        if name != "audit":
            counts = [(str(value), n) for value, n in rows]
        else:
            rules: Counter[str] = Counter()
            for ids, n in rows:
                rules.update(dict.fromkeys(ids.split(), n))
            counts = rules.most_common()
        return [ValueCount(text, n) for text, n in counts if text.lower().startswith(self._prefix)]

    def _rows(self, sql: str, target: Target) -> Sequence[Any]:
        if not target.keys and target.kind != "tag":
            return []
        bound = {**self._bound, "keys": f"[{','.join(map(str, target.keys))}]"}
        bound |= {"low": f"{target.name}:", "high": f"{target.name};", "skip": len(target.name) + 2}
        return self._store.read(sql.format(chosen=self._chosen), bound)


_OWN_SQL = {
    "name": "SELECT r.name, count(*) FROM run AS r WHERE +r.id IN ({chosen}) GROUP BY r.name",
    "status": "SELECT r.status, count(*) FROM run AS r WHERE +r.id IN ({chosen}) GROUP BY 1",
    "host": "SELECT r.host, count(*) FROM run AS r WHERE +r.id IN ({chosen}) GROUP BY 1",
    "user": 'SELECT r."user", count(*) FROM run AS r WHERE +r.id IN ({chosen}) GROUP BY 1',
    "experiment": "SELECT x.name, count(*) FROM run AS r JOIN experiment AS x "
    "ON x.id = r.experiment WHERE +r.id IN ({chosen}) GROUP BY x.name",
    "tag": "SELECT t.tag, count(*) FROM tag AS t WHERE +t.run IN ({chosen}) GROUP BY t.tag",
    "artifact": "SELECT a.path, count(DISTINCT a.run) FROM artifact AS a "
    "WHERE a.run IN ({chosen}) GROUP BY a.path",
}


def _value_sql(target: Target) -> str:
    """Return the SQL of text, number, type and count of the values of a field."""
    keys = "IN (SELECT value FROM json_each(:keys))"
    if target.kind == "param":
        return (
            "SELECT p.text, p.number, p.type, count(*) FROM param AS p "
            f"WHERE p.key {keys} AND +p.run IN ({{chosen}}) GROUP BY p.text, p.number, p.type"
        )
    if target.kind == "metric":
        column = COLUMNS[target.statistic]
        # As in `rows.has`: these are over the finite values, and missing where there is none.
        known = f"{column} IS NOT NULL" if target.statistic in FINITE else "1"
        return (
            f"SELECT NULL, {column}, 'float', count(*) FROM metric AS m "
            f"WHERE m.key {keys} AND +m.run IN ({{chosen}}) AND {known} GROUP BY {column}"
        )
    if target.kind == "fact":
        return (
            "SELECT f.text, f.number, 'str', count(DISTINCT b.run) FROM fact AS f "
            f"JOIN run_body AS b ON b.body = f.body WHERE f.key {keys} "
            "AND +b.run IN ({chosen}) GROUP BY f.text"
        )
    return (
        "SELECT substr(t.tag, :skip), NULL, 'str', count(*) FROM tag AS t "
        "WHERE t.tag >= :low AND t.tag < :high AND +t.run IN ({chosen}) GROUP BY t.tag"
    )


def _value_text(text: str | None, number: float | None, kind: str) -> str:
    if text is not None:
        return text
    if kind == "none":
        return "none"
    if number is None:
        return "nan"
    if kind == "bool":
        return "true" if number else "false"
    return str(int(number)) if kind == "int" else repr(number)


def _ranges(numbers: list[tuple[float, int]]) -> list[ValueCount]:
    """Return ranges that hold about as many runs each, from the smallest numbers up.

    They meet at round numbers; a run that stands just there is in both.
    """
    ordered = sorted(numbers)
    total = sum(n for _, n in ordered)
    edges: list[float] = []
    inside = 0
    for number, n in ordered:
        inside += n
        if inside >= total * (len(edges) + 1) / _PARTS and len(edges) < _PARTS - 1:
            edges.append(float(f"{number:.2g}"))
    edges = sorted(set(edges))
    found = []
    for low, high in zip([None, *edges], [*edges, None], strict=True):
        runs = sum(
            n
            for number, n in ordered
            if (low is None or number >= low) and (high is None or number <= high)
        )
        text = f"{'' if low is None else f'{low:g}'}..{'' if high is None else f'{high:g}'}"
        found.append(ValueCount(text, runs, is_range=True))
    return [count for count in found if count.runs]
