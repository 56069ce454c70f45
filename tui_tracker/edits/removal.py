"""Emptying the trash: a run and all that was logged in it are removed for good."""

from __future__ import annotations

import os
import sqlite3
from dataclasses import dataclass

from tui_tracker import folder as folders
from tui_tracker import journal
from tui_tracker.store import Store

_OF_A_RUN = (
    *("amendment", "artifact", "audit", "console_block", "edit", "lineage", "metric", "note"),
    *("param", "param_change", "run_body", "series_block", "tag"),
)


@dataclass(frozen=True, slots=True)
class Emptied:
    """What `empty_trash` removed for good."""

    runs: tuple[str, ...]
    """Names of the runs."""
    kept: tuple[str, ...]
    """Names of runs that stay in the trash, because something of them is still written."""


def empty_trash(store: Store) -> Emptied:
    """Remove the runs in the trash for good, with all that was logged in them.

    A run of which a process still writes a journal stays. The space in the files comes
    back by `sweep.sweep`.
    """
    removed: list[str] = []
    kept: list[str] = []
    with store.write() as connection:
        rows = connection.execute(
            "SELECT id, lower(hex(uuid)), name, status FROM run WHERE deleted_ms IS NOT NULL"
        ).fetchall()
        for key, digits, name, status in rows:
            if status == "running" or is_written(store, connection, digits):
                kept.append(name)
                continue
            _remove(store, connection, key)
            removed.append(name)
    return Emptied(tuple(removed), tuple(kept))


def is_written(store: Store, connection: sqlite3.Connection, digits: str) -> bool:
    """Return whether a process writes a journal of this run, or left something in one."""
    for path in _journals(store, digits):
        row = connection.execute(
            "SELECT drained FROM journal WHERE name=?", (os.path.basename(path),)
        ).fetchone()
        try:
            waiting = os.path.getsize(path) > (row[0] if row else 0)
        except OSError:
            continue  # brought in and removed by another process just now
        if waiting or journal.is_live(path):
            return True
    return False


def _journals(store: Store, digits: str) -> list[str]:
    parts = (digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:])
    return journal.list_journals(folders.journals(store.folder), "-".join(parts))


def _remove(store: Store, connection: sqlite3.Connection, key: int) -> None:
    digits = connection.execute("SELECT lower(hex(uuid)) FROM run WHERE id=?", (key,)).fetchone()[0]
    names = [os.path.basename(path) for path in _journals(store, digits)]
    connection.execute(
        "DELETE FROM block WHERE id IN (SELECT data FROM series_block WHERE run=?)", (key,)
    )
    # What an audit said of the others of its experiment rested on this run, too.
    connection.execute(
        "DELETE FROM audit WHERE run IN (SELECT id FROM run WHERE experiment = "
        "(SELECT experiment FROM run WHERE id=?))",
        (key,),
    )
    for table in _OF_A_RUN:
        connection.execute(f"DELETE FROM {table} WHERE run=?", (key,))
    for name in names:
        # On a network file system journals stay, and one that the store forgot would be
        # drained anew. No run has key 0, while `key` will be given to the next new run.
        connection.execute("UPDATE journal SET run=0 WHERE name=?", (name,))
    connection.execute("DELETE FROM journal WHERE run=?", (key,))
    of = bytes.fromhex(digits)
    connection.execute('DELETE FROM reproduction WHERE "of"=?', (of,))
    connection.execute("UPDATE reproduction SET run=NULL WHERE run=?", (of,))
    connection.execute("DELETE FROM run WHERE id=?", (key,))
