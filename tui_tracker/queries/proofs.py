"""What was tried to get runs again, and how far it was proven that they can be had.

A proof level is earned by execution only: L0 recorded, L1 rebuilt (code, environment
and data verified), L2 scored again, L3 statistically consistent, L4 within tolerance,
L5 the same bits. A run's level is the highest that any attempt earned; what the newest
attempt came to stands beside it, because a later machine may see it differ.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tui_tracker.queries.answers import RunKey
from tui_tracker.queries.contents import content
from tui_tracker.queries.rows import marks, moment, run_uuid
from tui_tracker.store import Store

LEVELS = ("L0", "L1", "L2", "L3", "L4", "L5")
MEANINGS = {
    "L0": "recorded",
    "L1": "rebuilt and verified, not run",
    "L2": "scored again",
    "L3": "statistically consistent",
    "L4": "within tolerance",
    "L5": "the same bits",
}


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt to get a run again."""

    level: str
    verdict: str
    """A word of the ladder, `rebuilt`, or `failed`."""
    mode: str
    at: datetime
    machine: str
    run: str | None
    """Id of the run that came of it."""


@dataclass(frozen=True, slots=True)
class Proof:
    """How far a run was proven, by which attempt, and what the newest one said."""

    best: Attempt
    newest: Attempt
    attempts: int

    @property
    def level(self) -> str:
        return self.best.level


def proof_levels(store: Store, keys: Sequence[RunKey]) -> dict[RunKey, Proof]:
    """Return the proof of each run that was ever tried; the others are left out."""
    if not _has_table(store):
        return {}
    rows = store.read(
        "SELECT r.id, p.level, p.verdict, p.mode, p.at_ms, p.machine, p.run "
        'FROM reproduction AS p JOIN run AS r ON r.uuid = p."of" '
        "WHERE r.id IN (SELECT value FROM json_each(:keys)) ORDER BY p.at_ms, p.id",
        {"keys": marks(keys)},
    )
    tried: dict[RunKey, list[Attempt]] = {}
    for key, level, verdict, mode, at_ms, machine, run in rows:
        attempt = Attempt(
            level, verdict, mode, moment(at_ms), machine, run_uuid(run) if run else None
        )
        tried.setdefault(key, []).append(attempt)
    return {
        # Of equal levels the newest: its machine is the one that people still have.
        key: Proof(max(reversed(attempts), key=lambda a: a.level), attempts[-1], len(attempts))
        for key, attempts in tried.items()
    }


def list_reports(store: Store, key: RunKey) -> list[dict[str, Any]]:
    """Return the whole reports of all attempts on a run, oldest first."""
    if not _has_table(store):
        return []
    rows = store.read(
        'SELECT p.digest FROM reproduction AS p JOIN run AS r ON r.uuid = p."of" '
        "WHERE r.id=? ORDER BY p.at_ms, p.id",
        (key,),
    )
    texts = [content(store, digest) for (digest,) in rows if digest is not None]
    return [json.loads(text) for text in texts if text]


def proof_shape(proof: Proof) -> dict[str, object]:
    """Return a proof in the public shape of JSON."""
    shape = _shape(proof.best)
    shape["attempts"] = proof.attempts
    if proof.newest != proof.best:
        shape["newest"] = _shape(proof.newest)
    return shape


def format_proof(proof: Proof) -> str:
    """Return a proof in one line: `L5, the same bits (2026-11-25, x86_64 ...)`."""
    best, newest = proof.best, proof.newest
    said = f"{best.level}, {MEANINGS[best.level]} ({best.at:%Y-%m-%d}, {best.machine})"
    if newest == best and newest.verdict not in ("different", "inconclusive", "failed"):
        return said
    return f"{said}; newest attempt: {newest.verdict} ({newest.at:%Y-%m-%d})"


def _has_table(store: Store) -> bool:
    # An older store that this user may not write is read as it is.
    return bool(store.read("SELECT 1 FROM sqlite_schema WHERE name = 'reproduction'"))


def _shape(attempt: Attempt) -> dict[str, object]:
    return {
        "level": attempt.level,
        "verdict": attempt.verdict,
        "at": f"{attempt.at:%Y-%m-%dT%H:%M:%S}Z",
        "machine": attempt.machine,
        "run": attempt.run,
        "mode": attempt.mode,
    }
