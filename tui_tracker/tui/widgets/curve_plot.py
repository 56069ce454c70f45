"""One chart as lines of spans: title in the frame line, round ticks, dots, letters, marks.

A pure function of its values, so that the grid can compare what it drew before with what
it would draw now and repaint only cells that differ.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tui_tracker.curves import (
    ASCII,
    BRAILLE,
    Axis,
    Canvas,
    Curve,
    fill,
    gaps,
    log_ticks,
    nice_range,
    smoothed,
    tick_labels,
    ticks,
    trace,
)
from tui_tracker.curves.canvas import stretches
from tui_tracker.formatting import crop
from tui_tracker.tui.widgets.curve_model import Chart, Trace
from tui_tracker.tui.widgets.curve_title import title_line
from tui_tracker.tui.widgets.curve_x import tick_line, x_axis
from tui_tracker.tui.widgets.line_widget import Line, Role, Span

GUTTER_MOST = 10
TITLE_LINES, TICK_LINES = 1, 1
LETTERS_APART = 28
"""Cells between the letters along a line, where several lines are drawn."""

Overlay = dict[tuple[int, int], tuple[str, Role]]
"""Characters that stand on the dots, by row and cell."""


@dataclass(frozen=True, slots=True)
class Glyphs:
    """The characters around and between the dots."""

    axis: str
    tick: str
    cursor: str
    gap: str
    level: str
    mark: str
    dots: str


UNICODE = Glyphs("│", "┤", "│", "×", "┄", "▾", BRAILLE)
PLAIN = Glyphs("|", "+", "|", "x", "-", "!", ASCII)


def glyphs(chart: Chart) -> Glyphs:
    return PLAIN if chart.look.ascii else UNICODE


@dataclass(frozen=True, slots=True)
class Frame:
    """The y axis of a chart: its range, and what is written beside it."""

    limits: tuple[float, float] | None
    labels: tuple[tuple[float, str], ...] = ()


def frame(chart: Chart, height: int) -> Frame:
    """Return the y axis of a chart of `height` lines."""
    limits = chart.limits
    if limits is None:
        return Frame(None)
    count = max(3, (height - TITLE_LINES - TICK_LINES) // 3)
    if chart.look.log_y:
        values = log_ticks(*limits, count)
    else:
        limits = nice_range(*limits, count)
        values = ticks(*limits, count)
    return Frame(limits, tuple(zip(values, tick_labels(values), strict=True)))


def gutter(frames: Sequence[Frame]) -> int:
    """Return the cells left of the plots, one for all charts of a grid."""
    widths = [len(label) for one in frames for _, label in one.labels]
    return min(GUTTER_MOST, max(widths, default=1)) + 2


def draw(
    chart: Chart, width: int, height: int, left: int, *, chosen: bool, y_axis: Frame | None = None
) -> list[Line]:
    """Return the chart as `height` lines of at most `width` cells, `left` of them gutter."""
    plot = (max(1, width - left), max(1, height - TITLE_LINES - TICK_LINES))
    lines = [title_line(chart, width, chosen=chosen)]
    y_axis = y_axis or frame(chart, height)
    if y_axis.limits is None:
        lines += [((" " * left, ""), (crop(_nothing(chart), plot[0]), "dim"))]
        return [*lines, *[()] * (height - len(lines))]
    y = Axis(*y_axis.limits, 4 * plot[1], log=chart.look.log_y)
    x = x_axis(chart, plot[0])
    marks = {plot[1] - 1 - y.place(value) // 4: label for value, label in y_axis.labels}
    shapes = glyphs(chart)
    for row, cells in enumerate(_rows(chart, x, y, plot)):
        label = marks.get(row, "")
        edge = shapes.tick if label else shapes.axis
        side: Line = (
            (crop(label, left - 2).rjust(left - 2), "dim"),
            (f" {edge}" if left > 1 else edge, "faint"),
        )
        lines.append((*side, *cells))
    lines.append(tick_line(chart, x, left, plot[0]))
    return lines


def _nothing(chart: Chart) -> str:
    if chart.unread or (chart.traces and all(trace.curve is None for trace in chart.traces)):
        return "reading …" if not chart.look.ascii else "reading ..."
    known = [trace.summary for trace in chart.traces if trace.summary is not None]
    if chart.look.log_y and any(one.max is not None or one.min is not None for one in known):
        return "no value above zero: press L for a linear axis"
    return "no finite value"


def _rows(chart: Chart, x: Axis, y: Axis, plot: tuple[int, int]) -> list[Line]:
    """Return the plot's rows: lines, bands, raw curves behind smoothed ones, marks."""
    canvas = Canvas(*plot)
    roles: list[Role] = [""]
    letters = [" "]
    overlay: Overlay = {}
    for one in sorted(chart.traces, key=_depth):
        _draw_trace(canvas, one, chart, (x, y), roles, letters)
    tell_apart = len(chart.traces) > 1
    shown = glyphs(chart)
    if tell_apart and not chart.look.ascii:
        _add_letters(overlay, chart, x, y, plot)
    _add_gaps(overlay, chart, x, plot)
    _add_marks(overlay, chart, x)
    levels = _levels(chart, y, plot[1])
    at = x.place(chart.cursor) // 2 if chart.cursor is not None else None
    by_letter = tell_apart and chart.look.ascii
    rows = []
    for row, (text, owners) in enumerate(canvas.rows(shown.dots)):
        cells, painted = text, owners
        if by_letter:
            cells = "".join(
                letters[owner] if owner and letters[owner] != " " else character
                for character, owner in zip(text, owners, strict=True)
            )
        spots = {cell: spot for (line, cell), spot in overlay.items() if line == row}
        rows.append(
            _row(cells, painted, roles, spots, _ground(shown, row, levels, at, plot[0]), at)
        )
    return rows


