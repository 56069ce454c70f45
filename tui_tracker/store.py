"""Open a store: connections, read and write transactions.

One process holds at most two connections to the database, one to read and one to
write, so that a long read never waits for a drain. Neither SQLModel nor SQLAlchemy is
imported.

On a network file system the database lies in this machine's cache folder, because
SQLite's write-ahead log is unsafe there: journals stay with the store, and each
machine drains them for itself.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from contextlib import contextmanager

from tui_tracker import folder as folders
from tui_tracker.database import (
    FILLS,
    MIGRATIONS,
    SCHEMA_VERSION,
    connect,
    holds_bytes,
    make_database,
    migrate,
    translated,
)
from tui_tracker.errors import QuestionStopped, StoreError, StoreTooNew

# Loaded by a training process too: `typing` alone would double what it costs.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any, Protocol

    class Closes(Protocol):
        """What has a `close`."""

        def close(self) -> None: ...

    class Stoppable(Protocol):
        """A question that may be given up while it is answered."""

        stopped: bool

    Row = tuple[Any, ...]
    Parameters = Mapping[str, object] | Sequence[object]
else:
    Row, Parameters = tuple, object


_STEPS_BETWEEN = 100_000
"""Of SQLite's machine, about a millisecond, between two looks whether an answer is still wanted."""


