"""A branch of the tree of runs, and what it comes to while it is counted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tui_tracker.queries.answers import Status
from tui_tracker.queries.fields import Raw
from tui_tracker.queries.selection import Absent

Condition = tuple[str, Raw | Absent]
"""A field as `ColumnSpec.sort_field` calls it, and the value in it."""


@dataclass(frozen=True, slots=True)
class Branch:
    """The runs with one value of a level, below the branches above it."""

    field: str
    """The level, as a column spec."""
    value: Raw | Absent
    """As the store keeps it; the whole path of an experiment."""
    label: str
    """The value as people read it, of an experiment the last part of its path."""
    where: tuple[Condition, ...]
    """The value and those of the branches above: `Selection(where=...)` takes it."""
    depth: int
    """Of the level among those that were chosen, from 0."""
    counts: dict[Status, int]
    newest_ms: int
    """When the newest run started, in Unix milliseconds."""
    newest_status: Status
    best: float | None = None
    """Of the metric that was asked for; None where no run has a finite value."""
    children: tuple[Branch, ...] = ()
    opens: bool = False
    """There is a further level to ask for below."""

    @property
    def runs(self) -> int:
        return sum(self.counts.values())


@dataclass(frozen=True, slots=True)
class Branches:
    """The branches of a level below one branch."""

    found: tuple[Branch, ...]
    more: int
    """Values beyond the most that are left out, those of the fewest runs."""
    counts: dict[Status, int]
    """Of all runs below, each once, also where several of these branches have it."""
    best: float | None = None


@dataclass(slots=True)
class Tally:
    """What a branch comes to while it is counted."""

    counts: dict[Status, int]
    newest_ms: int
    newest_status: Status
    best: float | None = None

    def add(self, other: Tally, pick: Callable[[list[float]], float]) -> None:
        for status, count in other.counts.items():
            self.counts[status] = self.counts.get(status, 0) + count
        self.see(other.newest_ms, other.newest_status)
        values = [value for value in (self.best, other.best) if value is not None]
        self.best = pick(values) if values else None

    def see(self, started_ms: int, status: Status) -> None:
        if started_ms >= self.newest_ms:
            self.newest_ms, self.newest_status = started_ms, status
