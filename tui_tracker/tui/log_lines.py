"""The lines that tell what a printed log was taken for, before it is kept."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from tui_tracker.formatting import fit, format_count, format_value, printable, wrap

if TYPE_CHECKING:
    from tui_tracker.parsing.preview import Preview, PreviewRun, PreviewSeries
    from tui_tracker.tui.widgets.line_widget import Line

_MOST_SERIES, _MOST_ODD = 40, 8
_NAME, _AXIS, _COUNT, _VALUES = 24, 15, 9, 26


def log_lines(found: Preview, width: int) -> tuple[Line, ...]:
    """Return what was read as what and why, what is missing, and lines nobody understood."""
    understood = found.lines - found.unused_lines
    told = f"{format_count(understood)} of {format_count(found.lines)} lines understood"
    lines: list[Line] = [((f" {printable(found.path.name)}  ", "bold"), (told, ""))]
    if found.missing:
        words = f"it does not tell: {', '.join(found.missing)}"
        lines += [((f"   {part}", "second"),) for part in wrap(words, max(20, width - 6))]
    for run in found.runs:
        lines += _run(run, width)
    lines += _odd(found, width)
    return (*lines, ())


def _run(run: PreviewRun, width: int) -> Iterable[Line]:
    params = ", ".join(f"{name}={value}" for name, value in run.params)
    for number, part in enumerate(wrap(printable(params), max(20, width - 14)) if params else []):
        yield (("   params   " if not number else "            ", "dim"), (part, ""))
    if run.series:
        head = f"   {fit('metric', _NAME)}{fit('steps are', _AXIS)}{'points':>{_COUNT}}"
        yield ((f"{head}  {fit('first to last', _VALUES)}read as", "head"),)
    for series in run.series[:_MOST_SERIES]:
        yield _series(series)
    if len(run.series) > _MOST_SERIES:
        yield ((f"   and {format_count(len(run.series) - _MOST_SERIES)} more", "dim"),)


def _series(series: PreviewSeries) -> Line:
    values = f"{format_value(series.first)} to {format_value(series.last)}"
    return (
        (f"   {fit(printable(series.name), _NAME)}", ""),
        (fit(printable(series.axis), _AXIS), "dim"),
        (f"{format_count(series.count):>{_COUNT}}", ""),
        (f"  {fit(values, _VALUES)}", ""),
        (printable(f"line {series.line}: {series.how}"), "dim"),
    )


def _odd(found: Preview, width: int) -> Iterable[Line]:
    if found.odd:
        yield (("   not understood, such as", "second"),)
    for odd in found.odd[:_MOST_ODD]:
        text = fit(printable(odd.text.strip()), max(20, width - 14)).rstrip()
        yield ((f"   {odd.line:>7}  ", "dim"), (text, ""))
    for pattern in found.suggestions[:2]:
        yield (("   --pattern ", "accent"), (printable(repr(pattern)), ""))
