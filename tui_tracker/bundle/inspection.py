"""What a store that came from elsewhere must be before its runs are taken.

First what SQLite could be made to run or to inflate (`inspect_file`), then whether tables
and rows are such as a store has, and whether our own readers can read every run
(`inspect_store`), so that no later `tt show` meets a surprise.
"""

from __future__ import annotations

import hashlib
import sqlite3
import zlib
from collections.abc import Iterator

from tui_tracker import folder as folders
from tui_tracker.bundle.format import Contents
from tui_tracker.database import SCHEMA_VERSION, schema_sql, statements
from tui_tracker.errors import BundleError, StoreError, TrackerError
from tui_tracker.queries import list_param_changes, read_console
from tui_tracker.queries.records import run_records
from tui_tracker.queries.rows import run_uuid
from tui_tracker.store import Store

_MOST_TEXT = 256 << 20
"""Bytes of one stored text, inflated."""
_MOST_BLOCK = 64 << 10
"""Bytes of a block of 1,024 points: three times what the worst of them need."""
_KINDS = {"INTEGER": "'integer'", "TEXT": "'text'", "BLOB": "'blob'", "DOUBLE": "'real','integer'"}
_STATUSES = "'finished','failed','killed','crashed','pruned'"
_LOOSE = {
    "run": "experiment NOT IN (SELECT id FROM experiment)",
    "param": "key NOT IN (SELECT id FROM main.key WHERE kind=0)",
    "param_change": "key NOT IN (SELECT id FROM main.key WHERE kind=0)",
    "metric": "key NOT IN (SELECT id FROM main.key WHERE kind IN (1, 2))",
    "series_block": "metric NOT IN (SELECT id FROM main.key WHERE kind IN (1, 2)) "
    "OR data NOT IN (SELECT id FROM block) OR n > 1024",
    "artifact": "sha256 IS NOT NULL AND length(sha256) != 32",
}
"""Rows that name what is not there."""
_LINES_AT_ONCE = 5000
_ODD = (
    *(TrackerError, sqlite3.Error, zlib.error, OSError, RecursionError),
    *(ValueError, TypeError, AttributeError, LookupError, OverflowError),
)
"""What a reader says to rows that we did not write."""


def inspect_file(path: str, database: str) -> None:
    """Refuse a database file that could do harm when it is opened; it is only read.

    Raises:
        BundleError: it is of a later version, damaged, or made to do harm.
    """
    try:
        version = folders.schema_version(database)
    except StoreError as error:
        raise BundleError(path, "the store inside is no store of runs") from error
    if version is None or not 1 <= version <= SCHEMA_VERSION:
        raise BundleError(
            path,
            f"the store inside has schema {version} and this version reads up to "
            f"{SCHEMA_VERSION}: upgrade tui-tracker to take it in",
        )
    connection = sqlite3.connect(f"file:{database}?mode=ro&immutable=1", uri=True)
    try:
        # A function in a schema that came from elsewhere must not run.
        connection.execute("PRAGMA trusted_schema=OFF")
        _refuse_odd_schema(path, connection)
        if connection.execute("PRAGMA integrity_check(1)").fetchone() != ("ok",):
            raise BundleError(path, "the store inside is damaged")
        _refuse_odd_texts(path, connection)
    except (sqlite3.Error, UnicodeError) as error:
        raise BundleError(path, f"the store inside cannot be read ({error})") from error
    finally:
        connection.close()


def inspect_store(path: str, store: Store, contents: Contents) -> None:
    """Refuse a store of this version whose tables or rows are not such as a bundle has.

    Raises:
        BundleError: that is so, or a run in it cannot be read.
    """
    inspect_rows(path, store)
    _refuse_other_runs(path, store, contents)


def inspect_rows(path: str, store: Store) -> None:
    """Refuse a store of this version whose tables or rows are not such as a store has.

    Raises:
        BundleError: that is so, or a run in it cannot be read.
    """
    try:
        for table, columns in _tables():
            found = {row[1]: row[2] for row in store.read(f'PRAGMA main.table_info("{table}")')}
            if found != columns:
                raise BundleError(path, f"the table {table!r} inside is not one that a store has")
            _refuse_odd_rows(path, store, table, columns)
        if store.read("SELECT 1 FROM run WHERE length(uuid) != 16 LIMIT 1"):
            raise BundleError(path, "the store inside has a run without an id")
        _read_through(store)
    except BundleError:
        raise
    except _ODD as error:
        problem = getattr(error, "problem", error)
        raise BundleError(path, f"a run inside cannot be read ({problem})") from error


