"""Apply the rules to records: findings, what could not be told, and a score a run.

Rules of a run read its record alone. Those of a group, an experiment or the store read
many: they are applied to the runs that are audited, so an audit of one run takes in its
relatives first (`with_relatives`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from operator import itemgetter
from typing import Any

from tui_tracker.audit import catalogue
from tui_tracker.audit.asking import Unanswered, ask, ask_of_many
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

__all__ = ["Audited", "Auditor", "Finding", "Settings", "audit_records", "catalogue"]

_Severities = tuple[Severity | None, ...]
_Asker = Callable[[RunRecord], Any]
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
    rules: tuple[str, ...]
    """The ids of the rules that were on."""
    ended: tuple[Standing | None, ...]
    """How each of them ended; None where it does not apply."""

    @property
    def standings(self) -> dict[str, Standing | None]:
        """How each rule ended, by its id."""
        return dict(zip(self.rules, self.ended, strict=True))

    @property
    def open(self) -> tuple[Finding, ...]:
        """The findings that nobody waived."""
        return tuple(finding for finding in self.findings if not finding.waived)


@dataclass(frozen=True, slots=True)
class Override:
    """Severities that hold in the experiments whose name fits a pattern such as `debug_*`."""

    pattern: str
    severities: Mapping[str, Severity | None]


@dataclass(frozen=True, slots=True)
class Settings:
    """How strictly to look, and what users changed."""

    profile: Profile = "seed"
    severities: Mapping[str, Severity | None] = field(default_factory=dict)
    """Of rules whose severity was set by hand; None switches one off."""
    overrides: tuple[Override, ...] = ()
    """What is set for some experiments only; the last that fits one counts."""
    rules: tuple[Rule, ...] = ()
    """Rules of users, beside ours."""
    waive: Callable[[Finding, RunRecord], str] | None = None
    """Returns why a finding is accepted, "" where it is not."""
    arguments: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Further arguments of a rule's check by its id, such as the required params."""
    said: str = ""
    """What these settings were read from, where functions among them do not tell."""

    def known(self) -> tuple[Rule, ...]:
        """Return all rules, ours first, also those that are off."""
        return (*RULES.values(), *self.rules)

    def chosen(self) -> list[tuple[Rule, Severity]]:
        """Return the rules that are on in any experiment, with their gravest severity."""
        found = []
        for rule in self.known():
            asked = [self._base(rule), *(o.severities.get(rule.id) for o in self.overrides)]
            told = sorted((one for one in asked if one is not None), key=_ORDER.__getitem__)
            if told:
                found.append((rule, told[0]))
        return found

    def severity(self, rule: Rule, experiment: str) -> Severity | None:
        """Return how grave a rule is in an experiment; None where it is off."""
        for override in reversed(self.overrides):
            if rule.id in override.severities and fnmatchcase(experiment, override.pattern):
                return override.severities[rule.id]
        return self._base(rule)

    def _base(self, rule: Rule) -> Severity | None:
        if rule.id in self.severities:
            return self.severities[rule.id]
        return rule.severity(self.profile)


def audit_records(
    records: Sequence[RunRecord],
    settings: Settings | None = None,
    *,
    only: Iterable[int] | None = None,
    others: Sequence[RunRecord] = (),
) -> list[Audited]:
    """Return what the rules say of these runs, in their order.

    `only` are the keys of the runs that are asked about; the others are there for the
    rules that compare. None asks about all. `others` are runs of other experiments, for the
    rules over a whole store.
    """
    settings = settings or Settings()
    asked = None if only is None else set(only)
    auditor = Auditor(records, settings, others)
    return [auditor.audit(r) for r in records if asked is None or r.key in asked]


