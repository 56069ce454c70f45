"""Foreign SQLite files, read without changing a byte and without being in a writer's way.

A file with a rollback journal is opened with `mode=ro`: SQLite then locks as it should
and leaves nothing behind. In WAL mode even a reader writes (the `-shm` file, and the log
is made where there is none), so a database without a log is opened as immutable, and
one whose log has something in it is copied together with the log. Both can be torn by a
writer in the middle of it; what was torn shows by its size and time, or as damage, and is
read again.

Source: https://www.sqlite.org/uri.html, https://www.sqlite.org/wal.html (read-only databases).
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote

from tui_tracker.errors import ImportFailed

Result = TypeVar("Result")

_MAGIC = b"SQLite format 3\0"
_WAL = 2
"""What bytes 18 and 19 of a database in WAL mode are."""
_TRIES = 8
_WAIT_S = 0.05
_BUSY_S = 2.0


def is_database(head: bytes) -> bool:
    """Return whether a file that begins so is an SQLite database; an empty file is none."""
    return head.startswith(_MAGIC)


def list_tables(path: Path) -> frozenset[str]:
    """Return the names of the tables; none where it cannot be read, or is no database."""
    try:
        return read_database(path, _table_names)
    except ImportFailed:
        return frozenset()


def read_database(path: Path, read: Callable[[sqlite3.Connection], Result]) -> Result:
    """Return what `read` makes of a consistent state of the database.

    `read` may be called several times where a writer is in the way; it is given a connection
    whose texts are decoded with replacement characters where they are no UTF-8.

    Raises:
        ImportFailed: it is no database, is damaged, or its writer never let it be.
    """
    problem = ""
    for attempt in range(_TRIES):
        if attempt:
            time.sleep(_WAIT_S * attempt)
        before = _state(path)
        try:
            with _opened(path) as connection:
                result = read(connection)
        except sqlite3.Error as error:
            problem = str(error)
            if _state(path) == before and not _is_locked(error):
                break
            continue
        except OSError as error:
            raise ImportFailed(str(path), "", f"cannot be read: {error.strerror}") from error
        # Behind proper locks nothing can be torn.
        if not _in_wal_mode(path) or _state(path) == before:
            return result
        problem = "it is written faster than it can be read"
    raise ImportFailed(str(path), "", f"cannot be read as a database: {problem}")


@contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    place = f"file:{quote(str(path.absolute()))}?mode=ro"
    log = path.with_name(path.name + "-wal")
    if _in_wal_mode(path):
        if _size(log):
            with tempfile.TemporaryDirectory(prefix="tui_tracker-") as folder:
                copy = Path(folder) / "copy.db"
                shutil.copyfile(path, copy)
                shutil.copyfile(log, copy.with_name("copy.db-wal"))
                with closing(_connect(f"file:{quote(str(copy))}")) as connection:
                    yield connection
            return
        place += "&immutable=1"
    elif _size(hot := path.with_name(path.name + "-journal")):
        # Left by a writer that died, or by one that is at work; a copy may be rolled back.
        with tempfile.TemporaryDirectory(prefix="tui_tracker-") as folder:
            copy = Path(folder) / "copy.db"
            shutil.copyfile(path, copy)
            shutil.copyfile(hot, copy.with_name("copy.db-journal"))
            with closing(_connect(f"file:{quote(str(copy))}")) as connection:
                yield connection
        return
    with closing(_connect(place)) as connection:
        yield connection


def _connect(place: str) -> sqlite3.Connection:
    connection = sqlite3.connect(place, uri=True, timeout=_BUSY_S)
    connection.text_factory = lambda raw: raw.decode("utf-8", "replace")
    connection.execute("PRAGMA query_only=1")
    # A damaged or hostile file may not run code of its own, nor take all memory.
    connection.execute("PRAGMA trusted_schema=0")
    connection.execute("PRAGMA cell_size_check=1")
    return connection


def _table_names(connection: sqlite3.Connection) -> frozenset[str]:
    rows = connection.execute("SELECT name FROM sqlite_master WHERE type='table'")
    return frozenset(name for (name,) in rows)


def _in_wal_mode(path: Path) -> bool:
    with path.open("rb") as file:
        return _WAL in file.read(20)[18:20]


def _state(path: Path) -> tuple[tuple[int, int, int] | None, ...]:
    """Return what differs after any write: of the file, its log and its rollback journal."""
    return tuple(_stamp(path.with_name(path.name + end)) for end in ("", "-wal", "-journal"))


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        facts = os.stat(path)
    except OSError:
        return None
    return facts.st_size, facts.st_mtime_ns, facts.st_ino


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _is_locked(error: sqlite3.Error) -> bool:
    return "locked" in str(error) or "busy" in str(error)
