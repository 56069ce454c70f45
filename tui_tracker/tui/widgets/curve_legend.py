"""The legend of an enlarged chart: every line with its value at the cursor, best on top."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tui_tracker.curves import Curve
from tui_tracker.formatting import align_points, cell_width, crop, fit, format_number
from tui_tracker.telling import metric_stat
from tui_tracker.tui.widgets.curve_model import Chart, Trace
from tui_tracker.tui.widgets.curve_x import place_words
from tui_tracker.tui.widgets.line_widget import Line, Role, Span

PANEL_FROM, PANEL_WIDTH = 100, 38
"""From this width on the legend stands beside the chart."""
COLUMN_WIDTH = 38


@dataclass(frozen=True, slots=True)
class Value:
    """What a line shows at a place."""

    words: str
    order: float
    """What it is sorted by; NaN comes last."""
    x: float | None = None
    """Where it was logged, if it is not where the cursor stands."""


NOTHING = Value("–", math.nan)
Exact = Mapping[tuple[str, int], tuple[float, tuple[float, ...]]]
"""Points that were read, by metric and run: where each stands, and its values."""


def at_place(curve: Curve, at: float) -> Value:
    """Return what a curve shows nearest to a place, from its buckets."""
    if not len(curve.lows) or not curve.first <= at <= curve.last:
        return NOTHING
    index = min(bisect_left(list(curve.highs), at), len(curve.lows) - 1)
    if index and at - curve.highs[index - 1] < curve.lows[index] - at:
        index -= 1
    low, high = curve.mins[index], curve.maxs[index]
    if not math.isfinite(high):
        return Value("NaN", math.nan)
    if low == high:
        where = None if curve.lows[index] <= at <= curve.highs[index] else curve.lows[index]
        return Value(format_number(low, 5), low, where)
    mean = curve.means[index]
    return Value(f"{format_number(low, 4)}..{format_number(high, 4)}", mean)


def exact_value(at: float, point: tuple[float, tuple[float, ...]]) -> Value:
    """Return a point that was read; of several values at one step the last."""
    x, values = point
    more = f" ({len(values)} values)" if len(values) > 1 else ""
    order = values[-1] if math.isfinite(values[-1]) else math.nan
    return Value(format_number(values[-1], 5) + more, order, None if x == at else x)


def values_of(chart: Chart, exact: Exact) -> list[tuple[Trace, Value]]:
    """Return the lines with their values at the cursor, or their last ones, best first."""
    rows = []
    for trace in chart.traces:
        rows.append((trace, _value(chart, trace, exact)))
    low_first = metric_stat(chart.title) == "min"

    def rank(row: tuple[Trace, Value]) -> tuple[bool, float]:
        order = row[1].order
        return math.isnan(order), order if low_first else -order

    return sorted(rows, key=rank)


def _value(chart: Chart, trace: Trace, exact: Exact) -> Value:
    if chart.cursor is not None:
        label = trace.summary.label if trace.summary else ""
        point = exact.get((label, trace.run)) if trace.spread is None else None
        if point is not None:
            return exact_value(chart.cursor, point)
        return at_place(trace.curve, chart.cursor) if trace.curve else NOTHING
    if trace.summary is not None:
        last = trace.summary.last
        return Value(format_number(last, 5), last if math.isfinite(last) else math.nan)
    if trace.curve is None or not len(trace.curve.means):
        return NOTHING
    return Value(format_number(trace.curve.means[-1], 5), trace.curve.means[-1])


def size(chart: Chart, width: int, height: int) -> tuple[int, int]:
    """Return the cells that a legend takes at the right, and the lines it takes below."""
    if len(chart.traces) < 2:
        return 0, 0
    rows = -(-len(chart.traces) // max(1, width // COLUMN_WIDTH))
    if width >= PANEL_FROM and rows > 2:
        return min(PANEL_WIDTH + (width - PANEL_FROM) // 4, 60), 0
    return 0, min(rows, max(2, height // 4)) + 1


def legend(chart: Chart, exact: Exact, width: int, height: int) -> list[Line]:
    """Return the legend as `height` lines of `width` cells, folded where it is longer."""
    rows = values_of(chart, exact)
    across = max(1, width // COLUMN_WIDTH) if width >= 2 * COLUMN_WIDTH else 1
    cell = width // across
    room = (height - 1) * across
    numbers = align_points(value.words for _, value in rows)
    shown, above, below = _window(rows, room)
    cells = [
        _row(chart, trace, value, numbers[index], cell - 1)
        for index, (trace, value) in enumerate(rows)
        if index in shown
    ]
    lines: list[Line] = [_head(chart, rows, above, below, width)]
    down = -(-len(cells) // across)
    for line in range(down):
        spans: list[Span] = []
        for part in cells[line::down]:
            taken = sum(cell_width(text) for text, _ in part)
            spans += [*part, (" " * max(0, cell - taken), "")]
        lines.append(tuple(spans))
    return [*lines, *[()] * (height - len(lines))][:height]


def _window(rows: Sequence[tuple[Trace, Value]], room: int) -> tuple[range, int, int]:
    """Return which rows are shown, around the chosen one, and how many are not."""
    chosen = next((index for index, (trace, _) in enumerate(rows) if trace.chosen), 0)
    first = max(0, min(chosen - room // 2, len(rows) - room))
    last = min(len(rows), first + max(1, room))
    return range(first, last), first, len(rows) - last


def _head(
    chart: Chart, rows: Sequence[tuple[Trace, Value]], above: int, below: int, width: int
) -> Line:
    words = place_words(chart.look, chart.cursor) if chart.cursor is not None else "last"
    more = f"{len(rows) - above - below} of {len(rows)}" if above or below else ""
    gap = max(1, width - 3 - cell_width(words) - len(more))
    return ((f"  {words}", "bold"), (" " * gap + more, "dim"))


def _row(chart: Chart, trace: Trace, value: Value, number: str, cells: int) -> list[Span]:
    marks = ("*" if chart.look.ascii else "◆") if trace.pinned else " "
    if trace.chosen:
        marks = ">" if chart.look.ascii or chart.look.plain else "▌"
    where = ""
    if value.x is not None and chart.look.x == "step":
        where = f" @{value.x:,.0f}"
    name_room = max(4, cells - 4 - len(number) - len(where))
    role: Role = "faint" if trace.faded else trace.role
    name: Role = "bold" if trace.chosen else "dim" if trace.faded else ""
    note = f"  {trace.note}" if trace.note and trace.spread is not None else ""
    dots = ".." if chart.look.ascii else "…"
    return [
        (marks, "mark" if trace.chosen else "second"),
        (f"{trace.letter} ", role),
        (fit(crop(trace.name + note, name_room, dots), name_room), name),
        (f" {number}", "" if not trace.faded else "dim"),
        (where, "dim"),
    ]


def strip_legend(rows: Sequence[Trace], width: int) -> Line:
    """Return the lines' letters and names in one line, for above a grid; the rest is counted."""
    spans: list[Span] = []
    taken = 0
    for index, trace in enumerate(rows):
        text = f"{trace.letter} "
        name = crop(trace.name, 32)
        left = len(rows) - index - 1
        more = f"  +{left} more" if left else ""
        need = len(text) + cell_width(name) + 3
        if taken + need + len(more) > width and index:
            spans.append((f"+{left + 1} more", "dim"))
            break
        spans += [(text, trace.role), (name + "   ", "dim" if trace.faded else "")]
        taken += need
    return tuple(spans)
