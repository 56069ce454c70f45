"""What the words of a rule mean among certain runs: metrics, their direction and scale, params.

A rule that names what no run has is refused, with the nearest name; one that can be applied
and is likely a slip is told beside the winner.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from tui_tracker.decide.candidates import Candidate
from tui_tracker.decide.measures import direction_of
from tui_tracker.decide.naming import resolve
from tui_tracker.decide.rule import SPREADS, Bound, Direction, Fact, Rule, Stat
from tui_tracker.errors import RuleInvalid
from tui_tracker.names.metric import is_of_test

_LOOSE_STD = 0.2
"""A bound on the spread of a metric from 0 to 1 that can never exclude anything: 0.5 at most."""
_SHARES = ("cv", "prob_best")
"""Statistics that are shares themselves, whatever the metric is."""
_SHOWN = 8


@dataclass(frozen=True, slots=True)
class Told:
    """A metric of the rule, as the runs have it."""

    label: str
    best: Direction | None


class Meaning:
    """One rule among the runs that take part.

    Raises:
        RuleInvalid: the rule names what no run has, or would choose by test data.
    """

    def __init__(
        self, rule: Rule, runs: Sequence[Candidate], directions: Mapping[str, Direction]
    ) -> None:
        self.rule, self.runs, self.directions = rule, runs, directions
        self._known: dict[tuple[str | None, str | None], Told] = {}
        self._shares: dict[str, bool] = {}
        self.choosing = _choosing(rule)
        """Every statistic of the rule, the objective first."""
        for stat in self.choosing:
            self._refuse_test(self.told(stat).label)
        self._refuse_unknown_params()

    @property
    def label(self) -> str:
        """The objective's metric."""
        return self.told(self.rule.objective).label

    @property
    def way(self) -> Direction:
        """Which way means of the objective's metric are better.

        Of a spread or a chance the rule's direction says nothing about the metric itself.
        """
        if self.rule.objective.function not in SPREADS:
            return self.rule.direction
        return self.told(self.rule.objective).best or self.rule.direction

    def told(self, stat: Stat) -> Told:
        """Return the metric that a statistic is about."""
        if stat.metric is None:
            stat = self.rule.objective
        key = (stat.metric, stat.context)
        if key not in self._known:
            label = resolve(stat, self.runs, str(self.rule))
            self._known[key] = Told(label, direction_of(label, self.directions))
        return self._known[key]

    def best_of(self, stat: Stat) -> Direction:
        """Return which way the metric is better, for what cannot be told without.

        Raises:
            RuleInvalid: nobody knows.
        """
        told = self.told(stat)
        if told.best is None:
            problem = f"nobody knows which way {told.label!r} is better: say highest or lowest"
            raise RuleInvalid(str(self.rule), 0, problem, f"lowest {stat}")
        return told.best

    def is_share(self, stat: Stat) -> bool:
        """Whether `%` and `pp` are hundredths here: of what runs from 0 to 1 in every run."""
        if stat.function in _SHARES:
            return True
        label = self.told(stat).label
        if label not in self._shares:
            summaries = (run.metrics.get(label) for run in self.runs)
            values = [s.last for s in summaries if s is not None and math.isfinite(s.last)]
            self._shares[label] = bool(values) and all(0 <= value <= 1 for value in values)
        return self._shares[label]

    def limit_of(self, bound: Bound) -> float:
        """Return the number of a bound in the unit of what it bounds."""
        hundredths = bound.unit and self.is_share(bound.stat)
        return bound.number / 100 if hundredths else bound.number

    def slips(self) -> list[str]:
        """Return sentences on what in the rule is likely not meant, and on how names were read."""
        return [*self._loose_bounds(), *self._worse_asked(), *self._names_read()]

    def _refuse_test(self, label: str) -> None:
        if is_of_test(label):
            problem = (
                f"{label!r} was taken on test data, which must not choose a model "
                "[metrics.test-selection]"
            )
            raise RuleInvalid(str(self.rule), 0, problem, label.replace("test", "val", 1))

    def _refuse_unknown_params(self) -> None:
        """Refuse a param that no run has: it would make one group of all, or none."""
        options = self.rule.options
        asked = [*options.by, *([options.leave_out] if options.leave_out else [])]
        asked += [options.over] if options.over != "seed" else []
        asked += [c.name for c in self.rule.conditions if isinstance(c, Fact) and c.kind == "param"]
        known = sorted({key for run in self.runs for key in run.params})
        for name in asked:
            if name not in known:
                near = get_close_matches(name, known, n=1)
                there = ", ".join(known[:_SHOWN]) + (" ..." if len(known) > _SHOWN else "")
                problem = f"no run that takes part has the param {name!r}; there are {there}"
                if not known:
                    problem = "no run that takes part has a param"
                raise RuleInvalid(str(self.rule), 0, problem, near[0] if near else "")

    def _loose_bounds(self) -> list[str]:
        return [
            f"{bound} can never exclude anything on a metric from 0 to 1: did you "
            f"mean {bound.number:g}pp ({bound.number / 100:g})?"
            for bound in self.rule.conditions
            if isinstance(bound, Bound)
            and bound.stat.function in ("std", "sem")
            and bound.comparison in ("<=", "<")
            and not bound.unit
            and bound.number >= _LOOSE_STD
            and self.is_share(bound.stat)
        ]

    def _worse_asked(self) -> list[str]:
        """Note a rule that asks for what is worse: it may be meant, and often is a slip."""
        tied = self.rule.tie.by if self.rule.tie else ()
        notes = []
        for way, stat in ((self.rule.direction, self.rule.objective), *tied):
            better = None if stat.function in SPREADS else self.told(stat).best
            if way is not None and better is not None and way != better:
                notes.append(
                    f"The {way} {stat} is asked for, though {self.told(stat).label} is better "
                    f"the {better.replace('est', 'er')} it is: did you mean {better} {stat}?"
                )
        return notes

    def _names_read(self) -> list[str]:
        """Say which metric was taken where the rule has another name for it."""
        read = {}
        for stat in self.choosing:
            asked = f"{stat.metric}@{stat.context}" if stat.context else f"{stat.metric}"
            if stat.metric is not None and self.told(stat).label != asked:
                read[asked] = self.told(stat).label
        shown = ", ".join(f"{asked} as {label}" for asked, label in read.items())
        return [f"Names were read so: {shown}."] if shown else []


def _choosing(rule: Rule) -> list[Stat]:
    tied = [stat for _, stat in rule.tie.by] if rule.tie else []
    bounds = [c.stat for c in rule.conditions if isinstance(c, Bound)]
    return [rule.objective, *bounds, *tied]
