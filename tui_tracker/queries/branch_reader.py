"""Counts runs into branches: along indexes for experiments, run by run for other levels."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tui_tracker.formatting import format_value
from tui_tracker.queries.answers import RunKey, Status
from tui_tracker.queries.branch import Branch, Branches, Condition, Tally
from tui_tracker.queries.columns import ColumnSpec, metric_spec
from tui_tracker.queries.fields import Pairs, Raw, field_pairs, in_runs, typed
from tui_tracker.queries.order import split_label, statistic_sql
from tui_tracker.queries.rows import METRIC_KIND, marks
from tui_tracker.queries.selection import ABSENT, STATUSES, Absent, Selection, selection_sql
from tui_tracker.store import Store
from tui_tracker.telling import metric_stat

MOST = 500
"""Branches of one level below one branch; a param with more values is told by their number."""
_INDEXED = ("m.min", "m.max", "m.last")
_LOOKED_AT = 2_000
"""Runs with the best values of all, among which those of the experiments are looked for."""
_SEVERAL = frozenset(("tags", "tag", "fact"))
"""Fields in which one run may have several values: it then stands below each."""


class BranchReader:
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

    def _tally(self, keys: Sequence[RunKey]) -> Tally:
        if self._runs is None:
            rows = self.store.read("SELECT id, status, started_ms FROM run")
            self._runs = {row[0]: row[1] for row in rows}, {row[0]: row[2] for row in rows}
        statuses, starts = self._runs
        found = [statuses[key] for key in keys]
        counts = {status: found.count(status) for status in dict.fromkeys(found)}
        # Keys come newest first.
        newest = keys[0] if keys else None
        tally = Tally(counts, starts.get(newest or 0, 0), statuses.get(newest or 0, "finished"))
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
        tallies: dict[str, Tally] = {}
        for name, status, count, newest in rows:
            tally = tallies.setdefault(name, Tally({}, 0, status))
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
        keys = self.store.read(
            "SELECT id FROM key WHERE name=? AND kind=? AND context=?", (name, METRIC_KIND, context)
        )
        if not keys:
            return []
        value = statistic_sql("m", self.metric.key, self.metric.stat)
        bound = {**bound, "metric": keys[0][0], "most": sys.float_info.max}
        narrowed = self.selection.query or self.selection.where
        found: dict[int, tuple[str, float]] = {}
        if value in _INDEXED and not narrowed:
            found = self._from_the_best_down(value, condition, bound)
        pick = self.pick.__name__
        # From the runs to their metric: a filter leaves few of them.
        rows = self.store.read(
            f"SELECT e.name, {pick}({value}) FROM experiment AS e "
            "CROSS JOIN run AS r ON r.experiment = e.id "
            "CROSS JOIN metric AS m ON m.run = r.id AND m.key = :metric "
            f"WHERE {condition} AND {value} BETWEEN -:most AND :most "
            "AND e.id NOT IN (SELECT value FROM json_each(:known)) GROUP BY e.id",
            {**bound, "known": marks(list(found))},
        )
        return [*found.values(), *rows]

    def _from_the_best_down(
        self, value: str, condition: str, bound: Mapping[str, object]
    ) -> dict[int, tuple[str, float]]:
        """Return the best of those experiments that have one of the very best runs.

        Mostly these are all, and nothing else needs to be read.
        """
        down = "DESC" if self.pick is max else "ASC"
        rows = self.store.read(
            f"SELECT e.id, e.name, {value} FROM metric AS m CROSS JOIN run AS r ON r.id = m.run "
            "CROSS JOIN experiment AS e ON e.id = r.experiment "
            f"WHERE m.key = :metric AND {value} BETWEEN -:most AND :most AND {condition} "
            f"ORDER BY {value} {down} LIMIT {_LOOKED_AT}",
            bound,
        )
        found: dict[int, tuple[str, float]] = {}
        for experiment, name, best in rows:
            found.setdefault(experiment, (name, best))
        return found

    def _paths_of(
        self, members: Mapping[str, list[RunKey]], where: tuple[Condition, ...], depth: int
    ) -> Branches:
        tallies = {name: self._tally(keys) for name, keys in members.items()}
        return self._paths(tallies, where, depth, members)

    def _paths(
        self,
        tallies: Mapping[str, Tally],
        where: tuple[Condition, ...],
        depth: int,
        members: Mapping[str, list[RunKey]] | None,
    ) -> Branches:
        """Return experiments as paths; with `members`, all levels below are made as well."""
        total = Tally({}, 0, "finished")
        summed: dict[tuple[str, ...], Tally] = {}
        below: dict[tuple[str, ...], list[tuple[str, ...]]] = {(): []}
        for name in sorted(tallies):
            parts = tuple(name.split("/"))
            total.add(tallies[name], self.pick)
            for length in range(1, len(parts) + 1):
                path = parts[:length]
                if path not in summed:
                    summed[path] = Tally({}, 0, "finished")
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
    tally: Tally,
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
