"""Correct a record without touching it: write amendments, which are read in its place.

What is amended is read so wherever runs are shown, asked for and judged (`queries.amended`,
`amended_views`), but for a series: it has no points, so only the audit and `tt show` read
it, and no table, group or decision rests on a number that somebody typed in. Fields are
named as findings name them:

    params.NAME            a param
    tags.KEY               the tag KEY:VALUE; metrics.main and metrics.context are tags, too
    metrics.LABEL          a series told by its ends: first, last, min, max, mean, count
    notes.NAME             a note
    artifacts.PATH         kind, sha256 and size of a file
    PART.NAME[.NAME ...]   a fact of the lineage: code.commit, data:digits.digest
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from tui_tracker.amending import (
    BESIDE,
    LISTS,
    TAGS,
    chain_hash,
    first_hash,
    parts_said,
    place_of,
    steps_of,
)
from tui_tracker.capture.process import user_name
from tui_tracker.capture.redaction import redact_param, redact_text
from tui_tracker.errors import InvalidArgument, NotFound
from tui_tracker.fact_rows import save_all_facts
from tui_tracker.queries import RunDetail, RunKey
from tui_tracker.store import Store

Confidence = Literal["certain", "likely", "guess", ""]
CONFIDENCES: tuple[Confidence, ...] = ("certain", "likely", "guess")

_PARTS = (
    *("code", "environment", "lock", "hardware", "modules", "process", "seeds", "determinism"),
    *("reads", "resources", "notebook", "origin"),
)
_INSERT = (
    "INSERT INTO amendment (run, field, old, new, evidence, confidence, who, at_ms, reason, "
    "prev_hash, hash) VALUES (?,?,?,?,?,?,?,?,?,?,?)"
)
_LAST = "SELECT hash FROM amendment WHERE run=? ORDER BY at_ms DESC, id DESC LIMIT 1"


@dataclass(frozen=True, slots=True)
class Correction:
    """What a record should hold, from what that is known, and how surely."""

    field: str
    old: object
    new: object
    evidence: str
    confidence: Confidence


def amend(store: Store, key: RunKey, corrections: Sequence[Correction], *, reason: str) -> int:
    """Add corrections to a run's record; return how many.

    What looks like a secret is hidden before it is written: nobody may take it out later.

    Raises:
        NotFound: the run is gone.
        InvalidArgument: a field is none that a record has.
        StoreError: the store cannot be written.
    """
    for correction in corrections:
        check_field(correction.field)
    with store.write() as connection:
        row = connection.execute("SELECT uuid FROM run WHERE id=?", (key,)).fetchone()
        if row is None:
            raise NotFound("run", str(key))
        last = connection.execute(_LAST, (key,)).fetchone()
        before = last[0] if last else first_hash(row[0])
        at_ms = time.time_ns() // 1_000_000
        for item in corrections:
            said = (
                *(item.field, _text(item.field, item.old), _text(item.field, item.new)),
                *(redact_text(item.evidence), item.confidence, user_name(), at_ms),
                redact_text(reason.strip()),
            )
            digest = chain_hash(before, said)
            connection.execute(_INSERT, (key, *said, before, digest))
            before = digest
        if parts_said({item.field: item.new for item in corrections}):
            save_all_facts(connection, key)
    return len(corrections)


def withdraw(store: Store, key: RunKey, detail: RunDetail, field: str, *, reason: str) -> None:
    """Let what was recorded count again; the amendment stays in the chain."""
    old = value_of(detail, field)
    amend(store, key, [Correction(field, old, None, "taken back", "")], reason=reason)


def check_field(field: str) -> None:
    """Refuse a field that no record has.

    Raises:
        InvalidArgument: it is none.
    """
    head, rest = place_of(field)
    if not rest or (head not in (*BESIDE, *_PARTS) and head.partition(":")[0] not in LISTS):
        known = "params.NAME, tags.KEY, code.commit, environment.packages, data:NAME.digest ..."
        raise InvalidArgument(f"{field!r} is no field of a record: {known}")


def value_of(detail: RunDetail, field: str) -> object:
    """Return what a record holds in a field; None where it holds nothing."""
    head, rest = place_of(field)
    row = detail.row
    if head == "tags" or field in TAGS:
        return tag_value(row.tags, TAGS.get(field, rest))
    if head == "params":
        return row.params.get(rest)
    if head == "metrics":
        return row.metrics[rest].last if rest in row.metrics else None
    if head == "artifacts":
        return next((a.sha256 for a in detail.artifacts if a.path == rest), None)
    if head == "notes":
        return None
    # What a failed or skipped part happens to hold is not recorded, as the rules see it.
    told = ("ok", "partial")
    found: Any = next(
        (part.facts for part in detail.lineage if part.name == head and part.status in told), None
    )
    for step in steps_of(head, rest):
        found = found.get(step) if isinstance(found, dict) else None
    return found


def tag_value(tags: Sequence[str], key: str) -> str | None:
    """Return the value of a tag with a key; None where there is none."""
    return next((tag[len(key) + 1 :] for tag in tags if tag.startswith(f"{key}:")), None)


def _text(field: str, value: object) -> str | None:
    """Return a value as the JSON that is kept, without what looks like a secret."""
    if value is None:
        return None
    name = field.rpartition(".")[2]
    cleaned = redact_param(name, value) if isinstance(value, str) else value
    return redact_text(json.dumps(cleaned, ensure_ascii=True, sort_keys=True, default=str))
