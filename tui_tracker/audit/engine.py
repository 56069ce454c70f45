"""Apply the rules to records: findings, what could not be told, and a score a run.

Rules of a run read its record alone. Those of a group, an experiment or the store read
many: they are applied to the runs that are audited, so an audit of one run takes in its
relatives first (`with_relatives`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tui_tracker.audit import catalogue
from tui_tracker.audit.record import RunRecord
from tui_tracker.audit.rules import (
    NOT_APPLICABLE,
    PASSED,
    RULES,
    UNKNOWN,
    Doubt,
    Outcome,
    Profile,
    Rule,
    Severity,
)
from tui_tracker.audit.score import Judged, Score, Standing, score

__all__ = ["Audited", "Finding", "Settings", "audit_records", "catalogue"]

_ORDER: dict[Severity, int] = {"error": 0, "warn": 1, "info": 2}


@dataclass(frozen=True, slots=True)
class Finding:
    """A doubt that a rule leaves about one run."""

    rule: str
    severity: Severity
    field: str
    message: str
    fix: str
    waived: str = ""
    """Why it is accepted, "" where it is not."""
    unknown: bool = False
    """It could not be told, which counts as open."""


@dataclass(frozen=True, slots=True)
class Audited:
    """What the rules say of one run."""

    record: RunRecord
    findings: tuple[Finding, ...]
    """Errors first, in the order of the rules; waived ones last."""
    score: Score
    standings: Mapping[str, Standing | None]
    """How each rule ended; None where it does not apply."""

    @property
    def open(self) -> tuple[Finding, ...]:
        """The findings that nobody waived."""
        return tuple(finding for finding in self.findings if not finding.waived)


@dataclass(frozen=True, slots=True)
class Settings:
    """How strictly to look, and what users changed."""

    profile: Profile = "seed"
    severities: Mapping[str, Severity | None] = field(default_factory=dict)
    """Of rules whose severity was set by hand; None switches one off."""
    rules: tuple[Rule, ...] = ()
    """Rules of users, beside ours."""
    waive: Callable[[Finding, RunRecord], str] | None = None
    """Returns why a finding is accepted, "" where it is not."""
    arguments: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Further arguments of a rule's check by its id, such as the required params."""

    def chosen(self) -> list[tuple[Rule, Severity]]:
        """Return the rules that are on, with their severity."""
        found = []
        for rule in (*RULES.values(), *self.rules):
            severity = self.severities.get(rule.id, rule.severity(self.profile))
            if rule.id in self.severities:
                severity = self.severities[rule.id]
            if severity is not None:
                found.append((rule, severity))
        return found


def audit_records(
    records: Sequence[RunRecord],
    settings: Settings | None = None,
    *,
    only: Iterable[int] | None = None,
) -> list[Audited]:
    """Return what the rules say of these runs, in their order.

    `only` are the keys of the runs that are asked about; the others are there for the
    rules that compare. None asks about all.
    """
    settings = settings or Settings()
    chosen = settings.chosen()
    wide = {rule.id: _over_many(rule, records, settings) for rule, _ in chosen
            if rule.scope != "run"}  # fmt: skip
    asked = None if only is None else set(only)
    return [
        _audit(record, chosen, wide, settings)
        for record in records
        if asked is None or record.key in asked
    ]


def _audit(
    record: RunRecord,
    chosen: Sequence[tuple[Rule, Severity]],
    wide: Mapping[str, Mapping[int, Doubt] | Outcome],
    settings: Settings,
) -> Audited:
    findings: list[Finding] = []
    judged: list[Judged] = []
    standings: dict[str, Standing | None] = {}
    for rule, severity in chosen:
        answer = _answer(rule, record, wide, settings)
        if answer is NOT_APPLICABLE:
            standings[rule.id] = None
            continue
        standing: Standing = "passed"
        if answer is not PASSED:
            finding = _finding(rule, severity, answer, record, settings)
            findings.append(finding)
            standing = "waived" if finding.waived else "unknown" if finding.unknown else "failed"
        standings[rule.id] = standing
        judged.append(Judged(rule.id, rule.category, severity, standing))
    findings.sort(key=lambda f: (bool(f.waived), _ORDER[f.severity]))
    return Audited(record, tuple(findings), score(judged), standings)


def _answer(
    rule: Rule,
    record: RunRecord,
    wide: Mapping[str, Mapping[int, Doubt] | Outcome],
    settings: Settings,
) -> Doubt | Outcome:
    if rule.scope == "run":
        answer: Doubt | Outcome = _ask(rule, record, settings)
        return answer
    found = wide[rule.id]
    return found if isinstance(found, Outcome) else found.get(record.key, PASSED)


def _ask(rule: Rule, subject: object, settings: Settings) -> Any:
    """Return a rule's answer; one that raises could not tell, whatever it raised."""
    try:
        check: Callable[..., Any] = rule.check
        return check(subject, **settings.arguments.get(rule.id, {}))
    except Exception as error:
        if rule.id in RULES:
            raise
        return Doubt("", f"the rule itself failed: {type(error).__name__}: {error}", "mend it")


def _over_many(
    rule: Rule, records: Sequence[RunRecord], settings: Settings
) -> Mapping[int, Doubt] | Outcome:
    found: dict[int, Doubt] = {}
    for members in _scopes(rule, records):
        answer = _ask(rule, members, settings)
        if isinstance(answer, Doubt):  # it failed
            return dict.fromkeys((record.key for record in members), answer)
        for key, doubt in answer:
            found.setdefault(key, doubt)
    return found


def _scopes(rule: Rule, records: Sequence[RunRecord]) -> Iterable[list[RunRecord]]:
    """Return the sets of runs that a rule is applied to."""
    if rule.scope == "store":
        return [list(records)]
    found: dict[object, list[RunRecord]] = defaultdict(list)
    for record in records:
        row = record.detail.row
        if "reproduction" in row.tags:
            continue
        key: object = row.experiment
        if rule.scope == "group":
            key = (row.experiment, record.group or record.key)
        found[key].append(record)
    return found.values()


def _finding(
    rule: Rule,
    severity: Severity,
    answer: Doubt | Outcome,
    record: RunRecord,
    settings: Settings,
) -> Finding:
    if not isinstance(answer, Doubt):
        assert answer is UNKNOWN
        words = "it cannot be told yet: the record is not complete"
        return Finding(rule.id, severity, "", words, "wait for it, or `tt doctor`", unknown=True)
    finding = Finding(rule.id, severity, answer.field, answer.message, answer.fix)
    why = settings.waive(finding, record) if settings.waive is not None else ""
    if not why:
        return finding
    return Finding(rule.id, severity, answer.field, answer.message, answer.fix, waived=why)
