"""All curves of a run as a grid of charts, one of them enlarged on demand.

One widget draws every chart, so that ten thousand metrics cost what the visible ones do.
Buckets are asked for with `BucketsWanted`, at one bucket a dot column.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log
from typing import TYPE_CHECKING

from textual import events
from textual.geometry import Region
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip

from tui_tracker.formatting import cell_width
from tui_tracker.tui.keys import bindings
from tui_tracker.tui.widgets.curve_plot import Chart, draw, gutter, reading, x_axis
from tui_tracker.tui.widgets.line_widget import Line, LineWidget

if TYPE_CHECKING:
    from tui_tracker.queries import Buckets, MetricSummary, Series

CHART_WIDTH, CHART_HEIGHT = 36, 9
"""The smallest chart that is worth looking at, in cells."""
GAP = 2
BEST_SHAPE = 3.0
"""Width by height of a chart in cells, where there is a choice."""
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
    view: reactive[tuple[int, int] | None] = reactive(None, repaint=False, init=False)
    """The steps that the enlarged chart shows; None for all."""
    empty: reactive[tuple[Line, ...]] = reactive(())

    @dataclass
    class BucketsWanted(Message):
        """Charts are visible that have no buckets, or buckets of another width or view."""

        grid: CurveGrid
        metrics: list[MetricSummary]
        buckets: int
        view: tuple[int, int] | None
        whole: bool
        """The exact points are wanted too: the chart is enlarged."""

        @property
        def control(self) -> CurveGrid:
            return self.grid

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._buckets: dict[str, Buckets | None] = {}
        self._asked: dict[str, tuple[MetricSummary, int, tuple[int, int] | None]] = {}
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
        most = max(1, min(len(self.metrics), (self.size.width + GAP) // (CHART_WIDTH + GAP)))
        return min(range(1, most + 1), key=self._badness)

    def _badness(self, across: int) -> tuple[int, float]:
        """Return how badly so many charts side by side fill the screen."""
        rows = max(1, -(-len(self.metrics) // across))
        if rows * CHART_HEIGHT > self.size.height:  # it scrolls: the more at once the better
            return 1000 - across, 0.0
        shape = (self.size.width / across) / (self.size.height / rows)
        return rows * across - len(self.metrics), abs(log(shape / BEST_SHAPE))

    @property
    def chart_width(self) -> int:
        return max(8, (self.size.width - GAP * (self.across - 1)) // self.across)

    @property
    def chart_height(self) -> int:
        height = max(3, self.size.height)
        if self.enlarged:
            return height
        rows = max(1, -(-len(self.metrics) // self.across))
        return height // min(rows, max(1, height // CHART_HEIGHT))

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
        view = self.view if self.enlarged else None
        # In steps of 32, so that a gutter that grows by a cell asks nothing anew.
        buckets = max(64, (2 * self.chart_width + 31) // 32 * 32)
        wanted = []
        for metric in (self.metrics[index] for index in self.shown):
            question = (metric, buckets, view)
            if self._asked.get(metric.label) != question:
                self._asked[metric.label] = question
                wanted.append(metric)
        exact = self.enlarged and self.metrics[self.chosen]
        if exact and (self._series is None or self._series[0] != exact.label):
            wanted = wanted or [exact]
        if wanted:
            self.post_message(self.BucketsWanted(self, wanted, buckets, view, self.enlarged))

    def _chart(self, index: int) -> Chart:
        metric = self.metrics[index]
        buckets = self._buckets.get(metric.label)
        if not self.enlarged:
            return Chart(metric, buckets, self.log_axis, self.smoothing)
        chart = Chart(metric, buckets, self.log_axis, self.smoothing, self.view, self._step)
        if self._step is None:
            return chart
        words = reading(chart, self._step, self._exact(metric.label, self._step))
        return Chart(metric, buckets, self.log_axis, self.smoothing, self.view, self._step, words)

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
            self._move_cursor(-(10**6))
        else:
            self.chosen = 0

    def action_last(self) -> None:
        if self.enlarged:
            self._move_cursor(10**6)
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
        if self._step is None:
            self._step = steps[-1] if columns < 0 else steps[0]
            if abs(columns) == 1:
                self._step = steps[len(steps) // 2]
        elif columns > 0:
            target = axis.value(min(axis.dots - 1, axis.place(self._step) + 2 * columns) - 1)
            at = max(bisect_right(steps, self._step), bisect_left(steps, target))
            self._step = steps[min(at, len(steps) - 1)]
        else:
            target = axis.value(max(0, axis.place(self._step) + 2 * columns) + 1)
            at = min(bisect_left(steps, self._step), bisect_right(steps, target)) - 1
            self._step = steps[max(at, 0)]
        if abs(columns) >= 10**6:
            self._step = steps[0 if columns < 0 else -1]
        self._redraw()

    def action_zoom(self, direction: int) -> None:
        if not self.metrics:
            return
        if not self.enlarged:
            if direction > 0:
                self.action_enlarge()
            return
        low, high = self._chart(self.chosen).x_range
        self.view = self._zoomed(low, high, direction)

    def _zoomed(self, low: int, high: int, direction: int) -> tuple[int, int] | None:
        metric = self.metrics[self.chosen]
        first, last = metric.first_step, metric.last_step
        half = (high - low) // 4 if direction > 0 else high - low
        if direction == 0 or half >= last - first:
            return None
        half = max(half, 2)
        middle = self._step if self._step is not None else (low + high) // 2
        start = max(first, min(middle - half, last - 2 * half))
        return start, min(last, start + 2 * half)

    def watch_view(self) -> None:
        self._redraw()
        self._ask()
