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
from tui_tracker.decide.rule import SPREADS, Bound, Direction, Fact, Rule, Stat, Unit
from tui_tracker.errors import RuleInvalid
from tui_tracker.names.metric import declared, is_of_test, read_metric
from tui_tracker.names.words import METRICS

_LOOSE_STD = 0.2
"""A bound on the spread of a metric from 0 to 1 that can never exclude anything: 0.5 at most."""
_SHARES = ("cv", "prob_best")
"""Statistics that are shares themselves, whatever the metric is."""
_ONE = 1 + 1e-6
"""The most that a share is, as single precision has it."""
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
        self._known_values: dict[str, list[float]] = {}
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
        """Whether a statistic is of what runs from 0 to 1 in every run."""
        if stat.function in _SHARES:
            return True
        low, high = self._span(self.told(stat).label)
        return low >= 0 and high <= 1

    def in_own_unit(self, stat: Stat, number: float, unit: Unit) -> float:
        """Return a number of a rule in the unit of what it bounds.

        `%` and `pp` are hundredths of what reaches 1 at most, and points of what reaches 100.

        Raises:
            RuleInvalid: the values are neither, so the number may mean either.
        """
        if not unit or stat.function in _SHARES:
            return number / 100 if unit else number
        label = self.told(stat).label
        sizes = [abs(value) for value in self._values(label) if value]
        if all(size <= _ONE for size in sizes):
            return number / 100
        if all(_ONE < size <= 100 for size in sizes):
            return number
        low, high = self._span(label)
        problem = (
            f"whether {number:g}{unit} is {number / 100:g} or {number:g} cannot be told, as "
            f"{label} runs from {low:.4g} to {high:.4g}: say it without {unit}"
        )
        raise RuleInvalid(str(self.rule), 0, problem, "cv" if stat.function == "std" else "")

    def _values(self, label: str) -> list[float]:
        """Return the finite values that runs have of a metric."""
        if label not in self._known_values:
            summaries = (run.metrics.get(label) for run in self.runs)
            finite = [s.last for s in summaries if s is not None and math.isfinite(s.last)]
            self._known_values[label] = finite
        return self._known_values[label]

    def _span(self, label: str) -> tuple[float, float]:
        values = self._values(label)
        return (min(values), max(values)) if values else (-math.inf, math.inf)

    def slips(self) -> list[str]:
        """Return sentences on what in the rule is likely not meant, and on how names were read."""
        return [
            *self._loose_bounds(), *self._points_read(), *self._worse_asked(), *self._names_read(),
        ]  # fmt: skip

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

    def _points_read(self) -> list[str]:
        """Say that `%` was read as points where a metric is not known to be counted in them."""
        tie = self.rule.tie
        asked = [(b.stat, b.number, b.unit) for b in self.rule.conditions if isinstance(b, Bound)]
        if tie is not None and isinstance(tie.within, float):
            asked.append((self.rule.objective, tie.within, tie.unit))
        notes = []
        for stat, number, unit in asked:
            label = self.told(stat).label
            word = declared(label) or METRICS.get(read_metric(label.partition("@")[0]).base)
            known = word is not None and word.unit in ("fraction", "percent")
            if unit and not known and self.in_own_unit(stat, number, unit) == number:
                low, high = self._span(label)
                notes.append(
                    f"{number:g}{unit} was taken as {number:g}, as {label} runs from {low:.4g} to "
                    f"{high:.4g}: a spread in hundredths of the mean is cv."
                )
        return notes

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
