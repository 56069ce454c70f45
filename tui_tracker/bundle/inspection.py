"""What a store that came from elsewhere must be before it is opened as one of ours."""

from __future__ import annotations

import hashlib
import sqlite3
import zlib

from tui_tracker import folder as folders
from tui_tracker.bundle.format import Contents
from tui_tracker.database import SCHEMA_VERSION
from tui_tracker.errors import BundleError, StoreError
from tui_tracker.queries.rows import run_uuid

_MOST_TEXT = 256 << 20
"""Bytes of one stored text, inflated."""
_MOST_BLOCK = 64 << 10
"""Bytes of a block of 1,024 points: three times what the worst of them need."""


def inspect_store(path: str, database: str, contents: Contents) -> None:
    """Refuse a database that is not one that `tt bundle` wrote; it is only read.

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
        if connection.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
            raise BundleError(path, "the store inside is damaged")
        _refuse_other_runs(path, connection, contents)
        _refuse_odd_texts(path, connection)
    except (sqlite3.Error, UnicodeError) as error:
        raise BundleError(path, f"the store inside cannot be read ({error})") from error
    finally:
        connection.close()


def _refuse_odd_schema(path: str, connection: sqlite3.Connection) -> None:
    for kind, name, sql in connection.execute("SELECT type, name, sql FROM sqlite_master"):
        words = " ".join(str(sql or "").upper().split())
        if kind not in ("table", "index") or "VIRTUAL" in words or "GENERATED" in words:
            raise BundleError(path, f"the store inside has a {kind} {name!r} that no store has")


def _refuse_other_runs(path: str, connection: sqlite3.Connection, contents: Contents) -> None:
    uuids = [row[0] for row in connection.execute("SELECT uuid FROM run ORDER BY uuid")]
    if any(not isinstance(uuid, bytes) or len(uuid) != 16 for uuid in uuids):
        raise BundleError(path, "the store inside has a run without an id")
    if [run_uuid(uuid) for uuid in uuids] != sorted(run.id for run in contents.runs):
        raise BundleError(path, "the runs inside are not those that its list of contents names")
    running = connection.execute("SELECT count(*) FROM run WHERE status='running'").fetchone()[0]
    if running:
        raise BundleError(path, "a run inside is still running, which tt bundle never takes")


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
