"""What charts are made of: runs with their letters, lines, how they look, what is marked.

Colour alone does not tell lines apart on sixteen colours or none, so every run has a letter
too: the colours repeat after eight, the letters after fifty-two.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from string import ascii_letters
from typing import TYPE_CHECKING, Literal

from tui_tracker.curves import Curve, value_range
from tui_tracker.formatting import format_value, printable
from tui_tracker.tui.widgets.line_widget import SERIES, Role

if TYPE_CHECKING:
    from tui_tracker.curves import Spread
    from tui_tracker.queries import MetricSummary, RunKey, RunRow

X = Literal["step", "wall", "relative", "metric"]


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that health found at a step of a run's metric."""

    metric: str
    step: int
    words: str


@dataclass(frozen=True, slots=True)
class ShownRun:
    """A run whose curves are drawn."""

    key: RunKey
    name: str
    """With the params that tell it from the others; printable."""
    metrics: dict[str, MetricSummary]
    group: str = ""
    """Runs that differ only by their seed share it; "" where that is not known."""
    group_name: str = ""
    """What the group is called; printable."""
    running: bool = False


@dataclass(frozen=True, slots=True)
class Trace:
    """One line of a chart."""

    letter: str
    name: str
    role: Role
    curve: Curve | None
    """None until it was read."""
    spread: Curve | None = None
    """The band around it."""
    summary: MetricSummary | None = None
    """None for what is made of several runs."""
    run: RunKey = 0
    note: str = ""
    """Such as over how many runs a mean is."""
    faded: bool = False
    """Others are pinned or chosen."""
    pinned: bool = False
    chosen: bool = False


@dataclass(frozen=True, slots=True)
class Look:
    """How all charts of a grid are drawn."""

    log_y: bool = False
    log_x: bool = False
    smoothing: float = 0.0
    spread: Spread | None = None
    x: X = "step"
    x_name: str = "step"
    ascii: bool = False
    plain: bool = False
    """Without colours, so that letters alone tell lines apart."""


@dataclass(frozen=True, slots=True)
class Chart:
    """What one chart shows."""

    title: str
    traces: tuple[Trace, ...]
    look: Look = field(default_factory=Look)
    view: tuple[float, float] | None = None
    """What is shown of the x axis; None for all."""
    cursor: float | None = None
    reading: str = ""
    """The value at the cursor in words, where there is one line."""
    threshold: float | None = None
    crossings: tuple[float, ...] = ()
    """Where on the x axis lines first reach the threshold."""
    marks: tuple[Mark, ...] = ()
    zero: bool = False
    """Draw a line at zero: the chart is of a difference."""
    unread: bool = False
    """Nothing of it was read yet."""

    @property
    def x_range(self) -> tuple[float, float]:
        """What the x axis spans."""
        if self.view is not None:
            return self.view
        curves = [trace.curve for trace in self.traces if trace.curve is not None]
        if not curves:
            return 0, 1
        return min(curve.low for curve in curves), max(curve.high for curve in curves)

    @property
    def limits(self) -> tuple[float, float] | None:
        """The smallest and the largest value to show; None where there is none."""
        shown = [c for trace in self.traces for c in (trace.curve, trace.spread) if c is not None]
        ranges = [value_range(c.mins, c.maxs, log=self.look.log_y) for c in shown]
        ends = [end for span in ranges if span is not None for end in span]
        if not ends:
            return None
        if len(shown) > 1:
            # Each was widened by itself where it is a single value.
            lows = [value for curve in shown for value in (*curve.mins, *curve.maxs)]
            ends = list(value_range(lows, lows, log=self.look.log_y) or ends)
        if self.zero and not self.look.log_y:
            ends.append(0.0)
        if self.threshold is not None and (self.threshold > 0 or not self.look.log_y):
            ends.append(self.threshold)
        return min(ends), max(ends)


def letter(number: int) -> str:
    """Return the letter of the line of that number; after the last they begin anew."""
    return ascii_letters[number % len(ascii_letters)]


def role(number: int) -> Role:
    """Return the colour of the line of that number."""
    return SERIES[number % len(SERIES)]


def names_apart(rows: Sequence[RunRow], most: int = 3) -> list[str]:
    """Return the runs' names, with the params that differ, so that each says what it is.

    Params that only some runs have, or that all share, tell nothing; of several those with
    the fewest values come first, and at most `most` are named.
    """
    if len(rows) < 2:
        return [printable(row.name) for row in rows]
    values: dict[str, set[str]] = {}
    for row in rows:
        for name, value in row.params.items():
            values.setdefault(name, set()).add(repr(value))
    shared = [name for name in values if all(name in row.params for row in rows)]
    differing = sorted(
        (name for name in shared if len(values[name]) > 1), key=lambda name: len(values[name])
    )
    names = [printable(row.name) for row in rows]
    added: list[list[str]] = [[] for _ in rows]
    for key in differing:
        values_of = [format_value(row.params[key], 4) for row in rows]
        # Runs that are named after a param say it once.
        if all(value in name for value, name in zip(values_of, names, strict=True)):
            continue
        for words, value in zip(added, values_of, strict=True):
            if len(words) < most:
                words.append(f"{printable(key)}={value}")
    return [" ".join([name, *words]) for name, words in zip(names, added, strict=True)]
