"""All curves of a run as a grid of charts, one of them enlarged on demand.

One widget draws every chart, so that ten thousand metrics cost what the visible ones do.
Buckets are asked for with `BucketsWanted`, at one bucket a dot column.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from textual import events
from textual.geometry import Region
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip

from tui_tracker.formatting import cell_width
from tui_tracker.tui.keys import bindings
from tui_tracker.tui.widgets.curve_plot import Chart, draw, gutter, reading, x_axis
from tui_tracker.tui.widgets.curve_space import (
    GAP,
    chart_height,
    charts_across,
    moved,
    room_to_grow,
    zoomed,
)
from tui_tracker.tui.widgets.line_widget import Line, LineWidget

if TYPE_CHECKING:
    from tui_tracker.queries import Buckets, MetricSummary, Series

Steps = tuple[int, int]
"""The first and the last of some steps."""
SMOOTHINGS = (0.0, 0.6, 0.9, 0.97)


class CurveGrid(LineWidget, can_focus=True, inherit_bindings=False):
    """Charts in rows; arrows choose one, enter enlarges it, then arrows move its cursor."""

    BINDINGS = bindings("curves")
    PLACE = "curves"

    metrics: reactive[tuple[MetricSummary, ...]] = reactive((), repaint=False, init=False)
    chosen: reactive[int] = reactive(0, repaint=False, init=False)
    enlarged: reactive[bool] = reactive(False, repaint=False, init=False)
    log_axis: reactive[bool] = reactive(False, repaint=False, init=False)
    smoothing: reactive[float] = reactive(0.0, repaint=False, init=False)
    view: reactive[Steps | None] = reactive(None, repaint=False, init=False)
    """The steps that the enlarged chart shows; None for all."""
    growing: reactive[bool] = reactive(False, repaint=False, init=False)
    """More points will come, so axes leave them room."""
    empty: reactive[tuple[Line, ...]] = reactive(())

    @dataclass
    class BucketsWanted(Message):
        """Charts are visible that have no buckets, or buckets of another width or view."""

        grid: CurveGrid
        metrics: list[tuple[MetricSummary, Steps | None]]
        """Each with the first and the last step to show; None for all."""
        buckets: int
        whole: bool
        """The exact points are wanted too: the chart is enlarged."""

        @property
        def control(self) -> CurveGrid:
            return self.grid

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._buckets: dict[str, Buckets | None] = {}
        self._asked: dict[str, tuple[MetricSummary, int, Steps | None]] = {}
        """What the buckets of each label were asked with; another question asks again."""
        self._drawn: dict[int, list[Line]] = {}
        self._series: tuple[str, Series] | None = None
        self._step: int | None = None
        self._first_row = 0
        self._left = 2

    # Geometry.

    @property
    def across(self) -> int:
        """How many charts stand side by side."""
        if self.enlarged:
            return 1
        return charts_across(len(self.metrics), *self.size)

    @property
    def chart_width(self) -> int:
        return max(8, (self.size.width - GAP * (self.across - 1)) // self.across)

    @property
    def chart_height(self) -> int:
        height = max(3, self.size.height)
        if self.enlarged:
            return height
        return chart_height(len(self.metrics), self.across, height)

    @property
    def rows_shown(self) -> int:
        return max(1, self.size.height // self.chart_height)

    @property
    def shown(self) -> range:
        """The indices of the charts on the screen."""
        if self.enlarged:
            return range(self.chosen, min(len(self.metrics), self.chosen + 1))
        first = self._first_row * self.across
        return range(first, min(len(self.metrics), first + self.rows_shown * self.across))

    # Data in.

    def show_buckets(self, buckets: Mapping[str, Buckets | None]) -> None:
        """Take buckets; only chart lines that look different are repainted."""
        self._buckets.update(buckets)
        if len(self._buckets) > 500:
            labels = {self.metrics[index].label for index in self.shown}
            self._buckets = {k: v for k, v in self._buckets.items() if k in labels}
            self._asked = {k: v for k, v in self._asked.items() if k in labels}
        self._redraw()

    def forget(self) -> None:
        """Drop what was drawn, for another run follows; choice, axis and smoothing stay."""
        self._buckets, self._asked, self._drawn, self._series = {}, {}, {}, None
        self._leave_view()

    def show_series(self, label: str, series: Series) -> None:
        """Take the exact points of the enlarged chart."""
        self._series = (label, series)
        self._redraw()

    def watch_metrics(self, old: tuple[MetricSummary, ...], new: tuple[MetricSummary, ...]) -> None:
        if [metric.label for metric in old] != [metric.label for metric in new]:
            labels = [metric.label for metric in new]
            was = old[self.chosen].label if self.chosen < len(old) else ""
            self._drawn = {}
            self.set_reactive(CurveGrid.chosen, labels.index(was) if was in labels else 0)
            if self.enlarged and was not in labels:
                self.enlarged = False
            self._show_chosen()
            self.refresh()
        self._ask()
        self._redraw()

    def _ask(self) -> None:
        """Ask for what the visible charts lack."""
        if not self.size.width:
            return
        # In steps of 32, so that a gutter that grows by a cell asks nothing anew.
        buckets = max(64, (2 * self.chart_width + 31) // 32 * 32)
        wanted = []
        for metric in (self.metrics[index] for index in self.shown):
            question = (metric, buckets, self._steps_of(metric))
            if self._asked.get(metric.label) != question:
                self._asked[metric.label] = question
                wanted.append((metric, question[2]))
        exact = self.metrics[self.chosen] if self.enlarged else None
        if exact and (self._series is None or self._series[0] != exact.label):
            wanted = wanted or [(exact, self._steps_of(exact))]
        if wanted:
            self.post_message(self.BucketsWanted(self, wanted, buckets, self.enlarged))

    def _steps_of(self, metric: MetricSummary) -> Steps | None:
        """Return the steps that a metric's chart spans; None where it is the curve's own."""
        if self.enlarged and self.view is not None:
            return self.view
        return room_to_grow(metric.first_step, metric.last_step) if self.growing else None

    def _chart(self, index: int) -> Chart:
        metric = self.metrics[index]
        buckets = self._buckets.get(metric.label)
        chart = Chart(metric, buckets, self.log_axis, self.smoothing, self._steps_of(metric))
        if not self.enlarged or self._step is None:
            return chart
        words = reading(chart, self._step, self._exact(metric.label, self._step))
        return replace(chart, cursor=self._step, reading=words)

    def _exact(self, label: str, step: int) -> list[float]:
        if self._series is None or self._series[0] != label:
            return []
        series = self._series[1]
        # Steps need not be sorted: a resumed run goes back.
        return [v for s, v in zip(series.steps, series.values, strict=True) if s == step]

    # Drawing.

    def _redraw(self) -> None:
        """Draw the visible charts anew and repaint the lines that differ."""
        if not self.size.width:
            return
        before, left = self._drawn, self._left
        charts = {index: self._chart(index) for index in self.shown}
        height = self.chart_height
        self._left = gutter(list(charts.values()), height)
        self._drawn = {
            index: draw(chart, self.chart_width, height, self._left, chosen=self._is_marked(index))
            for index, chart in charts.items()
        }
        if left != self._left or before.keys() != self._drawn.keys():
            self.refresh()
            return
        for index, lines in self._drawn.items():
            for row, line in enumerate(lines):
                if row >= len(before[index]) or before[index][row] != line:
                    self.refresh(self._place(index, row))

    def _is_marked(self, index: int) -> bool:
        return index == self.chosen and self.has_focus

    def _place(self, index: int, row: int) -> Region:
        at = index - self.shown.start
        x = (at % self.across) * (self.chart_width + GAP)
        return Region(x, (at // self.across) * self.chart_height + row, self.chart_width, 1)

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        if not self.metrics:
            return self.strip(self.empty[y] if y < len(self.empty) else (), width)
        row, line = divmod(y, self.chart_height)
        first = self.shown.start + row * self.across
        parts: list[Strip] = []
        for index in range(first, min(first + self.across, self.shown.stop)):
            lines = self._drawn.get(index, [])
            spans: Line = lines[line] if line < len(lines) else ()
            taken = sum(cell_width(text) for text, _ in spans)
            pad = self.chart_width + GAP - taken
            parts.append(self.strip((*spans, (" " * max(0, pad), "")), taken + max(0, pad)))
        return Strip.join(parts).adjust_cell_length(width)

    def on_resize(self) -> None:
        self._show_chosen()
        self._drawn = {}
        self._redraw()
        self._ask()

    def on_focus(self) -> None:
        self._redraw()

    def on_blur(self) -> None:
        self._redraw()

    def on_click(self, event: events.Click) -> None:
        if self.enlarged or not self.metrics:
            return
        across = min(self.across - 1, event.x // (self.chart_width + GAP))
        index = self.shown.start + event.y // self.chart_height * self.across + across
        if index in self.shown:
            self.chosen = index
            if event.chain > 1:
                self.action_enlarge()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self.action_move(0, 1)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self.action_move(0, -1)

    # Movement.

    def validate_chosen(self, chosen: int) -> int:
        return max(0, min(chosen, len(self.metrics) - 1))

    def watch_chosen(self) -> None:
        self._show_chosen()
        self._redraw()
        self._ask()

    def _show_chosen(self) -> None:
        row = self.chosen // self.across
        rows = -(-len(self.metrics) // self.across)
        first = min(self._first_row, row, max(0, rows - self.rows_shown))
        self._first_row = max(first, row - self.rows_shown + 1)

    def action_move(self, right: int, down: int) -> None:
        if not self.enlarged:
            self.chosen += right + down * self.across
        elif right:
            self._move_cursor(right)
        else:
            self._leave_view()
            self.chosen += down

    def action_page(self, pages: int) -> None:
        if self.enlarged:
            self._move_cursor(pages * max(1, self.chart_width // 5))
        else:
            self.chosen += pages * self.across * self.rows_shown

    def action_first(self) -> None:
        if self.enlarged:
            self._put_cursor(0)
        else:
            self.chosen = 0

    def action_last(self) -> None:
        if self.enlarged:
            self._put_cursor(-1)
        else:
            self.chosen = len(self.metrics) - 1

    def _leave_view(self) -> None:
        self.set_reactive(CurveGrid.view, None)
        self._step = None

    def action_enlarge(self) -> None:
        if self.metrics:
            self._leave_view()
            self.enlarged = not self.enlarged

    def watch_enlarged(self) -> None:
        self._drawn = {}
        self._show_chosen()
        self._redraw()
        self._ask()
        self.refresh()

    def action_log_axis(self) -> None:
        self.log_axis = not self.log_axis
        self._redraw()

    def action_smooth(self) -> None:
        at = SMOOTHINGS.index(self.smoothing)
        self.smoothing = SMOOTHINGS[(at + 1) % len(SMOOTHINGS)]
        self._redraw()

    # The cursor and the zoom of the enlarged chart.

    def _known_steps(self) -> Sequence[int]:
        """Return the steps the cursor may stand on, sorted."""
        label = self.metrics[self.chosen].label
        low, high = self._chart(self.chosen).x_range
        if self._series is not None and self._series[0] == label:
            return sorted({step for step in self._series[1].steps if low <= step <= high})
        buckets = self._buckets.get(label)
        return [step for step in buckets.low_steps if low <= step <= high] if buckets else []

    def _move_cursor(self, columns: int) -> None:
        """Move by dot columns, at least one point."""
        steps = self._known_steps()
        if not steps:
            return
        axis = x_axis(self._chart(self.chosen), self.chart_width - self._left)
        self._step = moved(steps, self._step, columns, axis)
        self._redraw()

    def _put_cursor(self, end: int) -> None:
        """Put the cursor on the first (0) or last (-1) point."""
        if steps := self._known_steps():
            self._step = steps[end]
            self._redraw()

    def action_zoom(self, direction: int) -> None:
        if not self.metrics:
            return
        if not self.enlarged:
            if direction > 0:
                self.action_enlarge()
            return
        metric = self.metrics[self.chosen]
        whole = (metric.first_step, metric.last_step)
        self.view = zoomed(self._chart(self.chosen).x_range, whole, self._step, direction)

    def watch_view(self) -> None:
        self._redraw()
        self._ask()
