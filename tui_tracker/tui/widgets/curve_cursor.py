"""Moving through charts: from chart to chart, along the x axis, through the legend; zoom."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from textual import events
from textual.message import Message

from tui_tracker.curves import Curve
from tui_tracker.tui.widgets.curve_base import CurveBase, Steps
from tui_tracker.tui.widgets.curve_drawing import CurveDrawing
from tui_tracker.tui.widgets.curve_legend import size, values_of
from tui_tracker.tui.widgets.curve_space import GAP, moved, panned, zoomed
from tui_tracker.tui.widgets.curve_x import x_axis

if TYPE_CHECKING:
    from tui_tracker.queries import PointFound

PAN = 0.25
"""How much of what is shown one press moves."""


class CurveCursor(CurveDrawing, inherit_bindings=False):
    """A grid of charts that one moves in."""

    @dataclass
    class ValuesWanted(Message):
        """The cursor stands at a place, and what was logged there is not known yet."""

        grid: CurveCursor
        at: float
        pairs: tuple[tuple[str, int], ...]
        """Metrics and runs."""
        x: str

        @property
        def control(self) -> CurveCursor:
            return self.grid

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.times: dict[int, int] = {}
        """When the points at the cursor were logged, by run, in Unix milliseconds."""
        self._places: tuple[tuple[Curve, ...], Steps, list[float]] = ((), (0, 0), [])

    def show_values(self, at: float, found: Mapping[tuple[str, int], PointFound]) -> None:
        """Take the points that are nearest to a place."""
        if at != self.place_at:
            return
        self.exact = at, {key: (point.x, point.values) for key, point in found.items()}
        self.times = {run: int(p.at.timestamp() * 1000) for (_, run), p in found.items()}
        self.redraw()

    # From chart to chart.

    def action_move(self, right: int, down: int) -> None:
        if not self.enlarged:
            self.chosen += right + down * self.across
        elif right:
            self._move_cursor(right)
        elif not self._choose_run(down):
            self.leave_view()
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

    def action_enlarge(self) -> None:
        if self.metrics:
            self.leave_view()
            self.set_reactive(CurveBase.modes, replace(self.modes, chosen_run=None))
            self.enlarged = not self.enlarged

    def _choose_run(self, down: int) -> bool:
        """Choose the next run of the legend; False where that leads out of it."""
        chart = self.chart(self.chosen) if self.metrics else None
        if chart is None or len(chart.traces) < 2 or self.look.spread is not None:
            return False
        order = [trace.run for trace, _ in values_of(chart, self.exact_here)]
        if len(set(order)) < 2:
            return False
        now = self.modes.chosen_run
        index = (order.index(now) + down) if now in order else (0 if down > 0 else -1)
        if now is None and down < 0:
            return False
        inside = 0 <= index < len(order)
        self.modes = replace(self.modes, chosen_run=order[index] if inside else None)
        return inside or (now is not None and index < 0)

    # The cursor and the zoom of the enlarged chart.

    def known_places(self) -> list[float]:
        """Return the places the cursor may stand on: where any line has a bucket, sorted."""
        chart = self.chart(self.chosen)
        curves = tuple(trace.curve for trace in chart.traces if trace.curve is not None)
        span = chart.x_range
        if self._places[0] != curves or self._places[1] != span:
            places = sorted({x for curve in curves for x in (*curve.lows, *curve.highs[-1:])})
            low, high = span
            self._places = curves, span, [x for x in places if low <= x <= high]
        return self._places[2]

    @property
    def plot_width(self) -> int:
        """Cells of the enlarged chart's plot."""
        chart = self.chart(self.chosen)
        panel, _ = size(chart, self.chart_width, self.chart_height)
        return self.chart_width - panel - (2 if panel else 0) - self.left

    def _move_cursor(self, columns: int) -> None:
        """Move by cells, at least one point."""
        if places := (self.known_places() if self.metrics else []):
            axis = x_axis(self.chart(self.chosen), self.plot_width)
            self._stand_on(moved(places, self.place_at, columns, axis))

    def _put_cursor(self, end: int) -> None:
        """Put the cursor on the first (0) or last (-1) point."""
        if places := (self.known_places() if self.metrics else []):
            self._stand_on(places[end])

    def go_to(self, at: float) -> None:
        """Put the cursor of the enlarged chart on the point nearest to a place."""
        if places := (self.known_places() if self.metrics else []):
            self._stand_on(min(places, key=lambda place: abs(place - at)))

    def _stand_on(self, place: float) -> None:
        self.place_at = place
        self.times = {}
        self.redraw()
        self.ask_for_values()

    def ask_for_values(self) -> None:
        """Ask for the points at the cursor; a metric's axis has them in its buckets only."""
        if self.place_at is None or self.look.x == "metric" or not self.enlarged:
            return
        labels = self.labels_of(self.chosen)
        pairs = tuple(
            (label, run.key) for label in labels for run in self.runs if label in run.metrics
        )
        if pairs:
            self.post_message(self.ValuesWanted(self, self.place_at, pairs, self.look.x))

    def _whole(self) -> Steps:
        chart = self.chart(self.chosen)
        curves = [trace.curve for trace in chart.traces if trace.curve is not None]
        if not curves:
            return 0, 1
        return min(curve.first for curve in curves), max(curve.last for curve in curves)

    def action_zoom(self, direction: int) -> None:
        if not self.metrics:
            return
        if not self.enlarged:
            if direction > 0:
                self.action_enlarge()
            return
        shown = self.chart(self.chosen).x_range
        self.view = zoomed(shown, self._whole(), self.place_at, direction)

    def action_pan(self, direction: int) -> None:
        if self.enlarged and self.metrics and self.view is not None:
            self.view = panned(self.view, self._whole(), direction * PAN)

    # The mouse.

    def on_click(self, event: events.Click) -> None:
        if not self.metrics:
            return
        if self.enlarged:
            cell = event.x - self.left
            if 0 <= cell < self.plot_width:
                axis = x_axis(self.chart(self.chosen), self.plot_width)
                self.go_to(axis.value(2 * cell))
            return
        across = min(self.across - 1, event.x // (self.chart_width + GAP))
        row = (event.y - self.legend_lines) // self.chart_height
        index = self.shown.start + row * self.across + across
        if index in self.shown:
            self.chosen = index
            if event.chain > 1:
                self.action_enlarge()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        if self.enlarged:
            self.action_zoom(-1)
        else:
            self.action_move(0, 1)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        if self.enlarged:
            self.action_zoom(1)
        else:
            self.action_move(0, -1)
