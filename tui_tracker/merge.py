"""Copy runs from one store into another: ids kept, the store's own numbers given anew.

What belongs to a run is read from the schema: every table with a `run` column (a number
of this store) or an `of` column (the run's UUID). Such a table is copied whole, so a new
one is not forgotten (`merge_rows`). A run goes over in one transaction, its files before
it.

A run that both stores have is compared by what was logged in it. Where the source has
more, its rows take the place of the old ones; where it has as much, nothing is written.
What people did to the run is joined in both cases (`merge_edits`), and so are the rows
of `of` tables, which are told about a run and not logged in it. Last come names and
decisions, which are told about an experiment (`merge_told`).
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from tui_tracker import folder as folders
from tui_tracker.artifacts import stored_path, take_in
from tui_tracker.edits import is_written
from tui_tracker.fact_rows import save_all_facts
from tui_tracker.merge_edits import join_edits, read_edits
from tui_tracker.merge_rows import Names, Table, add_rows, copy_rows, insert_sql, tables_of_runs
from tui_tracker.merge_told import bring_told
from tui_tracker.queries.rows import run_uuid
from tui_tracker.store import Store

Fetch = Callable[[str], str]
"""Brings the file of this SHA-256 into the target; returns why it could not, else ""."""
Progress = Callable[[int, int], None]

SHARED = frozenset(
    "alias audit block content decision experiment fact fact_body key run run_body".split()
)
"""Tables that hold no fact logged in one run alone. `merge_rows` copies rows when they are named,
those of queries about lineage are made anew in the target, and `merge_told` brings the rest."""
_KEPT = frozenset(("amendment", "lineage"))
"""What only the target has of these was added there, and stays when a run is replaced."""
_GONE = "its file was not in the store that this run came from"


@dataclass(frozen=True, slots=True)
class Merged:
    """What a merge did, by run id."""

    added: tuple[str, ...]
    updated: tuple[str, ...]
    """Runs of which more had been logged meanwhile."""
    same: tuple[str, ...]
    left: tuple[tuple[str, str], ...]
    """Runs that were not taken, each with the reason."""


@dataclass(frozen=True, slots=True)
class _Standing:
    """How far a run of one store has come."""

    key: int
    status: str
    logged: tuple[int, ...]
    """Bytes of journals, points, lines and end: a later state of a run is greater."""


class _Merge:
    """One merge: two open stores, and what is the same for all runs."""

    def __init__(self, source: Store, target: Store, fetch: Fetch) -> None:
        self._source, self._target, self._fetch = source, target, fetch
        self._tables = tables_of_runs(source)
        self._batches: dict[int, int] = {}

    def take(self, run: dict[str, Any]) -> tuple[str, str]:
        """Bring one run into the target; return what became of it, and why it was left."""
        with self._source.one_moment():
            theirs = _standing(self._source, run["uuid"])
            ours = _standing(self._target, run["uuid"])
            if reason := _refusal(theirs, ours):
                return "left", reason
            assert theirs is not None
            problems = self._fetch_files(theirs, ours)
            with self._target.write() as connection:
                # Another merge may have been quicker.
                ours = _standing(self._target, run["uuid"])
                if reason := _refusal(theirs, ours):
                    return "left", reason
                if ours is not None and _is_live(self._target, connection, ours, run["uuid"]):
                    return "left", "it is still being written here"
                if ours is not None:
                    connection.execute("DELETE FROM audit WHERE run=?", (ours.key,))
                names = Names(self._source, connection, self._batches)
                if ours is None or theirs.logged > ours.logged:
                    _replace(names, self._tables, run, ours, problems)
                    return ("added" if ours is None else "updated"), ""
                _join(names, self._tables, run, ours.key, problems)
                return "same", ""

    def _fetch_files(self, theirs: _Standing, ours: _Standing | None) -> dict[bytes, str]:
        """Bring in the files that the run stored; return why one could not be, by hash."""
        wanted = (
            "SELECT DISTINCT sha256 FROM artifact WHERE run=? AND copied=1 AND sha256 IS NOT NULL"
        )
        needed = {row[0] for row in self._source.read(wanted, (theirs.key,))}
        if ours is not None and ours.logged == theirs.logged:
            needed -= {row[0] for row in self._target.read(wanted, (ours.key,))}
        problems = {digest: self._fetch(digest.hex()) for digest in sorted(needed)}
        return {digest: problem for digest, problem in problems.items() if problem}


def merge_runs(
    source: Store,
    target: Store,
    keys: Sequence[int] | None = None,
    *,
    fetch: Fetch | None = None,
    progress: Progress | None = None,
) -> Merged:
    """Copy runs of `source` (all, or those of these keys) into `target`.

    May be stopped and called again: what is there is not copied twice. A run that still
    runs, in either store, is left. Parents and origins are kept by id, also of runs that
    the target does not have. `fetch` brings in a file; without it the source's is copied.

    Raises:
        StoreError: one of the stores cannot be used; the runs before are in.
    """
    merge = _Merge(source, target, fetch or (lambda sha256: copy_file(source, target, sha256)))
    chosen = list(keys) if keys is not None else _all_keys(source)
    found: dict[str, list[Any]] = {"added": [], "updated": [], "same": [], "left": []}
    for number, key in enumerate(chosen):
        if (run := _read_run(source, key)) is not None:
            outcome, reason = merge.take(run)
            run_id = run_uuid(run["uuid"])
            found[outcome].append((run_id, reason) if outcome == "left" else run_id)
        if progress is not None:
            progress(number + 1, len(chosen))
    bring_told(source, target, chosen)
    return Merged(*(tuple(found[outcome]) for outcome in ("added", "updated", "same", "left")))


def copy_file(source: Store, target: Store, sha256: str) -> str:
    """Copy an artifact's file between two stores; return why not, "" where it is there."""
    place = folders.artifacts(target.folder)
    if has_file(place, sha256):
        return ""
    path = stored_path(folders.artifacts(source.folder), sha256)
    if not os.path.isfile(path):
        return _GONE
    facts = take_in(place, path, copy=True)
    if facts["problem"]:
        return str(facts["problem"])
    return "" if facts["sha256"] == sha256 else "its file in the store it came from is damaged"


