"""Correct a record without touching it: write amendments, and read a record through them.

The newest amendment of a field that is whole (see `queries.amendments`) stands in for what
was recorded; one whose value is None gives the record back. Fields are named as findings
name them:

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
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from tui_tracker.amending import (
    BESIDE,
    LISTS,
    TAGS,
    amended_facts,
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
from tui_tracker.facts import number, whole, word
from tui_tracker.queries import Artifact, LineagePart, MetricSummary, Note, RunDetail, RunKey
from tui_tracker.queries.amendments import Amendment
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


def standing(amendments: Sequence[Amendment]) -> dict[str, Amendment]:
    """Return the amendment of each field that counts, by field."""
    found: dict[str, Amendment] = {}
    for amendment in amendments:
        if amendment.intact:
            found[amendment.field] = amendment
    return {field: item for field, item in found.items() if item.new is not None}


def amended(detail: RunDetail, amendments: Sequence[Amendment]) -> RunDetail:
    """Return a record as its amendments have it; the given one stays as it is."""
    for field, item in standing(amendments).items():
        detail = _with(detail, field, item)
    return detail


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


def _with(detail: RunDetail, field: str, item: Amendment) -> RunDetail:
    head, rest = place_of(field)
    row, new = detail.row, item.new
    if head == "tags" or field in TAGS:
        key = TAGS.get(field, rest)
        kept = tuple(tag for tag in row.tags if not tag.startswith(f"{key}:"))
        return replace(detail, row=replace(row, tags=(*kept, f"{key}:{new}")))
    if head == "params":
        return replace(detail, row=replace(row, params={**row.params, rest: new}))  # type: ignore[dict-item]
    if head == "metrics":
        metrics = {**row.metrics, rest: _summary(rest, new)}
        return replace(detail, row=replace(row, metrics=metrics))
    if head == "notes":
        note = Note(0, str(new), item.who, item.at)
        return replace(detail, notes=(*detail.notes, note))
    if head == "artifacts":
        kept_files = tuple(a for a in detail.artifacts if a.path != rest)
        return replace(detail, artifacts=(*kept_files, _artifact(rest, new, item.at)))
    return replace(detail, lineage=_with_fact(detail.lineage, head, rest, new))


def _with_fact(
    parts: Sequence[LineagePart], name: str, rest: str, new: object
) -> tuple[LineagePart, ...]:
    """Return the lineage with one fact changed; a part that has none becomes a partial one."""
    found = [part for part in parts if part.name != name]
    old = next((part for part in parts if part.name == name), None)
    facts = amended_facts(name, old.facts if old else {}, {rest: new})
    status = old.status if old is not None and old.status in ("ok", "partial") else "partial"
    reason = old.reason if old is not None else "told by amendments alone"
    return (*found, LineagePart(name, status, reason, facts))


def _summary(label: str, value: object) -> MetricSummary:
    name, _, context = label.partition("@")
    facts: Mapping[str, object] = value if isinstance(value, dict) else {"last": value}
    last = number(facts, "last")
    ends = {key: number(facts, key) for key in ("first", "min", "max", "mean")}
    told = {key: last if end is None else end for key, end in ends.items()}
    count = whole(facts, "count") or 1
    nan = float("nan")
    return MetricSummary(
        name=name, context=context, count=count, first_step=0, last_step=count - 1,
        first=nan if told["first"] is None else told["first"], last=nan if last is None else last,
        min=told["min"], max=told["max"], mean=told["mean"], min_step=None, max_step=None,
        nan=0, inf=0, key=0,
    )  # fmt: skip


def _artifact(path: str, value: object, at: datetime) -> Artifact:
    facts: Mapping[str, object] = value if isinstance(value, dict) else {"sha256": value}
    digest = word(facts, "sha256").rpartition(":")[2]
    return Artifact(path, word(facts, "kind"), whole(facts, "size"), digest or None, False, "", at)
