"""Bring what was told about names and experiments into another store, with the runs it is about.

An alias for a whole store is brought for the experiments of the runs that came over, or
else runs that were here before would be renamed by them. What was brought once is not
brought again, also where it was taken back here meanwhile.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from tui_tracker.store import Store

_ALIAS = "scope, kind, raw, canonical, who, at_ms, reason"
_DECISION = "experiment, rule, winner, at_ms, who, members, digest"
_AT_ONCE = 500


def bring_told(source: Store, target: Store, keys: Sequence[int]) -> None:
    """Add to `target` the aliases and decisions about the experiments of these runs."""
    experiments = _experiments(source, keys)
    if not experiments:
        return
    aliases = source.read(f"SELECT batch, {_ALIAS} FROM alias WHERE reverted_ms IS NULL")
    decisions = source.read(f"SELECT {_DECISION} FROM decision")
    if not aliases and not decisions:
        return
    with target.write() as connection:
        batches: dict[int, int] = {}
        for batch, scope, *rest in aliases:
            for place in experiments if scope == "" else {scope} & experiments:
                _add_alias(connection, batches, batch, (place, *rest))
        for decision in decisions:
            if decision[0] in experiments:
                _add_decision(source, connection, decision)


def _experiments(source: Store, keys: Sequence[int]) -> set[str]:
    names: set[str] = set()
    for start in range(0, len(keys), _AT_ONCE):
        some = tuple(keys[start : start + _AT_ONCE])
        marks = ",".join("?" * len(some))
        names |= {
            row[0]
            for row in source.read(
                "SELECT DISTINCT e.name FROM run AS r JOIN experiment AS e "
                f"ON e.id = r.experiment WHERE r.id IN ({marks})",
                some,
            )
        }
    return names


def _add_alias(
    connection: sqlite3.Connection, batches: dict[int, int], batch: int, row: tuple[object, ...]
) -> None:
    scope, kind, raw, canonical, _, at_ms, _ = row
    # One for the whole store here says it already.
    known = connection.execute(
        "SELECT 1 FROM alias WHERE scope IN (?, '') AND kind=? AND raw=? AND canonical=? "
        "AND (at_ms=? OR reverted_ms IS NULL)",
        (scope, kind, raw, canonical, at_ms),
    ).fetchone()
    if known:
        return
    if batch not in batches:
        (last,) = connection.execute("SELECT coalesce(max(batch), 0) FROM alias").fetchone()
        batches[batch] = last + 1
    connection.execute(
        f"INSERT INTO alias (batch, {_ALIAS}) VALUES (?,?,?,?,?,?,?,?)", (batches[batch], *row)
    )


def _add_decision(source: Store, connection: sqlite3.Connection, row: tuple[object, ...]) -> None:
    experiment, rule, _, at_ms, who, _, digest = row
    if connection.execute(
        "SELECT 1 FROM decision WHERE experiment=? AND rule=? AND at_ms=? AND who=?",
        (experiment, rule, at_ms, who),
    ).fetchone():
        return
    connection.execute(f"INSERT INTO decision ({_DECISION}) VALUES (?,?,?,?,?,?,?)", row)
    for text in source.read("SELECT digest, data FROM content WHERE digest=?", (digest,)):
        connection.execute("INSERT OR IGNORE INTO content (digest, data) VALUES (?,?)", text)
