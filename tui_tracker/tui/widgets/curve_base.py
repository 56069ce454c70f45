"""The charts of a grid: what they are asked with, drawn from, and repainted by.

One widget draws every chart, so that ten thousand metrics cost what the visible ones do.
Curves are asked for with `CurvesWanted`, at one bucket a dot column.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.message import Message
from textual.reactive import reactive

from tui_tracker.tui.widgets.curve_build import Modes, Sources
from tui_tracker.tui.widgets.curve_legend import Exact
from tui_tracker.tui.widgets.curve_model import Chart, Look, Mark, ShownRun
from tui_tracker.tui.widgets.curve_plot import Frame
from tui_tracker.tui.widgets.curve_space import GAP, chart_height, charts_across
from tui_tracker.tui.widgets.line_widget import Line, LineWidget

if TYPE_CHECKING:
    from tui_tracker.tui.curve_reading import ChartRead

Steps = tuple[float, float]
"""The first and the last of what an axis shows."""
SMOOTHINGS = (0.0, 0.6, 0.9, 0.97)
REMEMBERED = 2000
"""Curves that are kept though their charts are out of sight."""
MANY_LETTERS = 12
"""Above so many lines a chart needs room to name them."""


@dataclass(frozen=True, slots=True)
class ChartQuestion:
    """What one chart's curves are asked with; another question asks anew."""

    label: str
    runs: tuple[int, ...]
    points: int
    """Of all its curves: more of them make it another question."""
    slots: int
    x: str
    x_metric: str
    view: Steps | None
    grows: bool
    difference: tuple[int, int] | None


@dataclass(frozen=True, slots=True)
class Threshold:
    """A level in a metric's chart, and where its lines first reach it."""

    value: float
    words: str
    places: tuple[float, ...]
    """On the axis of steps."""


