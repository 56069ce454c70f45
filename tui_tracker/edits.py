"""The changes that people make to runs after they were logged, each with its history.

Every change is a row of `edit`: who, when, which run, what, from what, to what. Changes
that were asked for at once share a batch, and `undo` takes back the newest batch that
was not taken back yet, until `empty_trash` removes the run itself. Each function is one
write transaction, so runs may log and other people may edit meanwhile. What changes
nothing (a tag that is there, a run that is archived) leaves no row.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from tui_tracker import folder as folders
from tui_tracker import journal
from tui_tracker.capture.process import user_name
from tui_tracker.errors import InvalidArgument, NotFound, RunIsLive
from tui_tracker.store import Store

_LONGEST_LABEL = 500
_ARCHIVED, _DELETED = "archived_ms", "deleted_ms"
MOMENTS = {
    "archive": _ARCHIVED,
    "unarchive": _ARCHIVED,
    "trash": _DELETED,
    "untrash": _DELETED,
}
REVERSALS = {
    "tag": "DELETE FROM tag WHERE run=:run AND tag=:new",
    "untag": "INSERT OR IGNORE INTO tag VALUES (:run, :old, :at_ms)",
    "note": "DELETE FROM note WHERE id="
    "(SELECT max(id) FROM note WHERE run=:run AND at_ms=:at_ms AND text=:new)",
    "rename": "UPDATE run SET name=:old WHERE id=:run AND name=:new",
} | {
    what: f"UPDATE run SET {column}=CAST(:old AS INTEGER) "
    f"WHERE id=:run AND {column} IS CAST(:new AS INTEGER)"
    for what, column in MOMENTS.items()
}
"""Each changes a row only where the change still stands."""
_OF_A_RUN = (
    *("amendment", "artifact", "audit", "console_block", "edit", "lineage", "metric", "note"),
    *("param", "param_change", "run_body", "series_block", "tag"),
)


@dataclass(frozen=True, slots=True)
class Undone:
    """What `undo` took back."""

    what: str
    """`tag`, `untag`, `note`, `rename`, `archive`, `trash` or `restore`."""
    who: str
    at: datetime
    """When it had been done."""
    runs: tuple[int, ...]
    """Keys of the runs that are now as they were before."""
    overtaken: int
    """Changes that stay, because what they made was changed again meanwhile."""


@dataclass(frozen=True, slots=True)
class Emptied:
    """What `empty_trash` removed for good."""

    runs: tuple[str, ...]
    """Names of the runs."""
    kept: tuple[str, ...]
    """Names of runs that stay in the trash, because something of them is still written."""


class _Batch:
    """The changes of one request, inside its write transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        self.at_ms = time.time_ns() // 1_000_000
        self.who = user_name()
        self.changed: dict[int, None] = {}
        found = connection.execute("SELECT coalesce(max(batch), 0) + 1 FROM edit").fetchone()
        self._number = found[0]

    def add(self, run: int, what: str, old: object, new: object) -> None:
        self.changed[run] = None
        self.connection.execute(
            "INSERT INTO edit (batch, at_ms, who, run, what, old, new) VALUES (?,?,?,?,?,?,?)",
            (
                *(self._number, self.at_ms, self.who, run, what),
                *(None if old is None else str(old), None if new is None else str(new)),
            ),
        )


def tag(store: Store, keys: Sequence[int], tags: Iterable[str]) -> int:
    """Add tags to runs; return how many runs had not all of them.

    Raises:
        InvalidArgument: a tag is empty or too long.
        StoreError: the store cannot be written.
    """
    labels = [_label("a tag", text) for text in tags]
    with _batch(store) as batch:
        for key in _existing(batch, keys):
            for label in labels:
                cursor = batch.connection.execute(
                    "INSERT OR IGNORE INTO tag VALUES (?,?,?)", (key, label, batch.at_ms)
                )
                if cursor.rowcount:
                    batch.add(key, "tag", None, label)
    return len(batch.changed)


def untag(store: Store, keys: Sequence[int], tags: Iterable[str]) -> int:
    """Remove tags from runs; return how many runs had one of them."""
    labels = [text.strip() for text in tags]
    with _batch(store) as batch:
        for key in keys:
            for label in labels:
                cursor = batch.connection.execute(
                    "DELETE FROM tag WHERE run=? AND tag=?", (key, label)
                )
                if cursor.rowcount:
                    batch.add(key, "untag", label, None)
    return len(batch.changed)


def note(store: Store, keys: Sequence[int], text: str) -> int:
    """Add a note to runs; return how many got it.

    Raises:
        InvalidArgument: the text is empty.
    """
    words = _utf8(text).strip()
    if not words:
        raise InvalidArgument("a note needs words: nothing was changed")
    with _batch(store) as batch:
        for key in _existing(batch, keys):
            batch.connection.execute(
                "INSERT INTO note (run, at_ms, author, text) VALUES (?,?,?,?)",
                (key, batch.at_ms, batch.who, words),
            )
            batch.add(key, "note", None, words)
    return len(batch.changed)


