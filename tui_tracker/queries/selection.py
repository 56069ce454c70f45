"""Which runs, in what order: what a question is asked with, and the keys that answer it.

Apart from the other questions, and of plain classes rather than dataclasses, because a
list of runs for a script must not wait for what only tables and pages need.
"""

from __future__ import annotations

import json

from tui_tracker.queries.order import order_sql
from tui_tracker.queries.order import split_label as split_label
from tui_tracker.queries.where import where_sql

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from tui_tracker.queries.answers import RunKey, Status
    from tui_tracker.queries.where import Condition
    from tui_tracker.store import Store

STATUSES: tuple[Status, ...] = (
    *("running", "finished", "failed"),
    *("killed", "crashed", "pruned"),
)


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


class Absent(_Value):
    """In place of a value: the run has none."""

    __slots__ = ()


ABSENT = Absent()


class Selection(_Value):
    """Which runs: all that fit every part that is set.

    `experiment` is one, or a branch of the tree: `a` takes `a` and all of `a/...`.
    `query` is text of the query language (`tui_tracker.language`). `archived` adds the
    archived runs, as does a query about them; `deleted` takes the trash instead of the runs.
    `where` are fields with the value that a run must have in them (`("param:lr", 0.1)`), as
    branches of the tree tell them.
    """

    __slots__ = ("archived", "deleted", "experiment", "query", "statuses", "where")

    def __init__(
        self,
        experiment: str | None = None,
        statuses: frozenset[Status] | None = None,
        query: str = "",
        archived: bool = False,
        deleted: bool = False,
        where: tuple[Condition, ...] = (),
    ) -> None:
        self.where = where
        self.experiment, self.statuses, self.query = experiment, statuses, query
        self.archived, self.deleted = archived, deleted

    @property
    def narrows(self) -> bool:
        """Whether more is asked for than to be in the list, the archive or the trash."""
        parts = (self.experiment, self.statuses, self.query.strip(), self.where)
        return any(part not in (None, "", ()) for part in parts)

    def below(self, where: tuple[Condition, ...]) -> Selection:
        """Return this selection with further conditions."""
        made = Selection()
        for name in self.__slots__:
            setattr(made, name, getattr(self, name))
        made.where = (*self.where, *where)
        return made


class Order(_Value):
    """What a table of runs is sorted by. Runs that lack the field, or have NaN, come last.

    `field` is `started`, `ended`, `duration`, `name`, `experiment`, `status`, `host`, `user`,
    `id`, `grade`, `proof`, `tags` and `notes` (how many), `tag:KEY`, `param:KEY` or
    `metric:LABEL`, where any statistic may follow: `.last` (the default), `.min`, `.max`,
    `.mean`, `.std`, `.best`.
    What ties goes by the keys in `then`, one after the other.
    """

    __slots__ = ("descending", "field", "then")

    def __init__(
        self, field: str = "started", descending: bool = True, then: tuple[Order, ...] = ()
    ) -> None:
        self.field, self.descending, self.then = field, descending, then


EVERYTHING = Selection()
_NEWEST = Order()


def list_run_keys(
    store: Store,
    selection: Selection = EVERYTHING,
    order: Order = _NEWEST,
    *,
    limit: int | None = None,
) -> list[RunKey]:
    """Return the keys of the selected runs in order; ties by start, newest first.

    With `limit` only so many of them, the first ones.

    Raises:
        InvalidArgument: the order names no field.
        QueryError: the query cannot be read, or names a field that no run has.
    """
    by = order_sql(order)
    if limit is None and ":" in order.field and not selection.narrows:
        from tui_tracker.queries.by_index import sort_by_index

        found = sort_by_index(store, list_run_keys(store, selection), order)
        if found is not None:
            return found
    where, bound = selection_sql(store, selection)
    if by.graded:
        from tui_tracker.judged import fresh_profile

        fresh_profile(store)
    terms = ", ".join(dict.fromkeys(by.terms))
    if "e." in where or "e.name" in terms:
        by.joins.insert(0, "JOIN experiment AS e ON e.id = r.experiment")
    # One text instead of a hundred thousand rows: half the time. SQLite keeps the order of
    # what an aggregate is given that depends on it.
    ((keys,),) = store.read(
        "SELECT json_group_array(id) FROM "
        f"(SELECT r.id FROM run AS r {' '.join(by.joins)} WHERE {where} ORDER BY {terms}"
        f"{'' if limit is None else f' LIMIT {int(limit)}'})",
        {**bound, **by.bound},
    )
    listed: list[RunKey] = json.loads(keys)
    return listed


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
        from tui_tracker.language.naming import text_condition

        found = text_condition(selection.query, store)
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
    if selection.where:
        conditions, values = where_sql(selection.where, ABSENT)
        parts += conditions
        bound |= values
    return " AND ".join(parts), bound
