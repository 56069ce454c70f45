"""Digests of files that were hashed before, in the user's cache folder.

    $XDG_CACHE_HOME/tui_tracker/hashes.db (SQLite), else ~/.cache/tui_tracker/hashes.db

A file counts as unchanged while device, inode, size and both of its times are what they were.
As in git, a file that changed less than two seconds before it was hashed is not kept: a
second change within one tick of the clock could not be seen. A cache that is locked, damaged
or cannot be written costs time and nothing else: everything here then finds nothing.
"""

from __future__ import annotations

import hashlib
import marshal
import os
import sqlite3
import time
import zlib

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tui_tracker.capture.listing import File

    _Row = tuple[int, int, int, int, str]

_TRUSTED_NS = 2_000_000_000
_WAIT_S = 1.0
_MANY, _TOO_MANY = 100, 300_000
"""Files of a folder whose manifest is kept as a whole: looking each up takes longer."""
_MOST_AT_ONCE = 50_000
_MOST_BYTES = 512 << 20
"""Beyond, the older half of the cache is given up."""
_TABLES = (
    "CREATE TABLE IF NOT EXISTS file (dev INTEGER NOT NULL, inode INTEGER NOT NULL, "
    "algo TEXT NOT NULL, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, "
    "ctime_ns INTEGER NOT NULL, digest TEXT NOT NULL, hashed_s INTEGER NOT NULL, "
    "PRIMARY KEY (dev, inode, algo)) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS folder "
    "(key BLOB PRIMARY KEY, manifest BLOB NOT NULL, hashed_s INTEGER NOT NULL)",
)


class HashCache:
    """The cache, opened at its first use; its calls never raise."""

    def __init__(self, path: str | None = None) -> None:
        self._path = path or cache_path()
        self._connection: sqlite3.Connection | None = None

    def find(self, files: Sequence[File], algo: str) -> dict[tuple[int, int], str]:
        """Return the digests of those files that did not change, by device and inode."""
        found: dict[tuple[int, int], str] = {}
        # Where a file system numbers no files, all have the inode 0.
        for device in {file[1] for file in files}:
            known = {_signed(f[2]): f for f in files if f[1] == device and f[2]}
            for inode, *state, digest in self._read(_signed(device), list(known), algo):
                file = known[inode]
                if (*state,) == file[3:]:
                    found[device, file[2]] = digest
        return found

    def keep(self, hashed: Iterable[tuple[File, int, str]], algo: str) -> None:
        """Keep digests, each with the file as it was before and when it began to be hashed."""
        now = int(time.time())
        rows = [
            (_signed(device), _signed(inode), algo, size, mtime, ctime, digest, now)
            for (_, device, inode, size, mtime, ctime), at_ns, digest in hashed
            if inode and at_ns - max(mtime, ctime) > _TRUSTED_NS
        ]
        try:
            if rows and (connection := self._open(make=True)) is not None:
                with connection:
                    connection.executemany(
                        "INSERT OR REPLACE INTO file VALUES (?,?,?,?,?,?,?,?)", rows
                    )
        except sqlite3.Error as error:
            self._give_up(error)

    def folder_key(self, files: list[File], algo: str) -> bytes:
        """Return what is the same as long as nothing in a folder changed; b"" for a small one."""
        if not _MANY <= len(files) < _TOO_MANY or not all(file[2] for file in files[:_MANY]):
            return b""
        # Version 2 of marshal: later ones say which objects are the same object.
        return hashlib.sha256(algo.encode() + b"\0" + marshal.dumps(files, 2)).digest()

    def find_folder(self, key: bytes) -> bytes:
        """Return the manifest of a folder of which no file changed, b"" where it is not known."""
        try:
            if not os.path.exists(self._path) or (connection := self._open()) is None:
                return b""
            query = "SELECT manifest FROM folder WHERE key=?"
            row = connection.execute(query, (key,)).fetchone()
            return zlib.decompress(row[0]) if row else b""
        except (sqlite3.Error, zlib.error) as error:
            self._give_up(error)
            return b""

    def keep_folder(self, key: bytes, manifest: bytes, files: list[File], began_ns: int) -> None:
        """Keep the manifest of a folder whose files have all held still for a while."""
        newest = max(max(file[4], file[5]) for file in files)
        if began_ns - newest <= _TRUSTED_NS:
            return
        row = key, zlib.compress(manifest, 1), int(time.time())
        try:
            if (connection := self._open(make=True)) is not None:
                with connection:
                    connection.execute("INSERT OR REPLACE INTO folder VALUES (?,?,?)", row)
        except sqlite3.Error as error:
            self._give_up(error)

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = None

    def __del__(self) -> None:
        # A run that a signal ended closes nothing.
        self.close()

    def _read(self, device: int, inodes: list[int], algo: str) -> list[_Row]:
        rows: list[_Row] = []
        try:
            if not os.path.exists(self._path) or (connection := self._open()) is None:
                return []
            for start in range(0, len(inodes), _MOST_AT_ONCE):
                wanted = ",".join(map(str, inodes[start : start + _MOST_AT_ONCE]))
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
                self._connection = sqlite3.connect(
                    self._path, timeout=_WAIT_S, check_same_thread=False
                )
                for table in _TABLES:
                    self._connection.execute(table)
                self._shrink(self._connection)
            except OSError:
                return None
        return self._connection

    def _shrink(self, connection: sqlite3.Connection) -> None:
        if os.path.getsize(self._path) > _MOST_BYTES:
            with connection:
                for table in ("file", "folder"):
                    connection.execute(
                        f"DELETE FROM {table} WHERE hashed_s <= (SELECT hashed_s FROM {table} "
                        f"ORDER BY hashed_s LIMIT 1 OFFSET (SELECT count(*)/2 FROM {table}))"
                    )
            connection.execute("VACUUM")

    def _give_up(self, error: Exception) -> None:
        """Go on without the cache; one that is no database makes place for a new one."""
        self.close()
        words = str(error)
        if (
            "not a database" in words
            or "malformed" in words
            or "no such column" in words
            or isinstance(error, zlib.error)
        ):
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
