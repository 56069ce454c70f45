"""What people say that records should have held, beside the records, which stay as they are.

Amendments of a run are a chain: each has the SHA-256 of its own words and of the hash before
it, and the first begins with the id of the run. A row that was changed afterwards no longer
has its hash, and one that was taken out leaves its successor without a predecessor. Where
two stores amended one run apart, the chain forks and is still whole. The last one of a
chain may be taken out unseen: nothing follows it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from tui_tracker.queries.answers import RunKey
from tui_tracker.queries.rows import marks, moment, run_uuid
from tui_tracker.store import Store

_SQL = (
    "SELECT a.run, r.uuid, a.field, a.old, a.new, a.evidence, a.confidence, a.who, a.at_ms, "
    "a.reason, a.prev_hash, a.hash FROM amendment AS a JOIN run AS r ON r.id = a.run "
    "WHERE a.run IN (SELECT value FROM json_each(:keys)) ORDER BY a.run, a.at_ms, a.id"
)
_TABLE = "SELECT 1 FROM sqlite_schema WHERE name = 'amendment'"


@dataclass(frozen=True, slots=True)
class Amendment:
    """A fact of a record that somebody corrected afterwards; the record itself stays."""

    field: str
    """As findings name it: `code.commit`, `params.seed`, `data:digits.digest`, `tags.owner`."""
    old: object
    """None where nothing was recorded."""
    new: object
    """None where a correction was taken back: what was recorded counts again."""
    evidence: str
    confidence: str
    """`certain`, `likely` or `guess`; "" for what somebody typed in."""
    who: str
    at: datetime
    reason: str
    intact: bool = True
    """Its hash is right, and so is the one it follows."""
    hash: str = ""


def first_hash(uuid: bytes) -> bytes:
    """Return what the chain of a run begins with."""
    return hashlib.sha256(b"tui_tracker amendments\n" + uuid).digest()


def chain_hash(before: bytes, row: Sequence[object]) -> bytes:
    """Return the hash of an amendment: field, old, new, evidence, confidence, who, at, reason."""
    words = json.dumps(list(row), ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(before + words.encode()).digest()


def read_amendments(store: Store, keys: Sequence[RunKey]) -> dict[RunKey, tuple[Amendment, ...]]:
    """Return the amendments of those of these runs that have any, oldest first."""
    if not store.read(_TABLE) or not store.read("SELECT 1 FROM amendment LIMIT 1"):
        return {}
    rows: dict[RunKey, list[tuple[object, ...]]] = {}
    for run, *columns in store.read(_SQL, {"keys": marks(keys)}):
        rows.setdefault(run, []).append(tuple(columns))
    return {run: _chain(columns) for run, columns in rows.items()}


def amendment_shape(amendment: Amendment) -> dict[str, object]:
    """Return an amendment as the JSON object that scripts get."""
    return {
        "field": amendment.field,
        "old": amendment.old,
        "new": amendment.new,
        "evidence": amendment.evidence,
        "confidence": amendment.confidence or None,
        "who": amendment.who,
        "at": amendment.at.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z",
        "reason": amendment.reason or None,
        "intact": amendment.intact,
    }


def _chain(rows: list[tuple[object, ...]]) -> tuple[Amendment, ...]:
    hashes = {row[-1] for row in rows}
    found = []
    for uuid, field, old, new, evidence, confidence, who, at_ms, reason, before, digest in rows:
        said = (field, old, new, evidence, confidence, who, at_ms, reason)
        follows = before == first_hash(uuid) or (before in hashes and before != digest)  # type: ignore[arg-type]
        intact = bool(follows) and chain_hash(bytes(before or b""), said) == digest  # type: ignore[call-overload]
        found.append(
            Amendment(
                *(str(field), _value(old), _value(new), str(evidence), str(confidence)),
                *(str(who), moment(at_ms), str(reason), intact),  # type: ignore[arg-type]
                bytes(digest).hex() if isinstance(digest, bytes) else "",
            )
        )
    return tuple(found)


def _value(text: object) -> object:
    """Return what was written as JSON; what is none stands as it is, and its hash is wrong."""
    if text is None:
        return None
    try:
        return json.loads(str(text))
    except ValueError:
        return str(text)


def run_id_of(store: Store, key: RunKey) -> str:
    """Return the id of a run; "" where it is gone."""
    rows = store.read("SELECT uuid FROM run WHERE id=?", (key,))
    return run_uuid(rows[0][0]) if rows else ""
