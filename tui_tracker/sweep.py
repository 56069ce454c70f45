"""Give back the space of what no run uses any more: rows, artifact files, database pages.

Safe while runs write. A file that was stored or used again within the last hour stays
while any run is live (within the last minute where none is), because the record that
names it may still be on its way.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator
from dataclasses import dataclass

from tui_tracker import database, journal
from tui_tracker import folder as folders
from tui_tracker.code_sweep import NOTHING, SweptCode, sweep_code
from tui_tracker.errors import StoreError
from tui_tracker.store import Store

_GRACE_S, _IDLE_GRACE_S = 3600.0, 60.0
_LEFTOVER_S = 86400.0
_WORTH = 20
"""Compacted when more than one page in so many is free."""
_SHA256_DIGITS = 64

_UNUSED = {
    "block": "id NOT IN (SELECT data FROM series_block)",
    "content": "digest NOT IN (SELECT digest FROM param WHERE digest IS NOT NULL "
    "UNION SELECT digest FROM lineage WHERE digest IS NOT NULL "
    "UNION SELECT digest FROM reproduction WHERE digest IS NOT NULL "
    "UNION SELECT digest FROM decision WHERE digest IS NOT NULL)",
    "fact_body": "id NOT IN (SELECT body FROM run_body)",
    "fact": "body NOT IN (SELECT id FROM fact_body)",
    "key": "id NOT IN (SELECT key FROM param UNION SELECT key FROM metric "
    "UNION SELECT key FROM param_change UNION SELECT key FROM fact)",
    "experiment": "id NOT IN (SELECT experiment FROM run)",
}


@dataclass(frozen=True, slots=True)
class Swept:
    """What a sweep gave back."""

    artifacts: int
    """Files removed."""
    artifact_bytes: int
    database_bytes: int
    """By which the database shrank; 0 where that was not worth while."""
    problem: str
    """Why something was left, in one sentence; "" when all went well."""
    code: SweptCode = NOTHING


def sweep(opened: Store) -> Swept:
    """Remove what nobody uses, and compact the database where it pays.

    Raises:
        StoreError: the store cannot be written.
    """
    with opened.write() as connection:
        for table, unused in _UNUSED.items():
            connection.execute(f'DELETE FROM "{table}" WHERE {unused}')
    if folders.is_network(opened.folder):
        removed: list[int] = []
        problem = "artifacts stay: the folder is shared, and other machines' runs may use them"
        code = NOTHING
    else:
        removed, problem = _remove_artifacts(opened), ""
        code = sweep_code(opened, _grace(opened))
    before = _size(opened.path)
    problem = problem or _compact(opened)
    shrunk = max(0, before - _size(opened.path))
    return Swept(len(removed), sum(removed), shrunk, problem or code.problem, code)


def unused_artifacts(opened: Store) -> Iterator[str]:
    """Yield the stored files that no run names, and what broken copies left."""
    used = {
        row[0].hex()
        for row in opened.read("SELECT DISTINCT sha256 FROM artifact WHERE copied=1")
        if row[0] is not None
    }
    now, grace = time.time(), _grace(opened)
    for root, _, names in os.walk(folders.artifacts(opened.folder)):
        for name in names:
            path = os.path.join(root, name)
            try:
                age = now - os.stat(path).st_mtime
            except OSError:
                continue  # another sweep was quicker
            if name.endswith(".new"):
                if age > _LEFTOVER_S:
                    yield path
            elif len(name) == _SHA256_DIGITS and name not in used and age >= grace:
                yield path


def _grace(opened: Store) -> float:
    live = bool(journal.list_journals(folders.journals(opened.folder)))
    return _GRACE_S if live else _IDLE_GRACE_S


def _remove_artifacts(opened: Store) -> list[int]:
    """Remove unused files; return the size of each."""
    removed = []
    for path in unused_artifacts(opened):
        try:
            size = os.path.getsize(path)
            os.unlink(path)
        except OSError:
            continue
        removed.append(size)
    return removed


def _compact(opened: Store) -> str:
    """Rewrite the database without its free pages; return why that could not be done."""
    free = opened.read("PRAGMA freelist_count")[0][0]
    pages = opened.read("PRAGMA page_count")[0][0]
    if free * _WORTH <= pages:
        return ""
    connection = database.connect(opened.path, wait_s=10.0)
    try:
        connection.execute("VACUUM")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    except sqlite3.OperationalError as error:
        return f"the database was not compacted ({error}): run tt gc again later"
    except sqlite3.DatabaseError as error:
        raise StoreError(opened.path, f"the database cannot be compacted ({error})") from error
    finally:
        connection.close()
    return ""


def _size(path: str) -> int:
    return sum(os.path.getsize(p) for p in (path, path + "-wal") if os.path.exists(p))
