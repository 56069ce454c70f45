"""The x axis of a chart: what it spans, its round ticks and their unit."""

from __future__ import annotations

from tui_tracker.curves import (
    Axis,
    duration_label,
    duration_ticks,
    log_labels,
    log_ticks,
    tick_labels,
    ticks,
    time_labels,
    time_ticks,
)
from tui_tracker.formatting import crop, format_count, format_number
from tui_tracker.tui.widgets.curve_model import Chart, Look
from tui_tracker.tui.widgets.line_widget import Line

TICK_CELLS = 9
"""From one tick of the x axis to the next, at least."""


def x_axis(chart: Chart, plot_cells: int) -> Axis:
    """Return the x axis of a chart whose plot is `plot_cells` wide."""
    low, high = chart.x_range
    dots = max(2, 2 * plot_cells)
    whole = chart.look.x != "metric"
    if not high > low:
        high = low + 1 if whole else low + (abs(low) / 10 or 1.0)
    if chart.look.log_x and chart.look.x != "wall":
        # Step 0 has no place on a logarithmic axis; whole numbers then begin at 1.
        least = _least_above_zero(chart, whole=whole)
        if high > least:
            return Axis(max(low, least), high, dots, log=True)
    return Axis(low, high, dots)


def _least_above_zero(chart: Chart, *, whole: bool) -> float:
    if whole and chart.look.x == "step":
        return 1.0
    positive = [
        low
        for trace in chart.traces
        if trace.curve is not None
        for low in trace.curve.lows
        if low > 0
    ]
    return min(positive, default=1.0)


def x_ticks(look: Look, x: Axis, width: int) -> list[tuple[float, str]]:
    """Return the ticks of an x axis of `width` cells with their labels."""
    count = max(2, width // TICK_CELLS)
    if x.log:
        values = log_ticks(x.low, x.high, count)
        if look.x == "relative":
            return [(value, duration_label(value)) for value in values]
        return list(zip(values, log_labels(values), strict=True))
    if look.x == "wall":
        values = time_ticks(x.low, x.high, count)
        return list(zip(values, time_labels(values), strict=True))
    if look.x == "relative":
        values = duration_ticks(x.low, x.high, count)
        return [(value, duration_label(value)) for value in values]
    values = ticks(x.low, x.high, count)
    if look.x == "step":
        values = [value for value in values if value.is_integer()]
    return list(zip(values, tick_labels(values), strict=True))


def tick_line(chart: Chart, x: Axis, left: int, width: int) -> Line:
    """Return the labels of the x axis, each centred below its place, and what it counts."""
    line = [" "] * width
    name = crop(chart.look.x_name, width // 3)
    room = width
    if width >= 40:
        # In the corner, where it costs a tick at most.
        room = width - len(name) - 2
        line[width - len(name) :] = name
    end = -1
    for value, label in x_ticks(chart.look, x, width):
        at = x.place(value) // 2
        start = min(max(0, at - len(label) // 2), room - len(label))
        if start > end and start >= 0 and start + len(label) // 2 >= at - 2:
            line[start : start + len(label)] = label
            end = start + len(label) + 1
    text = "".join(line)
    return ((" " * left + text.rstrip(), "dim"),)


def place_words(look: Look, at: float) -> str:
    """Return a place on the x axis in words: `step 1,204`, `5m 03s`, `14:03:11`, `epoch 3.2`."""
    if look.x == "step":
        return f"step {format_count(round(at))}"
    if look.x == "relative":
        return f"after {duration_label(round(at / 1000) * 1000 if at >= 10_000 else at)}"
    if look.x == "wall":
        return f"at {time_labels([at, at + 1000])[0]}"
    return f"{look.x_name} {format_number(at)}"