def has_file(folder: str, sha256: str) -> bool:
    """Return whether a file is in a folder of artifacts; its age then keeps a sweep off it."""
    try:
        os.utime(stored_path(folder, sha256))
    except PermissionError:
        return True  # another user's
    except OSError:
        return False
    return True


def _all_keys(store: Store) -> list[int]:
    return [row[0] for row in store.read("SELECT id FROM run ORDER BY uuid")]


def _read_run(store: Store, key: int) -> dict[str, Any] | None:
    names = [column[1] for column in store.read("PRAGMA table_info(run)")]
    rows = store.read(
        f"SELECT e.name, e.created_ms, {', '.join(f'r.{name}' for name in names)} "
        "FROM run AS r JOIN experiment AS e ON e.id = r.experiment WHERE r.id=?",
        (key,),
    )
    return (
        dict(zip(("experiment_name", "created_ms", *names), rows[0], strict=True)) if rows else None
    )


def _standing(store: Store, uuid: bytes) -> _Standing | None:
    rows = store.read(
        "SELECT r.id, r.status, "
        "(SELECT coalesce(sum(drained), 0) FROM journal WHERE run = r.id), "
        "r.points, r.console_lines, coalesce(r.ended_ms, 0) FROM run AS r WHERE r.uuid=?",
        (uuid,),
    )
    return _Standing(rows[0][0], rows[0][1], tuple(rows[0][2:])) if rows else None


def _refusal(theirs: _Standing | None, ours: _Standing | None) -> str:
    """Return why a run is not taken, "" where it may be."""
    if theirs is None:
        return "it was removed meanwhile"
    if theirs.status == "running":
        return "it is still running"
    newer = ours is not None and ours.logged > theirs.logged
    return "the one here is newer" if newer else ""


def _is_live(store: Store, connection: sqlite3.Connection, run: _Standing, uuid: bytes) -> bool:
    return run.status == "running" or is_written(store, connection, uuid.hex())


def _replace(
    names: Names,
    tables: list[Table],
    run: dict[str, Any],
    ours: _Standing | None,
    problems: dict[bytes, str],
) -> None:
    """Write all rows of a run, over those that may be there; people's changes stay."""
    connection = names.target
    mine = read_edits(connection, ours.key) if ours else []
    if ours is not None:
        _clear(connection, tables, ours.key)
    key = _write_run(connection, run, ours.key if ours else None)
    for table in tables:
        if table.owner == "run":
            copy_rows(names, table, run["id"], key, problems)
        else:
            add_rows(names, table, run["uuid"])
    save_all_facts(connection, key)
    join_edits(connection, key, mine, names.batches, keep_batches=True)


def _join(
    names: Names, tables: list[Table], run: dict[str, Any], key: int, problems: dict[bytes, str]
) -> None:
    """Add to a run that has all points already what people did and told about it elsewhere."""
    for table in tables:
        if table.owner == "of":
            add_rows(names, table, run["uuid"])
        elif table.name == "amendment":
            copy_rows(names, table, run["id"], key, {})
            save_all_facts(names.target, key)
    with_files = names.source.read(
        "SELECT path, at_ms, sha256 FROM artifact WHERE run=? AND copied=1", (run["id"],)
    )
    names.target.executemany(
        "UPDATE artifact SET copied=1, problem='' "
        "WHERE run=? AND path=? AND at_ms=? AND sha256=? AND copied=0",
        [(key, *row) for row in with_files if row[2] not in problems],
    )
    theirs = read_edits(names.source, run["id"])
    join_edits(names.target, key, theirs, names.batches, keep_batches=False)


def _clear(connection: sqlite3.Connection, tables: list[Table], key: int) -> None:
    connection.execute(
        "DELETE FROM block WHERE id IN (SELECT data FROM series_block WHERE run=?)", (key,)
    )
    for table in tables:
        if table.owner == "run" and table.name not in _KEPT:
            connection.execute(f'DELETE FROM "{table.name}" WHERE run=?', (key,))


def _write_run(connection: sqlite3.Connection, run: dict[str, Any], key: int | None) -> int:
    """Write the row of a run; return its number here."""
    row = {k: v for k, v in run.items() if k not in ("id", "experiment_name", "created_ms")}
    row["experiment"] = _experiment(connection, run["experiment_name"], run["created_ms"])
    if key is not None:
        sets = ", ".join(f'"{name}"=?' for name in row)
        connection.execute(f"UPDATE run SET {sets} WHERE id=?", (*row.values(), key))
        return key
    cursor = connection.execute(insert_sql("run", tuple(row)), tuple(row.values()))
    return int(cursor.lastrowid or 0)


def _experiment(connection: sqlite3.Connection, name: str, created_ms: int) -> int:
    connection.execute(
        "INSERT OR IGNORE INTO experiment (name, created_ms) VALUES (?,?)", (name, created_ms)
    )
    row = connection.execute("SELECT id FROM experiment WHERE name=?", (name,)).fetchone()
    return int(row[0])
