"""One field of several runs: its values, whether they differ, which is best, and how far apart."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from tui_tracker.compare.doubts import Unsaid
from tui_tracker.compare.groups import equal

if TYPE_CHECKING:
    from tui_tracker.compare.many import Section

RowState = Literal["differs", "unknown", "same"]
Better = Literal["", "min", "max"]


@dataclass(frozen=True, slots=True)
class Row:
    """One field and its value in each run."""

    section: Section
    name: str
    values: tuple[object, ...]
    """As recorded, one a run; `Unsaid` where there is none."""
    state: RowState
    noise: bool = False
    """What differs between any two runs, and is no difference."""
    notes: tuple[str, ...] = ()
    """What else is told of each cell, measured against the reference."""
    stat: Literal["", "last", "min", "max"] = ""
    """Of a metric: which value of it this is."""
    better: Better = ""
    """Of a metric: whether low or high is good, as its name tells."""
    best: frozenset[int] = frozenset()
    """Places of the best values; empty where that cannot be told."""
    rank: int = 0
    """Of a metric: its place among the metrics."""

    @property
    def metric(self) -> bool:
        return bool(self.stat)


def row_of(section: Section, name: str, values: Sequence[object], *, noise: bool = False) -> Row:
    """Return the row of these values."""
    return Row(section, name, tuple(values), state_of(values), noise=noise)


def state_of(values: Sequence[object]) -> RowState:
    """Return whether values differ; where some are unknown they are never the same."""
    known = [value for value in values if value is not Unsaid.UNKNOWN]
    if any(not equal(known[0], value) for value in known[1:]):
        return "differs"
    return "same" if len(known) == len(values) else "unknown"


def best_of(values: Sequence[object], better: Better, delta: float | None = None) -> frozenset[int]:
    """Return the places of the best finite numbers; empty where all are alike or one is alone.

    What is worse by `delta` at most is as good: less than that was declared not to matter.
    """
    numbers = {
        place: value
        for place, value in enumerate(values)
        if isinstance(value, (int, float)) and math.isfinite(value)
    }
    if not better or len(numbers) < 2 or len(set(numbers.values())) < 2:
        return frozenset()
    best = (min if better == "min" else max)(numbers.values())
    level = {
        place
        for place, value in numbers.items()
        if value == best or (delta is not None and abs(value - best) <= delta * (1 + 1e-12))
    }
    return frozenset(level) if len(level) < len(numbers) else frozenset()


def delta(row: Row, place: int, reference: int) -> float | None:
    """Return how far a run's value lies above the reference's.

    None for what is no number, for the reference itself, and where the difference is no
    finite number.
    """
    value, base = row.values[place], row.values[reference]
    if place == reference or not (_is_number(value) and _is_number(base)):
        return None
    difference = float(value) - float(base)  # type: ignore[arg-type]
    return difference if math.isfinite(difference) else None


def relative(row: Row, place: int, reference: int) -> float | None:
    """Return that difference by the size of the reference's value; None where that is zero."""
    difference = delta(row, place, reference)
    base = row.values[reference]
    if difference is None or not base:
        return None
    share = difference / abs(float(base))  # type: ignore[arg-type]
    return share if math.isfinite(share) else None


def _is_number(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    # A whole number of more than 308 digits is no float.
    return isinstance(value, float) or abs(value) < 10**300