class Store:
    """An open store. Safe for threads; a context manager that closes it."""

    def __init__(
        self, folder: str, path: str, *, read_only: bool, wait_s: float, foreign: str = ""
    ) -> None:
        self.folder = folder
        """Where journals and artifacts are."""
        self.path = path
        """The database file."""
        self.read_only = read_only
        """This user may not write here, so journals are not drained."""
        self.foreign = foreign
        """What of another tool is shown by this store, which is gone when it is closed; or ""."""
        self.draining = threading.RLock()
        """Held by whoever drains through this store."""
        self.drains: dict[str, Closes] = {}
        """What the drain remembers of each journal; closed with the store."""
        self._wait_s = wait_s
        self._identity: tuple[int, int] | None = None
        self._replaced = 0
        self._closed = False
        self._reading = threading.RLock()
        self._writing = threading.RLock()
        self._asking = threading.local()
        self._stopping = threading.Lock()
        self._answering: Stoppable | None = None
        self.aliased = False
        """Names are read through views, which have no indexes of their own."""
        self.amended = False
        """Params and tags are read through views that show what amendments say."""
        self._named_at = -1
        """The state of the store in which its aliases were looked at last."""
        self._reader: sqlite3.Connection | None = None
        self._writer: sqlite3.Connection | None = None

    @classmethod
    def open(
        cls,
        wanted: str | os.PathLike[str] | None = None,
        *,
        create: bool = False,
        wait_s: float = 5.0,
        upgrade: bool = True,
        foreign: str = "",
    ) -> Store:
        """Open the store that `folder.locate` finds; bring an older one up to date.

        `wait_s` is how long a write waits for another process's lock. With
        `upgrade=False` an older store is refused: a training run does not migrate. `foreign`
        is the path of what another process reads into this store: here it is only looked at.

        Raises:
            StoreError: there is none and `create` is not set, or it cannot be used;
                NotAStore, StoreTooNew, StoreDamaged and StoreBusy say how.
        """
        folder = folders.locate(wanted)
        if not folders.exists(folder):
            if not create:
                raise StoreError(
                    folder,
                    "no store here yet: tt.init() in a training script makes one, or tt demo",
                )
            folders.make(folder)
        path = database_path(folder)
        read_only = False
        if not holds_bytes(path):
            make_database(path)
        else:
            read_only = not (os.access(path, os.W_OK) and os.access(os.path.dirname(path), os.W_OK))
        read_only = read_only or bool(foreign)
        store = cls(folder, path, read_only=read_only, wait_s=wait_s, foreign=foreign)
        try:
            store._check_version(upgrade=upgrade)
        except BaseException:
            store.close()
            raise
        return store

    def read(self, sql: str, parameters: Parameters = ()) -> list[Row]:
        """Return all rows of a query.

        Raises:
            StoreError: the database cannot be read.
        """
        with self._reading, translated(self.path):
            self._refuse_closed()
            if self._reader is None:
                self._reader = self._connect(read_only=self.read_only)
                self._reader.create_function("regexp", 2, _fits, deterministic=True)
                self._reader.create_function("inflate", 1, _inflated, deterministic=True)
                self._reader.create_function("crc", -1, _crc, deterministic=True)
                # An interrupt that comes in the moment before the first step is lost.
                self._reader.set_progress_handler(self._is_stopped, _STEPS_BETWEEN)
                self._named_at = -1
            self._follow_names(self._reader)
            return self._answered(sql, parameters)

    @property
    def viewed(self) -> bool:
        """Whether what was logged is read through views."""
        return self.aliased or self.amended

    def _follow_names(self, reader: sqlite3.Connection) -> None:
        """Let the reader see names as the aliases say; a store without any costs one query."""
        version = reader.execute("PRAGMA data_version").fetchone()[0]
        if version == self._named_at:
            return
        self._named_at = version
        aliased, amended = _has_aliases(reader), _has_amendments(reader)
        if amended:
            from tui_tracker import amended_views  # few stores have any

            amended = amended_views.has_amended(reader)
        if aliased or amended or self.viewed:
            from tui_tracker import amended_views

            amended_views.arrange(reader, aliased=aliased, amended=amended)
        self.aliased, self.amended = aliased, amended

    def _answered(self, sql: str, parameters: Parameters) -> list[Row]:
        """Return the rows of a query that the thread's question may have to give up."""
        assert self._reader is not None
        asking = getattr(self._asking, "question", None)
        if asking is None:
            return self._reader.execute(sql, parameters).fetchall()
        with self._stopping:
            if asking.stopped:
                raise QuestionStopped
            self._answering = asking
        try:
            return self._reader.execute(sql, parameters).fetchall()
        except sqlite3.OperationalError as error:
            if asking.stopped:
                raise QuestionStopped from error
            raise
        finally:
            with self._stopping:
                self._answering = None

    def _is_stopped(self) -> bool:
        """Return whether nobody waits any more for what is being answered."""
        answering = self._answering
        return answering is not None and answering.stopped

    @contextmanager
    def asking(self, question: Stoppable) -> Iterator[None]:
        """Let this thread's reads end with `QuestionStopped` once the question is stopped."""
        self._asking.question = question
        try:
            yield
        finally:
            self._asking.question = None

    def stop(self, question: Stoppable) -> None:
        """Stop a question, also in the middle of its query; others are not touched."""
        with self._stopping:
            question.stopped = True
            # Whoever answers waits for this lock before it turns to another question.
            if self._answering is question and self._reader is not None:
                self._reader.interrupt()

    @contextmanager
    def one_moment(self) -> Iterator[None]:
        """Let all reads inside see the store as it is now, whatever others write meanwhile."""
        with self._reading:
            self.read("BEGIN")
            try:
                yield
            finally:
                # Not as a part of a question, which may be stopped.
                if self._reader is not None and self._reader.in_transaction:
                    self._reader.execute("COMMIT")

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """Give a connection inside one write transaction; an error undoes all of it.

        Raises:
            StoreBusy: another process kept its lock for longer than the wait.
            StoreError: the database cannot be written.
        """
        if self.foreign:
            raise StoreError(
                self.foreign, "it is shown in place and never changed: import it, then change that"
            )
        if self.read_only:
            raise StoreError(self.path, "you may not write to this store")
        with self._writing, translated(self.path):
            self._refuse_closed()
            self._follow()
            if self._writer is None:
                self._writer = self._connect(read_only=False)
            connection = self._writer
            connection.execute("BEGIN IMMEDIATE")
            try:
                self._refuse_other_version(connection)
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    def data_version(self) -> int:
        """Return a number that changes when any other connection changed the store.

        Also when another store was put in its place, which is read from then on.

        Raises:
            StoreError: the store was deleted, or cannot be read.
        """
        if _identity(self.path) != self._identity:
            with self._writing:
                self._follow()
        return self._replaced << 32 | int(self.read("PRAGMA data_version")[0][0])

    def backup(self, target: str) -> None:
        """Write a consistent copy of the database while others go on writing.

        Raises:
            StoreError: the copy cannot be written.
        """
        self.read("SELECT 1")
        with self._reading, translated(target):
            copy = sqlite3.connect(target)
            try:
                assert self._reader is not None
                self._reader.backup(copy, pages=1024, sleep=0.001)
                copy.execute("PRAGMA journal_mode=DELETE")
            finally:
                copy.close()

    def pack(self, target: str) -> None:
        """Write a copy of the database without what was deleted in it.

        Raises:
            StoreError: the copy cannot be written.
        """
        with translated(target):
            # Of its own: it would take the reader's views for the tables to be copied.
            connection = self._connect(read_only=True)
            try:
                connection.execute("VACUUM INTO ?", (target,))
            finally:
                connection.close()

    def close(self) -> None:
        with self.draining:
            for drain in self.drains.values():
                drain.close()
            self.drains.clear()
        # A thread that asks once more must not open the file again behind our back.
        self._closed = True
        self._disconnect()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _disconnect(self) -> None:
        with self._writing, self._reading:
            for connection in (self._reader, self._writer):
                if connection is not None:
                    connection.close()
            self._reader = self._writer = None

    def _follow(self) -> None:
        """Let go of a database that was deleted or replaced meanwhile.

        What an open connection writes then is gone when it closes.
        """
        found = _identity(self.path)
        if found is None:
            raise StoreError(self.path, "somebody deleted the store while it was open")
        if found != self._identity:
            self._disconnect()
            self._identity = found
            self._replaced += 1

    def _refuse_closed(self) -> None:
        if self._closed:
            raise StoreError(self.path, "this store was closed")

    def _refuse_other_version(self, connection: sqlite3.Connection) -> None:
        # Another process may have brought the store up to date, or put another one here.
        found = int(connection.execute("PRAGMA user_version").fetchone()[0])
        if found > SCHEMA_VERSION:
            raise StoreTooNew(self.path, found, SCHEMA_VERSION)
        if found < SCHEMA_VERSION:
            raise StoreError(self.path, "the store is of an older version: tt brings it up")

    def _connect(self, *, read_only: bool) -> sqlite3.Connection:
        self._identity = self._identity or _identity(self.path)
        if not read_only:
            return connect(self.path, wait_s=self._wait_s)
        from urllib.parse import quote

        place = "file:" + quote(self.path)
        connection = None
        try:
            connection = sqlite3.connect(place + "?mode=ro", uri=True, check_same_thread=False)
            connection.execute("SELECT count(*) FROM run").fetchone()
        except sqlite3.OperationalError:
            if connection is not None:
                connection.close()
            # A write-ahead log needs a shared-memory file beside it, which cannot be
            # made here. Nobody else can write here either, or the file would be there.
            connection = sqlite3.connect(
                place + "?mode=ro&immutable=1", uri=True, check_same_thread=False
            )
        connection.isolation_level = None
        return connection

    def _check_version(self, *, upgrade: bool) -> None:
        found = int(self.read("PRAGMA user_version")[0][0])
        if found > SCHEMA_VERSION:
            raise StoreTooNew(self.path, found, SCHEMA_VERSION)
        if found < SCHEMA_VERSION and not self.read_only:
            self._disconnect()
            if not upgrade:
                raise StoreError(self.path, "the store is of an older version: tt brings it up")
            with translated(self.path):
                migrate(self.path, MIGRATIONS, SCHEMA_VERSION, FILLS)