def _depth(one: Trace) -> tuple[bool, bool]:
    return not one.faded, one.pinned or one.chosen


def _draw_trace(
    canvas: Canvas,
    one: Trace,
    chart: Chart,
    axes: tuple[Axis, Axis],
    roles: list[Role],
    letters: list[str],
) -> None:
    if one.curve is None:
        return

    def owner(role: Role, letter: str) -> int:
        roles.append(role)
        letters.append(letter)
        return len(roles) - 1

    # An owner is a byte; what comes after the last shares its colour.
    if len(roles) > 250:
        return
    role: Role = "faint" if one.faded else one.role
    if one.spread is not None:
        canvas.add(fill(one.spread, *axes), owner(role, "."))
    curve, smoothing = one.curve, chart.look.smoothing
    if smoothing:
        if not one.faded:
            canvas.add(trace(curve, *axes), owner("faint", "."))
        layer = trace(smoothed(curve, smoothing), *axes)
    else:
        layer = trace(curve, *axes, means=one.spread is not None)
    over = bool(smoothing) or one.spread is not None
    canvas.add(layer, owner(role, one.letter), over=over)


def _levels(chart: Chart, y: Axis, height: int) -> dict[int, Role]:
    """Return the rows that a level runs through: zero of a difference, the threshold."""
    levels: dict[int, Role] = {}
    if chart.zero and y.low <= 0 <= y.high and not y.log:
        levels[height - 1 - y.place(0) // 4] = "faint"
    if chart.threshold is not None and y.low <= chart.threshold <= y.high:
        levels[height - 1 - y.place(chart.threshold) // 4] = "second"
    return levels


def _ground(
    shown: Glyphs, row: int, levels: dict[int, Role], at: int | None, width: int
) -> tuple[str, Role] | None:
    """Return what stands in the blank cells of a row, None where nothing does."""
    if row in levels:
        return shown.level * width, levels[row]
    if at is not None:
        return " " * at + shown.cursor + " " * (width - at - 1), "dim"
    return None


def _row(
    text: str,
    owners: bytes,
    roles: Sequence[Role],
    spots: dict[int, tuple[str, Role]],
    ground: tuple[str, Role] | None,
    at: int | None,
) -> Line:
    if not spots and ground is None:
        end = len(text.rstrip())
        return tuple(
            (text[start:stop], roles[owner]) for start, stop, owner in stretches(owners[:end])
        )
    spans: list[tuple[str, Role]] = []
    for cell, (character, owner) in enumerate(zip(text, owners, strict=True)):
        role: Role = roles[owner]
        if cell in spots:
            character, role = spots[cell]
        elif not owner and ground is not None and (ground[0][cell] != " "):
            character, role = ground[0][cell], ground[1]
            if cell == at:
                role = "dim"
        # A blank has no colour, so it may join either neighbour.
        if spans and (spans[-1][1] == role or character == " "):
            spans[-1] = (spans[-1][0] + character, spans[-1][1])
        else:
            spans.append((character, role))
    return tuple(spans)


def _add_letters(overlay: Overlay, chart: Chart, x: Axis, y: Axis, plot: tuple[int, int]) -> None:
    """Put each line's letter at its end, and now and then along it, where there is room."""
    count = max(1, len(chart.traces))
    for number, one in enumerate(sorted(chart.traces, key=lambda one: not one.faded)):
        if one.curve is None or not len(one.curve.lows):
            continue
        role: Role = "faint" if one.faded else one.role
        first = LETTERS_APART * (number + 1) // (count + 1)
        places = [plot[0], *range(first, plot[0] - 4, LETTERS_APART)]
        points = _cells(one.curve, x, y, plot)
        if not points:
            continue
        columns = sorted(points)
        for place in places:
            column = max((c for c in columns if c <= place), default=None)
            if column is None or (place != plot[0] and column < place - 2):
                continue
            row = points[column]
            if place == plot[0]:
                row = _free(overlay, row, column, plot[1])
            if (row, column) not in overlay:
                overlay[row, column] = (one.letter, role)


def _free(overlay: Overlay, row: int, column: int, height: int) -> int:
    """Return the row nearest to `row` whose cell no other letter has taken."""
    rows = sorted(range(height), key=lambda other: (abs(other - row), other))
    return next((other for other in rows[:5] if (other, column) not in overlay), row)


def _cells(curve: Curve, x: Axis, y: Axis, plot: tuple[int, int]) -> dict[int, int]:
    """Return the row of a line in each cell column that it has a finite value in."""
    found = {}
    for low, high, mean in zip(curve.lows, curve.highs, curve.means, strict=True):
        drawable = mean > 0 if y.log else mean == mean
        if drawable and high >= x.low and low <= x.high:
            found[x.place(low / 2 + high / 2) // 2] = plot[1] - 1 - y.place(mean) // 4
    return found


def _add_gaps(overlay: Overlay, chart: Chart, x: Axis, plot: tuple[int, int]) -> None:
    for one in chart.traces:
        if one.curve is not None and not one.faded:
            for dot in gaps(one.curve, x):
                overlay.setdefault((plot[1] - 1, dot // 2), (glyphs(chart).gap, "bad"))


def _add_marks(overlay: Overlay, chart: Chart, x: Axis) -> None:
    """Mark what health found on the top row, and first crossings on it too."""
    for mark in chart.marks:
        if x.low <= mark.step <= x.high:
            overlay[0, x.place(mark.step) // 2] = (glyphs(chart).mark, "bad")
    for at in chart.crossings:
        if x.low <= at <= x.high:
            overlay.setdefault((0, x.place(at) // 2), (glyphs(chart).mark, "second"))


__all__ = ["Chart", "Frame", "Span", "draw", "frame", "gutter"]
