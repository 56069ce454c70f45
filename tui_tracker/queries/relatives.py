"""Runs that a run has to do with, and how its collectors fared."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Literal

from tui_tracker.queries.answers import RunKey
from tui_tracker.queries.contents import content
from tui_tracker.queries.rows import run_uuid
from tui_tracker.store import Store

Relation = Literal["parent", "child", "derived from", "origin of"]


@dataclass(frozen=True, slots=True)
class Relative:
    """A run that another run has to do with."""

    relation: Relation
    kind: str
    """How: `reproduction`, `resume`, `bundle`; "" for parents and children."""
    id: str
    name: str
    """"" where the run is not in this store."""
    status: str
    trashed: bool

    @property
    def found(self) -> bool:
        return bool(self.status)


@dataclass(frozen=True, slots=True)
class Collector:
    """How the recording of one part went."""

    part: str
    status: str
    reason: str
    took_ms: int | None


def list_collectors(store: Store, key: RunKey) -> list[Collector]:
    """Return the collectors of a run by the part they recorded."""
    rows = store.read(
        "SELECT part, status, reason, took_ms FROM lineage WHERE run=? ORDER BY part", (key,)
    )
    return [Collector(*row) for row in rows]


def list_relatives(store: Store, key: RunKey) -> list[Relative]:
    """Return parent, children, the run it derives from, and those that derive from it."""
    ((uuid, parent),) = store.read("SELECT uuid, parent FROM run WHERE id=?", (key,))
    found = []
    if parent:
        found.append(_relative(store, "parent", "", run_uuid(parent)))
    for (child,) in store.read("SELECT uuid FROM run WHERE parent=? ORDER BY id", (uuid,)):
        found.append(_relative(store, "child", "", run_uuid(child)))
    here = run_uuid(uuid)
    for other, origin in _origins(store):
        derived = str(origin.get("derived_from") or "")
        relation = str(origin.get("relation") or "")
        if other == here and derived:
            found.append(_relative(store, "derived from", relation, derived))
        elif derived == here:
            found.append(_relative(store, "origin of", relation, other))
    return found


def _origins(store: Store) -> list[tuple[str, dict[str, object]]]:
    """Return the id of every run that derives from another, and what is recorded of that."""
    rows = store.read(
        "SELECT r.uuid, l.digest FROM lineage AS l JOIN run AS r ON r.id = l.run "
        "WHERE l.part='origin' AND l.digest IS NOT NULL ORDER BY r.id"
    )
    found = []
    for uuid, digest in rows:
        facts = json.loads(content(store, digest) or b"{}")
        if isinstance(facts, dict):
            found.append((run_uuid(uuid), facts))
    return found


def _relative(store: Store, relation: Relation, kind: str, run_id: str) -> Relative:
    try:
        uuid = bytes.fromhex(run_id.replace("-", ""))
    except ValueError:
        uuid = b""
    rows = store.read("SELECT name, status, deleted_ms IS NOT NULL FROM run WHERE uuid=?", (uuid,))
    name, status, trashed = rows[0] if rows else ("", "", 0)
    return Relative(relation, kind, run_id, name, status, bool(trashed))
