"""Candidates of a decision from the store: only what the rule asks for is read."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

from tui_tracker.audit.record import RunRecord, read_records
from tui_tracker.decide.candidates import Candidate
from tui_tracker.decide.rule import Bound, GradeBound, Healthy, NoError, Rule, Stat
from tui_tracker.facts import mapping, mappings, word
from tui_tracker.health import Health
from tui_tracker.queries import RunDetail, RunKey, get_rows, read_health
from tui_tracker.queries.curves import damage_told, read_holding
from tui_tracker.queries.curves_over import read_points
from tui_tracker.queries.details import read_lineage
from tui_tracker.queries.proofs import proof_levels
from tui_tracker.store import Store

_AT_ONCE = 500
"""Runs whose points are looked up at once."""
_BLOCKS = 4000
"""Blocks of points that a rule about health may decode: a second."""


def read_candidates(
    store: Store, keys: Sequence[RunKey], rule: Rule, *, project: Path | None = None
) -> list[Candidate]:
    """Return the runs as a decision sees them, in the order of `keys`.

    Where the rule asks for grades or errors the runs are audited, by the settings of the
    `pyproject.toml` around `project`.
    """
    records = _records(store, keys)
    grades = _audited(store, records, project) if _asks_for_audit(rule) else {}
    asks = any(isinstance(c, Healthy) for c in rule.conditions)
    health = read_health(store, keys, most_blocks=_BLOCKS) if asks else {}
    steps = _steps(rule)
    values = _values_at(store, records, steps) if steps else {}
    return [_candidate(record, grades, values, health) for record in records]


def _records(store: Store, keys: Sequence[RunKey]) -> list[RunRecord]:
    """Return the records of the runs, without notes, files and all else that no rule asks for."""
    if store.read("SELECT 1 FROM sqlite_schema WHERE name = 'amendment'") and store.read(
        "SELECT 1 FROM amendment LIMIT 1"
    ):
        return list(read_records(store, keys))  # of what is amended, all of it counts
    found = []
    for start in range(0, len(keys), _AT_ONCE):
        some = keys[start : start + _AT_ONCE]
        parts, proofs = read_lineage(store, some), proof_levels(store, some)
        for row in get_rows(store, some, params=None, metrics=None):
            detail = RunDetail(row, (), (), tuple(parts.get(row.key, ())), None, None, "", row.host,
                               row.user, None, 0, 0, 0, "", {}, proofs.get(row.key))  # fmt: skip
            found.append(RunRecord(detail))
    return found


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
    record: RunRecord,
    grades: dict[RunKey, tuple[str, int]],
    values: Mapping[RunKey, dict[tuple[str, int], float]],
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
        steps=values.get(record.key, {}),
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


def _values_at(
    store: Store, records: Sequence[RunRecord], steps: set[int]
) -> dict[RunKey, dict[tuple[str, int], float]]:
    """Return the last value that each run logged at each of the steps, by label and step."""
    found: dict[RunKey, dict[tuple[str, int], float]] = {}
    for start in range(0, len(records), _AT_ONCE):
        some = records[start : start + _AT_ONCE]
        labels = {
            (record.key, metric.key): label
            for record in some
            for label, metric in record.original.row.metrics.items()
        }
        for step in steps:
            # A run that was taken up again logs steps out of order, so blocks say which they hold.
            heads = read_holding(store, [(*pair, step) for pair in labels], times=False)
            for pair, held in heads.items():
                with damage_told(store):
                    points = read_points(store, held)
                values = [value for at, value in zip(*points, strict=True) if at == step]
                if values:
                    found.setdefault(pair[0], {})[labels[pair], step] = values[-1]
    return found
