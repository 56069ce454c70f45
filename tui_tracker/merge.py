"""Copy runs from one store into another: ids kept, the store's own numbers given anew.

What belongs to a run is read from the schema: every table with a `run` column (a number
of this store) or an `of` column (the run's UUID). Such a table is copied whole, so a new
one is not forgotten; what its columns mean is told by their names (`key`, `metric`,
`data`, `digest`, `batch`). A run goes over in one transaction, its files before it.

A run that both stores have is compared by what was logged in it. Where the source has
more, its rows take the place of the old ones; where it has as much, nothing is written.
What people did to the run is joined in both cases (`merge_edits`), and so are the rows
of `of` tables, which are told about a run and not logged in it.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from tui_tracker import folder as folders
from tui_tracker.artifacts import stored_path, take_in
from tui_tracker.edits import is_written
from tui_tracker.errors import StoreDamaged
from tui_tracker.merge_edits import batch_here, join_edits, read_edits
from tui_tracker.queries.rows import run_uuid
from tui_tracker.store import Store

Fetch = Callable[[str], str]
"""Brings the file of this SHA-256 into the target; returns why it could not, else ""."""
Progress = Callable[[int, int], None]

SHARED = frozenset(("block", "content", "experiment", "key", "run"))
"""Tables that hold no fact of one run alone; rows of the first four are copied when named."""
_KEPT = frozenset(("lineage",))
"""A part that only the target has was added there, and stays when a run is replaced."""
_BLOCKS_AT_ONCE = 500
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
class Table:
    """A table of facts of runs."""

    name: str
    owner: Literal["run", "of"]
    """The column that says which run a row belongs to: by number, or by UUID."""
    columns: tuple[str, ...]
    """All but a row number of the store's own."""
    numbers: frozenset[str]
    """The columns that hold whole numbers."""


@dataclass(frozen=True, slots=True)
class _Standing:
    """How far a run of one store has come."""

    key: int
    status: str
    logged: tuple[int, ...]
    """Bytes of journals, points, lines and end: a later state of a run is greater."""


@dataclass(slots=True)
class _Names:
    """Numbers of the source and what they are in the target, inside one transaction."""

    source: Store
    target: sqlite3.Connection
    batches: dict[int, int]
    """Kept for a whole merge: changes that were asked for at once stay together."""
    keys: dict[int, int] = field(default_factory=dict)
    blocks: dict[int, int] = field(default_factory=dict)


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
                if ours is not None and _is_live(self._target, connection, ours, run["uuid"]):
                    return "left", "it is still being written here"
                names = _Names(self._source, connection, self._batches)
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
    return Merged(*(tuple(found[outcome]) for outcome in ("added", "updated", "same", "left")))


def tables_of_runs(store: Store) -> list[Table]:
    """Return the tables of a run's facts that this store has, by name."""
    found = []
    for (name,) in store.read(
        "SELECT name FROM sqlite_master WHERE type='table' AND name NOT LIKE 'sqlite_%' "
        "ORDER BY name"
    ):
        columns = store.read(f'PRAGMA table_info("{name}")')
        names = tuple(column[1] for column in columns if (column[1], column[5]) != ("id", 1))
        numbers = frozenset(column[1] for column in columns if column[2] == "INTEGER")
        if "of" in names:
            found.append(Table(name, "of", names, numbers))
        elif "run" in numbers:
            found.append(Table(name, "run", names, numbers))
    return found


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
    names: _Names,
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
            _copy_rows(names, table, run["id"], key, problems)
        else:
            _add_rows(names, table, run["uuid"])
    join_edits(connection, key, mine, names.batches, keep_batches=True)


def _join(
    names: _Names, tables: list[Table], run: dict[str, Any], key: int, problems: dict[bytes, str]
) -> None:
    """Add to a run that has all points already what people did and told about it elsewhere."""
    for table in tables:
        if table.owner == "of":
            _add_rows(names, table, run["uuid"])
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
    cursor = connection.execute(_insert("run", tuple(row)), tuple(row.values()))
    return int(cursor.lastrowid or 0)


def _experiment(connection: sqlite3.Connection, name: str, created_ms: int) -> int:
    connection.execute(
        "INSERT OR IGNORE INTO experiment (name, created_ms) VALUES (?,?)", (name, created_ms)
    )
    row = connection.execute("SELECT id FROM experiment WHERE name=?", (name,)).fetchone()
    return int(row[0])


