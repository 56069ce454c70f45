"""Which columns a table of some runs may have: how many runs fill each, and whether it differs.

Exact for any selection. Where most runs of a store are selected, each name is counted along
its index and what the others hold is taken off again; where few are, their rows are read.
Both cost a fraction of joining a hundred thousand runs with their params.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from tui_tracker.queries.answers import RunKey
from tui_tracker.queries.columns import ColumnSpec, NamedKind, PlainKind
from tui_tracker.queries.rows import METRIC_KIND, PARAM_KIND, SYSTEM_KIND, marks
from tui_tracker.queries.selection import EVERYTHING, Selection, list_run_keys
from tui_tracker.store import Store

_LONG_TEXT = 512
"""A text of so many characters may be the beginning of a longer one."""
_VALUES = {"param": ("number", "text"), "metric": ("last", "min", "max")}
_KINDS = {"param": PARAM_KIND, "metric": METRIC_KIND}


@dataclass(frozen=True, slots=True)
class ColumnChoice:
    """A column that some of the selected runs have something to show in."""

    spec: ColumnSpec
    runs: int
    """That have it."""
    differs: bool
    """Two of the selected runs have other values, or one has none."""


class Held(NamedTuple):
    """One interned name in the selected runs."""

    key: int
    runs: int
    differs: bool
    """Between the runs that have it."""


class Chosen:
    """The selected runs, and those beside them in the store."""

    def __init__(self, store: Store, selection: Selection) -> None:
        self.store = store
        self.keys = list_run_keys(store, selection)
        self.count = len(self.keys)
        ((everything,),) = store.read("SELECT count(*) FROM run")
        self.mostly = everything - self.count < self.count
        """Fewer runs are left out than taken."""
        self.listed = marks(self._others() if self.mostly else self.keys)
        """The smaller of the two sets, as JSON."""

    def _others(self) -> Iterable[RunKey]:
        taken = set(self.keys)
        return [key for (key,) in self.store.read("SELECT id FROM run") if key not in taken]


def list_choices(store: Store, selection: Selection = EVERYTHING) -> list[ColumnChoice]:
    """Return the columns that the selected runs can fill: plain ones, metrics, params, tags.

    The most frequent metrics and params first, ties by name.
    """
    chosen = Chosen(store, selection)
    if not chosen.count:
        return []
    kinds: tuple[NamedKind, ...] = ("metric", "param")
    return [
        *_plain(chosen),
        *(
            ColumnChoice(ColumnSpec(kind, label), held.runs, _differs(held, chosen))
            for kind in kinds
            for label, held in by_frequency(store, count_names(chosen, kind))
        ),
        *_tags(chosen),
    ]


def list_columns(store: Store, selection: Selection = EVERYTHING) -> tuple[list[str], list[str]]:
    """Return the names of params and the labels of metrics that any selected run has.

    The most frequent first, ties by name.
    """
    chosen = Chosen(store, selection)
    params, metrics = (
        [label for label, _ in by_frequency(store, count_names(chosen, table, differs=False))]
        for table in ("param", "metric")
    )
    return params, metrics


def count_names(chosen: Chosen, table: str, *, differs: bool = True) -> list[Held]:
    """Return the names of a table (`param` or `metric`) that the chosen runs have.

    Without `differs` that is not looked at, and False.
    """
    if not chosen.mostly:
        return _count_rows(chosen, table)
    # Names that have aliases are read through views, which have no indexes.
    index = "" if chosen.store.viewed else f"INDEXED BY {table}_by_{_VALUES[table][0]}"
    counts: dict[int, int] = dict(
        chosen.store.read(f"SELECT key, count(*) FROM {table} {index} GROUP BY key")
    )
    for key, count in chosen.store.read(
        f"SELECT key, count(*) FROM {table} WHERE run IN (SELECT value FROM json_each(?)) "
        "GROUP BY key",
        (chosen.listed,),
    ):
        counts[key] -= count
    return [
        Held(key, count, differs and _has_two(chosen, table, key, count))
        for key, count in counts.items()
        if count
    ]


def by_frequency(store: Store, held: Sequence[Held]) -> list[tuple[str, Held]]:
    """Return names with their labels, the most frequent first, ties by label."""
    labels = {
        key: f"{name}@{context}" if context else name
        for key, name, context in store.read(
            "SELECT id, name, context FROM key WHERE kind != ?", (SYSTEM_KIND,)
        )
    }
    # What the machine was busy with lies in the table of metrics and is none of them.
    named = [(labels[one.key], one) for one in held if one.key in labels]
    return sorted(named, key=lambda pair: (-pair[1].runs, pair[0]))


def _differs(held: Held, chosen: Chosen) -> bool:
    return held.differs or held.runs < chosen.count


def _count_rows(chosen: Chosen, table: str) -> list[Held]:
    """Count names by reading the rows of the chosen runs."""
    columns = _VALUES[table]
    other = " OR ".join(
        f"min({c}) <> max({c}) OR count({c}) BETWEEN 1 AND count(*) - 1" for c in columns
    )
    if table == "param":
        # A param is a number or a text, rarely both (the digits of a huge number) or
        # neither (None): no value is in common to two of these.
        other = (
            "min(number) <> max(number) OR min(text) <> max(text) OR "
            "count(DISTINCT coalesce(hex(digest), '')) > 1 OR "
            "count(DISTINCT (number IS NULL) * 2 + (text IS NULL)) > 1"
        )
    rows = chosen.store.read(
        f"SELECT key, count(*), coalesce({other}, 0) FROM {table} "
        "WHERE run IN (SELECT value FROM json_each(?)) GROUP BY key",
        (chosen.listed,),
    )
    return [Held(key, count, bool(differs)) for key, count, differs in rows]


def _has_two(chosen: Chosen, table: str, key: int, count: int) -> bool:
    """Return whether two chosen runs have other values of one name, stepping along indexes."""
    if count < 2:
        return False
    if table == "metric":
        return any(_two_along(chosen, table, key, column) for column in _VALUES[table])
    if _two_along(chosen, table, key, "number") or _two_along(chosen, table, key, "text"):
        return True
    longest = chosen.store.read("SELECT max(text) FROM param WHERE key=?", (key,))[0][0] or ""
    if len(longest) < _LONG_TEXT:
        return False
    rows = chosen.store.read(
        "SELECT count(DISTINCT coalesce(hex(digest), '')) FROM param WHERE key=? AND run NOT IN "
        "(SELECT value FROM json_each(?))",
        (key, chosen.listed),
    )
    return bool(rows[0][0] > 1)


def _two_along(chosen: Chosen, table: str, key: int, column: str) -> bool:
    """Return whether two values (NULL is one) of an indexed column are those of chosen runs."""
    own = "AND run NOT IN (SELECT value FROM json_each(:listed))"
    found = 0
    bound: dict[str, object] = {"key": key, "listed": chosen.listed}
    if chosen.store.read(
        f"SELECT 1 FROM {table} WHERE key=:key AND {column} IS NULL {own} LIMIT 1", bound
    ):
        found = 1
    at: object = None
    while found < 2:
        beyond = "IS NOT NULL" if at is None else "> :at"
        rows = chosen.store.read(
            f"SELECT {column} FROM {table} WHERE key=:key AND {column} {beyond} {own} "
            f"ORDER BY {column} LIMIT 1",
            bound | ({} if at is None else {"at": at}),
        )
        if not rows:
            return False
        found, at = found + 1, rows[0][0]
    return True


def _plain(chosen: Chosen) -> list[ColumnChoice]:
    """Return the columns that every run has, and host, user and notes where one has them."""
    taken = f"id {'NOT ' if chosen.mostly else ''}IN (SELECT value FROM json_each(:listed))"
    of_taken = taken.replace("id", "run", 1)
    bound = {"listed": chosen.listed}
    ((experiments, statuses, hosts, hosted, users, used, ended, names),) = chosen.store.read(
        "SELECT count(DISTINCT experiment), count(DISTINCT status), count(DISTINCT host), "
        "coalesce(sum(host <> ''), 0), count(DISTINCT \"user\"), coalesce(sum(\"user\" <> ''), 0), "
        f"count(ended_ms), min(name) <> max(name) FROM run WHERE {taken}",
        bound,
    )
    ((noted,),) = chosen.store.read(f"SELECT count(DISTINCT run) FROM note WHERE {of_taken}", bound)
    ((tagged,),) = chosen.store.read(f"SELECT count(DISTINCT run) FROM tag WHERE {of_taken}", bound)
    many = chosen.count > 1
    counts: dict[PlainKind, tuple[int, bool]] = {
        "status": (chosen.count, statuses > 1),
        "name": (chosen.count, bool(names)),
        "experiment": (chosen.count, experiments > 1),
        "started": (chosen.count, many),
        "ended": (ended, many),
        "duration": (chosen.count, many),
        "tags": (tagged, many and tagged > 0),
        "notes": (noted, many and noted > 0),
        "host": (hosted, hosts > 1),
        "user": (used, users > 1),
        "id": (chosen.count, many),
    }
    return [
        ColumnChoice(ColumnSpec(kind), runs, differs)
        for kind, (runs, differs) in counts.items()
        if runs
    ]


def _tags(chosen: Chosen) -> list[ColumnChoice]:
    """Return the keys of tags that read `key:value`."""
    away = "NOT " if chosen.mostly else ""
    rows = chosen.store.read(
        "SELECT substr(tag, 1, instr(tag, ':') - 1) AS k, count(DISTINCT run), "
        "count(DISTINCT tag) FROM tag WHERE instr(tag, ':') > 1 AND "
        f"run {away}IN (SELECT value FROM json_each(?)) GROUP BY k ORDER BY 2 DESC, 1",
        (chosen.listed,),
    )
    return [
        ColumnChoice(ColumnSpec("tag", key), runs, values > 1 or runs < chosen.count)
        for key, runs, values in rows
    ]
