"""Digests of files that were hashed before, in the user's cache folder.

    $XDG_CACHE_HOME/tui_tracker/hashes.db (SQLite), else ~/.cache/tui_tracker/hashes.db

A file counts as unchanged while device, inode, size and both of its times are what they were.
As in git, a file that changed less than two seconds before it was hashed is not kept: a
second change within one tick of the clock could not be seen. A cache that is locked, damaged
or cannot be written costs time and nothing else: everything here then finds nothing.
"""

from __future__ import annotations

import os
import sqlite3
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_TRUSTED_NS = 2_000_000_000
_WAIT_S = 1.0
_MOST_AT_ONCE = 50_000
_MOST_BYTES = 512 << 20
"""Beyond, the older half of the cache is given up."""
_TABLE = (
    "CREATE TABLE IF NOT EXISTS file (dev INTEGER NOT NULL, inode INTEGER NOT NULL, "
    "algo TEXT NOT NULL, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, "
    "ctime_ns INTEGER NOT NULL, digest TEXT NOT NULL, hashed_s INTEGER NOT NULL, "
    "PRIMARY KEY (dev, inode, algo)) WITHOUT ROWID"
)


class HashCache:
    """The cache, opened at its first use; its calls never raise."""

    def __init__(self, path: str | None = None) -> None:
        self._path = path or cache_path()
        self._connection: sqlite3.Connection | None = None

    def find(self, files: Sequence[os.stat_result], algo: str) -> dict[tuple[int, int], str]:
        """Return the digests of those files that did not change, by device and inode."""
        known = {(file.st_dev, file.st_ino): file for file in files}
        found: dict[tuple[int, int], str] = {}
        for device in {key[0] for key in known}:
            inodes = [key[1] for key in known if key[0] == device]
            for row in self._read(_signed(device), inodes, algo):
                file = known[device, row[0] & _WORD]
                if row[1:4] == (file.st_size, file.st_mtime_ns, file.st_ctime_ns):
                    found[device, row[0] & _WORD] = row[4]
        return found

    def keep(self, hashed: Iterable[tuple[os.stat_result, int, str]], algo: str) -> None:
        """Keep digests, each with the file's state before it was hashed and when that was."""
        now = int(time.time())
        rows = [
            (
                *(_signed(file.st_dev), _signed(file.st_ino), algo, file.st_size),
                *(file.st_mtime_ns, file.st_ctime_ns, digest, now),
            )
            for file, at_ns, digest in hashed
            if at_ns - max(file.st_mtime_ns, file.st_ctime_ns) > _TRUSTED_NS
        ]
        try:
            if rows and (connection := self._open(make=True)) is not None:
                with connection:
                    connection.executemany(
                        "INSERT OR REPLACE INTO file VALUES (?,?,?,?,?,?,?,?)", rows
                    )
        except sqlite3.Error as error:
            self._give_up(error)

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = None

    def _read(
        self, device: int, inodes: list[int], algo: str
    ) -> list[tuple[int, int, int, int, str]]:
        rows: list[tuple[int, int, int, int, str]] = []
        try:
            if not os.path.exists(self._path) or (connection := self._open()) is None:
                return []
            for start in range(0, len(inodes), _MOST_AT_ONCE):
                wanted = ",".join([str(_signed(i)) for i in inodes[start : start + _MOST_AT_ONCE]])
                rows += connection.execute(
                    "SELECT inode, size, mtime_ns, ctime_ns, digest FROM json_each(?) AS wanted "
                    "CROSS JOIN file ON dev=? AND inode=wanted.value AND algo=?",
                    (f"[{wanted}]", device, algo),
                )
        except sqlite3.Error as error:
            self._give_up(error)
        return rows

    def _open(self, *, make: bool = False) -> sqlite3.Connection | None:
        if self._connection is None:
            try:
                if make:
                    os.makedirs(os.path.dirname(self._path), exist_ok=True)
                self._connection = sqlite3.connect(self._path, _WAIT_S, check_same_thread=False)
                self._connection.execute(_TABLE)
                self._shrink(self._connection)
            except OSError:
                return None
        return self._connection

    def _shrink(self, connection: sqlite3.Connection) -> None:
        if os.path.getsize(self._path) > _MOST_BYTES:
            with connection:
                connection.execute(
                    "DELETE FROM file WHERE hashed_s <= (SELECT hashed_s FROM file "
                    "ORDER BY hashed_s LIMIT 1 OFFSET (SELECT count(*)/2 FROM file))"
                )
            connection.execute("VACUUM")

    def _give_up(self, error: sqlite3.Error) -> None:
        """Go on without the cache; one that is no database makes place for a new one."""
        self.close()
        words = str(error)
        if "not a database" in words or "malformed" in words or "no such column" in words:
            try:
                os.unlink(self._path)
            except OSError:
                pass


_WORD = (1 << 64) - 1


def cache_path() -> str:
    """Return where the cache lies."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return os.path.join(base, "tui_tracker", "hashes.db")


def _signed(number: int) -> int:
    """Return a number of 64 bits as SQLite holds it."""
    number &= _WORD
    return number - (1 << 64) if number >> 63 else number
