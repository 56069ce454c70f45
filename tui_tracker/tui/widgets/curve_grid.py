"""All curves of one or several runs as a grid of charts, one of them enlarged on demand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from textual.message import Message

from tui_tracker.curves import Spread
from tui_tracker.formatting import format_count, format_number
from tui_tracker.tui.keys import Place, bindings
from tui_tracker.tui.widgets.curve_base import SMOOTHINGS, Threshold
from tui_tracker.tui.widgets.curve_build import seed_groups
from tui_tracker.tui.widgets.curve_cursor import CurveCursor
from tui_tracker.tui.widgets.curve_legend import values_of
from tui_tracker.tui.widgets.curve_model import X, letter
from tui_tracker.tui.widgets.curve_x import place_words

SPREADS: tuple[Spread | None, ...] = (None, "range", "std")


class CurveGrid(CurveCursor, inherit_bindings=False):
    """Charts in rows; arrows choose one, enter enlarges it, then arrows move its cursor."""

    BINDINGS = bindings("curves")
    PLACE: Place = "curves"

    @dataclass
    class Told(Message):
        """A key was pressed and there is something to say about it."""

        grid: CurveGrid
        text: str

    @dataclass
    class AxisWanted(Message):
        """Another x axis is to be chosen."""

        grid: CurveGrid

    @dataclass
    class MetricsWanted(Message):
        """The metrics to show are to be chosen."""

        grid: CurveGrid

    @dataclass
    class ThresholdWanted(Message):
        """A level is to be typed for the chosen chart."""

        grid: CurveGrid
        label: str

    @dataclass
    class SiblingsWanted(Message):
        """A band was asked for over the runs that differ from the only run by their seed."""

        grid: CurveGrid

    @dataclass
    class ConsoleWanted(Message):
        """What a run printed at a moment is to be shown."""

        grid: CurveGrid
        run: int
        at_ms: int | None
        """None where the cursor stands nowhere: the end of the console."""

    # How charts are drawn.

    def action_log_axis(self) -> None:
        self.look = replace(self.look, log_y=not self.look.log_y)

    def action_log_x(self) -> None:
        if self.look.x == "wall":
            self._tell("The time of day has no logarithmic axis: x chooses another")
            return
        self.look = replace(self.look, log_x=not self.look.log_x)

    def action_smooth(self) -> None:
        at = SMOOTHINGS.index(self.look.smoothing)
        self.look = replace(self.look, smoothing=SMOOTHINGS[(at + 1) % len(SMOOTHINGS)])

    def action_choose_x(self) -> None:
        self.post_message(self.AxisWanted(self))

    def set_axis(self, x: X, name: str) -> None:
        """Draw everything over another x axis."""
        self.look = replace(self.look, x=x, x_name=name)

    def action_choose_metrics(self) -> None:
        self.post_message(self.MetricsWanted(self))

    # What is drawn.

    def action_bands(self) -> None:
        if len(self.runs) == 1:
            self.post_message(self.SiblingsWanted(self))
            return
        at = SPREADS.index(self.look.spread)
        spread = SPREADS[(at + 1) % len(SPREADS)]
        self.set_reactive(CurveGrid.modes, replace(self.modes, difference=None, chosen_run=None))
        self.look = replace(self.look, spread=spread)
        words = {
            "range": "mean, smallest to largest",
            "std": "mean ± standard deviation",
        }
        if spread is None:
            self._tell("Every run by itself")
        elif seed_groups(self.runs):
            self._tell(f"Runs that differ only by seed as one: {words[spread]}")
        else:
            self._tell("No two of these runs differ only by their seed")

    def action_difference(self) -> None:
        if self.modes.difference is not None:
            self.modes = replace(self.modes, difference=None)
            return
        pinned = [run.key for run in self.runs if run.key in self.modes.pinned_runs]
        keys = pinned or [run.key for run in self.runs]
        if len(keys) != 2:
            one = "A difference is of two runs: mark two in the table and press C"
            more = "Pin two runs first: enlarge a chart, choose with ↓, space pins"
            self._tell(one if len(self.runs) == 1 else more)
            return
        if self.look.x != "step":
            self.set_axis("step", "step")
        self.set_reactive(CurveGrid.look, replace(self.look, spread=None))
        self.modes = replace(self.modes, difference=(keys[0], keys[1]), chosen_run=None)
        names = [f"{letter(i)} {run.name}" for i, run in enumerate(self.runs) if run.key in keys]
        self._tell(f"{names[0]} minus {names[1]}, aligned by step")

    def action_pin(self) -> None:
        if self.enlarged and len(self.runs) > 1:
            run = self.modes.chosen_run
            if run is None:
                self.action_move(0, 1)
            else:
                self.modes = replace(self.modes, pinned_runs=self.modes.pinned_runs ^ {run})
            return
        if not self.label:
            return
        pinned = [name for name in self.modes.pinned_metrics if name != self.label]
        added = len(pinned) == len(self.modes.pinned_metrics)
        self.modes = replace(
            self.modes, pinned_metrics=(*pinned, self.label) if added else tuple(pinned)
        )
        self._tell(
            f"{self.label} is drawn in every enlarged chart" if added else f"{self.label} unpinned"
        )

    # The threshold.

    def action_threshold(self) -> None:
        if self.label:
            self.post_message(self.ThresholdWanted(self, self.label))

    def show_threshold(self, label: str, threshold: Threshold | None) -> None:
        """Draw a level in a metric's chart, or none any more."""
        if threshold is None:
            self.thresholds.pop(label, None)
        else:
            self.thresholds[label] = threshold
        self._charts = {}
        self.redraw()
        self.refresh()

    # Elsewhere.

    def action_console(self) -> None:
        if not self.runs:
            return
        chosen = self.modes.chosen_run
        run = chosen if chosen is not None else self.runs[0].key
        self.post_message(self.ConsoleWanted(self, run, self.times.get(run)))

    def values_text(self) -> str:
        """Return the place of the cursor and the values there, to copy; "" without one."""
        if not self.enlarged or self.place_at is None or not self.metrics:
            return ""
        chart = self.chart(self.chosen)
        lines = [f"{chart.title} {place_words(self.look, self.place_at)}"]
        exact: Mapping[tuple[str, int], tuple[float, tuple[float, ...]]] = self.exact_here
        for trace, value in values_of(chart, exact):
            label = trace.summary.label if trace.summary else ""
            point = exact.get((label, trace.run)) if trace.spread is None else None
            words = repr(point[1][-1]) if point is not None else value.words
            lines.append(f"{trace.name}\t{words}")
        return "\n".join(lines)

    def _tell(self, text: str) -> None:
        self.post_message(self.Told(self, text))


def crossing_words(name: str, value: float, step: int | None, best: float | None) -> str:
    """Return where a run first reaches a level: `a crosses 0.9 at step 1,204`, `b never`."""
    if step is not None:
        return f"{name} crosses {value:g} at step {format_count(step)}"
    nearest = f" (nearest {format_number(best)})" if best is not None else ""
    return f"{name} never{nearest}"
