"""What a decision rests on, read before it is made: what comes later makes it stale.

Of each run how it ended, its points, tags, lineage and amendments; and of all what the
metrics came to and how names are read, so that an alias, a direction that the project
declares, or values that were imported anew are noticed, too.
"""

from __future__ import annotations

import hashlib
import json
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import nan

from tui_tracker import telling
from tui_tracker.names import words
from tui_tracker.queries import RunKey
from tui_tracker.queries.renamed import names_state
from tui_tracker.queries.rows import marks, run_uuid
from tui_tracker.store import Store

_IN = "IN (SELECT value FROM json_each(:keys))"
_DIGITS = 16


@dataclass(frozen=True, slots=True)
class Basis:
    """The state of what a decision was made from."""

    states: Mapping[str, str] = field(default_factory=dict)
    """A digest of each run by its id."""
    values: str = ""
    """A digest of the metrics of all runs, and of how names are read."""


def read_basis(store: Store, keys: Sequence[RunKey]) -> Basis:
    """Return what a decision about these runs rests on."""
    return Basis(_run_states(store, keys), _values(store, keys))


def _run_states(store: Store, keys: Sequence[RunKey]) -> dict[str, str]:
    bound = {"keys": marks(keys)}
    told: dict[int, list[object]] = {}
    ids: dict[int, str] = {}
    for key, uuid, *state in store.read(
        "SELECT id, uuid, status, points, archived_ms IS NOT NULL, hex(params_digest) "
        f"FROM run WHERE id {_IN}",
        bound,
    ):
        ids[key], told[key] = run_uuid(uuid), state
    parts = f"SELECT run, part, status, hex(digest) FROM lineage WHERE run {_IN} ORDER BY run, part"
    tags = f"SELECT run, tag FROM tag WHERE run {_IN} ORDER BY run, tag"
    mended = f"SELECT run, hex(hash) FROM amendment WHERE run {_IN} ORDER BY run, id"
    has_amendments = store.read("SELECT 1 FROM sqlite_schema WHERE name = 'amendment'")
    for sql in (parts, tags, *([mended] if has_amendments else [])):
        for key, *more in store.read(sql, bound):
            if key in told:  # a run that was trashed meanwhile
                told[key].append(more)
    return {
        ids[key]: hashlib.sha256(json.dumps(state).encode()).hexdigest()[:_DIGITS]
        for key, state in told.items()
    }


def _values(store: Store, keys: Sequence[RunKey]) -> str:
    digest = hashlib.sha256(names_state(store).encode())
    said = (words.DECLARED, words.METRIC_ALIASES, telling.DECLARED, telling.DELTAS)
    digest.update(repr(said).encode())
    rows = store.read(
        f"SELECT run, key, last, min, max FROM metric WHERE run {_IN} ORDER BY run, key",
        {"keys": marks(keys)},
    )
    # As doubles: to write a hundred thousand of them as text takes longer than to decide.
    digest.update(array("d", [nan if v is None else v for row in rows for v in row]).tobytes())
    return digest.hexdigest()[:_DIGITS]
