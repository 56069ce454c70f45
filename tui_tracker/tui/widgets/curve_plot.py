"""One chart as lines of spans: title in the frame line, round ticks, braille dots.

A pure function of its values, so that the grid can compare what it drew before with what
it would draw now and repaint only lines that differ.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tui_tracker.curves import (
    Axis,
    braille,
    columns,
    gaps,
    log_ticks,
    smooth,
    tick_labels,
    ticks,
    value_range,
)
from tui_tracker.formatting import cell_width, crop, format_count, format_number, printable
from tui_tracker.tui.columns import metric_stat
from tui_tracker.tui.widgets.line_widget import Line, Role, Span

if TYPE_CHECKING:
    from tui_tracker.queries import Buckets, MetricSummary

GUTTER_MOST = 10
TITLE_LINES, TICK_LINES = 1, 1


@dataclass(frozen=True, slots=True)
class Chart:
    """What one chart shows and how."""

    metric: MetricSummary
    buckets: Buckets | None
    """None until they were read."""
    log: bool = False
    smoothing: float = 0.0
    view: tuple[int, int] | None = None
    """First and last step shown; None for all."""
    cursor: int | None = None
    """The step under the cursor of an enlarged chart."""
    reading: str = ""
    """The value at the cursor, in words."""

    @property
    def x_range(self) -> tuple[int, int]:
        """The steps that the x axis spans."""
        if self.view is not None:
            return self.view
        if self.buckets is not None:
            return self.buckets.first_step, self.buckets.last_step
        return self.metric.first_step, self.metric.last_step


def x_axis(chart: Chart, plot_cells: int) -> Axis:
    """Return the step axis of a chart whose plot is `plot_cells` wide."""
    low, high = chart.x_range
    return Axis(low, max(high, low + 1), max(2, 2 * plot_cells))


def y_labels(chart: Chart, height: int) -> list[tuple[float, str]]:
    """Return the ticks of the y axis with their labels; empty where nothing is drawn."""
    limits = _limits(chart)
    if limits is None:
        return []
    count = max(3, (height - TITLE_LINES - TICK_LINES) // 3)
    values = log_ticks(*limits, count) if chart.log else ticks(*limits, count)
    return list(zip(values, tick_labels(values), strict=True))


def gutter(charts: Sequence[Chart], height: int) -> int:
    """Return the cells left of the plots, one for all charts of a grid."""
    widths = [len(label) for chart in charts for _, label in y_labels(chart, height)]
    return min(GUTTER_MOST, max(widths, default=1)) + 2


def draw(chart: Chart, width: int, height: int, left: int, *, chosen: bool) -> list[Line]:
    """Return the chart as `height` lines of at most `width` cells, `left` of them gutter."""
    plot = (max(1, width - left), max(1, height - TITLE_LINES - TICK_LINES))
    lines = [title_line(chart, width, chosen=chosen)]
    limits = _limits(chart)
    if limits is None:
        words = "reading …" if chart.buckets is None else _no_values(chart)
        lines += [((" " * left, ""), (crop(words, plot[0]), "dim"))] * 1
        return [*lines, *[()] * (height - len(lines))]
    y = Axis(*limits, 4 * plot[1], log=chart.log)
    x = x_axis(chart, plot[0])
    marks = {plot[1] - 1 - y.place(value) // 4: label for value, label in y_labels(chart, height)}
    for row, cells in enumerate(_cells(chart, x, y, plot)):
        label = marks.get(row, "")
        axis = "┤" if label else "│"
        edge: Line = (
            (crop(label, left - 2).rjust(left - 2), "dim"),
            (f" {axis}" if left > 1 else axis, "faint"),
        )
        lines.append((*edge, *cells))
    lines.append(_tick_line(x, left, plot[0]))
    return lines


def _limits(chart: Chart) -> tuple[float, float] | None:
    if chart.buckets is None:
        return None
    return value_range(chart.buckets.mins, chart.buckets.maxs, log=chart.log)


def _no_values(chart: Chart) -> str:
    if chart.log and chart.metric.max is not None:
        return "no value above zero: press L for a linear axis"
    return "no finite value"


def title_line(chart: Chart, width: int, *, chosen: bool) -> Line:
    """Return the frame line with the metric's name and what it came to."""
    rule: Role = "accent" if chosen else "faint"
    name = crop(printable(chart.metric.label), max(4, width - 8))
    notes = _notes(chart, width - cell_width(name) - 6)
    taken = sum(cell_width(text) for text, _ in notes)
    fill = max(0, width - 3 - cell_width(name) - 1 - taken - (1 if notes else 0))
    title: Role = "accent" if chosen else "bold"
    spans: list[Span] = [("── ", rule), (name, title), (" " + "─" * fill, rule)]
    if notes:
        spans += [(" ", ""), *notes]
    return tuple(spans)


