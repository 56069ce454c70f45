"""Curves as a chart of characters, drawn by plotext.

plotext 6 has one figure for the whole process, clamps it to the terminal, and takes
neither infinities nor, on a logarithmic axis, values of zero and below: all of that is
dealt with here. Its time grows with the points, so it only ever gets buckets.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from string import ascii_letters
from typing import Literal

from tui_tracker import curves as arithmetic
from tui_tracker.cli.output import rich_console
from tui_tracker.curves import (
    duration_label,
    duration_ticks,
    log_labels,
    log_ticks,
    tick_labels,
    ticks,
    time_labels,
    time_ticks,
    value_range,
)
from tui_tracker.formatting import crop, printable
from tui_tracker.queries import Buckets

COLOURS = (
    *("bright_blue", "bright_green", "bright_red", "bright_yellow"),
    *("bright_magenta", "bright_cyan", "white"),
)
"""As Rich calls them; plotext has numbers for the same."""
_NUMBERS = (12, 10, 9, 11, 13, 14, 7)
_DIM = 8
_TO_ASCII = str.maketrans("┌┐└┘─│├┤┬┴┼", "++++-|+++++")
_NARROWEST, _LOWEST = 20, 6
_TICK_CELLS, _TICK_LINES = 12, 3
_BEYOND = 1e300
"""plotext subtracts values, which overflows near the largest floats."""

X = Literal["step", "wall", "relative", "metric"]
Span = tuple[float, float]

_figure = threading.Lock()


@dataclass(frozen=True, slots=True)
class Curve:
    """A curve and what it is called in the legend."""

    label: str
    buckets: Buckets | arithmetic.Curve
    spread: arithmetic.Curve | None = None
    """The band around it, drawn as its edges."""
    behind: Buckets | arithmetic.Curve | None = None
    """Drawn dim behind it: the curve before it was smoothed."""


@dataclass(frozen=True, slots=True)
class Look:
    """How a chart is drawn."""

    width: int
    height: int
    log_y: bool = False
    ascii: bool = False
    colour: bool = True
    log_x: bool = False
    x: X = "step"
    x_name: str = ""
    """What the x axis counts; "" says nothing."""
    levels: tuple[float, ...] = field(default=())
    """Values that a level line is drawn at."""


def marker(number: int, count: int) -> str:
    """Return the character that one of several curves is drawn with where only letters are."""
    return "*" if count == 1 else ascii_letters[number % len(ascii_letters)]


def in_letters(count: int, look: Look) -> bool:
    """Return whether curves are drawn with letters: in ASCII, and to tell them apart."""
    return look.ascii or (count > 1 and not look.colour)


def draw_chart(curves: Sequence[Curve], look: Look) -> str | None:
    """Return the chart as lines, with ANSI colours where wanted; None where nothing is drawable.

    Minimum and maximum of every bucket are drawn, so a spike of one step is seen. Where
    there is no finite value the line is broken.
    """
    shown = [part for curve in curves for part in (curve.buckets, curve.spread) if part is not None]
    mins = [value for part in shown for value in part.mins]
    maxs = [value for part in shown for value in part.maxs]
    levels = [level for level in look.levels if level > 0 or not look.log_y]
    span = value_range([*mins, *levels], [*maxs, *levels], log=look.log_y)
    if span is None or value_range(mins, maxs, log=look.log_y) is None:
        return None
    with _figure:
        return _draw(curves, look, span)


def _draw(curves: Sequence[Curve], look: Look, span: Span) -> str:
    import plotext  # type: ignore[import-untyped]  # takes 150 ms: only for a chart

    figure = plotext.figure
    plotext.terminal.limit(False, False)
    figure.clear()
    figure.theme("simple" if look.colour else "colorless")
    figure.plot_size(max(_NARROWEST, look.width), max(_LOWEST, look.height))
    figure.legend(False)
    extent = _extent(curves, look)
    _draw_axes(figure, look, span, extent)
    letters = in_letters(len(curves), look)
    for level in look.levels:
        if span[0] <= level <= span[1]:
            ends = _place(extent[0], log=look.log_x), _place(extent[1], log=look.log_x)
            at = _place(level, log=look.log_y)
            _add(figure, ([*ends], [at, at], []), ("-", _DIM), look, lines=True)
    # What is behind first: plotext draws one over the other.
    for number, curve in enumerate(curves):
        colour = _NUMBERS[number % len(_NUMBERS)]
        if curve.behind is not None and look.colour:
            behind = path(curve.behind, span, log=look.log_y, log_x=look.log_x)
            _add(figure, behind, ("." if letters else "braille", _DIM), look, lines=True)
        for edge in _edges(curve, span, look):
            _add(figure, edge, ("." if letters else "·", colour), look, lines=False)
    for number, curve in enumerate(curves):
        symbol = marker(number, len(curves)) if letters else "braille"
        line = path(curve.buckets, span, log=look.log_y, log_x=look.log_x)
        _add(figure, line, (symbol, _NUMBERS[number % len(_NUMBERS)]), look, lines=True)
    text = str(figure.build().string())
    if not look.colour:
        text = str(plotext.uncolorize(text))
    lines = [line.rstrip() for line in text.rstrip("\n").splitlines()]
    drawn = "\n".join([*lines[:-1], _with_unit(lines[-1], look)])
    return drawn.translate(_TO_ASCII) if look.ascii else drawn


def _with_unit(line: str, look: Look) -> str:
    """Return the line of ticks with what they count at its end, where that is free."""
    if "\x1b" in line or not look.x_name or len(line) + len(look.x_name) + 2 > look.width:
        return line
    return line.ljust(look.width - len(look.x_name)) + look.x_name


def _add(
    figure: object,
    points: tuple[list[float], list[float], list[int]],
    symbol: tuple[str, int],
    look: Look,
    *,
    lines: bool,
) -> None:
    import plotext

    xs, values, breaks = points
    if not xs:
        return
    pixel = plotext.pixel(symbol[1]) if look.colour else None
    made = plotext.marker(symbol[0], pixel)
    signal = figure.signal(xs, values, marker=made)  # type: ignore[attr-defined]
    if lines:
        signal.lines()
        for index in breaks:
            signal.line(index, False)
    figure.draw(signal)  # type: ignore[attr-defined]


def _edges(
    curve: Curve, span: Span, look: Look
) -> list[tuple[list[float], list[float], list[int]]]:
    """Return the smallest and the largest values of a band as points."""
    if curve.spread is None:
        return []
    made = []
    for values in (curve.spread.mins, curve.spread.maxs):
        points = [
            (_place(max(low, 1.0) if look.log_x else low, log=look.log_x), value)
            for low, value in zip(curve.spread.lows, values, strict=True)
            if math.isfinite(value) and (value > 0 or not look.log_y)
        ]
        heights = [_place(max(value, span[0]), log=look.log_y) for _, value in points]
        made.append(([x for x, _ in points], heights, list[int]()))
    return made


def _place(value: float, *, log: bool) -> float:
    return math.log10(value) if log else max(-_BEYOND, min(_BEYOND, value))


def _ends(buckets: Buckets | arithmetic.Curve) -> tuple[Sequence[float], Sequence[float]]:
    """Return where buckets begin and end on x."""
    if isinstance(buckets, Buckets):
        return buckets.low_steps, buckets.high_steps
    return buckets.lows, buckets.highs


def path(
    buckets: Buckets | arithmetic.Curve, span: Span, *, log: bool, log_x: bool = False
) -> tuple[list[float], list[float], list[int]]:
    """Return places and values to connect, and the places where the line is broken.

    Each bucket is a stroke between its minimum and its maximum, entered at the nearer end.
    With `log` the values are powers of ten; what is zero or below is left out.
    """
    steps: list[float] = []
    values: list[float] = []
    breaks: list[int] = []
    bottom = span[0]
    broken = False
    stretches = zip(*_ends(buckets), buckets.mins, buckets.maxs, strict=True)
    for low_step, high_step, low, high in stretches:
        if log_x and high_step <= 0:
            continue
        if not (math.isfinite(low) and math.isfinite(high)) or (log and high <= 0):
            broken = True
            continue
        ends = [_place(max(low, bottom) if log else low, log=log), _place(high, log=log)]
        if values and abs(ends[1] - values[-1]) < abs(ends[0] - values[-1]):
            ends.reverse()
        if broken and values:
            breaks.append(len(values))
        broken = False
        if log_x:
            low_step = low_step if low_step > 0 else high_step
            steps += [math.log10(low_step), math.log10(high_step)]
        else:
            steps += [low_step, high_step]
        values += ends
    return steps, values, breaks


def _extent(curves: Sequence[Curve], look: Look) -> Span:
    """Return what the x axis spans; on a logarithmic one from the first place above zero."""
    ends = [_ends(curve.buckets) for curve in curves]
    lows = [low for some, _ in ends for low in some]
    highs = [high for _, some in ends for high in some]
    first, last = min(lows), max(highs)
    if look.log_x:
        first = min((x for x in (*lows, *highs) if x > 0), default=1)
        last = max(last, first)
    if last > first:
        return first, last
    return first, first * 10 if look.log_x else first + 1


def _draw_axes(figure: object, look: Look, span: Span, extent: Span) -> None:
    x, y = figure.ruler("x"), figure.ruler("y")  # type: ignore[attr-defined]
    up = max(2, look.height // _TICK_LINES)
    # Drawn as powers of ten on a linear axis: plotext's own logarithmic axis loses
    # what lies below 1 once limits are set.
    marks = log_ticks(*span, up) if look.log_y else ticks(*span, up)
    labels = log_labels(marks) if look.log_y else tick_labels(marks)
    y.lim(*(_place(end, log=look.log_y) for end in span))
    y.ticks([_place(mark, log=look.log_y) for mark in marks], labels)
    x.lim(*(_place(end, log=look.log_x) for end in extent))
    across = x_ticks(extent, look)
    x.ticks([_place(mark, log=look.log_x) for mark, _ in across], [text for _, text in across])


def x_ticks(extent: Span, look: Look) -> list[tuple[float, str]]:
    """Return the ticks of the x axis with their labels."""
    count = max(2, look.width // _TICK_CELLS)
    if look.x == "wall":
        values = time_ticks(*extent, count)
        return list(zip(values, time_labels(values), strict=True))
    if look.x == "relative":
        values = log_ticks(*extent, count) if look.log_x else duration_ticks(*extent, count)
        return [(value, duration_label(value)) for value in values]
    values = log_ticks(*extent, count) if look.log_x else ticks(*extent, count)
    if look.x == "step":
        values = [mark for mark in values if mark.is_integer()] or [float(extent[0])]
    labels = log_labels(values) if look.log_x else tick_labels(values)
    return list(zip(values, labels, strict=True))


def print_legend(curves: Sequence[Curve], look: Look) -> None:
    """Print the curves' names, one a line, each with what it is drawn in."""
    console = rich_console() if look.colour else None
    letters = in_letters(len(curves), look)
    for number, curve in enumerate(curves):
        name = crop(printable(curve.label), look.width - 4, "..." if look.ascii else "…")
        name = name.encode("ascii", "replace").decode() if look.ascii else name
        symbol = f"{marker(number, len(curves))} " if letters else ""
        if console is None:
            print(symbol + name)
            continue
        from rich.text import Text

        line = Text(symbol or "━━ ", COLOURS[number % len(COLOURS)])
        line.append(name, "default")
        console.print(line, soft_wrap=True)
