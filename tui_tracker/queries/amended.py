"""A run's record as its amendments have it; the record that is given stays as it is.

The newest amendment of a field that is whole counts; one whose value is None gives the
record back. What fields there are says `audit.amendments`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from tui_tracker.amending import TAGS, amended_facts, file_said, place_of
from tui_tracker.facts import number, whole
from tui_tracker.queries.amendments import Amendment
from tui_tracker.queries.answers import Artifact, LineagePart, MetricSummary, Note, RunDetail


def standing(amendments: Sequence[Amendment]) -> dict[str, Amendment]:
    """Return the amendment of each field that counts, by field."""
    found: dict[str, Amendment] = {}
    for amendment in amendments:
        if amendment.intact:
            found[amendment.field] = amendment
    return {field: item for field, item in found.items() if item.new is not None}


def amended(
    detail: RunDetail, amendments: Sequence[Amendment], *, series: bool = True
) -> RunDetail:
    """Return a record as its amendments have it.

    Without `series` a metric that was told afterwards, which has no points, is left out.
    """
    for field, item in standing(amendments).items():
        if series or not field.startswith("metrics.") or field in TAGS:
            detail = _with(detail, field, item)
    return detail


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
        notes = sorted((*detail.notes, note), key=lambda one: one.written_at)
        return replace(detail, notes=tuple(notes))
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
    kind, size, digest = file_said(value)
    return Artifact(path, kind, size, digest or None, False, "", at)
