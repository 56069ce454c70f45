"""A picture of curves in letters, one a curve, for pages that are read as text."""

from __future__ import annotations

import math
from collections.abc import Sequence

from tui_tracker.curves import log_labels, log_ticks, tick_labels, ticks
from tui_tracker.curves.axes import Axis
from tui_tracker.report.blocks import Drawn, Picture

LETTERS = "abcdefghijklmnopqrstuvwxyz"
_COLUMNS, _ROWS = 64, 15


def text_chart(picture: Picture) -> list[str]:
    """Return the lines of a chart with its axes and a legend."""
    rows = [[" "] * _COLUMNS for _ in range(_ROWS)]
    x = Axis(picture.first, picture.last, _COLUMNS)
    y = Axis(picture.low, picture.high, _ROWS, picture.log)
    # The first is the one that matters most, so it is drawn over the others.
    for number, line in reversed(list(enumerate(picture.lines))):
        _trace(rows, line, x, y, LETTERS[number])
    marks = y_marks(picture, _ROWS // 2)
    labels = {_ROWS - 1 - y.place(value): text for value, text in marks}
    width = max((len(text) for text in labels.values()), default=0)
    drawn = [f"{picture.title}"]
    for at, row in enumerate(rows):
        text = labels.get(at, "")
        drawn.append(f"{text:>{width}} {'┤' if text else '│'}{''.join(row)}".rstrip())
    drawn.append(f"{'':>{width}} └{'─' * _COLUMNS}")
    drawn.append(f"{'':>{width}}  {_x_line(picture, x)}".rstrip())
    names = [f"{LETTERS[number]}  {line.label}" for number, line in enumerate(picture.lines)]
    return [*drawn, "", *names]


def y_marks(picture: Picture, count: int) -> list[tuple[float, str]]:
    """Return the ticks of the axis of values with their labels."""
    if picture.log:
        values = log_ticks(picture.low, picture.high, count)
        return list(zip(values, log_labels(values), strict=True))
    values = ticks(picture.low, picture.high, count)
    return list(zip(values, tick_labels(values), strict=True))


def x_marks(picture: Picture, count: int) -> list[tuple[float, str]]:
    """Return the ticks of the axis of steps with their labels."""
    values = ticks(picture.first, picture.last, count)
    values = [value for value in values if float(value).is_integer()] or [picture.first]
    return list(zip(values, tick_labels(values), strict=True))


def _trace(rows: list[list[str]], line: Drawn, x: Axis, y: Axis, letter: str) -> None:
    """Draw a line; columns between two points are on the straight line between them."""
    before: tuple[int, int] | None = None
    for place, value in zip(line.xs, line.means, strict=True):
        if not math.isfinite(value):
            before = None
            continue
        now = x.place(place), y.place(value)
        for column, row in _between(before, now):
            rows[len(rows) - 1 - row][column] = letter
        before = now


def _between(before: tuple[int, int] | None, now: tuple[int, int]) -> Sequence[tuple[int, int]]:
    if before is None:
        return [now]
    steps = max(1, abs(now[0] - before[0]), abs(now[1] - before[1]))
    return [
        (
            round(before[0] + (now[0] - before[0]) * step / steps),
            round(before[1] + (now[1] - before[1]) * step / steps),
        )
        for step in range(1, steps + 1)
    ]


def _x_line(picture: Picture, x: Axis) -> str:
    row = [" "] * (_COLUMNS + 12)
    end = 0
    for value, text in x_marks(picture, 5):
        start = min(max(x.place(value) - len(text) // 2, 0), _COLUMNS - len(text))
        if start >= end and start >= 0:
            row[start : start + len(text)] = text
            end = start + len(text) + 1
    return f"{''.join(row).rstrip()}  {picture.x}"
