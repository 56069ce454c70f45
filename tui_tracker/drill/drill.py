"""The drill of a run: its gaps, what is proposed for each, and why nothing is where nothing is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from tui_tracker.audit.amendments import Correction, amend, value_of
from tui_tracker.audit.engine import Audited, Finding, Settings, audit_records
from tui_tracker.audit.record import RunRecord, amend_record
from tui_tracker.audit.relatives import read_with_relatives
from tui_tracker.drill.case import Case
from tui_tracker.drill.recipes import Recipe, load_recipes
from tui_tracker.errors import TrackerError
from tui_tracker.queries import RunKey
from tui_tracker.queries.amendments import Amendment
from tui_tracker.store import Store

_NO_RECIPE = "nothing that could still be found would tell it"


@dataclass(frozen=True, slots=True)
class Gap:
    """A finding, and what a look around came to."""

    finding: Finding
    proposals: tuple[Correction, ...]
    refused: tuple[str, ...]
    """Why nothing (more) is proposed."""


@dataclass(frozen=True, slots=True)
class Drilled:
    """What a drill found about one run."""

    record: RunRecord
    before: Audited
    after: Audited
    """As the audit would be if everything that is proposed were accepted."""
    gaps: tuple[Gap, ...]

    @property
    def proposals(self) -> tuple[Correction, ...]:
        """All corrections; of two gaps that one correction closes it stands once."""
        found: dict[str, Correction] = {}
        for gap in self.gaps:
            for item in gap.proposals:
                found.setdefault(item.field, item)
        return tuple(found.values())

    @property
    def corrected(self) -> dict[str, object]:
        """The corrected record, as a patch: new value by field."""
        return {item.field: item.new for item in self.proposals}


def drill_runs(
    store: Store, keys: Sequence[RunKey], settings: Settings | None = None
) -> list[Drilled]:
    """Return what a drill finds about each of these runs, in their order.

    Reads repositories and files, writes nothing. What only informs is no gap.
    """
    settings = settings or Settings()
    records = read_with_relatives(store, keys)
    audited = audit_records(records, settings, only=keys)
    return [_drill(store, one, records, settings) for one in audited]


def _drill(
    store: Store, audited: Audited, records: Sequence[RunRecord], settings: Settings
) -> Drilled:
    record = audited.record
    experiment = record.detail.row.experiment
    siblings = [
        other
        for other in records
        if other.key != record.key and other.detail.row.experiment == experiment
    ]
    case = Case(record, store, siblings)
    recipes = load_recipes()
    order = {rule: at for at, rule in enumerate(recipes)}
    findings = [f for f in audited.open if f.severity != "info" and not f.unknown]
    gaps: dict[str, Gap] = {}
    # A commit that was found is evidence for what is looked for after it.
    for finding in sorted(findings, key=lambda f: order.get(f.rule, len(order))):
        gaps[finding.rule] = _gap(case, finding, recipes.get(finding.rule))
    told = tuple(gaps[finding.rule] for finding in findings)
    drilled = Drilled(record, audited, audited, told)
    return replace(drilled, after=_after(drilled, records, settings))


def _gap(case: Case, finding: Finding, make: Recipe | None) -> Gap:
    if make is None:
        return Gap(finding, (), (_NO_RECIPE,))
    proposals, refused = [], []
    try:
        for answer in make(case):
            if isinstance(answer, str):
                refused.append(answer)
            elif answer.new is not None and answer.new != answer.old:
                proposals.append(answer)
                case.found[answer.field] = answer.new
    except (TrackerError, OSError) as error:
        refused.append(str(error))
    if not proposals and not refused:
        refused.append(_NO_RECIPE)
    return Gap(finding, tuple(proposals), tuple(refused))


def _after(drilled: Drilled, records: Sequence[RunRecord], settings: Settings) -> Audited:
    """Audit the run once more, as it would be."""
    if not drilled.proposals:
        return drilled.before
    record = drilled.record
    at = record.detail.row.started_at
    tried = tuple(
        Amendment(c.field, c.old, c.new, c.evidence, c.confidence, "", at, "tried")
        for c in drilled.proposals
    )
    changed = amend_record(record, (*record.amendments, *tried))
    others = [changed if other.key == record.key else other for other in records]
    return audit_records(others, settings, only=[record.key])[0]


def accept(store: Store, drilled: Drilled, fields: Sequence[str], *, reason: str) -> int:
    """Write the proposals of these fields as amendments; return how many.

    Raises:
        StoreError: the store cannot be written.
    """
    chosen = [item for item in drilled.proposals if item.field in fields]
    return amend(store, drilled.record.key, chosen, reason=reason) if chosen else 0


def typed(record: RunRecord, field: str, value: object) -> Correction:
    """Return a correction that somebody typed in: its evidence is whoever did."""
    return Correction(field, value_of(record.detail, field), value, "typed in", "")


def drilled_shape(drilled: Drilled) -> dict[str, Any]:
    """Return what `tt drill --json` prints of a run."""
    row = drilled.record.detail.row
    return {
        "id": row.id,
        "name": row.name,
        "experiment": row.experiment,
        "score": drilled.before.score.points,
        "grade": drilled.before.score.grade,
        "score_if_accepted": drilled.after.score.points,
        "grade_if_accepted": drilled.after.score.grade,
        "gaps": [_gap_shape(gap) for gap in drilled.gaps],
        "corrected": drilled.corrected,
    }


def _gap_shape(gap: Gap) -> dict[str, Any]:
    return {
        "rule": gap.finding.rule,
        "severity": gap.finding.severity,
        "field": gap.finding.field,
        "message": gap.finding.message,
        "proposals": [
            {
                "field": item.field,
                "old": item.old,
                "new": item.new,
                "evidence": item.evidence,
                "confidence": item.confidence,
            }
            for item in gap.proposals
        ],
        "refused": list(gap.refused),
    }
