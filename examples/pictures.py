"""Pictures for the examples: PNG where matplotlib is installed, else a plain SVG.

`draw_lines` and `draw_matrix` take a path without its ending and return the file they wrote.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path

import numpy as np

try:
    from matplotlib.figure import Figure
except ImportError:
    Figure = None

Line = tuple[Sequence[float], Sequence[float]]
"""The x and the y of its points; what is not finite is left out."""

_COLOURS = ("#1f77b4", "#d62728", "#2ca02c", "#9467bd", "#ff7f0e", "#17becf")
_WIDTH, _HEIGHT, _LEFT, _TOP, _RIGHT, _BOTTOM = 480, 320, 60, 16, 16, 44


def draw_lines(stem: Path, lines: Mapping[str, Line], x: str, y: str) -> Path:
    """Draw lines by name into one frame, with a legend."""
    kept = {name: _finite(*line) for name, line in lines.items()}
    if Figure is None:
        return _write_svg(stem, _line_marks(kept, x, y))
    figure = Figure(figsize=(4.8, 3.2), layout="constrained")
    axes = figure.subplots()
    for name, points in kept.items():
        axes.plot([a for a, _ in points], [b for _, b in points], label=name)
    axes.set(xlabel=x, ylabel=y)
    axes.legend()
    return _write_png(stem, figure)


def draw_matrix(stem: Path, counts: np.ndarray, names: Sequence[str]) -> Path:
    """Draw a confusion matrix: rows are what was true, columns what was said."""
    if Figure is None:
        return _write_svg(stem, _matrix_marks(counts, names))
    figure = Figure(figsize=(4.8, 4.0), layout="constrained")
    axes = figure.subplots()
    axes.imshow(counts, cmap="Blues")
    for (row, column), count in np.ndenumerate(counts):
        axes.text(column, row, str(int(count)), ha="center", va="center")
    axes.set(xlabel="said", ylabel="true")
    axes.set_xticks(range(len(names)), names)
    axes.set_yticks(range(len(names)), names)
    return _write_png(stem, figure)


def _write_png(stem: Path, figure: Figure) -> Path:
    path = stem.with_suffix(".png")
    # Without the version in it, equal pictures are equal files.
    figure.savefig(path, dpi=100, metadata={"Software": None})
    return path


def _write_svg(stem: Path, marks: Sequence[str]) -> Path:
    path = stem.with_suffix(".svg")
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" '
        'font-family="sans-serif" font-size="11">'
    )
    frame = f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="white"/>'
    path.write_text("\n".join([head, frame, *marks, "</svg>", ""]), encoding="utf-8")
    return path


def _finite(xs: Sequence[float], ys: Sequence[float]) -> list[tuple[float, float]]:
    pairs = [(float(a), float(b)) for a, b in zip(xs, ys, strict=True)]
    return [(a, b) for a, b in pairs if math.isfinite(a) and math.isfinite(b)]


def _line_marks(lines: Mapping[str, Sequence[tuple[float, float]]], x: str, y: str) -> list[str]:
    points = [point for line in lines.values() for point in line] or [(0.0, 0.0)]
    x_scale = _scale([a for a, _ in points], _LEFT, _WIDTH - _RIGHT)
    y_scale = _scale([b for _, b in points], _HEIGHT - _BOTTOM, _TOP)
    marks = [
        f'<rect x="{_LEFT}" y="{_TOP}" width="{_WIDTH - _LEFT - _RIGHT}" '
        f'height="{_HEIGHT - _TOP - _BOTTOM}" fill="none" stroke="black"/>',
        _text(_WIDTH / 2, _HEIGHT - 8, x, "middle"),
        _text(4, 12, y),
    ]
    low, high = min(b for _, b in points), max(b for _, b in points)
    marks += [_text(_LEFT - 4, y_scale(b) + 4, f"{b:.3g}", "end") for b in (low, high)]
    first, last = min(a for a, _ in points), max(a for a, _ in points)
    marks += [_text(x_scale(a), _HEIGHT - 28, f"{a:.3g}", "middle") for a in (first, last)]
    for number, (name, line) in enumerate(lines.items()):
        colour = _COLOURS[number % len(_COLOURS)]
        path = " ".join(f"{x_scale(a):.1f},{y_scale(b):.1f}" for a, b in line)
        marks.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        marks.append(_text(_LEFT + 8, _TOP + 14 + 13 * number, name, colour=colour))
    return marks


def _matrix_marks(counts: np.ndarray, names: Sequence[str]) -> list[str]:
    side = (_HEIGHT - _TOP - _BOTTOM) / len(names)
    most = max(1.0, float(counts.max()))
    marks = [_text(_LEFT, _HEIGHT - 8, "rows: true, columns: said")]
    for (row, column), count in np.ndenumerate(counts):
        left, top = _LEFT + column * side, _TOP + row * side
        marks.append(
            f'<rect x="{left:.1f}" y="{top:.1f}" width="{side:.1f}" height="{side:.1f}" '
            f'fill="#1f77b4" fill-opacity="{float(count) / most:.2f}" stroke="white"/>'
        )
        marks.append(_text(left + side / 2, top + side / 2 + 4, str(int(count)), "middle"))
    for number, name in enumerate(names):
        middle = (number + 0.5) * side
        marks.append(_text(_LEFT - 4, _TOP + middle + 4, name, "end"))
        marks.append(_text(_LEFT + middle, _HEIGHT - 28, name, "middle"))
    return marks


def _scale(values: Sequence[float], start: float, end: float):
    low, high = min(values), max(values)
    span = (high - low) or 1.0
    return lambda value: start + (value - low) / span * (end - start)


def _text(x: float, y: float, text: str, anchor: str = "start", colour: str = "black") -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}">'
        f"{escape(text)}</text>"
    )
