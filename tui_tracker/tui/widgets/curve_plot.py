"""One chart as lines of spans: title in the frame line, round ticks, dots, letters, marks.

A pure function of its values, so that the grid can compare what it drew before with what
it would draw now and repaint only cells that differ.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
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
    log_labels,
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
        labels = log_labels(values)
    else:
        limits = nice_range(*limits, count)
        values = ticks(*limits, count)
        labels = tick_labels(values)
    return Frame(limits, tuple(zip(values, labels, strict=True)))


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


class _Owners:
    """Whose cells are whose: roles and letters by the owners of a canvas."""

    def __init__(self) -> None:
        self.roles: list[Role] = [""]
        self.letters = [" "]
        self._single: dict[Role, int] = {}

    def add(self, role: Role, letter: str) -> int:
        """Return the owner of a layer; one is a byte, so the last is shared by all above."""
        if len(self.roles) < 255:
            self.roles.append(role)
            self.letters.append(letter)
        return len(self.roles) - 1

    def of(self, role: Role) -> int:
        """Return the owner of single characters of a role."""
        if role not in self._single:
            self._single[role] = self.add(role, " ")
        return self._single[role]


def _rows(chart: Chart, x: Axis, y: Axis, plot: tuple[int, int]) -> list[Line]:
    """Return the plot's rows: bands and raw curves, the lines over them, letters, marks."""
    canvas, owners = _painted(chart, x, y, plot)
    overlay: Overlay = {}
    shown = glyphs(chart)
    tell_apart = len(chart.traces) > 1
    if tell_apart and not chart.look.ascii:
        _add_letters(overlay, chart, x, y, plot)
    _add_gaps(overlay, chart, x, plot)
    _add_marks(overlay, chart, x)
    spots: dict[int, dict[int, tuple[str, Role]]] = {}
    for (row, cell), spot in overlay.items():
        spots.setdefault(row, {})[cell] = spot
    levels = _levels(chart, y, plot[1])
    at = x.place(chart.cursor) // 2 if chart.cursor is not None else None
    rows = []
    for row, (text, painted) in enumerate(canvas.rows(shown.dots)):
        cells = _lettered(text, painted, owners) if tell_apart and chart.look.ascii else text
        ground = _ground(shown, row, levels, at, painted)
        rows.append(_row(cells, painted, owners, {**ground, **spots.get(row, {})}))
    return rows


def _painted(chart: Chart, x: Axis, y: Axis, plot: tuple[int, int]) -> tuple[Canvas, _Owners]:
    """Return the dots: what is behind, then all lines over it."""
    behind, lines, owners = Canvas(*plot), Canvas(*plot), _Owners()
    smoothing = chart.look.smoothing
    # What stands out is drawn last, so that nothing hides it.
    for one in sorted(chart.traces, key=lambda one: (not one.faded, one.pinned or one.chosen)):
        if one.curve is None:
            continue
        role: Role = "faint" if one.faded else one.role
        if one.spread is not None:
            behind.add(fill(one.spread, x, y), owners.add(role, "."))
        if smoothing and not one.faded:
            behind.add(trace(one.curve, x, y), owners.add("faint", "."))
        curve = drawn_curve(one, chart)
        lines.add(trace(curve, x, y, means=one.spread is not None), owners.add(role, one.letter))
    behind.cover(lines)
    return behind, owners


def drawn_curve(one: Trace, chart: Chart) -> Curve:
    """Return what is drawn of a line: the smoothed curve, where the chart is smoothed."""
    assert one.curve is not None
    return smoothed(one.curve, chart.look.smoothing) if chart.look.smoothing else one.curve


def _lettered(text: str, painted: bytes, owners: _Owners) -> str:
    """Return a row of ASCII in which lines are drawn with their letters."""
    return "".join(
        owners.letters[owner] if owner else character
        for character, owner in zip(text, painted, strict=True)
    )


def _levels(chart: Chart, y: Axis, height: int) -> dict[int, Role]:
    """Return the rows that a level runs through: zero of a difference, the threshold."""
    levels: dict[int, Role] = {}
    if chart.zero and y.low <= 0 <= y.high and not y.log:
        levels[height - 1 - y.place(0) // 4] = "faint"
    if chart.threshold is not None and y.low <= chart.threshold <= y.high:
        levels[height - 1 - y.place(chart.threshold) // 4] = "second"
    return levels


def _ground(
    shown: Glyphs, row: int, levels: dict[int, Role], at: int | None, painted: bytes
) -> dict[int, tuple[str, Role]]:
    """Return what stands in the blank cells of a row: a level, the cursor."""
    ground: dict[int, tuple[str, Role]] = {}
    if row in levels:
        ground = {c: (shown.level, levels[row]) for c, owner in enumerate(painted) if not owner}
    # Every other row: as good to see, and half the bytes of a move.
    if at is not None and row % 2 == 0 and not painted[at]:
        ground[at] = (shown.cursor, "dim")
    return ground


def _row(text: str, painted: bytes, owners: _Owners, spots: dict[int, tuple[str, Role]]) -> Line:
    if spots:
        cells, owned = list(text), bytearray(painted)
        for cell, (character, role) in spots.items():
            cells[cell], owned[cell] = character, owners.of(role)
        text, painted = "".join(cells), bytes(owned)
    end, roles = len(text.rstrip()), owners.roles
    return tuple(
        (text[start:stop], roles[owner]) for start, stop, owner in stretches(painted[:end])
    )


def _add_letters(overlay: Overlay, chart: Chart, x: Axis, y: Axis, plot: tuple[int, int]) -> None:
    """Put each line's letter where no other line is, near its end and now and then along it.

    Where lines lie on each other a letter would name one of several, so there is none.
    """
    named = [one for one in chart.traces if one.curve is not None]
    rows = [_cells(drawn_curve(one, chart), x, y, plot) for one in named]
    taken = Counter(cell for points in rows for cell in points.items())
    letters = max(1, min(plot[0] // LETTERS_APART, 2 * plot[0] // (3 * len(named)) if named else 1))
    for number, (one, points) in enumerate(zip(named, rows, strict=True)):
        alone = sorted(column for column, row in points.items() if taken[column, row] == 1)
        role: Role = "faint" if one.faded else one.role
        apart = plot[0] // letters
        shift = apart * number // len(named)
        for place in [plot[0] - 1, *range(shift, plot[0] - LETTERS_APART // 2, apart)]:
            near = alone[max(0, bisect_right(alone, place) - 1) : bisect_right(alone, place)]
            if near and near[0] > place - LETTERS_APART // 2:
                overlay.setdefault((points[near[0]], near[0]), (one.letter, role))


def _cells(curve: Curve, x: Axis, y: Axis, plot: tuple[int, int]) -> dict[int, int]:
    """Return the row of a line in each cell column that it has a finite value in."""
    # A point a cell is enough to find where a letter may stand.
    apart = max(1, len(curve.lows) // plot[0])
    parts = (curve.lows[::apart], curve.highs[::apart], curve.means[::apart])
    points = [
        (low / 2 + high / 2, mean)
        for low, high, mean in zip(*parts, strict=True)
        if mean == mean and high >= x.low and low <= x.high and (mean > 0 or not y.log)
    ]
    columns = x.places([place for place, _ in points])
    rows = y.places([mean for _, mean in points])
    last = plot[1] - 1
    return {column >> 1: last - (row >> 2) for column, row in zip(columns, rows, strict=True)}


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
