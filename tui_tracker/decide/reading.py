"""Candidates of a decision from the store: only what the rule asks for is read."""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from pathlib import Path

from tui_tracker.audit.record import RunRecord, read_records
from tui_tracker.decide.candidates import Candidate
from tui_tracker.decide.rule import Bound, GradeBound, Healthy, NoError, Rule, Stat
from tui_tracker.facts import mapping, mappings, word
from tui_tracker.health import Health
from tui_tracker.queries import RunKey, read_health, read_series
from tui_tracker.store import Store

_BLOCKS = 4000
"""Blocks of points that a rule about health may decode: a second."""


def read_candidates(
    store: Store, keys: Sequence[RunKey], rule: Rule, *, project: Path | None = None
) -> list[Candidate]:
    """Return the runs as a decision sees them, in the order of `keys`.

    Where the rule asks for grades or errors the runs are audited, by the settings of the
    `pyproject.toml` around `project`.
    """
    records = list(read_records(store, keys))
    grades = _audited(store, records, project) if _asks_for_audit(rule) else {}
    asks = any(isinstance(c, Healthy) for c in rule.conditions)
    health = read_health(store, keys, most_blocks=_BLOCKS) if asks else {}
    steps = _steps(rule)
    return [_candidate(store, record, grades, steps, health) for record in records]


def _asks_for_audit(rule: Rule) -> bool:
    return any(isinstance(c, (GradeBound, NoError)) for c in rule.conditions)


def _audited(
    store: Store, records: Sequence[RunRecord], project: Path | None
) -> dict[RunKey, tuple[str, int]]:
    from tui_tracker.audit.cache import read_kept, refresh
    from tui_tracker.audit.config import read_config

    settings = read_config(project or Path.cwd()).settings
    asked = [record.key for record in records]
    refresh(store, settings, asked)
    return {one.key: (one.grade, one.errors) for one in read_kept(store, settings, asked)}


def _steps(rule: Rule) -> set[int]:
    """Return the steps that the rule names."""
    stats: list[Stat] = [rule.objective]
    stats += [c.stat for c in rule.conditions if isinstance(c, Bound)]
    stats += [stat for _, stat in rule.tie.by] if rule.tie else []
    return {stat.pick for stat in stats if isinstance(stat.pick, int)}


def _candidate(
    store: Store,
    record: RunRecord,
    grades: dict[RunKey, tuple[str, int]],
    steps: set[int],
    health: Mapping[RunKey, tuple[Health, ...]],
) -> Candidate:
    row = record.detail.row
    grade, errors = grades.get(record.key, ("", 0))
    splits = {name: word(part.facts, "hash") for name, part in record.parts_of("split")}
    return Candidate(
        id=row.id,
        name=row.name,
        params=row.params,
        # Without those that somebody typed in afterwards.
        metrics=record.original.row.metrics,
        status=row.status,
        tags=row.tags,
        started_at=row.started_at,
        duration_s=row.duration_s,
        archived=row.archived,
        data={name: (version, digest) for name, version, digest in record.data_versions if name},
        splits=splits,
        code=str(record.fact("code", "snapshot", "tree") or ""),
        used=_used(record),
        grade=grade,
        errors=errors,
        proof=record.detail.proof.level if record.detail.proof else "L0",
        steps=_values_at(store, record, steps) if steps else {},
        health=health.get(record.key, ()),
    )


def _used(record: RunRecord) -> str:
    """Return a digest of the files that ran, "" where one of them is not known."""
    part = record.part("modules")
    if part is None or part.facts.get("left_out") or part.facts.get("changed"):
        return ""
    files = [mapping(part.facts, "entry"), *mappings(part.facts, "modules")]
    told = {(word(file, "path"), word(file, "sha256")) for file in files}
    # What was typed at a prompt or in a notebook has no file that tells it.
    if any(not digest for _, digest in told) or word(files[0], "kind") == "notebook":
        return ""
    return hashlib.sha256(repr(sorted(told)).encode()).hexdigest()


def _values_at(store: Store, record: RunRecord, steps: set[int]) -> dict[tuple[str, int], float]:
    """Return the last value that was logged at each of the steps, by label and step."""
    found: dict[tuple[str, int], float] = {}
    for label, metric in record.original.row.metrics.items():
        inside = [step for step in steps if metric.first_step <= step <= metric.last_step]
        if not inside:
            continue
        series = read_series(store, record.key, metric.key)
        order = sorted(range(len(series.steps)), key=lambda i: (series.steps[i], i))
        ordered = [series.steps[i] for i in order]
        for step in inside:
            at = bisect_left(ordered, step + 1) - 1
            if at >= 0 and ordered[at] == step:
                found[label, step] = series.values[order[at]]
    return found
