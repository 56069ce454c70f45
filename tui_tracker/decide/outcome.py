"""What a decision comes to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from tui_tracker.decide.basis import Basis
from tui_tracker.decide.candidates import Group
from tui_tracker.decide.rule import Direction, Rule

Certainty = Literal["clear", "probable", "not distinguishable", "behind", "alone", "unknown"]
"""`behind`: a tie-break or another statistic than the mean won against a surely better mean."""


@dataclass(frozen=True, slots=True)
class Standing:
    """One group's place in a decision."""

    group: Group
    values: tuple[float, ...]
    """What its runs count with, in the objective's metric; finite ones only."""
    stats: Mapping[str, float | None]
    """The statistics that the rule names, by how it writes them; None where undefined."""
    eliminated: str = ""
    """Why it cannot win; "" where it can."""
    rank: int | None = None
    """From 1 among those that can win."""

    @property
    def n(self) -> int:
        return len(self.values)


@dataclass(frozen=True, slots=True)
class Lead:
    """How sure the winner's lead over the runner-up is."""

    certainty: Certainty
    difference: float | None = None
    """Winner less runner-up, positive where the winner is better; None with one group."""
    low: float | None = None
    high: float | None = None
    """Interval of the difference, at the rule's level; None where a group has one run."""
    p: float | None = None
    """Of "there is no difference", corrected for the number of groups (Holm)."""
    pairs: int = 0
    """Seeds that they are paired by; 0: the groups do not have the same seeds."""
    chance: float | None = None
    """How probably a run of the winner beats one of the runner-up."""
    chance_low: float | None = None
    chance_high: float | None = None
    more_runs: int | None = None
    """How many more seeds would settle it; None where that is settled or hopeless."""
    delta: float | None = None
    """The difference that was declared too small to matter; None where none was."""
    equal_p: float | None = None
    """Of "they differ by `delta` or more" (TOST); small where they are shown to be equal."""


@dataclass(frozen=True, slots=True)
class Versus:
    """A group beside the baseline of the rule."""

    group: Group
    baseline: Group
    difference: float
    """Of the means, positive where the group is better than the baseline."""
    low: float | None
    high: float | None
    """Interval of the difference, at the rule's level; None where one of them has one run."""
    p: float | None
    """Of "there is no difference", corrected for the number of groups (Holm)."""
    pairs: int
    """Seeds that they are paired by; 0: the groups do not have the same seeds."""


@dataclass(frozen=True, slots=True)
class Decision:
    """Who wins by a rule among some runs, and why."""

    rule: Rule
    metric: str
    """Label of the objective's metric."""
    direction: Direction
    ranking: tuple[Standing, ...]
    """Those that can win first, best first; then the eliminated."""
    excluded: Mapping[str, int] = field(default_factory=dict)
    """How many runs took no part, by the reason."""
    lead: Lead = field(default_factory=lambda: Lead("unknown"))
    notes: tuple[str, ...] = ()
    """Sentences to read beside the winner."""
    members: tuple[str, ...] = ()
    """Ids of the runs that took part."""
    against: tuple[Versus, ...] = ()
    """Every other group beside the baseline, where the rule names one."""
    basis: Basis = field(default_factory=Basis)
    """What it rests on, where it was made from a store."""

    @property
    def winner(self) -> Standing | None:
        """The group that wins; None where every group is eliminated."""
        first = self.ranking[0] if self.ranking else None
        return first if first is not None and first.rank == 1 else None
