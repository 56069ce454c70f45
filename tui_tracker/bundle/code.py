"""The code of runs in a bundle: without the files in which a secret was found.

A snapshot without one of its files is another snapshot. The run's record in the bundle
names that one, says `complete: false`, lists the file under `skipped` with the reason,
and keeps the first ids under `original`.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tui_tracker.bundle.cleaning import keep_facts
from tui_tracker.bundle.files import read_facts
from tui_tracker.bundle.format import LeftOut, code_name
from tui_tracker.code_store import CodeStore, CodeUnavailable
from tui_tracker.errors import TrackerError
from tui_tracker.queries.rows import run_uuid

_WHY = "left out of the bundle: it may hold a secret"


@dataclass(frozen=True, slots=True)
class Packed:
    """The git bundles of some runs."""

    members: dict[str, str]
    """Name in the bundle, and the file."""
    snapshots: int
    left_out: tuple[LeftOut, ...]


@dataclass(frozen=True, slots=True)
class _Use:
    """A run's record that names a snapshot."""

    key: int
    run: str
    part: str
    commit: str
    hidden: frozenset[str]
    """Paths in which a secret was found."""


def pack_code(folder: str, connection: sqlite3.Connection, temporary: str) -> Packed:
    """Pack the code of all runs in a copied store; their records follow what was packed.

    Code that is not in the store, or cannot be read without git, is left out and said.
    """
    members: dict[str, str] = {}
    left: list[LeftOut] = []
    packed_ids: set[str] = set()
    for (length, hidden), uses in _groups(connection).items():
        form = "sha256" if length == 64 else "sha1"
        path = os.path.join(temporary, code_name(len(members) + 1))
        store = CodeStore(folder, form)
        here, gone = _present(store, uses)
        left += gone
        if not here:
            continue
        try:
            ids = store.pack(sorted({use.commit for use in here}), Path(path), leave_out=hidden)
        except TrackerError as error:
            left += [LeftOut(use.run, "code", use.commit[:12], str(error)) for use in here]
            continue
        if hidden:
            left += _follow(connection, here, ids, path, form, temporary)
        members[code_name(len(members) + 1)] = path
        packed_ids.update(ids.values())
    return Packed(members, len(packed_ids), tuple(left))


def _present(store: CodeStore, uses: list[_Use]) -> tuple[list[_Use], list[LeftOut]]:
    known = {commit: store.has(commit) for commit in {use.commit for use in uses}}
    here = [use for use in uses if known[use.commit]]
    gone = [
        LeftOut(use.run, "code", use.commit[:12], "the store does not hold this code")
        for use in uses
        if not known[use.commit]
    ]
    return here, gone


def _groups(connection: sqlite3.Connection) -> dict[tuple[int, frozenset[str]], list[_Use]]:
    """Return the snapshots by what is left out of them and by the kind of their ids."""
    found: dict[tuple[int, frozenset[str]], list[_Use]] = {}
    for use in _uses(connection):
        found.setdefault((len(use.commit), use.hidden), []).append(use)
    return found


def _uses(connection: sqlite3.Connection) -> Iterator[_Use]:
    rows = connection.execute(
        "SELECT r.id, r.uuid, l.part, l.digest FROM lineage AS l JOIN run AS r ON r.id = l.run "
        "WHERE l.part IN ('code', 'environment') AND l.digest IS NOT NULL ORDER BY r.uuid, l.part"
    ).fetchall()
    for key, uuid, part, digest in rows:
        facts = read_facts(connection, digest)
        records = [facts] if part == "code" else list(_members(facts.get("origins")))
        for record in records:
            snapshot = record.get("snapshot")
            commit = snapshot.get("commit") if isinstance(snapshot, dict) else None
            if isinstance(commit, str) and len(commit) in (40, 64):
                yield _Use(key, run_uuid(uuid), part, commit, _secret_paths(record))


def _members(origins: object) -> Iterator[dict[str, Any]]:
    if isinstance(origins, dict):
        yield from (origin for origin in origins.values() if isinstance(origin, dict))


def _secret_paths(record: dict[str, Any]) -> frozenset[str]:
    secrets = record.get("secrets")
    if not isinstance(secrets, list):
        return frozenset()
    return frozenset(str(found["path"]) for found in secrets if isinstance(found, dict))


def _follow(
    connection: sqlite3.Connection,
    uses: list[_Use],
    ids: dict[str, str],
    path: str,
    form: str,
    temporary: str,
) -> list[LeftOut]:
    """Let the records name the snapshots that were packed; return what is not in those."""
    place = os.path.join(temporary, f"look-{os.path.basename(path)}")
    looked_at = CodeStore(place, form)
    looked_at.unpack(Path(path))
    left = []
    for use in uses:
        new = ids[use.commit]
        if new == use.commit:
            continue
        facts = _record(connection, use)
        for record in [facts] if use.part == "code" else list(_members(facts.get("origins"))):
            snapshot = record.get("snapshot")
            if isinstance(snapshot, dict) and snapshot.get("commit") == use.commit:
                record["snapshot"] = _without(looked_at, snapshot, new, use.hidden)
        digest = keep_facts(connection, facts)
        connection.execute(
            "UPDATE lineage SET digest=? WHERE run=? AND part=?", (digest, use.key, use.part)
        )
        left += [LeftOut(use.run, "code", hidden, _WHY) for hidden in sorted(use.hidden)]
    return left


def _record(connection: sqlite3.Connection, use: _Use) -> dict[str, Any]:
    (digest,) = connection.execute(
        "SELECT digest FROM lineage WHERE run=? AND part=?", (use.key, use.part)
    ).fetchone()
    return read_facts(connection, digest)


def _without(
    store: CodeStore, snapshot: dict[str, Any], commit: str, hidden: frozenset[str]
) -> dict[str, Any]:
    """Return the record of a snapshot that was packed without some of its files."""
    skipped = [item for item in snapshot.get("skipped") or [] if isinstance(item, dict)]
    new: dict[str, Any] = {
        **snapshot,
        "commit": commit,
        "tree": store.tree_of(commit),
        "complete": False,
        "skipped": [*skipped, *({"path": path, "why": _WHY} for path in sorted(hidden))],
        "original": {name: snapshot[name] for name in ("commit", "tree") if name in snapshot},
    }
    try:
        base = store.base_of(commit)
    except CodeUnavailable:
        base = None
    if "base" in snapshot and base is not None:
        new["base"] = store.tree_of(base)
    return new