class Auditor:
    """The rules that are on, made ready for many runs.

    Most runs of a sweep share their environment, their code and how they end, so answers
    that rest on shared facts alone, and scores, are worked out once.
    """

    def __init__(
        self, records: Sequence[RunRecord], settings: Settings, others: Sequence[RunRecord] = ()
    ) -> None:
        self._settings = settings
        self._chosen = settings.chosen()
        self.rules = tuple(rule.id for rule, _ in self._chosen)
        self.comparing = frozenset(r.id for r, _ in self._chosen if r.scope != "run")
        self.waives = self._settings.waive is not None
        self._own: list[tuple[int, _Asker]] = []
        shared: dict[tuple[str, ...], list[int]] = {}
        self._many: dict[int, list[tuple[int, Doubt]]] = {}
        for number, (rule, _) in enumerate(self._chosen):
            if rule.scope != "run":
                told = [*records, *others] if rule.scope == "store" else records
                for key, doubt in ask_of_many(rule, told, settings.arguments).items():
                    self._many.setdefault(key, []).append((number, doubt))
            elif rule.of and rule.id in RULES and rule.id not in settings.arguments:
                shared.setdefault(rule.of, []).append(number)
            else:
                self._own.append((number, self._asker(rule)))
        self._shared = [_Shared(of, numbers, self._chosen) for of, numbers in shared.items()]
        self._parts = sorted({name for of in shared for name in of})
        self._findings: dict[tuple[int, Severity, Doubt | Outcome], Finding] = {}
        self._scores: dict[tuple[_Severities, tuple[Standing | None, ...]], Score] = {}
        self._everywhere: _Severities = tuple(severity for _, severity in self._chosen)
        self._by_experiment: dict[str, _Severities] = {}
        self._off = self._switched_off(records) if settings.overrides else {}

    def _asker(self, rule: Rule) -> _Asker:
        if rule.id in RULES and not self._settings.arguments.get(rule.id):
            return rule.check
        return lambda record: ask(rule, record, self._settings.arguments)

    def compared(self, key: int) -> list[tuple[str, Doubt]]:
        """Return what the rules that compare say of a run, each with its id."""
        off = self._off.get(key, frozenset())
        return [
            (self.rules[number], doubt)
            for number, doubt in self._many.get(key, ())
            if number not in off
        ]

    def _switched_off(self, records: Sequence[RunRecord]) -> dict[int, frozenset[int]]:
        """Return the numbers of the rules that are off in each run's experiment."""
        return {
            record.key: frozenset(
                number
                for number, severity in enumerate(self._severities(record.detail.row.experiment))
                if severity is None
            )
            for record in records
        }

    def _severities(self, experiment: str) -> _Severities:
        """Return how grave each rule is in an experiment."""
        if not self._settings.overrides:
            return self._everywhere
        if experiment not in self._by_experiment:
            self._by_experiment[experiment] = tuple(
                self._settings.severity(rule, experiment) for rule, _ in self._chosen
            )
        return self._by_experiment[experiment]

    def audit(self, record: RunRecord) -> Audited:
        """Return what all rules say of a run."""
        answers = self._answers(record)
        ended: list[Standing | None] = ["passed"] * len(self.rules)
        findings: list[Finding] = []
        severities = self._severities(record.detail.row.experiment)
        for number in self._off.get(record.key, ()):
            ended[number] = None
        for number, answer in answers:
            severity = severities[number]
            if severity is None or answer is NOT_APPLICABLE:
                ended[number] = None
                continue
            finding = self._finding(number, severity, answer, record)
            findings.append(finding)
            known: Standing = "unknown" if finding.unknown else "failed"
            ended[number] = "waived" if finding.waived else known
        # Twice, as sorting is stable: faster than by pairs.
        findings.sort(key=_urgency)
        if self.waives:
            findings.sort(key=_is_waived)
        told = tuple(ended)
        return Audited(record, tuple(findings), self._score(severities, told), self.rules, told)

    def _answers(self, record: RunRecord) -> list[tuple[int, Doubt | Outcome]]:
        """Return what the rules say that did not pass, in their order."""
        answers = self._of_parts(record)
        for number, asker in self._own:
            answer = asker(record)
            if answer is not PASSED:
                answers.append((number, answer))
        answers += self._many.get(record.key, ())
        answers.sort(key=itemgetter(0))
        return answers

    def _of_parts(self, record: RunRecord) -> list[tuple[int, Doubt | Outcome]]:
        """Return what the rules say that rest on parts of the lineage alone."""
        parts = record.parts
        tokens: dict[str, object] = {}
        for name in self._parts:
            # Parts that runs share are one object, which the record keeps alive.
            tokens[name] = id(parts.get(name))
        return [found for group in self._shared for found in group.ask(record, tokens)]

    def _finding(
        self, number: int, severity: Severity, answer: Doubt | Outcome, record: RunRecord
    ) -> Finding:
        rule = self._chosen[number][0]
        if self.waives:
            return _finding(rule, severity, answer, record, self._settings)
        known = self._findings.get((number, severity, answer))
        if known is None:
            known = _finding(rule, severity, answer, record, self._settings)
            self._findings[number, severity, answer] = known
        return known

    def _score(self, severities: _Severities, ended: tuple[Standing | None, ...]) -> Score:
        if (severities, ended) not in self._scores:
            judged = zip(self._chosen, severities, ended, strict=True)
            self._scores[severities, ended] = score(
                Judged(rule.id, rule.category, severity, end)
                for (rule, _), severity, end in judged
                if end is not None and severity is not None
            )
        return self._scores[severities, ended]


class _Shared:
    """Rules that answer once for all runs with the same parts of the lineage."""

    def __init__(
        self, of: tuple[str, ...], numbers: Sequence[int], chosen: Sequence[tuple[Rule, Severity]]
    ) -> None:
        self._of = of
        self._rules = [(number, chosen[number][0]) for number in numbers]
        self._known: dict[tuple[object, ...], list[tuple[int, Doubt | Outcome]]] = {}

    def ask(
        self, record: RunRecord, tokens: Mapping[str, object]
    ) -> list[tuple[int, Doubt | Outcome]]:
        key = tuple([tokens[name] for name in self._of])
        found = self._known.get(key)
        if found is None:
            answers: list[tuple[int, Any]] = [(n, rule.check(record)) for n, rule in self._rules]
            found = [(number, answer) for number, answer in answers if answer is not PASSED]
            self._known[key] = found
        return found


def _urgency(finding: Finding) -> int:
    return _ORDER[finding.severity]


def _is_waived(finding: Finding) -> bool:
    return bool(finding.waived)


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
        part = rule.of[0] if rule.of else rule.id.partition(".")[0]
        return Finding(rule.id, severity, part, words, "wait for it, or `tt doctor`", unknown=True)
    unknown = isinstance(answer, Unanswered)
    finding = Finding(rule.id, severity, answer.field, answer.message, answer.fix, unknown=unknown)
    why = settings.waive(finding, record) if settings.waive is not None else ""
    if not why:
        return finding
    return replace(finding, waived=why)