def _tables() -> Iterator[tuple[str, dict[str, str]]]:
    """Yield the tables of a new store with the types of their columns."""
    connection = sqlite3.connect(":memory:")
    try:
        for statement in statements(schema_sql()):
            connection.execute(statement)
        names = connection.execute("SELECT name FROM sqlite_master WHERE type='table'").fetchall()
        for (name,) in names:
            columns = connection.execute(f'PRAGMA table_info("{name}")')
            yield name, {column[1]: column[2] for column in columns}
    finally:
        connection.close()


def _refuse_odd_schema(path: str, connection: sqlite3.Connection) -> None:
    for kind, name, sql in connection.execute("SELECT type, name, sql FROM sqlite_master"):
        words = " ".join(str(sql or "").upper().split())
        if kind not in ("table", "index") or "VIRTUAL" in words or "GENERATED" in words:
            raise BundleError(path, f"the store inside has a {kind} {name!r} that no store has")


def _refuse_odd_rows(path: str, store: Store, table: str, columns: dict[str, str]) -> None:
    # SQLite keeps whatever it is given in a column, of any type.
    odd = [f"typeof(\"{name}\") NOT IN ('null', {_KINDS[kind]})" for name, kind in columns.items()]
    if table in _LOOSE:
        odd.append(f"({_LOOSE[table]})")
    if "digest" in columns and table != "content":
        odd.append("(digest IS NOT NULL AND digest NOT IN (SELECT digest FROM content))")
    if store.read(f'SELECT 1 FROM main."{table}" WHERE {" OR ".join(odd)} LIMIT 1'):
        raise BundleError(path, f"a row of {table!r} inside is not one that a store has")
    texts = [f'"{name}"' for name, kind in columns.items() if kind == "TEXT"]
    if texts:
        store.read(f'SELECT {", ".join(texts)} FROM main."{table}"')  # fails where it is no UTF-8


def _refuse_other_runs(path: str, store: Store, contents: Contents) -> None:
    uuids = [row[0] for row in store.read("SELECT uuid FROM run ORDER BY uuid")]
    if [run_uuid(uuid) for uuid in uuids] != sorted(run.id for run in contents.runs):
        raise BundleError(path, "the runs inside are not those that its list of contents names")
    if store.read(f"SELECT 1 FROM run WHERE status NOT IN ({_STATUSES}) LIMIT 1"):
        raise BundleError(path, "a run inside has not ended, and tt bundle never takes such a one")


def _read_through(store: Store) -> None:
    """Read all but the points as the commands do, to see that they can."""
    for _ in run_records(store, [row[0] for row in store.read("SELECT id FROM run")], bulky=True):
        pass
    for (key,) in store.read("SELECT DISTINCT run FROM param_change"):
        list_param_changes(store, key)
    for key, lines in store.read("SELECT id, console_lines FROM run WHERE console_lines > 0"):
        for first in range(0, lines, _LINES_AT_ONCE):
            for line in read_console(store, key, first, _LINES_AT_ONCE):
                line.text.encode("utf-8", "surrogatepass")


def _refuse_odd_texts(path: str, connection: sqlite3.Connection) -> None:
    """Refuse texts that inflate without end, or to something else than their hash says."""
    for digest, data in connection.execute("SELECT digest, data FROM content"):
        if _inflated(path, data).digest() != digest:
            raise BundleError(path, "a text in the store inside is not what its hash says")
    for (data,) in connection.execute("SELECT data FROM console_block"):
        _inflated(path, data)
    for (data,) in connection.execute("SELECT keysets FROM journal WHERE keysets != x''"):
        _inflated(path, data)
    longest = connection.execute("SELECT coalesce(max(length(data)), 0) FROM block").fetchone()[0]
    if longest > _MOST_BLOCK:
        raise BundleError(path, "a block of points in it is longer than any block can be")


def _inflated(path: str, data: object) -> hashlib._Hash:
    """Return the hash of a deflated text, which is never in memory whole."""
    digest = hashlib.sha256()
    inflate = zlib.decompressobj()
    size = 0
    try:
        rest = bytes(data) if isinstance(data, bytes) else b""
        while rest and not inflate.eof:
            text = inflate.decompress(rest, 1 << 20)
            rest = inflate.unconsumed_tail
            digest.update(text)
            size += len(text)
            if size > _MOST_TEXT:
                raise BundleError(path, "a text in it inflates beyond what tt bundle writes")
    except zlib.error as error:
        raise BundleError(path, "a text in the store inside is damaged") from error
    if not inflate.eof:
        raise BundleError(path, "a text in the store inside is cut")
    return digest
