"""Runs in groups: what they have in common, and mean and spread of metrics over all of a group.

Exact: every run of a group counts, and sums are taken without rounding on the way. Only
finite values have a mean; how many runs logged none, or NaN and infinity alone, is told.

Reproductions are no further seeds: runs tagged so belong to no group, unless the selection
speaks of them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import repeat
from operator import itemgetter
from typing import Any, Literal, cast, get_args

from tui_tracker.errors import BadColumn
from tui_tracker.means import deviation_of, mean_of
from tui_tracker.queries.answers import ParamValue, RunKey, Status
from tui_tracker.queries.columns import ColumnSpec, metric_spec, parse_column
from tui_tracker.queries.digests import params_digests
from tui_tracker.queries.fields import field_pairs, in_runs, typed
from tui_tracker.queries.selection import ABSENT, EVERYTHING, Absent, Selection, list_run_keys
from tui_tracker.store import Store

BUT_SEED = "params-but-seed"
"""In place of a column: runs of one experiment whose params differ in nothing but the seed."""
REPRODUCTION = "reproduction"
"""The tag of runs that repeat another one."""
GroupStatistic = Literal["mean", "std", "n", "min", "max"]
STATISTICS: tuple[GroupStatistic, ...] = get_args(GroupStatistic)


@dataclass(frozen=True, slots=True)
class GroupStat:
    """One metric over the runs of a group."""

    n: int
    """Runs with a finite value; all that follows is over these."""
    mean: float | None
    std: float | None
    """By n - 1; None where n is less than two."""
    min: float | None
    max: float | None
    not_finite: int
    """Runs that logged the metric, yet have no finite value of it."""
    missing: int
    """Runs that never logged it."""


@dataclass(frozen=True, slots=True)
class GroupRow:
    """Runs with the same values in the columns they are grouped by."""

    values: tuple[ParamValue | Absent, ...]
    """By the columns, in their order; several tags as one text. `BUT_SEED` gives a digest."""
    counts: dict[Status, int]
    stats: tuple[GroupStat, ...]
    """By the metrics, in their order."""
    members: tuple[RunKey, ...]
    """Newest first; what the group shows of params that it is not grouped by is the first's."""
    reproductions: int = 0
    """Runs with the same values that are left out as reproductions."""

    @property
    def runs(self) -> int:
        return len(self.members)


@dataclass(frozen=True, slots=True)
class GroupOrder:
    """What groups are sorted by; what ties in it stays newest first.

    `field` is `runs`, `started`, a column they are grouped by, or a metric's column.
    """

    field: str = "started"
    descending: bool = True
    statistic: GroupStatistic = "mean"
    """Of a metric."""


def group_runs(
    store: Store,
    selection: Selection = EVERYTHING,
    by: Sequence[str] = (BUT_SEED,),
    metrics: Sequence[str] = (),
    order: Sequence[GroupOrder] = (),
) -> list[GroupRow]:
    """Return the groups of the selected runs, the one with the newest run first, or in order.

    `by` are column specs and `BUT_SEED`; `metrics` are specs of metrics. A run that lacks a
    field is in a group with the others that lack it. `left_out` are in none.

    Raises:
        BadColumn: one is no column, or none that runs can be grouped or groups sorted by.
    """
    specs = [metric_spec(text) for text in metrics]
    orders = [_checked(one, by, specs) for one in order]
    keys = list_run_keys(store, selection)
    columns = [_key_column(store, text) for text in by]
    told = [column for _, column in columns]
    repeated = left_out(store, selection)
    groups = _group([key for key in keys if key not in repeated] if repeated else keys, told)
    apart = _group([key for key in keys if key in repeated], told) if repeated else {}
    values = [in_runs(field_pairs(store, spec)) for spec in specs]
    labels = [_labels(store, spec, groups, place) for place, (spec, _) in enumerate(columns)]
    # Most runs have finished: reading the others alone spares most of the rows.
    others: dict[RunKey, Status] = dict(
        store.read("SELECT id, status FROM run WHERE status <> 'finished'")
    )
    rows = [
        GroupRow(
            tuple([label.get(raw, ABSENT) for label, raw in zip(labels, raws, strict=True)]),
            _counts([others.get(key, "finished") for key in members]),
            tuple([_stat(column, members) for column in values]),
            tuple(members),
            len(apart.get(raws, ())),
        )
        for raws, members in groups.items()
    ]
    # Groups come newest first; their places tell that without a reading of times.
    places = {row.members[0]: -place for place, row in enumerate(rows)}
    for one in reversed(orders):
        _sort(rows, one, _value_of(one, by, specs, places))
    return rows


def left_out(store: Store, selection: Selection = EVERYTHING) -> frozenset[RunKey]:
    """Return the selected runs that no group takes in: reproductions, where nobody asked for them.

    A query or a branch of the tree with the word in it asks for them.
    """
    asked = REPRODUCTION in selection.query or any(
        REPRODUCTION in str(value) for _, value in selection.where
    )
    # Few stores have any: only then is the selection read again.
    tagged = "" if asked else "SELECT run FROM tag WHERE tag = ?"
    found = {row[0] for row in store.read(tagged, (REPRODUCTION,))} if tagged else set()
    return frozenset(found.intersection(list_run_keys(store, selection)) if found else ())


def member_values(
    store: Store, groups: Sequence[GroupRow], metrics: Sequence[ColumnSpec]
) -> list[list[dict[RunKey, float]]]:
    """Return by group and metric the finite values of its runs, newest first."""
    columns: list[Mapping[RunKey, Any]] = [in_runs(field_pairs(store, spec)) for spec in metrics]
    found = []
    for group in groups:
        of_group = []
        for column in columns:
            pairs = ((key, column.get(key)) for key in group.members)
            of_group.append({k: v for k, v in pairs if v is not None and math.isfinite(v)})
        found.append(of_group)
    return found


