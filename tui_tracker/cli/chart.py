"""Curves as a chart of characters, drawn by plotext.

plotext 6 has one figure for the whole process, clamps it to the terminal, and takes
neither infinities nor, on a logarithmic axis, values of zero and below: all of that is
dealt with here. Its time grows with the points, so it only ever gets buckets.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Sequence
from dataclasses import dataclass

from tui_tracker.cli.output import rich_console
from tui_tracker.curves import log_ticks, tick_labels, ticks, value_range
from tui_tracker.formatting import crop, printable
from tui_tracker.queries import Buckets

COLOURS = ("bright_blue", "bright_green", "bright_red", "bright_yellow", "bright_magenta")
"""As Rich calls them; plotext has numbers for the same."""
_NUMBERS = (12, 10, 9, 11, 13)
_ASCII_MARKERS = "*+ox#"
_TO_ASCII = str.maketrans("┌┐└┘─│├┤┬┴┼", "++++-|+++++")
_NARROWEST, _LOWEST = 20, 6
_TICK_CELLS, _TICK_LINES = 12, 4

_figure = threading.Lock()


@dataclass(frozen=True, slots=True)
class Curve:
    """A curve and what it is called in the legend."""

    label: str
    buckets: Buckets


@dataclass(frozen=True, slots=True)
class Look:
    """How a chart is drawn."""

    width: int
    height: int
    log_y: bool = False
    ascii: bool = False
    colour: bool = True


def draw_chart(curves: Sequence[Curve], look: Look) -> str | None:
    """Return the chart as lines, with ANSI colours where wanted; None where nothing is drawable.

    Minimum and maximum of every bucket are drawn, so a spike of one step is seen. Where
    there is no finite value the line is broken.
    """
    mins = [value for curve in curves for value in curve.buckets.mins]
    maxs = [value for curve in curves for value in curve.buckets.maxs]
    span = value_range(mins, maxs, log=look.log_y)
    if span is None:
        return None
    with _figure:
        return _draw(curves, look, span)


def _draw(curves: Sequence[Curve], look: Look, span: tuple[float, float]) -> str:
    import plotext  # type: ignore[import-untyped]  # takes 150 ms: only for a chart

    figure = plotext.figure
    plotext.terminal.limit(False, False)
    figure.clear()
    figure.theme("simple" if look.colour else "colorless")
    figure.plot_size(max(_NARROWEST, look.width), max(_LOWEST, look.height))
    figure.legend(False)
    _draw_axes(figure, curves, look, span)
    for number, curve in enumerate(curves):
        steps, values, breaks = path(curve.buckets, span, log=look.log_y)
        if not steps:
            continue
        symbol = _ASCII_MARKERS[number % len(_ASCII_MARKERS)] if look.ascii else "braille"
        pixel = plotext.pixel(_NUMBERS[number % len(_NUMBERS)]) if look.colour else None
        signal = figure.signal(steps, values, marker=plotext.marker(symbol, pixel))
        signal.lines()
        for index in breaks:
            signal.line(index, False)
        figure.draw(signal)
    text = str(figure.build().string())
    if not look.colour:
        text = str(plotext.uncolorize(text))
    lines = [line.rstrip() for line in text.splitlines()]
    drawn = "\n".join(lines).rstrip("\n")
    return drawn.translate(_TO_ASCII) if look.ascii else drawn


def path(
    buckets: Buckets, span: tuple[float, float], *, log: bool
) -> tuple[list[int], list[float], list[int]]:
    """Return steps and values to connect, and the places where the line is broken.

    Each bucket is a stroke between its minimum and its maximum, entered at the nearer end.
    With `log` the values are powers of ten; what is zero or below is left out.
    """
    steps: list[int] = []
    values: list[float] = []
    breaks: list[int] = []
    bottom = span[0]
    broken = False
    stretches = zip(buckets.low_steps, buckets.high_steps, buckets.mins, buckets.maxs, strict=True)
    for low_step, high_step, low, high in stretches:
        if not (math.isfinite(low) and math.isfinite(high)) or (log and high <= 0):
            broken = True
            continue
        ends = [math.log10(max(low, bottom)), math.log10(high)] if log else [low, high]
        if values and abs(ends[1] - values[-1]) < abs(ends[0] - values[-1]):
            ends.reverse()
        if broken and values:
            breaks.append(len(values))
        broken = False
        steps += [low_step, high_step]
        values += ends
    return steps, values, breaks


def _draw_axes(
    figure: object, curves: Sequence[Curve], look: Look, span: tuple[float, float]
) -> None:
    first = min(curve.buckets.first_step for curve in curves)
    last = max(curve.buckets.last_step for curve in curves)
    x, y = figure.ruler("x"), figure.ruler("y")  # type: ignore[attr-defined]
    up = max(2, look.height // _TICK_LINES)
    if look.log_y:
        # Drawn as powers of ten on a linear axis: plotext's own logarithmic axis loses
        # what lies below 1 once limits are set.
        marks = log_ticks(*span, up)
        y.lim(math.log10(span[0]), math.log10(span[1]))
        y.ticks([math.log10(mark) for mark in marks], tick_labels(marks))
    else:
        marks = ticks(*span, up)
        y.lim(*span)
        y.ticks(marks, tick_labels(marks))
    x.lim(first, last if last > first else first + 1)
    across = [mark for mark in ticks(first, last, look.width // _TICK_CELLS) if mark.is_integer()]
    across = across or [float(first)]
    x.ticks(across, tick_labels(across))


def print_legend(curves: Sequence[Curve], look: Look) -> None:
    """Print the curves' names, one a line, each with what it is drawn in."""
    console = rich_console() if look.colour else None
    for number, curve in enumerate(curves):
        name = crop(printable(curve.label), look.width - 4, "..." if look.ascii else "…")
        name = name.encode("ascii", "replace").decode() if look.ascii else name
        if console is None:
            mark = f"{_ASCII_MARKERS[number % len(_ASCII_MARKERS)]} " if look.ascii else ""
            print(mark + name)
            continue
        from rich.text import Text

        line = Text("━━ ", COLOURS[number % len(COLOURS)])
        line.append(name, "default")
        console.print(line, soft_wrap=True)
