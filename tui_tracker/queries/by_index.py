"""Runs sorted by params and metrics, read along the indexes of their values.

SQLite would look up each run's value by itself and then sort all of them: an index has the
values in order already. Each key of an order is a stable sort of what the one after it left,
so that ties fall as they do in SQL.
"""

from __future__ import annotations

import json
from itertools import chain

from tui_tracker.logged import Logged, logged
from tui_tracker.queries.order import split_label, split_statistic

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from tui_tracker.queries.answers import RunKey
    from tui_tracker.queries.selection import Order
    from tui_tracker.store import Store

_INDEXED = ("last", "min", "max")
"""Statistics that have an index."""
_FEW_TIES = 0.9
"""Above this share of values that differ, only what ties is looked at by itself."""
_KINDS = {"param": 0, "metric": 1}


def sort_by_index(store: Store, newest: list[RunKey], order: Order) -> list[RunKey] | None:
    """Return runs, which come newest first, in another order; None where an index is missing."""
    keys = [_split(key) for key in (order, *order.then)]
    if not all(keys):
        return None
    found = newest
    for key, named in zip(reversed((order, *order.then)), reversed(keys), strict=True):
        assert named is not None
        found = _arranged(store, found, named, descending=key.descending)
    return found


def _split(key: Order) -> tuple[str, str, str, str] | None:
    """Return table, name, context and column of a key that an index has."""
    table, _, name = key.field.partition(":")
    if table == "param" and name:
        return table, name, "", ""
    if table != "metric" or not name:
        return None
    label, statistic = split_statistic(name)
    if statistic == "best":
        from tui_tracker.telling import metric_stat

        statistic = metric_stat(label)
    return (table, *split_label(label), statistic) if statistic in _INDEXED else None


def _arranged(
    store: Store, runs: list[RunKey], named: tuple[str, str, str, str], *, descending: bool
) -> list[RunKey]:
    table, name, context, column = named
    numbers = store.read(
        "SELECT id FROM key WHERE name = ? AND kind = ? AND context = ?",
        (name, _KINDS[table], context),
    )
    if not numbers:
        return runs
    rows = logged(store, table, [int(numbers[0][0])])
    if table == "param":
        sorted_runs = _by_place(runs, _params(store, rows), descending=descending)
    else:
        sorted_runs = _by_metric(store, runs, rows, column, descending=descending)
    if len(sorted_runs) == len(runs):
        return sorted_runs
    there = set(sorted_runs)
    return sorted_runs + _without(store, rows, [run for run in runs if run not in there])


def _by_metric(
    store: Store, runs: list[RunKey], rows: Logged, column: str, *, descending: bool
) -> list[RunKey]:
    there = f"FROM {rows.table} AS t WHERE {rows.where('t')} AND {column} IS NOT NULL"
    ((distinct,),) = store.read(f"SELECT count(*) FROM (SELECT DISTINCT {column} {there})")
    ((text,),) = store.read(
        f"SELECT json_group_array(run) FROM (SELECT run {there} ORDER BY {column})"
    )
    along: list[RunKey] = json.loads(text)
    if distinct < _FEW_TIES * len(along):
        values: dict[RunKey, float] = dict(store.read(f"SELECT run, {column} {there}"))
        found = [run for run in runs if run in values]
        found.sort(key=values.__getitem__, reverse=descending)
        return found
    # The index has the order already, but for what ties. A flag for each run is looked up
    # faster than a set.
    if descending:
        along.reverse()
    if distinct < len(along):
        tied = store.read(
            f"SELECT json_group_array(run) {there} GROUP BY {column} HAVING count(*) > 1"
        )
        _untie(along, runs, [json.loads(group) for (group,) in tied])
    wanted = bytearray(max(chain(along, runs), default=0) + 1)
    for run in runs:
        wanted[run] = 1
    return [run for run in along if wanted[run]]


def _untie(along: list[RunKey], runs: Sequence[RunKey], groups: Sequence[Sequence[RunKey]]) -> None:
    """Put those of each group, which stand side by side, into the order of `runs`."""
    tied = set(chain(*groups))
    ranks = {run: rank for rank, run in enumerate(runs) if run in tied}
    places = {run: place for place, run in enumerate(along) if run in tied}
    for group in groups:
        # One that another process added meanwhile stands nowhere yet.
        known = [run for run in group if run in places]
        at = sorted(places[run] for run in known)
        known.sort(key=lambda run: ranks.get(run, -1))
        for place, run in zip(at, known, strict=True):
            along[place] = run


def _by_place(
    runs: list[RunKey], groups: Sequence[list[RunKey]], *, descending: bool
) -> list[RunKey]:
    """Return the runs that stand in a group, sorted by the groups' order."""
    places = [0] * (max(chain(runs, *groups), default=0) + 1)
    # From the last on, because the number counts where a run has a text as well.
    for place in range(len(groups), 0, -1):
        for run in groups[place - 1]:
            places[run] = place
    found = [run for run in runs if places[run]]
    found.sort(key=places.__getitem__, reverse=descending)
    return found


def _params(store: Store, rows: Logged) -> list[list[RunKey]]:
    """Return the runs by their value: numbers first, then texts."""
    there = f"FROM {rows.table} AS t WHERE {rows.where('t')}"
    # NaN is kept as a text, and must not stand among the texts.
    nan = {run for (run,) in store.read(f"SELECT run {there} AND text = 'NaN' AND type = 'float'")}
    found: list[list[RunKey]] = []
    # By values, of which there are few: a row for each run would take longer than all else.
    for column in ("number", "text"):
        for value, runs in store.read(
            f"SELECT {column}, json_group_array(run) {there} "
            f"AND {column} IS NOT NULL GROUP BY {column} ORDER BY {column}"
        ):
            group = json.loads(runs)
            found.append([run for run in group if run not in nan] if value == "NaN" else group)
    return found


def _without(store: Store, rows: Logged, runs: Sequence[RunKey]) -> list[RunKey]:
    """Return runs without a value: those that logged something that is none come first."""
    logged = {
        run
        for (run,) in store.read(
            f"SELECT run FROM {rows.table} AS t WHERE {rows.where('t')} "
            "AND run IN (SELECT value FROM json_each(?))",
            (json.dumps(runs),),
        )
    }
    return [run for run in runs if run in logged] + [run for run in runs if run not in logged]
