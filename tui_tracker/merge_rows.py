"""Rows of facts from one store into another, with the other store's numbers.

What the columns of a table mean is told by their names: `key` and `metric` are names of
params and metrics, `data` a block of points where it is a number, `digest` a text by its
hash, `batch` changes that were asked for at once.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, field
from typing import Any, Literal

from tui_tracker.errors import StoreDamaged
from tui_tracker.merge_edits import batch_here
from tui_tracker.store import Store

_BLOCKS_AT_ONCE = 500


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


@dataclass(slots=True)
class Names:
    """Numbers of the source and what they are in the target, inside one transaction."""

    source: Store
    target: sqlite3.Connection
    batches: dict[int, int]
    """Kept for a whole merge: changes that were asked for at once stay together."""
    keys: dict[int, int] = field(default_factory=dict)
    blocks: dict[int, int] = field(default_factory=dict)


def tables_of_runs(store: Store) -> list[Table]:
    """Return the tables of a run's facts that this store has, by name.

    Not `run_body`: it is made of the lineage, in each store by itself.
    """
    found = []
    for (name,) in store.read(
        "SELECT name FROM sqlite_master WHERE type='table' AND name NOT LIKE 'sqlite_%' "
        "ORDER BY name"
    ):
        columns = store.read(f'PRAGMA main.table_info("{name}")')
        names = tuple(column[1] for column in columns if (column[1], column[5]) != ("id", 1))
        numbers = frozenset(column[1] for column in columns if column[2] == "INTEGER")
        if "of" in names:
            found.append(Table(name, "of", names, numbers))
        elif "run" in numbers and name != "run_body":
            found.append(Table(name, "run", names, numbers))
    return found


def copy_rows(
    names: Names, table: Table, theirs: int, ours: int, problems: dict[bytes, str]
) -> None:
    # `main`: as it was logged, whatever it is called in the source.
    rows = names.source.read(
        f'SELECT {_columns(table)} FROM main."{table.name}" WHERE run=?', (theirs,)
    )
    if not rows:
        return
    columns = dict(zip(table.columns, map(list, zip(*rows, strict=True)), strict=True))
    columns["run"] = [ours] * len(rows)
    _rename(names, table, columns)
    if table.name == "artifact" and problems:
        _mark_missing(columns, problems)
    names.target.executemany(
        insert_sql(table.name, table.columns, "OR REPLACE"), zip(*columns.values(), strict=True)
    )


def add_rows(names: Names, table: Table, uuid: bytes) -> None:
    """Add the rows that are told about a run and that the target does not have."""
    sql = f'SELECT {_columns(table)} FROM "{table.name}" WHERE "of"=?'
    known = set(names.target.execute(sql, (uuid,)))
    for row in names.source.read(sql, (uuid,)):
        if row not in known:
            columns = {name: [value] for name, value in zip(table.columns, row, strict=True)}
            _rename(names, table, columns)
            values = [column[0] for column in columns.values()]
            names.target.execute(insert_sql(table.name, table.columns), values)


def _rename(names: Names, table: Table, columns: dict[str, list[Any]]) -> None:
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


def _keys(names: Names, numbers: list[int]) -> list[int]:
    for number in set(numbers).difference(names.keys):
        labels = names.source.read("SELECT name, kind, context FROM main.key WHERE id=?", (number,))
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


def _blocks(names: Names, numbers: list[int]) -> list[int]:
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


def _copy_content(names: Names, digest: bytes) -> None:
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


def insert_sql(table: str, columns: tuple[str, ...], how: str = "") -> str:
    names = ", ".join(f'"{name}"' for name in columns)
    marks = ",".join("?" * len(columns))
    return f'INSERT {how} INTO "{table}" ({names}) VALUES ({marks})'