def _has_aliases(reader: sqlite3.Connection) -> bool:
    return _has_row(reader, "main.alias WHERE reverted_ms IS NULL")


def _has_amendments(reader: sqlite3.Connection) -> bool:
    return _has_row(reader, "main.amendment")


def _has_row(reader: sqlite3.Connection, wanted: str) -> bool:
    try:
        row = reader.execute(f"SELECT EXISTS (SELECT 1 FROM {wanted})").fetchone()
    except sqlite3.OperationalError as error:
        if "no such table" not in str(error):
            raise
        return False  # a store of an older version
    return bool(row[0])


def _fits(pattern: str, text: object) -> bool:
    """Return whether a regex is found in a text; in what is none it never is."""
    import re  # the logger must not wait for it

    return isinstance(text, str) and re.search(pattern, text) is not None


def _inflated(data: object) -> str | None:
    """Return a text of `content`; None where it is none, or damaged."""
    import zlib

    try:
        return zlib.decompress(data).decode() if isinstance(data, bytes) else None
    except (zlib.error, UnicodeError):
        return None


def _crc(*values: object) -> int:
    """Return a checksum of values: what changed behind our back has another."""
    import zlib

    return zlib.crc32(repr(values).encode())


def database_path(folder: str) -> str:
    """Return where the database of a store folder is: beside it, or in the local cache.

    Raises:
        StoreError: the cache folder cannot be made.
        NotAStore: another program's file stands there.
    """
    path = folders.database(folder)
    if folders.is_network(folder):
        import hashlib  # 4 ms, and most stores are on a local disk

        cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
        name = hashlib.sha256(os.path.realpath(folder).encode()).hexdigest()[:16]
        place = os.path.join(cache, "tui_tracker", name)
        try:
            os.makedirs(place, exist_ok=True)
        except OSError as error:
            raise StoreError(place, f"no cache folder can be made ({error.strerror})") from error
        path = os.path.join(place, folders.DATABASE)
    version = folders.schema_version(path)
    if version is not None and version > SCHEMA_VERSION:
        raise StoreTooNew(path, version, SCHEMA_VERSION)
    return path


def _identity(path: str) -> tuple[int, int] | None:
    try:
        facts = os.stat(path)
    except OSError:
        return None
    return facts.st_dev, facts.st_ino
