"""Ways to a foreign SQLite file that write nothing beside it and hold no writer up for long.

What SQLite itself does on opening, and what is therefore done here:

- A file with a rollback journal is opened with `mode=ro`: SQLite then takes a shared lock for as
  long as one statement runs, and creates nothing. Where a transaction is left half done (a hot
  journal), or the writer does not let go, the file and its journal are copied, and the copy is
  rolled back: at any moment the two together are the state before the transaction. A journal whose
  head is zeroed or that is empty is only a leftover (PERSIST, TRUNCATE), and SQLite knows it.
- In WAL mode even a reader makes `-wal` and `-shm`. Without a log, or with an empty one, the file
  is all there is and is opened as immutable; what changes meanwhile shows by its stamp.
- With a log, file and log are copied, the file first: as long as the log was not begun anew in
  between (the salts in its head are the same), it holds every page that a checkpoint moved.
  A file too big to be copied at every look is opened with `readonly_shm=1`, if a writer keeps
  `-shm` alive: SQLite then maps it for reading only.
- A `-wal` beside a file makes SQLite treat it as one in WAL mode, whatever the file's head says.

Source: https://www.sqlite.org/fileformat2.html, https://www.sqlite.org/walformat.html,
https://www.sqlite.org/uri.html, https://www.sqlite.org/lockingv3.html.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from tui_tracker.importers.regular import open_regular

Stamp = tuple[int, int, int]
"""Size, time of change in nanoseconds and inode of a file."""
Stamps = tuple[Stamp | None, ...]

COPY_BYTES = 32 << 20
"""Up to so many bytes are copied at each look, where there is a choice."""
LONGEST_BYTES = 16 << 20
"""Longer texts and blobs are taken for damage."""
_WAL_FORMAT = 2
"""What bytes 18 and 19 of a database in WAL mode are."""
_LOG_HEAD = 32
_TICK_NS = 20_000_000
"""Two writes closer together may leave the same time of change."""
_PART = 1 << 20
_BUSY_S = 1.0
_STATEMENT_S = 60.0
_STEPS = 5_000_000
_READONLY_ROLLBACK = 776


class Torn(Exception):
    """A writer came in between: what was read is not one state."""


class Busy(Exception):
    """The writer holds the file, or left it half done; a copy has to be made."""


@dataclass(frozen=True, slots=True)
class Way:
    """Where a state is read, and how it is known that it was one."""

    file: Path
    place: str
    is_whole: Callable[[], bool]
    copied: bool = False
    locks: bool = False
    """SQLite itself keeps the state from changing while a statement runs."""


def stamps(path: Path) -> Stamps:
    """Return what differs after any write: of the file, its log and its rollback journal."""
    return tuple(_stamp(_beside(path, end)) for end in ("", "-wal", "-journal"))


def are_settled(seen: Stamps) -> bool:
    """Return whether a later write is bound to show in stamps taken now."""
    now = time.time_ns()
    return all(stamp is None or abs(now - stamp[1]) > _TICK_NS for stamp in seen)


def find_way(path: Path, scratch: Callable[[], Path]) -> Way:
    """Return how to read the file as it is now; `scratch` makes an empty folder for copies.

    Raises:
        Torn: it was written to while it was copied.
        OSError: it cannot be read.
    """
    if not _in_wal_mode(path):
        return Way(path, _uri(path, "mode=ro"), lambda: True, locks=True)
    log = _stamp(_beside(path, "-wal"))
    if log is None or not log[0]:
        seen = stamps(path)
        if not are_settled(seen) and path.stat().st_size <= COPY_BYTES:
            return _copied(path, scratch(), "-wal")
        seen = _settled_stamps(path)
        return Way(path, _uri(path, "mode=ro&immutable=1"), lambda: stamps(path) == seen)
    shared = _stamp(_beside(path, "-shm"))
    if shared is not None and log[0] + path.stat().st_size > COPY_BYTES:
        return Way(path, _uri(path, "mode=ro&readonly_shm=1"), lambda: True)
    return _copied_with_log(path, scratch())


def copied_with_journal(path: Path, scratch: Path) -> Way:
    """Return the way to a copy of the file as it was before the transaction that is under way.

    Raises:
        Torn: it was written to while it was copied.
        OSError: it cannot be copied.
    """
    return _copied(path, scratch, "-journal")


@contextmanager
def connected(way: Way) -> Iterator[sqlite3.Connection]:
    """Give a connection to the state; what was read inside holds if the end is reached.

    Raises:
        Torn: what was read is not one state.
        Busy: the writer holds the file, or left it half done.
    """
    try:
        with closing(_connect(way.place)) as connection:
            held = _hold(connection, way)
            yield connection
            # Locks of a process go with the first descriptor of the file that it closes anywhere.
            if held is not None and _stamp(way.file) != held:
                raise Torn
    except sqlite3.OperationalError as error:
        if way.locks and _is_held(error):
            raise Busy from error
        raise
    if not way.is_whole():
        raise Torn


def _copied(path: Path, scratch: Path, end: str) -> Way:
    """Return the way to a copy of the file and of the one beside it with this end, if there is one.

    Copies that are still like the files once all are made show what was there at one moment:
    the one when the last was made. No clock has to be trusted for that.
    """
    copy = scratch / "copy.db"
    pairs = [(path, copy), (_beside(path, end), _beside(copy, end))]
    for source, target in pairs:
        with contextlib.suppress(FileNotFoundError):
            shutil.copyfile(source, target)
    if not all(_is_alike(source, target) for source, target in pairs):
        raise Torn
    return Way(copy, _uri(copy, "mode=rw"), lambda: True, copied=True)


def _is_alike(source: Path, target: Path) -> bool:
    if not (os.path.exists(source) and os.path.exists(target)):
        return os.path.exists(source) == os.path.exists(target)
    with source.open("rb") as left, target.open("rb") as right:
        while part := left.read(_PART):
            if part != right.read(_PART):
                return False
        return not right.read(1)


def _copied_with_log(path: Path, scratch: Path) -> Way:
    log, copy = _beside(path, "-wal"), scratch / "copy.db"
    copied_log = _beside(copy, "-wal")
    try:
        head = _head(log, _LOG_HEAD)
        shutil.copyfile(path, copy)
        shutil.copyfile(log, copied_log)
    except FileNotFoundError as error:
        raise Torn from error
    if len(head) < _LOG_HEAD or _head(copied_log, _LOG_HEAD) != head:
        raise Torn
    return Way(copy, _uri(copy, "mode=rw"), lambda: True, copied=True)


def _connect(place: str) -> sqlite3.Connection:
    connection = sqlite3.connect(place, uri=True, timeout=_BUSY_S, isolation_level=None)
    connection.text_factory = lambda raw: raw.decode("utf-8", "replace")
    connection.execute("PRAGMA query_only=1")
    # A damaged or hostile file may not run code of its own, nor take all memory or all time.
    connection.execute("PRAGMA trusted_schema=0")
    connection.execute("PRAGMA cell_size_check=1")
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LONGEST_BYTES)
    deadline = time.monotonic() + _STATEMENT_S
    connection.set_progress_handler(lambda: time.monotonic() > deadline, _STEPS)
    return connection


def _hold(connection: sqlite3.Connection, way: Way) -> Stamp | None:
    """Lock the state until the connection is closed, and return the stamp that cannot change."""
    if not way.locks:
        return None
    connection.execute("BEGIN")
    connection.execute("SELECT 1 FROM sqlite_master").fetchone()
    return _stamp(way.file)


def _is_held(error: sqlite3.OperationalError) -> bool:
    code = error.sqlite_errorcode
    held = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL)
    # No locks on some network file systems: an input or output error then.
    return code == _READONLY_ROLLBACK or code & 0xFF in (*held, sqlite3.SQLITE_IOERR)


def _settled_stamps(path: Path) -> Stamps:
    """Raises Torn where it was written to within the last tick of the file system's clock."""
    seen = stamps(path)
    if not are_settled(seen):
        time.sleep(_TICK_NS / 1e9)
        seen = stamps(path)
        if not are_settled(seen):
            raise Torn
    return seen


def _in_wal_mode(path: Path) -> bool:
    return _WAL_FORMAT in _head(path, 20)[18:20] or _stamp(_beside(path, "-wal")) is not None


def _head(path: Path, count: int) -> bytes:
    with open_regular(path) as file:
        return file.read(count)


def _beside(path: Path, end: str) -> Path:
    return path.with_name(path.name + end)


def _stamp(path: Path) -> Stamp | None:
    try:
        facts = os.stat(path)
    except OSError:
        return None
    return facts.st_size, facts.st_mtime_ns, facts.st_ino


def _uri(path: Path, options: str) -> str:
    return f"file:{quote(os.fsencode(path.absolute()))}?{options}"