def parse_group_order(text: str) -> GroupOrder:
    """Return the order that a text says: `-runs`, `param:lr`, `-std:metric:val_f1.max`.

    `-` puts the largest first, `+` the smallest; without either it is as people want that
    column. A metric goes by its mean where no statistic of the group stands before it.

    Raises:
        BadColumn: the text says no column.
    """
    sign = text[:1] if text[:1] in ("-", "+") else ""
    rest = text[len(sign) :]
    statistic, colon, field = rest.partition(":")
    if not colon or statistic not in STATISTICS:
        statistic, field = "mean", rest
    if field in ("runs", "started", BUT_SEED):
        falls = field != BUT_SEED
    else:
        spec = parse_column(field)
        falls = statistic == "n" or (statistic != "std" and spec.falls)
    return GroupOrder(field, sign == "-" if sign else falls, cast("GroupStatistic", statistic))


def _key_column(store: Store, text: str) -> tuple[ColumnSpec | None, Mapping[RunKey, object]]:
    """Return the column that runs are grouped by, and what each run has in it."""
    if text == BUT_SEED:
        # The same params in two experiments are two groups: more than the seed may differ.
        if store.viewed:
            return None, _digests(store)
        digest = "lower(hex(coalesce(params_digest, '')))"
        return None, dict(store.read(f"SELECT id, experiment || ':' || {digest} FROM run"))
    spec = parse_column(text)
    return spec, in_runs(field_pairs(store, spec))


def _digests(store: Store) -> dict[RunKey, object]:
    """Return experiment and params, where some params are read under other names."""
    digests = params_digests(store)
    return {
        key: f"{experiment}:{(digests.get(key) or b'').hex()}"
        for key, experiment in store.read("SELECT id, experiment FROM run")
    }


def _group(
    keys: Sequence[RunKey], columns: Sequence[Mapping[RunKey, object]]
) -> dict[tuple[object, ...], list[RunKey]]:
    groups: dict[tuple[object, ...], list[RunKey]] = {}
    if not columns:
        return {(): list(keys)} if keys else {}
    found = [map(column.get, keys, repeat(ABSENT)) for column in columns]
    for key, raws in zip(keys, zip(*found, strict=True), strict=True):
        if raws in groups:
            groups[raws].append(key)
        else:
            groups[raws] = [key]
    return groups


def _labels(
    store: Store,
    spec: ColumnSpec | None,
    groups: Mapping[tuple[Any, ...], list[RunKey]],
    place: int,
) -> Mapping[object, ParamValue]:
    """Return what the values of a column read as."""
    examples = {raws[place]: members[0] for raws, members in groups.items()}
    examples.pop(ABSENT, None)
    if spec is None:
        return {raw: str(raw) for raw in examples}
    return dict(typed(store, spec, examples).items())


def _counts(statuses: list[Status]) -> dict[Status, int]:
    return {status: statuses.count(status) for status in dict.fromkeys(statuses)}


def _stat(column: Mapping[RunKey, Any], members: Sequence[RunKey]) -> GroupStat:
    finite: list[float] = list(map(column.get, members))  # type: ignore[arg-type]
    logged = len(finite)
    if None in finite or not math.isfinite(sum(finite)):
        logged = sum(key in column for key in members)
        finite = [value for value in finite if value is not None and math.isfinite(value)]
    n, missing = len(finite), len(members) - logged
    if not n:
        return GroupStat(0, None, None, None, None, logged, missing)
    spread = deviation_of(finite) if n > 1 else None
    return GroupStat(n, mean_of(finite), spread, min(finite), max(finite), logged - n, missing)


# Sorting.


def _checked(order: GroupOrder, by: Sequence[str], specs: Sequence[ColumnSpec]) -> GroupOrder:
    known = ["runs", "started", *by, *(spec.field for spec in specs)]
    field = order.field if order.field in known else parse_column(order.field).field
    if field not in known:
        near = get_close_matches(field, known, n=1)
        raise BadColumn(
            order.field,
            f"groups cannot be sorted by {order.field!r}: they have {', '.join(known)}",
            nearest=near[0] if near else "",
        )
    return GroupOrder(field, order.descending, order.statistic)


def _value_of(
    order: GroupOrder,
    by: Sequence[str],
    specs: Sequence[ColumnSpec],
    places: Mapping[RunKey, int],
) -> Callable[[GroupRow], object]:
    """Return what gives the value that a group is sorted by."""
    fields = [spec.field for spec in specs]
    if order.field == "runs":
        return lambda row: row.runs
    if order.field == "started":
        return lambda row: places[row.members[0]]
    if order.field in fields:
        metric = fields.index(order.field)
        return lambda row: getattr(row.stats[metric], order.statistic)
    place = by.index(order.field)
    return lambda row: row.values[place]


def _sort(rows: list[GroupRow], order: GroupOrder, value: Callable[[GroupRow], object]) -> None:
    """Sort in place, and stably: numbers, then texts, and what has no value last either way."""

    def rank(row: GroupRow) -> tuple[int, object]:
        found = value(row)
        if isinstance(found, (bool, int, float)):
            return (0, found) if found == found else (2, 0)
        return (1, str(found)) if isinstance(found, (str, list)) else (2, 0)

    ranked = [(rank(row), row) for row in rows]
    with_value = [pair for pair in ranked if pair[0][0] < 2]
    # `reverse` keeps what ties in its order, as a sort does.
    with_value.sort(key=itemgetter(0), reverse=order.descending)
    without = [row for (kind, _), row in ranked if kind == 2]
    rows[:] = [*(row for _, row in with_value), *without]