class CurveBase(LineWidget, can_focus=True, inherit_bindings=False):
    """Charts in rows, one of them enlarged on demand; data in, lines out."""

    metrics: reactive[tuple[str, ...]] = reactive((), repaint=False, init=False)
    """Labels, in their order."""
    chosen: reactive[int] = reactive(0, repaint=False, init=False)
    enlarged: reactive[bool] = reactive(False, repaint=False, init=False)
    look: reactive[Look] = reactive(Look(), repaint=False, init=False)
    modes: reactive[Modes] = reactive(Modes(), repaint=False, init=False)
    view: reactive[Steps | None] = reactive(None, repaint=False, init=False)
    """What the enlarged chart shows of its x axis; None for all."""
    empty: reactive[tuple[Line, ...]] = reactive(())

    @dataclass
    class CurvesWanted(Message):
        """Charts are visible that have no curves, or curves of another width or view."""

        grid: CurveBase
        questions: list[ChartQuestion]

        @property
        def control(self) -> CurveBase:
            return self.grid

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.runs: tuple[ShownRun, ...] = ()
        self.sources = Sources()
        self.thresholds: dict[str, Threshold] = {}
        self.exact: tuple[float, Exact] = (0.0, {})
        """Points that were read at a place of the cursor."""
        self.place_at: float | None = None
        """Where the cursor stands on the x axis."""
        self.marks: dict[int, tuple[Mark, ...]] = {}
        """What health found, by run."""
        self._asked: dict[str, ChartQuestion] = {}
        self._charts: dict[int, tuple[Chart, Frame]] = {}
        self._drawn: dict[int, list[Line]] = {}
        self._drawn_as: tuple[object, ...] = ()
        self._first_row = 0
        self.left = 2
        """Cells left of the plots."""

    # Geometry.

    @property
    def is_empty(self) -> bool:
        return not self.metrics

    @property
    def legend_lines(self) -> int:
        """Lines above the grid that name the runs."""
        return 1 if len(self.runs) > 1 and not self.enlarged and self.size.height > 8 else 0

    @property
    def across(self) -> int:
        """How many charts stand side by side."""
        if self.enlarged:
            return 1
        return charts_across(
            len(self.metrics), self.size.width, self.size.height - self.legend_lines
        )

    @property
    def chart_width(self) -> int:
        return max(8, (self.size.width - GAP * (self.across - 1)) // self.across)

    @property
    def chart_height(self) -> int:
        height = max(3, self.size.height - self.legend_lines)
        if self.enlarged:
            return height
        return chart_height(len(self.metrics), self.across, height)

    @property
    def rows_shown(self) -> int:
        return max(1, (self.size.height - self.legend_lines) // self.chart_height)

    @property
    def shown(self) -> range:
        """The indices of the charts on the screen."""
        if self.enlarged:
            return range(self.chosen, min(len(self.metrics), self.chosen + 1))
        first = self._first_row * self.across
        return range(first, min(len(self.metrics), first + self.rows_shown * self.across))

    @property
    def label(self) -> str:
        """The metric of the chosen chart, "" where there is none."""
        return self.metrics[self.chosen] if self.chosen < len(self.metrics) else ""

    # Data in.

    def show_runs(self, runs: Sequence[ShownRun], metrics: Sequence[str]) -> None:
        """Take the runs and the metrics to draw, in their orders."""
        changed = [run.key for run in runs] != [run.key for run in self.runs]
        self.runs = tuple(runs)
        if changed:
            self._drawn = {}
            self.refresh()
        before, self.metrics = self.metrics, tuple(metrics)
        if bool(before) != bool(metrics):
            self.post_message(self.EmptyChanged(self))
        # What is asked for comes in a moment: titles and curves are then painted at once.
        if not self.ask_for_curves() or not self._drawn:
            self.redraw()

    def show_curves(self, answers: Iterable[ChartRead]) -> None:
        """Take the curves of charts; only cells that look different are repainted, and once."""
        for answer in answers:
            question = answer.question
            if self._asked.get(question.label) not in (None, question):
                continue
            if question.difference is not None:
                self.sources.differences[question.label] = answer.difference
            for run in question.runs:
                if run in answer.curves:
                    self.sources.curves[question.label, run] = answer.curves[run]
        self._forget_unseen()
        self.redraw()

    def _forget_unseen(self) -> None:
        sources = self.sources
        if len(sources.bands) > REMEMBERED:
            sources.bands.clear()
        if len(sources.curves) <= REMEMBERED:
            return
        labels = {label for index in self.shown for label in self.labels_of(index)}
        sources.curves = {key: one for key, one in sources.curves.items() if key[0] in labels}
        self._asked = {label: one for label, one in self._asked.items() if label in labels}

    def forget(self) -> None:
        """Drop what was read, for other runs follow; choice, axes and smoothing stay."""
        self.sources = Sources()
        self._asked, self._charts, self._drawn = {}, {}, {}
        self.thresholds, self.marks = {}, {}
        self.leave_view()

    def leave_view(self) -> None:
        """Show all of the axis again, without a cursor."""
        self.set_reactive(CurveBase.view, None)
        self.place_at = None

    def watch_metrics(self, old: tuple[str, ...], new: tuple[str, ...]) -> None:
        if old != new:
            was = old[self.chosen] if self.chosen < len(old) else ""
            self._drawn = {}
            self.set_reactive(CurveBase.chosen, new.index(was) if was in new else 0)
            if self.enlarged and was not in new:
                self.enlarged = False
            self.show_chosen()
            self.refresh()

    # Asking.

    def labels_of(self, index: int) -> tuple[str, ...]:
        """Return the metrics that a chart draws: its own, and enlarged the pinned ones."""
        label = self.metrics[index]
        if not self.enlarged or self.modes.difference is not None:
            return (label,)
        there = {name for run in self.runs for name in run.metrics}
        pinned = [name for name in self.modes.pinned_metrics if name != label and name in there]
        return (label, *pinned)

    def ask_for_curves(self) -> bool:
        """Ask for what the visible charts lack; return whether there is any."""
        if not self.size.width:
            return False
        wanted = []
        for label in dict.fromkeys(one for index in self.shown for one in self.labels_of(index)):
            question = self._question(label)
            if question.runs and self._asked.get(label) != question:
                self._asked[label] = question
                wanted.append(question)
        if wanted:
            self.post_message(self.CurvesWanted(self, wanted))
        return bool(wanted)

    def _question(self, label: str) -> ChartQuestion:
        runs = [run for run in self.runs if label in run.metrics]
        pair = self.modes.difference
        if pair is not None:
            runs = [run for run in runs if run.key in pair]
            pair = pair if len(runs) == 2 else None
        return ChartQuestion(
            label=label,
            runs=tuple(run.key for run in runs),
            points=sum(run.metrics[label].count for run in runs),
            # In steps of 32, so that a gutter that grows by a cell asks nothing anew.
            slots=max(64, (2 * self.chart_width + 31) // 32 * 32),
            x=self.look.x,
            x_metric=self.look.x_name if self.look.x == "metric" else "",
            view=self.view if self.enlarged else None,
            grows=any(run.running for run in runs),
            difference=pair,
        )

    def redraw(self) -> None:
        """Draw the visible charts anew and repaint the cells that differ."""
        raise NotImplementedError

    # The chosen chart.

    def validate_chosen(self, chosen: int) -> int:
        return max(0, min(chosen, len(self.metrics) - 1))

    def watch_chosen(self) -> None:
        self.show_chosen()
        self.redraw()
        self.ask_for_curves()

    def show_chosen(self) -> None:
        """Scroll so that the chosen chart is on the screen."""
        row = self.chosen // self.across
        rows = -(-len(self.metrics) // self.across)
        first = min(self._first_row, row, max(0, rows - self.rows_shown))
        self._first_row = max(first, row - self.rows_shown + 1)

    def watch_enlarged(self) -> None:
        self._drawn, self._charts = {}, {}
        self.show_chosen()
        self.redraw()
        self.ask_for_curves()
        self.refresh()

    def watch_view(self) -> None:
        self.redraw()
        self.ask_for_curves()

    def watch_look(self, old: Look, new: Look) -> None:
        if (old.x, old.x_name) != (new.x, new.x_name):
            self.sources = Sources()
            self._asked = {}
            self.leave_view()
        self._charts = {}
        self.redraw()
        self.ask_for_curves()
        self.refresh()

    def watch_modes(self) -> None:
        self._charts = {}
        self.redraw()
        self.ask_for_curves()
        self.refresh()
