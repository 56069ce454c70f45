"""Undo and redo: one batch at a time, and only what still stands.

A batch that was taken back keeps its rows, with the time of that. What can be done again
are the batches taken back that are newer than all that stand, so a new change ends the
chain by itself.
"""

from __future__ import annotations

import sqlite3
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tui_tracker.edits.kinds import REPEATS, REVERSALS, bound, told_as, told_values
from tui_tracker.store import Store

_OWN = "(:who IS NULL OR who = :who)"
_ROWS = (
    "SELECT run, what, old, new, at_ms, who, id FROM edit WHERE batch=:batch AND undone_ms IS :at"
)


@dataclass(frozen=True, slots=True)
class Undone:
    """What `undo` took back, or `redo` made once more."""

    again: bool
    """It was made once more."""
    what: str
    """`tag`, `untag`, `star`, `unstar`, `group`, `ungroup`, `note`, `note-edit`,
    `note-remove`, `rename`, `archive`, `trash` or `restore`."""
    value: str
    """The tag, the name or the words; "" where there is none."""
    who: str
    at: datetime
    """When it had been done."""
    runs: tuple[int, ...]
    """Keys of the runs that are now as they were before."""
    overtaken: int
    """Changes that are left as they are, because things were changed again meanwhile."""
    overtaken_by: tuple[str, ...]
    """Who changed those runs since, as far as the history tells."""


def undo(store: Store, *, who: str | None = None) -> Undone | None:
    """Take back the newest change that was not taken back; None where there is none.

    With `who` only that person's changes are looked at: what somebody else does at the
    same moment is not taken back by mistake. A change that was overtaken (a name that
    somebody gave anew meanwhile) stays, and is counted.

    Raises:
        StoreError: the store cannot be written.
    """
    with store.write() as connection:
        (batch,) = connection.execute(
            f"SELECT max(batch) FROM edit WHERE undone_ms IS NULL AND {_OWN}", {"who": who}
        ).fetchone()
        if batch is None:
            return None
        rows = connection.execute(
            f"{_ROWS} ORDER BY id DESC", {"batch": batch, "at": None}
        ).fetchall()
        done = _apply(connection, rows, again=False)
        connection.execute(
            "UPDATE edit SET undone_ms=? WHERE batch=? AND undone_ms IS NULL",
            (time.time_ns() // 1_000_000, batch),
        )
        return done


def redo(store: Store, *, who: str | None = None) -> Undone | None:
    """Make the change once more that `undo` took back last; None where there is none.

    A change that was made since ends that, as in any editor.

    Raises:
        StoreError: the store cannot be written.
    """
    with store.write() as connection:
        batch, at = connection.execute(
            f"SELECT batch, max(undone_ms) FROM edit WHERE batch = (SELECT min(batch) FROM edit "
            f"WHERE undone_ms IS NOT NULL AND {_OWN} AND batch > coalesce((SELECT max(batch) "
            f"FROM edit WHERE undone_ms IS NULL AND {_OWN}), (SELECT min(batch) - 1 FROM edit)))",
            {"who": who},
        ).fetchone()
        if batch is None:
            return None
        rows = connection.execute(f"{_ROWS} ORDER BY id", {"batch": batch, "at": at}).fetchall()
        done = _apply(connection, rows, again=True)
        connection.execute(
            "UPDATE edit SET undone_ms=NULL WHERE batch=? AND undone_ms=?", (batch, at)
        )
        return done


def _apply(connection: sqlite3.Connection, rows: list[Any], *, again: bool) -> Undone:
    """Take back the rows of a batch, or make them once more."""
    statements = REPEATS if again else REVERSALS
    back: dict[int, None] = {}
    stayed: dict[int, None] = {}
    overtaken = 0
    for run, what, old, new, at_ms, who, _ in rows:
        values = bound(run, what, old, new, at_ms, who)
        if connection.execute(statements[what], values).rowcount > 0:
            back[run] = None
        else:
            stayed[run] = None
            overtaken += 1
    # The row that tells most: of a group that replaced another, the new one.
    run, what, old, new, at_ms, who, last = max(rows, key=lambda row: (row[1] == "tag", row[6]))
    before, after = told_values(what, old, new)
    return Undone(
        again=again,
        what=told_as(what, after if what == "tag" else before),
        value=(before if after is None else after) or "",
        who=who,
        at=datetime.fromtimestamp(at_ms / 1000, UTC),
        runs=tuple(sorted(back)),
        overtaken=overtaken,
        overtaken_by=_later(connection, stayed, last),
    )


def _later(connection: sqlite3.Connection, runs: dict[int, None], last: int) -> tuple[str, ...]:
    """Return who changed these runs after a row of `edit`."""
    found: dict[str, None] = {}
    for run in list(runs)[:100]:
        for (who,) in connection.execute(
            "SELECT DISTINCT who FROM edit WHERE run=? AND id>? AND undone_ms IS NULL", (run, last)
        ):
            found[who] = None
    return tuple(sorted(found))
