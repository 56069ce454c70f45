"""One rule among groups of runs: what each comes to, what eliminates it, and the ranking.

Undefined is never zero: a group of one run has no spread, so `std <= 0.5` eliminates it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from tui_tracker.decide.against import is_baseline
from tui_tracker.decide.candidates import Candidate, Group, told_apart
from tui_tracker.decide.facts import COMPARE, other_fact
from tui_tracker.decide.health import unwell_words
from tui_tracker.decide.lead import is_apart, lead_of, lead_words
from tui_tracker.decide.meaning import Meaning
from tui_tracker.decide.measures import (
    Interval,
    Measured,
    chances_of_best,
    measure,
    value_of,
    values_of,
)
from tui_tracker.decide.outcome import Lead, Standing
from tui_tracker.decide.rule import (
    GRADES,
    LEVELS,
    SPREADS,
    Bound,
    Condition,
    Fact,
    GradeBound,
    Healthy,
    NoError,
    ProofBound,
    Rule,
    Stat,
    is_of_spread,
    usual_way,
)
from tui_tracker.errors import RuleInvalid
from tui_tracker.means import mean_of
from tui_tracker.telling import delta_of


class Judge:
    """One rule over one set of runs; what it finds in passing stands in `notes`."""

    def __init__(self, rule: Rule, meaning: Meaning) -> None:
        self.rule, self.meaning, self.told = rule, meaning, meaning.told
        self.label = meaning.label
        self.groups: Sequence[Group] = ()
        self.beside: set[int] = set()
        """The ids of those groups that are laid beside each other."""
        self.notes: list[str] = []
        self._chances: dict[str, list[float]] = {}

    def lacks(self, run: Candidate) -> str:
        """Return why a run cannot be judged: it has no finite value; "" where it can."""
        stat = self.rule.objective
        told = self.told(stat)
        if told.label not in run.metrics:
            return f"without {told.label}"
        if isinstance(stat.pick, int) and (told.label, stat.pick) not in run.steps:
            return f"without {told.label} at step {stat.pick}"
        finite = math.isfinite(value_of(run, told.label, stat, told.best))
        return "" if finite else f"{told.label} not finite"

    def compared(self) -> list[Group]:
        """Return the groups that are laid beside each other: all that are what the rule is about.

        What runs are that a condition leaves out by param, tag or data is no concern of the
        rest, as runs for trying things out on other data are none. Only a baseline is.
        """
        facts = [c for c in self.rule.conditions if isinstance(c, Fact)]
        kept, out = list[Group](), list[Group]()
        for group in self.groups:
            (out if any(other_fact(fact, group.runs) for fact in facts) else kept).append(group)
        if not any(is_baseline(self.rule, group) for group in kept):
            kept += [group for group in out if is_baseline(self.rule, group)]
        self.beside = {id(group) for group in kept}
        self.meaning.narrow([run for group in kept for run in group.runs])
        return kept

    # Statistics.

    def measured(self, stat: Stat, number: int) -> Measured:
        """Return a statistic of a group."""
        told = self.told(stat)
        base = stat if stat.metric is not None else self.rule.objective
        values = values_of(self.groups[number], told.label, base, told.best)
        if stat.function == "prob_best" and values:
            return Measured(self._chance(stat, number))
        options = self.rule.options
        return measure(stat.function, values, Interval(options.interval, options.level))

    def _chance(self, stat: Stat, number: int) -> float:
        if str(stat) not in self._chances:
            told = self.told(stat)
            base = stat if stat.metric is not None else self.rule.objective
            way = self.meaning.way if told.label == self.label else self.meaning.best_of(stat)
            # Nobody is the best of what it is not compared with.
            values = [
                values_of(g, told.label, base, told.best) if id(g) in self.beside else []
                for g in self.groups
            ]
            self._chances[str(stat)] = chances_of_best(values, way)
        return self._chances[str(stat)][number]

    def standing(self, number: int) -> Standing:
        """Return how a group stands before the ranking."""
        rule, group = self.rule, self.groups[number]
        told = self.told(rule.objective)
        stats: dict[str, float | None] = {}
        for function in ("mean", "std", "n"):
            stats[function] = self.measured(Stat(function, None), number).value
        for stat in self.meaning.choosing:
            stats[str(stat)] = self.measured(stat, number).value
        objective = self.measured(rule.objective, number)
        why = f"{rule.objective} {objective.why_not}" if objective.value is None else ""
        for condition in rule.conditions:
            why = why or self._broken(condition, number)
        values = values_of(group, told.label, rule.objective, told.best)
        return Standing(group, tuple(values), stats, why)

    def _broken(self, condition: Condition, number: int) -> str:
        """Return why a group does not fulfil a condition; "" where it does."""
        if isinstance(condition, Bound):
            return self._out_of_bounds(condition, number)
        runs = self.groups[number].runs
        if isinstance(condition, Fact):
            return other_fact(condition, runs)
        if isinstance(condition, GradeBound):
            worst = max((run.grade or "none" for run in runs), key=_badness)
            fine = _badness(worst) <= _badness(condition.letter)
            return "" if fine else f"grade {worst}, not {condition.letter} or better"
        if isinstance(condition, ProofBound):
            proof = max((run.proof for run in runs), key=LEVELS.index)
            fine = LEVELS.index(proof) >= LEVELS.index(condition.level)
            return "" if fine else f"proof {proof}, not {condition.level} or more"
        if isinstance(condition, Healthy):
            return unwell_words(runs, wholly=condition.wholly)
        assert isinstance(condition, NoError)
        broken = sum(run.errors > 0 for run in runs)
        return f"{broken} of {len(runs)} runs have audit errors" if broken else ""

    def _out_of_bounds(self, bound: Bound, number: int) -> str:
        found = self.measured(bound.stat, number)
        if found.value is None:
            return f"{bound.stat} {found.why_not}"
        if bound.stat.function != "n" and (bad := self._not_finite(bound.stat, number)):
            runs = self.groups[number].runs
            return f"{self.told(bound.stat).label} is not finite in {bad} of {len(runs)} runs"
        limit = self.meaning.in_own_unit(bound.stat, bound.number, bound.unit)
        if COMPARE[bound.comparison](found.value, limit):
            return ""
        return f"{bound.stat} is {found.value:.4g}, not {bound.comparison} {limit:.4g}"

    def _not_finite(self, stat: Stat, number: int) -> int:
        """Return how many runs of a group logged a metric and have no finite value of it.

        Left out they would let a group pass by the runs that went well.
        """
        told = self.told(stat)
        base = stat if stat.metric is not None else self.rule.objective
        logged = [run for run in self.groups[number].runs if told.label in run.metrics]
        if isinstance(base.pick, int):
            logged = [run for run in logged if (told.label, base.pick) in run.steps]
        return sum(not math.isfinite(value_of(run, told.label, base, told.best)) for run in logged)

    # Ranking.

    def by_objective(self, standings: Sequence[Standing]) -> list[Standing]:
        """Return groups by the objective; where it is undefined, last."""
        sign = -1 if self.rule.direction == "highest" else 1
        key = str(self.rule.objective)

        def place(standing: Standing) -> tuple[bool, float]:
            value = standing.stats[key]
            return value is None, sign * (value or 0.0)

        return sorted(standings, key=place)

    def rank(self, standings: Sequence[Standing]) -> list[Standing]:
        """Return the groups that can win, best first, ties broken as the rule says."""
        ordered = self.by_objective(standings)
        if not ordered:
            return []
        level = [s for s in ordered if self._is_level(ordered[0], s)]
        leading = {id(s) for s in level}
        rest = [s for s in ordered if id(s) not in leading]
        if len(level) > 1:
            level = self._break(level)
        return [replace(s, rank=place) for place, s in enumerate((*level, *rest), 1)]

    def _is_level(self, first: Standing, other: Standing) -> bool:
        key, tie = str(self.rule.objective), self.rule.tie
        best, value = first.stats[key], other.stats[key]
        assert best is not None
        assert value is not None
        if tie is None or tie.within is None:
            within = self._too_small if tie is not None else 0.0
            return math.isclose(best, value, rel_tol=1e-12, abs_tol=within * (1 + 1e-12))
        if tie.within == "ci":
            if is_of_spread(self.rule.objective.function):
                problem = "`within ci` compares means, which the objective is none of"
                raise RuleInvalid(str(self.rule), 0, problem, "within 0.01")
            seeds, theirs = self.by_seed(first.group), self.by_seed(other.group)
            level = self.rule.options.level
            return first is other or not is_apart(first.values, other.values, seeds, theirs, level)
        within = self.meaning.in_own_unit(self.rule.objective, tie.within, tie.unit)
        return abs(best - value) <= within * (1 + 1e-12)

    def _tell_too_small(self, level: Sequence[Standing]) -> None:
        """Say why groups are level whose values differ."""
        tie, key = self.rule.tie, str(self.rule.objective)
        values = [value for standing in level if (value := standing.stats[key]) is not None]
        if tie is not None and tie.within is None and max(values) - min(values) > 1e-12:
            self.notes.append(
                f"Differences of {self.label} up to {self._too_small:.4g} are declared too small "
                "to matter, so they are ties."
            )

    @property
    def _too_small(self) -> float:
        """The difference in the objective that breaks no tie, as the project declares it."""
        objective = self.rule.objective
        return (delta_of(self.label) or 0.0) if objective.function not in SPREADS else 0.0

    def _break(self, level: Sequence[Standing]) -> list[Standing]:
        tie = self.rule.tie
        keys: list[tuple[str, int]] = []
        for way, stat in tie.by if tie else ():
            direction = way or usual_way(stat.function) or self.meaning.best_of(stat)
            keys.append((str(stat), -1 if direction == "highest" else 1))

        def place(standing: Standing) -> tuple[object, ...]:
            measured = [
                (value is None, sign * _without_noise(value or 0.0))
                for key, sign in keys
                for value in (standing.stats[key],)
            ]
            cost = mean_of([run.duration_s for run in standing.group.runs])
            return (*measured, cost, min(run.started_at for run in standing.group.runs))

        broken = sorted(level, key=place)
        self._tell_too_small(level)
        self.notes.append(self._tie_words(broken[0], broken[1], keys))
        return broken

    def _tie_words(self, first: Standing, second: Standing, keys: Sequence[tuple[str, int]]) -> str:
        for key, _ in keys:
            a, b = first.stats[key], second.stats[key]
            if a is not None and (b is None or _without_noise(a) != _without_noise(b)):
                other = "undefined" if b is None else f"{b:.4g}"
                return f"A tie was broken by {key}: {a:.4g} before {other}."
        return "A tie was broken by the shorter mean duration, then by the earlier start."

    # Certainty.

    def lead(self, ranked: Sequence[Standing]) -> tuple[Lead, list[str]]:
        """Return how sure the winner's lead is, and what to say of it."""
        if not self.groups:
            return Lead("unknown"), [f"No run has a value of {self.label} to be judged by."]
        if not ranked:
            return Lead("unknown"), ["No group fulfils the rule, so there is no winner."]
        winner, others = ranked[0], ranked[1:]
        function = self.rule.objective.function
        if others and is_of_spread(function):
            words = f"How sure the lead in {function} is cannot be told: a group has only one."
            return Lead("unknown"), [words]
        lead = lead_of(
            self.meaning.way,
            winner.values,
            [other.values for other in others],
            seeds=self.by_seed(winner.group),
            other_seeds=[self.by_seed(other.group) for other in others],
            delta=delta_of(self.label),
            level=self.rule.options.level,
        )
        return lead, lead_words(lead, winner, others, self.rule)

    def by_seed(self, group: Group) -> dict[str, float]:
        """Return the values of a group by seed; empty where seeds are unknown or repeat."""
        told, stat = self.told(self.rule.objective), self.rule.objective
        over = self.rule.options.over
        found: dict[str, float] = {}
        for run in group.runs:
            seed = run.seed if over == "seed" else run.params.get(over)
            value = value_of(run, told.label, stat, told.best)
            name = "" if seed is None else str(seed) if isinstance(seed, str) else told_apart(seed)
            if not name or name in found:
                return {}
            if math.isfinite(value):
                found[name] = value
        return found


def _without_noise(value: float) -> float:
    """Return a value to 12 digits: 0.1 + 0.8 and 0.2 + 0.7 are no different means."""
    return float(f"{value:.11e}")


def _badness(grade: str) -> int:
    return GRADES.index(grade) if grade in tuple(GRADES) else len(GRADES)
