"""What there is to say about an experiment, read from the store; no clock, no machine.

Configurations are the groups that a decision knows: runs that differ only in their seed.
Where there is no rule they are ranked by the mean of the main metric, and where a rule
cannot be applied they are shown unranked, with the reason.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median_low

from tui_tracker.audit.config import read_config
from tui_tracker.audit.engine import Audited, audit_records
from tui_tracker.audit.record import RunRecord
from tui_tracker.audit.relatives import read_with_relatives
from tui_tracker.decide.asking import find_asked
from tui_tracker.decide.candidates import Candidate, Group, group_runs
from tui_tracker.decide.decide import decide, take_part
from tui_tracker.decide.health import PULSE, with_health
from tui_tracker.decide.measures import direction_of, value_of
from tui_tracker.decide.outcome import Decision
from tui_tracker.decide.parse import parse_rule
from tui_tracker.decide.reading import read_candidates
from tui_tracker.decide.records import Recorded, Staleness, check_decision, list_decisions
from tui_tracker.decide.rule import Bound, Rule, Stat
from tui_tracker.errors import RuleInvalid
from tui_tracker.estimates import Estimate, estimate
from tui_tracker.health import LEVELS, Health
from tui_tracker.plan.coverage import Coverage, check_plan
from tui_tracker.plan.plan import Plan
from tui_tracker.queries import RunKey, read_health
from tui_tracker.store import Store
from tui_tracker.telling import metric_rank, rank_metrics

_METRICS = 4
"""Of the table, the main one among them."""
_JUDGED = 60
"""Runs whose curves are judged: so many are read point by point."""


@dataclass(frozen=True, slots=True)
class Configuration:
    """A group of runs, and what its metrics come to."""

    group: Group
    rank: int | None
    eliminated: str
    estimates: Mapping[str, Estimate | None]
    """Over the runs' values, by metric."""


@dataclass(frozen=True, slots=True)
class Gap:
    """A rule of the audit that some of the runs leave open."""

    rule: str
    severity: str
    runs: int
    message: str
    """Of the first of the runs."""
    fix: str


@dataclass(frozen=True, slots=True)
class Readiness:
    """How far the runs that take part could be got again."""

    profile: str
    audited: Mapping[str, Audited]
    """By the run's id."""
    gaps: tuple[Gap, ...]
    """Errors first, then those of most runs."""
    median: int
    worst: Audited | None


@dataclass(frozen=True, slots=True)
class Findings:
    """All that a page is made of."""

    experiment: str
    plan: Coverage | None
    records: tuple[RunRecord, ...]
    """All runs, oldest first, also those that take no part."""
    rule: str
    """As it was given; "" where the configurations are only ranked."""
    rule_from: str
    """Where the rule came from."""
    decision: Decision | None
    refused: str
    """Why nothing could be decided; "" where it could."""
    main: str
    """Label of the metric that it is about; "" where no run has any."""
    metrics: tuple[str, ...]
    """Labels of the metrics of the table, the main one first."""
    pick: Stat
    """Which value stands for a run."""
    configurations: tuple[Configuration, ...]
    readiness: Readiness
    decisions: tuple[tuple[Recorded, Staleness], ...]
    health: tuple[tuple[str, Health], ...] = ()
    """What is wrong with curves, each with the name of its run, worst first."""

    @property
    def winner(self) -> Configuration | None:
        """The configuration that won by the rule; None without a rule."""
        first = self.configurations[0] if self.configurations else None
        decided = self.rule and first is not None and first.rank == 1
        return first if decided else None

    @property
    def by_id(self) -> dict[str, RunRecord]:
        return {record.detail.row.id: record for record in self.records}


def read_findings(
    store: Store,
    experiment: str,
    *,
    rule: str = "",
    plan: Plan | None = None,
    project: Path | None = None,
) -> Findings:
    """Return what there is to say.

    Without `rule` that of the plan is taken, else that of the newest stored decision.

    Raises:
        NotFound: there is no such experiment.
        RuleInvalid: the rule that was given cannot be read.
    """
    keys = find_asked(store, experiment)
    recorded = list_decisions(store, experiment)
    text, whence = rule, "given for this page"
    if not text and plan is not None and plan.rule:
        text, whence = plan.rule, "from the plan"
    elif not text and recorded:
        text, whence = recorded[-1].rule, f"from decision {recorded[-1].id}"
    parsed = parse_rule(text) if text else None
    everything = read_with_relatives(store, keys)
    wanted = set(keys)
    records = tuple(record for record in everything if record.key in wanted)
    made = _decided(store, keys, records, parsed, plan, project)
    readiness = _readiness(everything, made.configurations, project)
    return replace(
        made,
        experiment=experiment,
        plan=None if plan is None else check_plan(store, plan),
        rule=text,
        rule_from=whence if text else "",
        readiness=readiness,
        decisions=tuple((one, check_decision(store, one)) for one in recorded),
        health=_health(store, records),
    )


