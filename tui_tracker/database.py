"""The database file of a store: made whole at once, brought up to date, its errors ours.

The schema is the text of `schema.sqlite.sql`. A store of an older version is migrated in
one transaction, after a copy beside it.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from contextlib import contextmanager, suppress

from tui_tracker import folder as folders
from tui_tracker.errors import StoreBusy, StoreDamaged, StoreError

try:
    import fcntl
except ImportError:  # Windows: two processes that make one store at once may collide
    fcntl = None  # type: ignore[assignment]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

SCHEMA_VERSION = 4
MIGRATIONS: dict[int, str] = {
    2: """
CREATE TABLE reproduction (
    id INTEGER NOT NULL,
    "of" BLOB NOT NULL,
    run BLOB,
    at_ms INTEGER NOT NULL,
    mode TEXT DEFAULT '' NOT NULL,
    verdict TEXT DEFAULT '' NOT NULL,
    level TEXT DEFAULT '' NOT NULL,
    machine TEXT DEFAULT '' NOT NULL,
    digest BLOB,
    PRIMARY KEY (id)
);
CREATE INDEX reproduction_by_of ON reproduction ("of");
CREATE INDEX reproduction_by_run ON reproduction (run);
""",
    3: """
CREATE TABLE fact_body (
    id INTEGER NOT NULL,
    part TEXT DEFAULT '' NOT NULL,
    hash BLOB NOT NULL,
    PRIMARY KEY (id)
);
CREATE UNIQUE INDEX fact_body_by_hash ON fact_body (part, hash);
CREATE TABLE fact (
    body INTEGER NOT NULL,
    "key" INTEGER NOT NULL,
    text TEXT NOT NULL,
    number DOUBLE,
    PRIMARY KEY (body, "key", text)
)
 WITHOUT ROWID;
CREATE INDEX fact_by_number ON fact ("key", number) WHERE number IS NOT NULL;
CREATE INDEX fact_by_text ON fact ("key", text);
CREATE TABLE run_body (
    run INTEGER NOT NULL,
    body INTEGER NOT NULL,
    PRIMARY KEY (run, body)
)
 WITHOUT ROWID;
CREATE INDEX run_body_by_body ON run_body (body, run);
DROP INDEX run_by_experiment;
CREATE INDEX run_by_experiment ON run
    (experiment, status, deleted_ms, archived_ms, started_ms);
""",
    4: """
