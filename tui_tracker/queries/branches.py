"""Runs as a tree whose levels are chosen when it is looked at: experiments, params, tags, facts.

    experiment, param:optimizer, param:lr, tag:purpose, tags, fact:data.version, status, host,
    user, name, started (by day)

A branch stands for the runs that have its value and those of the branches above it: its
`where`, which a `Selection` takes. The level `experiment` is a tree of its own, because `/`
in a name makes branches, and comes whole; every other level is asked for when it is opened.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tui_tracker.errors import BadColumn
from tui_tracker.formatting import format_value
from tui_tracker.queries.answers import RunKey, Status
from tui_tracker.queries.columns import ColumnSpec, parse_column
from tui_tracker.queries.fields import Pairs, Raw, field_pairs, in_runs, typed
from tui_tracker.queries.groups import metric_spec
from tui_tracker.queries.order import split_label, statistic_sql
from tui_tracker.queries.rows import METRIC_KIND
from tui_tracker.queries.selection import (
    ABSENT,
    EVERYTHING,
    STATUSES,
    Absent,
    Selection,
    list_run_keys,
    selection_sql,
)
from tui_tracker.store import Store
from tui_tracker.telling import metric_stat

Condition = tuple[str, Raw | Absent]
"""A field as `ColumnSpec.sort_field` calls it, and the value in it."""
EXPERIMENTS = ("experiment",)
"""The levels of a tree that nobody chose others for."""
MOST = 500
"""Branches of one level below one branch; a param with more values is told by their number."""
_SEVERAL = frozenset(("tags", "tag", "fact"))
"""Fields in which one run may have several values: it then stands below each."""
_LEVELS = frozenset(
    ("experiment", "param", "tags", "tag", "fact", "grade", "status", "host", "user", "name")
) | {"started"}


@dataclass(frozen=True, slots=True)
class Branch:
    """The runs with one value of a level, below the branches above it."""

    field: str
    """The level, as a column spec."""
    value: Raw | Absent
    """As the store keeps it; the whole path of an experiment."""
    label: str
    """The value as people read it, of an experiment the last part of its path."""
    where: tuple[Condition, ...]
    """The value and those of the branches above: `Selection(where=...)` takes it."""
    depth: int
    """Of the level among those that were chosen, from 0."""
    counts: dict[Status, int]
    newest_ms: int
    """When the newest run started, in Unix milliseconds."""
    newest_status: Status
    best: float | None = None
    """Of the metric that was asked for; None where no run has a finite value."""
    children: tuple[Branch, ...] = ()
    opens: bool = False
    """There is a further level to ask for below."""

    @property
    def runs(self) -> int:
        return sum(self.counts.values())


@dataclass(frozen=True, slots=True)
class Branches:
    """The branches of a level below one branch."""

    found: tuple[Branch, ...]
    more: int
    """Values beyond `MOST` that are left out, those of the fewest runs."""
    counts: dict[Status, int]
    """Of all runs below, each once, also where several of these branches have it."""
    best: float | None = None


@dataclass(slots=True)
class _Tally:
    """What a branch comes to while it is counted."""

    counts: dict[Status, int]
    newest_ms: int
    newest_status: Status
    best: float | None = None

    def add(self, other: _Tally, pick: Callable[[list[float]], float]) -> None:
        for status, count in other.counts.items():
            self.counts[status] = self.counts.get(status, 0) + count
        self.see(other.newest_ms, other.newest_status)
        values = [value for value in (self.best, other.best) if value is not None]
        self.best = pick(values) if values else None

    def see(self, started_ms: int, status: Status) -> None:
        if started_ms >= self.newest_ms:
            self.newest_ms, self.newest_status = started_ms, status


def check_levels(levels: Sequence[str]) -> tuple[ColumnSpec, ...]:
    """Return the columns that levels are.

    Raises:
        BadColumn: one is no column, or none that a tree can have as a level.
    """
    specs = tuple(map(parse_column, levels))
    for spec in specs:
        if spec.kind not in _LEVELS:
            raise BadColumn(spec.field, f"a tree cannot have {spec.field!r} as a level")
    return specs


def list_branches(
    store: Store,
    selection: Selection = EVERYTHING,
    levels: Sequence[str] = EXPERIMENTS,
    where: tuple[Condition, ...] = (),
    *,
    depth: int = 0,
    metric: str | None = None,
) -> Branches:
    """Return the branches of one level below the branch that `where` is.

    Those of experiments come with all that is below them. `metric` is the spec of a metric,
    whose best value each branch tells.

    Raises:
        BadColumn: a level, or the metric, is no column that can be one.
    """
    specs = check_levels(levels)
    reader = _Reader(store, selection.below(where), specs, metric)
    if depth >= len(specs):
        return Branches((), 0, {})
    if specs[depth].kind == "experiment":
        return reader.experiments(where, depth)
    keys = list_run_keys(store, reader.selection)
    return reader.level(keys, where, depth, whole=False)


def read_branches(
    store: Store,
    selection: Selection = EVERYTHING,
    levels: Sequence[str] = EXPERIMENTS,
    *,
    metric: str | None = None,
) -> Branches:
    """Return the tree with all of its levels.

    Raises:
        BadColumn: a level, or the metric, is no column that can be one.
    """
    specs = check_levels(levels)
    reader = _Reader(store, selection, specs, metric)
    if [spec.kind for spec in specs] == ["experiment"]:
        return reader.experiments((), 0)
    return reader.level(list_run_keys(store, selection), (), 0, whole=True)


class _Reader:
    """One look at the store: what was read of a field serves all branches."""

    def __init__(
        self, store: Store, selection: Selection, specs: Sequence[ColumnSpec], metric: str | None
    ) -> None:
        self.store, self.selection, self.specs = store, selection, specs
        self.metric = metric_spec(metric) if metric else None
        low = self.metric is not None and (
            self.metric.stat == "min" or metric_stat(self.metric.key) == "min"
        )
        self.pick: Callable[[list[float]], float] = min if low else max
        self._columns: dict[str, Mapping[RunKey, Any]] = {}
        self._runs: tuple[dict[RunKey, Status], dict[RunKey, int]] | None = None

    # A level that is no experiment.

    def level(
        self, keys: Sequence[RunKey], where: tuple[Condition, ...], depth: int, *, whole: bool
    ) -> Branches:
        """Return the branches that these runs make; `whole` with all that is below them."""
        spec, opens = self.specs[depth], depth + 1 < len(self.specs)
        members = self._split(keys, spec)
        if spec.kind == "experiment":
            return self._paths_of(members, where, depth)
        kept = sorted(members, key=lambda raw: -len(members[raw]))[:MOST]
        values = typed(
            self.store, spec, {raw: members[raw][0] for raw in kept if raw is not ABSENT}
        )
        found = []
        for raw in sorted(kept, key=_rank(spec, members)):
            below = (*where, (spec.sort_field, raw))
            tally = self._tally(members[raw])
            children: tuple[Branch, ...] = ()
            if whole and opens:
                children = self.level(members[raw], below, depth + 1, whole=True).found
            label = f"no {spec.key or spec.kind}" if raw is ABSENT else format_value(values[raw])
            found.append(_branch(spec, raw, label, below, depth, tally, children, opens=opens))
        total = self._tally(keys)
        return Branches(tuple(found), len(members) - len(kept), total.counts, total.best)

    def _split(self, keys: Sequence[RunKey], spec: ColumnSpec) -> dict[Any, list[RunKey]]:
        column = self._column(spec)
        several = spec.kind in _SEVERAL
        members: dict[Any, list[RunKey]] = {}
        for key in keys:
            raw = column.get(key, ABSENT)
            for one in raw if several and raw is not ABSENT else (raw,):
                if one in members:
                    members[one].append(key)
                else:
                    members[one] = [key]
        return members

    def _column(self, spec: ColumnSpec) -> Mapping[RunKey, Any]:
        if spec.field not in self._columns:
            pairs = field_pairs(self.store, spec)
            self._columns[spec.field] = _listed(pairs) if spec.kind in _SEVERAL else dict(pairs)
        return self._columns[spec.field]

    def _tally(self, keys: Sequence[RunKey]) -> _Tally:
        if self._runs is None:
            rows = self.store.read("SELECT id, status, started_ms FROM run")
            self._runs = {row[0]: row[1] for row in rows}, {row[0]: row[2] for row in rows}
        statuses, starts = self._runs
        found = [statuses[key] for key in keys]
        counts = {status: found.count(status) for status in dict.fromkeys(found)}
        # Keys come newest first.
        newest = keys[0] if keys else None
        tally = _Tally(counts, starts.get(newest or 0, 0), statuses.get(newest or 0, "finished"))
        if self.metric is not None:
            if "" not in self._columns:
                self._columns[""] = in_runs(field_pairs(self.store, self.metric))
            read = self._columns[""].get
            values = [v for v in map(read, keys) if v is not None and math.isfinite(v)]
            tally.best = self.pick(values) if values else None
        return tally

    # The level of experiments.

    def experiments(self, where: tuple[Condition, ...], depth: int) -> Branches:
        """Return the tree of experiments, counted without reading the runs one by one."""
        condition, bound = selection_sql(self.store, self.selection)
        rows = self.store.read(
            "SELECT e.name, r.status, count(*), max(r.started_ms) FROM run AS r "
            f"JOIN experiment AS e ON e.id = r.experiment WHERE {condition} "
            "GROUP BY e.name, r.status",
            bound,
        )
        tallies: dict[str, _Tally] = {}
        for name, status, count, newest in rows:
            tally = tallies.setdefault(name, _Tally({}, 0, status))
            tally.counts[status] = count
            tally.see(newest, status)
        for name, best in self._best_of_experiments(condition, bound):
            tallies[name].best = best
        return self._paths(tallies, where, depth, None)

    def _best_of_experiments(
        self, condition: str, bound: Mapping[str, object]
    ) -> list[tuple[str, float]]:
        if self.metric is None:
            return []
        name, context = split_label(self.metric.key)
        value = statistic_sql("m", self.metric.key, self.metric.stat)
        pick = self.pick.__name__
        rows = self.store.read(
            f"SELECT e.name, {pick}({value}) FROM run AS r "
            "JOIN experiment AS e ON e.id = r.experiment "
            "JOIN metric AS m ON m.run = r.id AND m.key = (SELECT id FROM key WHERE "
            f"name = :metric AND kind = {METRIC_KIND} AND context = :metric_context) "
            f"WHERE {condition} AND abs({value}) <= 1.7976931348623157e308 GROUP BY e.name",
            {**bound, "metric": name, "metric_context": context},
        )
        return [(name, best) for name, best in rows]

    def _paths_of(
        self, members: Mapping[str, list[RunKey]], where: tuple[Condition, ...], depth: int
    ) -> Branches:
        tallies = {name: self._tally(keys) for name, keys in members.items()}
        return self._paths(tallies, where, depth, members)

    def _paths(
        self,
        tallies: Mapping[str, _Tally],
        where: tuple[Condition, ...],
        depth: int,
        members: Mapping[str, list[RunKey]] | None,
    ) -> Branches:
        """Return experiments as paths; with `members`, all levels below are made as well."""
        total = _Tally({}, 0, "finished")
        summed: dict[tuple[str, ...], _Tally] = {}
        below: dict[tuple[str, ...], list[tuple[str, ...]]] = {(): []}
        for name in sorted(tallies):
            parts = tuple(name.split("/"))
            total.add(tallies[name], self.pick)
            for length in range(1, len(parts) + 1):
                path = parts[:length]
                if path not in summed:
                    summed[path] = _Tally({}, 0, "finished")
                    below[path] = []
                    below[path[:-1]].append(path)
                summed[path].add(tallies[name], self.pick)
        spec, opens = self.specs[depth], depth + 1 < len(self.specs)

        def branch(path: tuple[str, ...]) -> Branch:
            name = "/".join(path)
            conditions = (*where, ("experiment", name))
            children = tuple(map(branch, below[path]))
            # An experiment that is a branch as well goes on by its path alone.
            leaf = opens and not children
            if leaf and members is not None:
                children = self.level(members[name], conditions, depth + 1, whole=True).found
            label = path[-1] or "(no name)"
            return _branch(spec, name, label, conditions, depth, summed[path], children, opens=leaf)

        return Branches(tuple(map(branch, below[()])), 0, total.counts, total.best)


def _branch(
    spec: ColumnSpec,
    value: Raw | Absent,
    label: str,
    where: tuple[Condition, ...],
    depth: int,
    tally: _Tally,
    children: tuple[Branch, ...],
    *,
    opens: bool,
) -> Branch:
    return Branch(
        spec.field,
        value,
        label,
        where,
        depth,
        tally.counts,
        tally.newest_ms,
        tally.newest_status,
        tally.best,
        children,
        opens,
    )


def _listed(pairs: Pairs) -> dict[RunKey, list[Raw]]:
    found: dict[RunKey, list[Raw]] = {}
    for key, value in pairs:
        if key in found:
            # Two datasets may well have the same version.
            if value not in found[key]:
                found[key].append(value)
        else:
            found[key] = [value]
    return found


def _rank(spec: ColumnSpec, members: Mapping[Any, list[RunKey]]) -> Callable[[Any], Any]:
    """Return what the branches of a level are sorted by."""
    if spec.kind == "tags":
        return lambda raw: (raw is ABSENT, -len(members[raw]), str(raw))
    if spec.kind == "status":
        return lambda raw: STATUSES.index(raw)
    if spec.kind == "started":
        return lambda raw: tuple(-ord(character) for character in raw)
    return lambda raw: (
        raw is ABSENT,
        raw is None,
        not isinstance(raw, (int, float)),
        raw if isinstance(raw, (int, float)) else 0,
        str(raw),
    )
