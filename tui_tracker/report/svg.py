"""A picture of curves as SVG: bands, lines, axes with their numbers; colours come from CSS.

Lines differ in their dashes as well as in colour, so that a print in grey can be read.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from html import escape
from itertools import groupby

from tui_tracker.curves.axes import Axis
from tui_tracker.report.blocks import Drawn, Picture
from tui_tracker.report.text_chart import x_marks, y_marks

_WIDTH, _HEIGHT = 760, 320
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 16, 14, 44
DASHES = ("", "7 3", "2 3", "9 3 2 3", "12 4", "4 4")


def to_svg(picture: Picture, number: int) -> str:
    """Return the picture as an element; `number` keeps ids apart on one page."""
    return "\n".join(_elements(picture, number))


class _Plane:
    """Where values are on the picture."""

    def __init__(self, picture: Picture) -> None:
        self.x_axis = Axis(picture.first, picture.last, 10_001)
        self.y_axis = Axis(picture.low, picture.high, 10_001, picture.log)

    def x(self, value: float) -> float:
        return _LEFT + self.x_axis.place(value) / 10_000 * (_WIDTH - _LEFT - _RIGHT)

    def y(self, value: float) -> float:
        return _HEIGHT - _BOTTOM - self.y_axis.place(value) / 10_000 * (_HEIGHT - _TOP - _BOTTOM)


def _elements(picture: Picture, number: int) -> Iterator[str]:
    plane = _Plane(picture)
    title, names = escape(picture.title), escape("; ".join(line.label for line in picture.lines))
    yield (
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-labelledby="t{number} d{number}">'
    )
    yield f'<title id="t{number}">{title}</title>'
    yield f'<desc id="d{number}">Curves of {title} over {escape(picture.x)}: {names}</desc>'
    yield from _axes(picture, plane)
    for place, line in reversed(list(enumerate(picture.lines))):
        yield from (
            f'<polygon class="band c{place}" points="{points}"/>' for points in _bands(line, plane)
        )
    for place, line in reversed(list(enumerate(picture.lines))):
        dash = f' stroke-dasharray="{DASHES[place]}"' if DASHES[place] else ""
        for points in _lines(line, plane):
            yield f'<polyline class="line c{place}"{dash} points="{points}"/>'
    yield "</svg>"


def _axes(picture: Picture, plane: _Plane) -> Iterator[str]:
    bottom, right = _HEIGHT - _BOTTOM, _WIDTH - _RIGHT
    for value, label in y_marks(picture, 7):
        at = f"{plane.y(value):.1f}"
        yield f'<line class="grid" x1="{_LEFT}" x2="{right}" y1="{at}" y2="{at}"/>'
        end = f'x="{_LEFT - 8}" y="{at}" dy=".32em" text-anchor="end"'
        yield f'<text class="tick" {end}>{label}</text>'
    for value, label in x_marks(picture, 8):
        at = f"{plane.x(value):.1f}"
        yield f'<line class="axis" x1="{at}" x2="{at}" y1="{bottom}" y2="{bottom + 4}"/>'
        yield f'<text class="tick" x="{at}" y="{bottom + 17}" text-anchor="middle">{label}</text>'
    yield f'<line class="axis" x1="{_LEFT}" x2="{right}" y1="{bottom}" y2="{bottom}"/>'
    middle, height = (_LEFT + right) // 2, (_TOP + bottom) // 2
    yield (
        f'<text class="name" x="{middle}" y="{_HEIGHT - 8}" text-anchor="middle">'
        f"{escape(picture.x)}</text>"
    )
    yield (
        f'<text class="name" transform="translate(13 {height}) rotate(-90)" text-anchor="middle">'
        f"{escape(picture.y)}</text>"
    )


def _stretches(line: Drawn) -> Iterator[list[int]]:
    """Yield the places of points without a gap between them."""
    known = [math.isfinite(value) for value in line.means]
    for fine, run in groupby(range(len(known)), key=lambda at: known[at]):
        if fine:
            yield list(run)


def _lines(line: Drawn, plane: _Plane) -> Iterator[str]:
    for places in _stretches(line):
        points = [f"{plane.x(line.xs[at]):.1f},{plane.y(line.means[at]):.1f}" for at in places]
        # A point alone has no line: one of no length is drawn as a dot by its round ends.
        yield " ".join(points * 2 if len(points) == 1 else points)


def _bands(line: Drawn, plane: _Plane) -> Iterator[str]:
    for places in _stretches(line):
        kept = [at for at in places if math.isfinite(line.lows[at] + line.highs[at])]
        if len(kept) < 2 or all(line.lows[at] == line.highs[at] for at in kept):
            continue
        over = [f"{plane.x(line.xs[at]):.1f},{plane.y(line.highs[at]):.1f}" for at in kept]
        under = [f"{plane.x(line.xs[at]):.1f},{plane.y(line.lows[at]):.1f}" for at in kept[::-1]]
        yield " ".join([*over, *under])
