"""Which runs a watch has to look at: those that run, and those that are new."""

from __future__ import annotations

from collections.abc import Sequence

from tui_tracker.queries.answers import RunKey
from tui_tracker.queries.rows import marks
from tui_tracker.queries.selection import Selection, selection_sql
from tui_tracker.store import Store


def find_watched(
    store: Store,
    selection: Selection,
    known: Sequence[RunKey],
    after: RunKey | None,
    since_ms: int | None,
) -> tuple[RunKey, list[RunKey]]:
    """Return the newest run of the store, and the runs to look at.

    These are the `known` ones, whether or not they still fit the selection (a run that
    ended is no longer running), and of the selection those that run, those that came after
    the run `after` (None: none), and those that ended from `since_ms` on (None: none).

    Raises:
        QueryError: the selection's query cannot be read.
    """
    # Asked before the runs, so that none falls between two looks.
    newest = newest_run(store)
    where, bound = selection_sql(store, selection)
    join = "JOIN experiment AS e ON e.id = r.experiment" if "e." in where else ""
    kinds = ["r.status = 'running'"]
    if after is not None:
        kinds.append("r.id > :after")
        bound["after"] = after
    if since_ms is not None:
        kinds.append("r.ended_ms >= :since")
        bound["since"] = since_ms
    found = {
        row[0]
        for kind in kinds
        for row in store.read(
            f"SELECT r.id FROM run AS r {join} WHERE {kind} AND ({where})",
            {name: value for name, value in bound.items() if _is_used(name, kind + where)},
        )
    }
    here = store.read(
        "SELECT id FROM run WHERE deleted_ms IS NULL AND id IN (SELECT value FROM json_each(?))",
        (marks(known),),
    )
    return newest, sorted(found.union(row[0] for row in here))


def newest_run(store: Store) -> RunKey:
    """Return the run that was added last, 0 where there is none."""
    return int(store.read("SELECT coalesce(max(id), 0) FROM run")[0][0])


def _is_used(name: str, sql: str) -> bool:
    # SQLite refuses names that no query has.
    return f":{name}" in sql


def read_end(store: Store, key: RunKey) -> str:
    """Return why a run ended; "" where nothing is told."""
    rows = store.read("SELECT ended_by FROM run WHERE id=?", (key,))
    return str(rows[0][0]) if rows else ""