def rename(store: Store, key: int, name: str) -> bool:
    """Give a run another name; return whether it had a different one.

    A run that is still logging keeps the new name: its start record, which says the
    first one, is in the store before the run can be addressed.

    Raises:
        NotFound: the run is gone.
        InvalidArgument: the name is empty or too long.
    """
    wanted = _label("a name", name)
    with _batch(store) as batch:
        row = batch.connection.execute("SELECT name FROM run WHERE id=?", (key,)).fetchone()
        if row is None:
            raise NotFound("run", str(key))
        if row[0] != wanted:
            batch.connection.execute("UPDATE run SET name=? WHERE id=?", (wanted, key))
            batch.add(key, "rename", row[0], wanted)
    return bool(batch.changed)


def archive(store: Store, keys: Sequence[int]) -> int:
    """Take runs out of the lists; return how many were in them."""
    with _batch(store) as batch:
        _set_moment(batch, keys, "archive")
    return len(batch.changed)


def trash(store: Store, keys: Sequence[int]) -> int:
    """Put runs into the trash; return how many were not there. All of them or none.

    Raises:
        RunIsLive: one of them is still running.
    """
    with _batch(store) as batch:
        for key in keys:
            row = batch.connection.execute(
                "SELECT name, status FROM run WHERE id=?", (key,)
            ).fetchone()
            if row is not None and row[1] == "running":
                raise RunIsLive(f"{row[0]!r} is still running: stop it before it goes to the trash")
        _set_moment(batch, keys, "trash")
    return len(batch.changed)


def restore(store: Store, keys: Sequence[int]) -> int:
    """Bring runs back from the archive and from the trash; return how many came back."""
    with _batch(store) as batch:
        _clear_moment(batch, keys, "untrash")
        _clear_moment(batch, keys, "unarchive")
    return len(batch.changed)


def undo(store: Store) -> Undone | None:
    """Take back the newest change that was not taken back; None where there is none.

    A change that was overtaken (a name that somebody gave anew meanwhile) stays, and
    is counted.
    """
    with store.write() as connection:
        rows = connection.execute(
            "SELECT run, what, old, new, at_ms, who FROM edit WHERE undone_ms IS NULL "
            "AND batch=(SELECT max(batch) FROM edit WHERE undone_ms IS NULL) ORDER BY id DESC"
        ).fetchall()
        if not rows:
            return None
        back: dict[int, None] = {}
        overtaken = 0
        for run, what, old, new, at_ms, _ in rows:
            bound = {"run": run, "old": old, "new": new, "at_ms": at_ms}
            if connection.execute(REVERSALS[what], bound).rowcount > 0:
                back[run] = None
            else:
                overtaken += 1
        connection.execute(
            "UPDATE edit SET undone_ms=? WHERE undone_ms IS NULL "
            "AND batch=(SELECT max(batch) FROM edit WHERE undone_ms IS NULL)",
            (time.time_ns() // 1_000_000,),
        )
    *_, what, _, _, at_ms, who = rows[0]
    done = "restore" if what in ("unarchive", "untrash") else what
    at = datetime.fromtimestamp(at_ms / 1000, UTC)
    return Undone(done, who, at, tuple(sorted(back)), overtaken)


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


@contextmanager
def _batch(store: Store) -> Iterator[_Batch]:
    with store.write() as connection:
        yield _Batch(connection)


def _existing(batch: _Batch, keys: Iterable[int]) -> Iterator[int]:
    """Yield the keys of which there is a run; one may have been removed meanwhile."""
    for key in keys:
        if batch.connection.execute("SELECT 1 FROM run WHERE id=?", (key,)).fetchone():
            yield key


def _set_moment(batch: _Batch, keys: Iterable[int], what: str) -> None:
    column = MOMENTS[what]
    for key in keys:
        cursor = batch.connection.execute(
            f"UPDATE run SET {column}=? WHERE id=? AND {column} IS NULL", (batch.at_ms, key)
        )
        if cursor.rowcount:
            batch.add(key, what, None, batch.at_ms)


def _clear_moment(batch: _Batch, keys: Iterable[int], what: str) -> None:
    column = MOMENTS[what]
    for key in keys:
        row = batch.connection.execute(f"SELECT {column} FROM run WHERE id=?", (key,)).fetchone()
        if row is not None and row[0] is not None:
            batch.connection.execute(f"UPDATE run SET {column}=NULL WHERE id=?", (key,))
            batch.add(key, what, row[0], None)


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


def _label(what: str, text: str) -> str:
    label = _utf8(text).strip()
    if not label:
        raise InvalidArgument(f"{what} needs at least one character: nothing was changed")
    if len(label) > _LONGEST_LABEL:
        raise InvalidArgument(
            f"{what} of {len(label)} characters is too long, at most {_LONGEST_LABEL} fit"
        )
    return label


def _utf8(text: str) -> str:
    """Return a text that SQLite takes: arguments that are no UTF-8 have lone surrogates."""
    return text.encode("utf-8", "replace").decode()