def _notes(chart: Chart, room: int) -> list[Span]:
    """Return the words at the right of the title, as many as there is room for."""
    metric = chart.metric
    if chart.reading:
        return [(crop(chart.reading, max(0, room)), "")]
    last = f"last {format_number(metric.last)}"
    stat = metric_stat(metric.label)
    best, at = {
        "min": (metric.min, metric.min_step),
        "max": (metric.max, metric.max_step),
        "last": (None, None),
    }[stat]
    long = f"{stat} {format_number(best)} at {format_count(at)}" if at is not None else ""
    short = f"{stat} {format_number(best)}" if best is not None else ""
    broken = " ".join(
        f"{count} {word}" for count, word in ((metric.nan, "NaN"), (metric.inf, "inf")) if count
    )
    state = " ".join(
        word for word in ("log" if chart.log else "", _smoothing_word(chart.smoothing)) if word
    )
    for parts in (
        [(state, "second"), (broken, "bad"), (long, "dim"), (last, "dim")],
        [(state, "second"), (broken, "bad"), (short, "dim"), (last, "dim")],
        [(state, "second"), (broken, "bad"), (last, "dim")],
        [(state, "second"), (broken, "bad")],
        [(broken, "bad"), (last, "dim")],
        [(broken, "bad"), (format_number(metric.last), "dim")],
    ):
        spans: list[Span] = []
        for text, role in parts:
            if text:
                spans += [("  ", ""), (text, role)] if spans else [(text, role)]  # type: ignore[list-item]
        if sum(cell_width(text) for text, _ in spans) <= room:
            return spans
    return []


def _smoothing_word(weight: float) -> str:
    return f"smooth {weight:g}" if weight else ""


def _cells(chart: Chart, x: Axis, y: Axis, plot: tuple[int, int]) -> list[Line]:
    """Return the plot's rows: curve, smoothed curve over it, gaps, and the cursor."""
    buckets = chart.buckets
    assert buckets is not None
    steps = (buckets.low_steps, buckets.high_steps)
    curve = braille(columns(*steps, buckets.mins, buckets.maxs, x, y), plot[1])
    over = [" " * plot[0]] * plot[1]
    if chart.smoothing:
        middles = [low / 2 + high / 2 for low, high in zip(buckets.mins, buckets.maxs, strict=True)]
        smoothed = smooth(middles, chart.smoothing)
        over = braille(columns(*steps, smoothed, smoothed, x, y), plot[1])
    broken = {dot // 2 for dot in gaps(*steps, buckets.maxs, x)}
    at = x.place(chart.cursor) // 2 if chart.cursor is not None else None
    rows = []
    for row, (below, above) in enumerate(zip(curve, over, strict=True)):
        marks = broken if row == plot[1] - 1 else set()
        rows.append(_row(below, above, marks, at, dim=bool(chart.smoothing)))
    return rows


def _row(below: str, above: str, broken: set[int], at: int | None, *, dim: bool) -> Line:
    spans: list[tuple[str, Role]] = []
    for index, (low, high) in enumerate(zip(below, above, strict=True)):
        text, role = _cell(low, high, dim=dim)
        if text == " " and index in broken:
            text, role = "×", "bad"
        if index == at:
            text, role = ("│", "second") if text == " " else (text, "second")
        # A blank has no colour, so it may join either neighbour.
        if spans and (spans[-1][1] == role or text == " "):
            spans[-1] = (spans[-1][0] + text, spans[-1][1])
        else:
            spans.append((text, role))
    return tuple(spans)


def _cell(low: str, high: str, *, dim: bool) -> tuple[str, Role]:
    if high != " ":
        return high, "accent"
    if low != " ":
        return low, "dim" if dim else "accent"
    return " ", ""


def _tick_line(x: Axis, left: int, width: int) -> Line:
    """Return the labels of the step axis, each centred below its dot column."""
    values = [value for value in ticks(x.low, x.high, max(2, width // 8)) if value.is_integer()]
    line = [" "] * width
    end = -1
    for value, label in zip(values, tick_labels(values), strict=True):
        at = x.place(value) // 2
        start = min(max(0, at - len(label) // 2), width - len(label))
        if start > end and start >= 0:
            line[start : start + len(label)] = label
            end = start + len(label) + 1
    return ((" " * left + "".join(line).rstrip(), "dim"),)


def reading(chart: Chart, step: int, exact: Sequence[float]) -> str:
    """Return what the curve shows at a step: its values, or the range of its bucket."""
    if exact:
        values = ", ".join(f"{value:.10g}" if math.isfinite(value) else format_number(value)
                           for value in exact[:3])  # fmt: skip
        more = f" and {len(exact) - 3} more" if len(exact) > 3 else ""
        return f"step {format_count(step)}  {values}{more}"
    buckets = chart.buckets
    if buckets is None:
        return ""
    for low, high, least, most in zip(
        buckets.low_steps, buckets.high_steps, buckets.mins, buckets.maxs, strict=True
    ):
        if low <= step <= high:
            steps = (
                format_count(low) if low == high else f"{format_count(low)}–{format_count(high)}"
            )
            span = (
                f"{least:.8g}"
                if least == most
                else f"{format_number(least, 6)} … {format_number(most, 6)}"
            )
            return f"step {steps}  {span}"
    return f"step {format_count(step)}"
