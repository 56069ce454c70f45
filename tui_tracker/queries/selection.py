"""Which runs, in what order: what a question is asked with, and the keys that answer it.

Apart from the other questions, and of plain classes rather than dataclasses, because a
list of runs for a script must not wait for what only tables and pages need.
"""

from __future__ import annotations

import time

from tui_tracker.errors import InvalidArgument

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from tui_tracker.queries.answers import RunKey, Status
    from tui_tracker.store import Store

STATUSES: tuple[Status, ...] = ("running", "finished", "failed", "killed", "crashed")

_STATISTICS = ("last", "min", "max", "mean", "first", "count")
_PARAM_KIND, _METRIC_KIND = 0, 1


class _Value:
    """Equal where all parts are equal."""

    __slots__: tuple[str, ...] = ()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, type(self)) and self._parts() == other._parts()

    def __hash__(self) -> int:
        return hash(self._parts())

    def __repr__(self) -> str:
        return f"{type(self).__name__}{self._parts()}"

    def _parts(self) -> tuple[object, ...]:
        return tuple(getattr(self, name) for name in self.__slots__)


class Selection(_Value):
    """Which runs: all that fit every part that is set.

    `experiment` is one, or a branch of the tree: `a` takes `a` and all of `a/...`.
    `query` is text of the query language (`tui_tracker.language`). `archived` adds the
    archived runs, as does a query about them; `deleted` takes the trash instead of the runs.
    """

    __slots__ = ("archived", "deleted", "experiment", "query", "statuses")

    def __init__(
        self,
        experiment: str | None = None,
        statuses: frozenset[Status] | None = None,
        query: str = "",
        archived: bool = False,
        deleted: bool = False,
    ) -> None:
        self.experiment, self.statuses, self.query = experiment, statuses, query
        self.archived, self.deleted = archived, deleted


class Order(_Value):
    """What a table of runs is sorted by. Runs that lack the field come last.

    `field` is `started`, `name`, `experiment`, `status`, `duration`, `param:KEY` or
    `metric:LABEL[.last|.min|.max|.mean]`.
    """

    __slots__ = ("descending", "field")

    def __init__(self, field: str = "started", descending: bool = True) -> None:
        self.field, self.descending = field, descending


EVERYTHING = Selection()
_NEWEST = Order()


def list_run_keys(
    store: Store, selection: Selection = EVERYTHING, order: Order = _NEWEST
) -> list[RunKey]:
    """Return the keys of the selected runs in order; ties by start, newest first.

    Raises:
        InvalidArgument: the order names no field.
        QueryError: the query cannot be read, or names a field that no run has.
    """
    where, bound = selection_sql(store, selection)
    join, field, more = _order_field(order)
    if "e." in where or "e." in field:
        join = f"JOIN experiment AS e ON e.id = r.experiment {join}"
    down = "DESC" if order.descending else "ASC"
    ordered = f"{field} IS NULL, {field} {down}, r.started_ms DESC, r.id DESC"
    if order.field == "started":
        # A start is never missing, and only so is its index used.
        ordered = f"r.started_ms {down}, r.id {down}"
    rows = store.read(
        f"SELECT r.id FROM run AS r {join} WHERE {where} ORDER BY {ordered}", {**bound, **more}
    )
    return [row[0] for row in rows]


def selection_sql(store: Store, selection: Selection) -> tuple[str, dict[str, Any]]:
    """Return the condition on run `r` and experiment `e`, and what it binds.

    Raises:
        QueryError: the query cannot be read, or names a field that no run has.
    """
    parts = [f"r.deleted_ms IS {'NOT ' if selection.deleted else ''}NULL"]
    bound: dict[str, Any] = {}
    archived = selection.archived or selection.deleted
    if not selection.query.isspace() and selection.query:
        # Only here: without a query no run should wait for the language.
        from tui_tracker.language import parse
        from tui_tracker.language.sql import condition

        found = condition(parse(selection.query), store)
        parts.append(found.sql)
        bound |= found.bound
        archived = archived or found.archived
    if not archived:
        parts.append("r.archived_ms IS NULL")
    if selection.experiment is not None:
        parts.append("(e.name = :experiment OR substr(e.name, 1, :length) = :branch)")
        branch = selection.experiment + "/"
        bound |= {"experiment": selection.experiment, "branch": branch, "length": len(branch)}
    if selection.statuses is not None:
        parts.append("r.status IN (SELECT value FROM json_each(:statuses))")
        words = ",".join(f'"{status}"' for status in sorted(selection.statuses))
        bound["statuses"] = f"[{words}]"
    return " AND ".join(parts), bound


def _order_field(order: Order) -> tuple[str, str, dict[str, Any]]:
    """Return a join, the SQL of the field, and what they bind."""
    simple = {
        "started": "r.started_ms",
        "name": "r.name",
        "experiment": "e.name",
        "status": "r.status",
        "duration": "(coalesce(r.ended_ms, :now) - r.started_ms)",
    }
    if order.field in simple:
        bound = {"now": int(time.time() * 1000)} if order.field == "duration" else {}
        return "", simple[order.field], bound
    kind, _, label = order.field.partition(":")
    if kind == "param" and label:
        join = (
            "LEFT JOIN param AS o ON o.run = r.id AND o.key = "
            "(SELECT id FROM key WHERE name = :sort AND kind = :kind AND context = '')"
        )
        return join, "coalesce(o.number, o.text)", {"sort": label, "kind": _PARAM_KIND}
    if kind == "metric" and label:
        stem, dot, statistic = label.rpartition(".")
        if not dot or statistic not in _STATISTICS:
            stem, statistic = label, "last"
        name, context = split_label(stem)
        join = (
            "LEFT JOIN metric AS o ON o.run = r.id AND o.key = "
            "(SELECT id FROM key WHERE name = :sort AND kind = :kind AND context = :context)"
        )
        return join, f"o.{statistic}", {"sort": name, "context": context, "kind": _METRIC_KIND}
    known = ", ".join([*simple, "param:KEY", "metric:NAME[.last|.min|.max|.mean]"])
    raise InvalidArgument(f"runs cannot be sorted by {order.field!r}: use {known}")


def split_label(label: str) -> tuple[str, str]:
    """Return name and context of a metric's label."""
    name, separator, context = label.rpartition("@")
    return (name, context) if separator else (label, "")
