"""The charts of a grid: what they are asked with, drawn from, and repainted by.

One widget draws every chart, so that ten thousand metrics cost what the visible ones do.
Curves are asked for with `CurvesWanted`, at one bucket a dot column.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from textual.geometry import Region
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip

from tui_tracker.curves import Curve
from tui_tracker.formatting import cell_width, crop, wrap
from tui_tracker.tui.widgets.curve_build import Modes, Sources, traces
from tui_tracker.tui.widgets.curve_legend import Exact, legend, size, strip_legend
from tui_tracker.tui.widgets.curve_model import Chart, Look, ShownRun, Trace
from tui_tracker.tui.widgets.curve_plot import Frame, draw, frame, gutter
from tui_tracker.tui.widgets.curve_reading import reading
from tui_tracker.tui.widgets.curve_space import GAP, chart_height, charts_across
from tui_tracker.tui.widgets.line_widget import Line, LineWidget, Role

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
        self._asked: dict[str, ChartQuestion] = {}
        self._charts: dict[int, tuple[Chart, Frame]] = {}
        self._drawn: dict[int, list[Line]] = {}
        self._drawn_as: tuple[object, ...] = ()
        self._first_row = 0
        self.left = 2
        """Cells left of the plots."""

    # Geometry.

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
        self.metrics = tuple(metrics)
        self.ask_for_curves()
        self.redraw()

    def show_curves(
        self,
        question: ChartQuestion,
        curves: Mapping[int, Curve],
        difference: tuple[Curve, int] | None,
    ) -> None:
        """Take a chart's curves by run; only cells that look different are repainted."""
        if self._asked.get(question.label) not in (None, question):
            return
        if question.difference is not None:
            self.sources.differences[question.label] = difference
        for run in question.runs:
            if run in curves:
                self.sources.curves[question.label, run] = curves[run]
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
        self.thresholds = {}
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

    def ask_for_curves(self) -> None:
        """Ask for what the visible charts lack."""
        if not self.size.width:
            return
        wanted = []
        for label in dict.fromkeys(one for index in self.shown for one in self.labels_of(index)):
            question = self._question(label)
            if question.runs and self._asked.get(label) != question:
                self._asked[label] = question
                wanted.append(question)
        if wanted:
            self.post_message(self.CurvesWanted(self, wanted))

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

    # Drawing.

    def chart(self, index: int) -> Chart:
        """Return what a chart shows now."""
        label = self.metrics[index]
        lines = traces(self.labels_of(index), self.runs, self.sources, self.look, self.modes)
        threshold = self.thresholds.get(label)
        marks = tuple(
            mark
            for run in self.runs
            for mark in run.marks
            if mark.metric == label and self.look.x == "step"
        )
        one = Chart(
            title=" + ".join(self.labels_of(index)),
            traces=lines,
            look=self.look,
            view=self.view if self.enlarged else None,
            threshold=threshold.value if threshold else None,
            crossings=threshold.places if threshold and self.look.x == "step" else (),
            marks=marks,
            zero=self.modes.difference is not None,
            unread=label not in self._asked,
        )
        if not self.enlarged or self.place_at is None:
            return one
        one = replace(one, cursor=self.place_at)
        return replace(one, reading=reading(one, self.exact_here)) if len(lines) == 1 else one

    @property
    def exact_here(self) -> Exact:
        """The points that were read where the cursor stands."""
        return self.exact[1] if self.place_at == self.exact[0] else {}

    def redraw(self) -> None:
        """Draw the visible charts anew and repaint the cells that differ."""
        if not self.size.width:
            return
        height = self.chart_height
        charts = {index: self._framed(index, height) for index in self.shown}
        self.left = gutter([one for _, one in charts.values()])
        before, as_before = self._drawn, self._drawn_as
        self._drawn_as = (self.left, self.chart_width, height, self.enlarged, self.shown)
        same = as_before == self._drawn_as
        drawn: dict[int, list[Line]] = {}
        for index, (chart, y_axis) in charts.items():
            old = self._charts.get(index)
            kept = same and old is not None and old[0] == chart and index in before
            if kept and not self.enlarged and index not in (self.chosen, self._was):
                drawn[index] = before[index]
            else:
                drawn[index] = self._lines(index, chart, y_axis)
        self._charts, self._drawn, self._was = charts, drawn, self.chosen
        if same and before.keys() == drawn.keys():
            self._repaint(before)
        else:
            self.refresh()

    def _lines(self, index: int, chart: Chart, y_axis: Frame) -> list[Line]:
        if self.enlarged:
            return self._enlarged_lines(chart, y_axis)
        size = (self.chart_width, self.chart_height, self.left)
        return draw(chart, *size, chosen=self._is_marked(index), y_axis=y_axis)

    def _repaint(self, before: Mapping[int, list[Line]]) -> None:
        for index, lines in self._drawn.items():
            for row, line in enumerate(lines):
                old = before[index][row] if row < len(before[index]) else ()
                if old != line:
                    self.refresh(self._place(index, row, old, line))

    _was = 0
    """The chart that was chosen when charts were last drawn."""

    def _framed(self, index: int, height: int) -> tuple[Chart, Frame]:
        chart = self.chart(index)
        old = self._charts.get(index)
        if old is not None and old[0] == chart:
            return old
        return chart, frame(chart, height)

    def _enlarged_lines(self, chart: Chart, y_axis: Frame) -> list[Line]:
        """Return the chart with its legend beside or below it, and what there is to say."""
        width, height = self.chart_width, self.chart_height
        panel, below = size(chart, width, height)
        notes = self._notes(chart, width)
        plot = height - below - len(notes)
        inner = width - panel - (2 if panel else 0)
        y_axis = frame(chart, plot) if below or notes else y_axis
        lines = draw(chart, inner, plot, self.left, chosen=self.has_focus, y_axis=y_axis)
        if panel:
            side = legend(chart, self.exact_here, panel, plot)
            lines = [
                (*line, (" " * (inner + 2 - _width(line)), ""), *part)
                for line, part in zip(lines, side, strict=True)
            ]
        elif below:
            lines += legend(chart, self.exact_here, width, below)
        return lines + notes

    def _notes(self, chart: Chart, width: int) -> list[Line]:
        """Return where the threshold is crossed, and what health found, in two lines each."""
        lines: list[Line] = []
        threshold = self.thresholds.get(self.label)
        if threshold is not None:
            lines += [((f" {text}", "second"),) for text in wrap(threshold.words, width - 2)[:2]]
        if chart.marks:
            words = "; ".join(mark.words for mark in chart.marks)
            lines += [((f" {text}", "bad"),) for text in wrap(words, width - 2)[:1]]
        if chart.traces and chart.zero:
            one = chart.traces[0]
            lines.append(((f" {crop(f'{one.name}: {one.note}', width - 2)}", "dim"),))
        return lines if self.size.height - len(lines) >= 8 else []

    def _is_marked(self, index: int) -> bool:
        return index == self.chosen and self.has_focus

    def _place(self, index: int, row: int, old: Line, new: Line) -> Region:
        """Return the cells of a chart's line that differ between two drawings."""
        at = index - self.shown.start
        x = (at % self.across) * (self.chart_width + GAP)
        y = (at // self.across) * self.chart_height + row + self.legend_lines
        before = [cell for text, role in old for cell in _cells(text, role)]
        now = [cell for text, role in new for cell in _cells(text, role)]
        blank: tuple[str, Role] = (" ", "")
        length = max(len(before), len(now))
        before += [blank] * (length - len(before))
        now += [blank] * (length - len(now))
        differing = [place for place in range(length) if before[place] != now[place]]
        if not differing:
            return Region(x, y, self.chart_width, 1)
        first, last = differing[0], differing[-1]
        return Region(x + first, y, last - first + 1, 1)

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        if not self.metrics:
            return self.strip(self.empty[y] if y < len(self.empty) else (), width)
        if y < self.legend_lines:
            return self.strip(strip_legend(self._all_lines(), width), width)
        row, line = divmod(y - self.legend_lines, self.chart_height)
        first = self.shown.start + row * self.across
        parts: list[Strip] = []
        for index in range(first, min(first + self.across, self.shown.stop)):
            lines = self._drawn.get(index, [])
            spans: Line = lines[line] if line < len(lines) else ()
            taken = _width(spans)
            pad = self.chart_width + GAP - taken
            parts.append(self.strip((*spans, (" " * max(0, pad), "")), taken + max(0, pad)))
        return Strip.join(parts).adjust_cell_length(width)

    def _all_lines(self) -> Sequence[Trace]:
        """Return a line of every run or group, whichever chart it is in."""
        found: dict[str, Trace] = {}
        for chart, _ in self._charts.values():
            for one in chart.traces:
                found.setdefault(one.letter, one)
        return sorted(found.values(), key=lambda one: one.letter.swapcase())

    def on_resize(self) -> None:
        self.show_chosen()
        self._drawn, self._charts = {}, {}
        self.redraw()
        self.ask_for_curves()

    def on_focus(self) -> None:
        self.redraw()

    def on_blur(self) -> None:
        self.redraw()

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


def _width(line: Line) -> int:
    return sum(cell_width(text) for text, _ in line)


def _cells(text: str, role: Role) -> list[tuple[str, Role]]:
    """Return a span cell by cell; a wide character takes two of them."""
    cells: list[tuple[str, Role]] = []
    for character in text:
        cells += [(character, role)] + [("", role)] * (cell_width(character) - 1)
    return cells
