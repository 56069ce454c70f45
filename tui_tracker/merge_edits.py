"""Join what people did to one run in two stores: tags, notes, names, archive and trash.

A change is the same one in both stores where time, author, kind and values agree. After
the missing ones were added, all changes that stand are made once more in the order of
their times, so that the later of two names wins wherever it was given.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tui_tracker.edits import EFFECTS, REVERSALS, bound
from tui_tracker.store import Store

_SELECT = (
    "SELECT batch, at_ms, who, what, old, new, undone_ms FROM edit WHERE run=? ORDER BY at_ms, id"
)
_NOTE = "INSERT INTO note (run, at_ms, author, text) VALUES (:run, :at_ms, :who, :new)"


@dataclass(frozen=True, slots=True)
class Edit:
    """A row of `edit`, but for the run."""

    batch: int
    at_ms: int
    who: str
    what: str
    old: str | None
    new: str | None
    undone_ms: int | None

    @property
    def identity(self) -> tuple[object, ...]:
        return self.at_ms, self.who, self.what, self.old, self.new


def read_edits(place: sqlite3.Connection | Store, key: int) -> list[Edit]:
    """Return the changes that were made to a run, oldest first."""
    rows: Iterable[Sequence[object]] = (
        place.read(_SELECT, (key,)) if isinstance(place, Store) else place.execute(_SELECT, (key,))
    )
    return [Edit(*row) for row in rows]  # type: ignore[arg-type]


def join_edits(
    connection: sqlite3.Connection,
    key: int,
    edits: list[Edit],
    batches: dict[int, int],
    *,
    keep_batches: bool,
) -> None:
    """Add changes that the run does not have, and take back those taken back elsewhere.

    Changes of another store get batches below all of this one's, so that `undo` takes
    back what was done here first; `keep_batches` is for those that were of this store.
    """
    known = {edit.identity: edit for edit in read_edits(connection, key)}
    changed = False
    for edit in edits:
        there = known.get(edit.identity)
        if there is None:
            batch = edit.batch if keep_batches else batch_here(connection, batches, edit.batch)
            _add(connection, key, edit, batch)
            changed = True
        elif edit.undone_ms is not None and there.undone_ms is None:
            _take_back(connection, key, edit)
            changed = True
    if changed:
        for edit in read_edits(connection, key):
            if edit.undone_ms is None and edit.what in EFFECTS:
                connection.execute(EFFECTS[edit.what], _bound(key, edit))


def batch_here(connection: sqlite3.Connection, batches: dict[int, int], batch: int) -> int:
    """Return the number that a batch of another store has here; `batches` remembers it."""
    if batch not in batches:
        (lowest,) = connection.execute("SELECT coalesce(min(batch), 0) FROM edit").fetchone()
        batches[batch] = min([0, lowest, *batches.values()]) - 1
    return batches[batch]


def _add(connection: sqlite3.Connection, key: int, edit: Edit, batch: int) -> None:
    connection.execute(
        "INSERT INTO edit (batch, at_ms, who, run, what, old, new, undone_ms) "
        "VALUES (?,?,?,?,?,?,?,?)",
        (batch, edit.at_ms, edit.who, key, edit.what, edit.old, edit.new, edit.undone_ms),
    )
    if edit.what == "note" and edit.undone_ms is None:
        connection.execute(_NOTE, _bound(key, edit))


def _take_back(connection: sqlite3.Connection, key: int, edit: Edit) -> None:
    values = _bound(key, edit)
    connection.execute(REVERSALS[edit.what], values)
    connection.execute(
        "UPDATE edit SET undone_ms=:undone_ms WHERE run=:run AND at_ms=:at_ms AND who=:who "
        "AND what=:what AND old IS :old AND new IS :new",
        {**values, "what": edit.what, "undone_ms": edit.undone_ms},
    )


def _bound(key: int, edit: Edit) -> dict[str, object]:
    return bound(key, edit.what, edit.old, edit.new, edit.at_ms, edit.who)