def _copy_rows(
    names: _Names, table: Table, theirs: int, ours: int, problems: dict[bytes, str]
) -> None:
    rows = names.source.read(f'SELECT {_columns(table)} FROM "{table.name}" WHERE run=?', (theirs,))
    if not rows:
        return
    columns = dict(zip(table.columns, map(list, zip(*rows, strict=True)), strict=True))
    columns["run"] = [ours] * len(rows)
    _rename(names, table, columns)
    if table.name == "artifact" and problems:
        _mark_missing(columns, problems)
    names.target.executemany(
        _insert(table.name, table.columns, "OR REPLACE"), zip(*columns.values(), strict=True)
    )


def _add_rows(names: _Names, table: Table, uuid: bytes) -> None:
    """Add the rows that are told about a run and that the target does not have."""
    sql = f'SELECT {_columns(table)} FROM "{table.name}" WHERE "of"=?'
    known = set(names.target.execute(sql, (uuid,)))
    for row in names.source.read(sql, (uuid,)):
        if row not in known:
            columns = {name: [value] for name, value in zip(table.columns, row, strict=True)}
            _rename(names, table, columns)
            values = [column[0] for column in columns.values()]
            names.target.execute(_insert(table.name, table.columns), values)


def _rename(names: _Names, table: Table, columns: dict[str, list[Any]]) -> None:
    """Turn the source's numbers into the target's, and bring in what they stand for."""
    for name in ("key", "metric"):
        if name in table.numbers:
            columns[name] = _keys(names, columns[name])
    if "data" in table.numbers:
        columns["data"] = _blocks(names, columns["data"])
    if "batch" in table.numbers:
        columns["batch"] = [
            batch_here(names.target, names.batches, batch) for batch in columns["batch"]
        ]
    for digest in set(columns.get("digest", ())) - {None}:
        _copy_content(names, digest)


def _keys(names: _Names, numbers: list[int]) -> list[int]:
    for number in set(numbers).difference(names.keys):
        labels = names.source.read("SELECT name, kind, context FROM key WHERE id=?", (number,))
        if not labels:
            raise StoreDamaged(
                names.source.path, f"the name of the param or metric {number} is gone"
            )
        label = labels[0]
        names.target.execute(
            "INSERT OR IGNORE INTO key (name, kind, context) VALUES (?,?,?)", label
        )
        row = names.target.execute(
            "SELECT id FROM key WHERE name=? AND kind=? AND context=?", label
        ).fetchone()
        names.keys[number] = row[0]
    return [names.keys[number] for number in numbers]


def _blocks(names: _Names, numbers: list[int]) -> list[int]:
    """Copy blocks of points; return their numbers in the target."""
    wanted = sorted(set(numbers).difference(names.blocks))
    (last,) = names.target.execute("SELECT coalesce(max(id), 0) FROM block").fetchone()
    for start in range(0, len(wanted), _BLOCKS_AT_ONCE):
        some = wanted[start : start + _BLOCKS_AT_ONCE]
        marks = ",".join("?" * len(some))
        rows = names.source.read(f"SELECT id, data FROM block WHERE id IN ({marks})", some)
        for number, data in rows:
            last += 1
            names.blocks[number] = last
            names.target.execute("INSERT INTO block (id, data) VALUES (?,?)", (last, data))
    if lost := set(numbers).difference(names.blocks):
        raise StoreDamaged(names.source.path, f"{len(lost)} blocks of points are gone")
    return [names.blocks[number] for number in numbers]


def _copy_content(names: _Names, digest: bytes) -> None:
    if names.target.execute("SELECT 1 FROM content WHERE digest=?", (digest,)).fetchone():
        return
    for row in names.source.read("SELECT digest, data FROM content WHERE digest=?", (digest,)):
        names.target.execute("INSERT INTO content (digest, data) VALUES (?,?)", row)


def _mark_missing(columns: dict[str, list[Any]], problems: dict[bytes, str]) -> None:
    for number, digest in enumerate(columns["sha256"]):
        if columns["copied"][number] and digest in problems:
            columns["copied"][number] = 0
            columns["problem"][number] = problems[digest]


def _columns(table: Table) -> str:
    return ", ".join(f'"{name}"' for name in table.columns)


def _insert(table: str, columns: tuple[str, ...], how: str = "") -> str:
    names = ", ".join(f'"{name}"' for name in columns)
    marks = ",".join("?" * len(columns))
    return f'INSERT {how} INTO "{table}" ({names}) VALUES ({marks})'