CREATE TABLE alias (
    id INTEGER NOT NULL,
    scope TEXT DEFAULT '' NOT NULL,
    kind TEXT DEFAULT '' NOT NULL,
    raw TEXT DEFAULT '' NOT NULL,
    canonical TEXT DEFAULT '' NOT NULL,
    who TEXT DEFAULT '' NOT NULL,
    at_ms INTEGER NOT NULL,
    reason TEXT DEFAULT '' NOT NULL,
    batch INTEGER NOT NULL,
    reverted_ms INTEGER,
    PRIMARY KEY (id)
);
CREATE TABLE amendment (
    id INTEGER NOT NULL,
    run INTEGER NOT NULL,
    field TEXT DEFAULT '' NOT NULL,
    old TEXT,
    new TEXT,
    evidence TEXT DEFAULT '' NOT NULL,
    confidence TEXT DEFAULT '' NOT NULL,
    who TEXT DEFAULT '' NOT NULL,
    at_ms INTEGER NOT NULL,
    reason TEXT DEFAULT '' NOT NULL,
    prev_hash BLOB,
    hash BLOB NOT NULL,
    PRIMARY KEY (id)
);
CREATE UNIQUE INDEX amendment_by_run ON amendment (run, hash);
CREATE TABLE audit (
    run INTEGER NOT NULL,
    profile TEXT NOT NULL,
    ruleset TEXT DEFAULT '' NOT NULL,
    state TEXT DEFAULT '' NOT NULL,
    score INTEGER DEFAULT '0' NOT NULL,
    grade TEXT DEFAULT '' NOT NULL,
    errors INTEGER DEFAULT '0' NOT NULL,
    warnings INTEGER DEFAULT '0' NOT NULL,
    rules TEXT DEFAULT '' NOT NULL,
    findings BLOB NOT NULL,
    PRIMARY KEY (run, profile)
);
CREATE TABLE decision (
    id INTEGER NOT NULL,
    experiment TEXT DEFAULT '' NOT NULL,
    rule TEXT DEFAULT '' NOT NULL,
    winner TEXT,
    at_ms INTEGER NOT NULL,
    who TEXT DEFAULT '' NOT NULL,
    members BLOB,
    digest BLOB,
    PRIMARY KEY (id)
);
CREATE INDEX decision_by_experiment ON decision (experiment);
CREATE INDEX run_shown ON run (started_ms) WHERE deleted_ms IS NULL AND archived_ms IS NULL;
""",
}
"""SQL that takes a store of the version before to this one; run in one transaction."""


def _make_facts(connection: sqlite3.Connection) -> None:
    from tui_tracker.fact_rows import save_all_facts  # json, for a migration alone

    save_all_facts(connection)


FILLS: dict[int, Callable[[sqlite3.Connection], None]] = {3: _make_facts}
"""What fills the tables of a step from what the store has, in the same transaction."""


def connect(path: str, *, wait_s: float) -> sqlite3.Connection:
    """Return a connection that commits only where told to."""
    connection = sqlite3.connect(
        path, timeout=wait_s, isolation_level=None, check_same_thread=False
    )
    try:
        connection.execute("PRAGMA synchronous=NORMAL")
    except BaseException:
        connection.close()
        raise
    return connection


def make_database(path: str) -> None:
    """Make a new, empty database, whole at once; an existing one stays as it is.

    Several processes may do this at the same moment: each builds its own under
    another name, and the first to rename it wins.

    Raises:
        StoreError: the file cannot be written.
    """
    temporary = f"{path}.{os.getpid()}.{threading.get_ident()}.new"
    try:
        with translated(path):
            _build(temporary)
        folder_mode = os.stat(os.path.dirname(path)).st_mode
        # Whoever may write in the folder may write in the store: SQLite gives its
        # side files the mode of the database.
        os.chmod(temporary, os.stat(temporary).st_mode | (folder_mode & 0o066))
        _place(temporary, path)
    except OSError as error:
        raise StoreError(path, f"the store cannot be made ({error.strerror})") from error
    finally:
        for leftover in (temporary, *_side_files(temporary)):
            with suppress(OSError):
                os.unlink(leftover)


def migrate(
    path: str,
    migrations: Mapping[int, str],
    version: int,
    fills: Mapping[int, Callable[[sqlite3.Connection], None]] | None = None,
) -> None:
    """Bring a database to `version` in one transaction, after a copy beside it.

    Raises:
        sqlite3.Error: a step failed; the database is as it was.
    """
    connection = connect(path, wait_s=60.0)
    try:
        connection.execute("BEGIN IMMEDIATE")
        found = int(connection.execute("PRAGMA user_version").fetchone()[0])
        if found < version:
            _copy_before(connection, f"{path}.v{found}.backup")
            for step in range(found + 1, version + 1):
                for statement in statements(migrations[step]):
                    connection.execute(statement)
                if fills and step in fills:
                    fills[step](connection)
            connection.execute(f"PRAGMA user_version={version}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    finally:
        connection.close()


def statements(sql: str) -> Iterator[str]:
    """Yield the statements of a script; `executescript` would commit before it."""
    pending = ""
    for line in sql.splitlines(keepends=True):
        if not pending and (not line.strip() or line.startswith("--")):
            continue
        pending += line
        if sqlite3.complete_statement(pending):
            yield pending
            pending = ""
    if pending:
        yield pending


def schema_sql() -> str:
    """Return the SQL of a new database."""
    path = os.path.join(os.path.dirname(__file__), "schema.sqlite.sql")
    with open(path, encoding="utf-8") as file:
        return file.read()


def _build(path: str) -> None:
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        connection.execute("PRAGMA journal_mode=OFF")
        connection.execute("PRAGMA synchronous=OFF")
        connection.execute("BEGIN")
        for statement in statements(schema_sql()):
            connection.execute(statement)
        connection.execute(f"PRAGMA application_id={folders.APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version={SCHEMA_VERSION}")
        connection.execute("COMMIT")
        connection.execute("PRAGMA journal_mode=WAL")
    finally:
        connection.close()


def _place(temporary: str, path: str) -> None:
    """Give a new database its name, unless another process was quicker."""
    folder = os.open(os.path.dirname(path), os.O_RDONLY)
    try:
        if fcntl is not None:
            with suppress(OSError):  # a file system without locks
                fcntl.flock(folder, fcntl.LOCK_EX)
        if not holds_bytes(path):
            # What a deleted database left in its log would be played into this one.
            for side in _side_files(path):
                with suppress(OSError):
                    os.unlink(side)
            os.rename(temporary, path)
    finally:
        os.close(folder)


def _side_files(path: str) -> tuple[str, str]:
    return path + "-wal", path + "-shm"


def holds_bytes(path: str) -> bool:
    """Return whether a database was ever written there."""
    # A crash of the machine can leave a file of no bytes: as good as none.
    return os.path.exists(path) and os.path.getsize(path) > 0


def _copy_before(connection: sqlite3.Connection, target: str) -> None:
    # A second connection sees what was committed before this transaction began.
    source = sqlite3.connect(connection.execute("PRAGMA database_list").fetchone()[2])
    copy = sqlite3.connect(target)
    try:
        source.backup(copy)
    finally:
        copy.close()
        source.close()


@contextmanager
def translated(path: str) -> Iterator[None]:
    """Turn SQLite's errors into ours."""
    try:
        yield
    except sqlite3.OperationalError as error:
        raise _operational(path, error) from error
    except sqlite3.DatabaseError as error:
        raise StoreDamaged(
            path, f"the database is damaged ({error}): run tt doctor, or restore a backup"
        ) from error


def _operational(path: str, error: sqlite3.OperationalError) -> StoreError:
    text = str(error)
    if "locked" in text or "busy" in text:
        return StoreBusy(path, "another process keeps the store locked: try again")
    if "readonly" in text:
        return StoreError(path, "you may not write to this store")
    if "disk I/O" in text:  # also where no room is left for the side files
        return StoreError(path, "the disk is full, or it fails (disk I/O error)")
    if "full" in text:
        return StoreError(path, "the disk is full")
    if "unable to open" in text:
        return StoreError(path, "the store cannot be opened or made: may you write its folder?")
    return StoreError(path, text)