def _decided(
    store: Store,
    keys: Sequence[RunKey],
    records: tuple[RunRecord, ...],
    parsed: Rule | None,
    plan: Plan | None,
    project: Path | None,
) -> Findings:
    """Return the part of the findings that follows from the rule."""
    main = _main(records, plan)
    rule = parsed
    if rule is None and main:
        rule = Rule(direction_of(main) or "highest", _stat(main))
    decision, refused, runs = None, "", list[Candidate]()
    if rule is not None:
        runs = read_candidates(store, keys, rule, project=project)
        try:
            decision = decide(rule, runs)
            decision = with_health(store, decision) if parsed else decision
        except RuleInvalid as error:
            near = f"; did you mean {error.nearest!r}?" if error.nearest else ""
            refused = f"{error.problem[:1].upper()}{error.problem[1:]}{near}"
    main = decision.metric if decision is not None else main
    pick = rule.objective if rule is not None else Stat("mean", None)
    metrics = _metrics(records, main, rule, plan)
    return Findings(
        experiment="",
        plan=None,
        records=records,
        rule="",
        rule_from="",
        decision=decision,
        refused=refused,
        main=main,
        metrics=metrics,
        pick=pick,
        configurations=_configurations(decision, runs, rule, metrics, pick),
        readiness=Readiness("", {}, (), 0, None),
        decisions=(),
    )


def _stat(label: str) -> Stat:
    name, at, context = label.partition("@")
    return Stat("mean", name, context if at else None)


def _main(records: Sequence[RunRecord], plan: Plan | None) -> str:
    """Return the planned metric, else the most telling one that most of the runs have."""
    counts = Counter(
        label
        for record in records
        if record.detail.row.status == "finished"
        for label in record.metrics
    )
    counts = counts or Counter(label for record in records for label in record.metrics)
    if plan is not None and plan.primary in counts:
        return plan.primary
    most = max(counts.values(), default=0)
    common = sorted(label for label, count in counts.items() if 2 * count >= most)
    return min(common, key=metric_rank, default="")


def _metrics(
    records: Sequence[RunRecord], main: str, rule: Rule | None, plan: Plan | None
) -> tuple[str, ...]:
    there = sorted({label for record in records for label in record.metrics})
    named: list[str] = [main, *(plan.secondary if plan else ())]
    if rule is not None:
        stats = [c.stat for c in rule.conditions if isinstance(c, Bound)]
        stats += [stat for _, stat in rule.tie.by] if rule.tie else []
        named += [stat.metric for stat in stats if stat.metric]
    telling = [label for label in rank_metrics(there) if metric_rank(label) < 3]
    chosen = [label for label in dict.fromkeys([*named, *telling]) if label in there]
    asked = sum(label in there for label in dict.fromkeys(named))
    return tuple(chosen[: max(_METRICS, asked)])


def _configurations(
    decision: Decision | None,
    runs: Sequence[Candidate],
    rule: Rule | None,
    metrics: Sequence[str],
    pick: Stat,
) -> tuple[Configuration, ...]:
    if decision is not None:
        return tuple(
            Configuration(s.group, s.rank, s.eliminated, _estimates(s.group, metrics, pick, rule))
            for s in decision.ranking
        )
    taking, _ = take_part(runs)
    groups = group_runs(taking)
    return tuple(Configuration(g, None, "", _estimates(g, metrics, pick, rule)) for g in groups)


def _estimates(
    group: Group, metrics: Sequence[str], pick: Stat, rule: Rule | None
) -> dict[str, Estimate | None]:
    """Return what each metric comes to: the main one by the value that the rule picks."""
    level = rule.options.level if rule is not None else 0.95
    return {
        label: estimate(
            [counted(run, label, pick if place == 0 else None) for run in group.runs], level=level
        )
        for place, label in enumerate(metrics)
    }


def counted(run: Candidate, label: str, pick: Stat | None) -> float:
    """Return what a run counts with: its last value, or that which the rule picks; NaN without."""
    return value_of(run, label, pick or Stat("mean", label), direction_of(label) or "lowest")


def _health(store: Store, records: Sequence[RunRecord]) -> tuple[tuple[str, Health], ...]:
    """Return the worst finding of each run that has one; of many runs the first are judged."""
    ended = [r for r in records if r.detail.row.status != "running"][:_JUDGED]
    found = read_health(store, [record.key for record in ended])
    told = []
    for record in ended:
        shaped = [
            one for one in found.get(record.key, ())
            if one.severity != "note" and one.kind not in PULSE
        ]  # fmt: skip
        told += [(record.detail.row.name, shaped[0])] if shaped else []
    return tuple(sorted(told, key=lambda pair: LEVELS[pair[1].severity]))


def _readiness(
    records: Sequence[RunRecord],
    configurations: Sequence[Configuration],
    project: Path | None,
) -> Readiness:
    settings = read_config(project or Path.cwd()).settings
    taking = {run.id for one in configurations for run in one.group.runs}
    asked = [record.key for record in records if record.detail.row.id in taking]
    audited = audit_records(records, settings, only=asked)
    points = [run.score.points for run in audited]
    return Readiness(
        profile=settings.profile,
        audited={run.record.detail.row.id: run for run in audited},
        gaps=_gaps(audited),
        median=median_low(points) if points else 0,
        worst=min(audited, key=lambda run: run.score.points, default=None),
    )


def _gaps(audited: Sequence[Audited]) -> tuple[Gap, ...]:
    found: dict[str, Gap] = {}
    for run in audited:
        for one in run.open:
            if one.severity == "info":
                continue
            known = found.get(one.rule, Gap(one.rule, one.severity, 0, one.message, one.fix))
            found[one.rule] = replace(known, runs=known.runs + 1)
    return tuple(sorted(found.values(), key=lambda g: (g.severity != "error", -g.runs, g.rule)))
