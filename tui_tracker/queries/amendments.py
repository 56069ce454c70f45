"""What people say that records should have held, beside the records, which stay as they are.

Which of them are whole and count says `amending`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from tui_tracker.amending import SAID, is_whole, value_said
from tui_tracker.queries.answers import RunKey
from tui_tracker.queries.rows import marks, moment, run_uuid
from tui_tracker.store import Store

_SQL = SAID.format(chosen="a.run IN (SELECT value FROM json_each(:keys))")
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
    for row in rows:
        _, field, old, new, evidence, confidence, who, at_ms, reason, _, digest = row
        intact = is_whole(row, hashes)
        found.append(
            Amendment(
                *(str(field), value_said(old), value_said(new), str(evidence), str(confidence)),
                *(str(who), moment(at_ms), str(reason), intact),  # type: ignore[arg-type]
                bytes(digest).hex() if isinstance(digest, bytes) else "",
            )
        )
    return tuple(found)


def run_id_of(store: Store, key: RunKey) -> str:
    """Return the id of a run; "" where it is gone."""
    rows = store.read("SELECT uuid FROM run WHERE id=?", (key,))
    return run_uuid(rows[0][0]) if rows else ""
