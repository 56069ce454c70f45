"""The lines of the page that shows what was read of another tool, before it is kept."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from tui_tracker.formatting import fit, format_count, printable, wrap

if TYPE_CHECKING:
    from tui_tracker.importers.opening import Reading
    from tui_tracker.queries.imported import ImportedLine
    from tui_tracker.tui.widgets.line_widget import Line, Role

_COUNTS = (("params", 7), ("metrics", 8), ("points", 11), ("lines", 8), ("files", 6))
_STATUS, _TOOL = 10, 16
_LEAST_NAME = 16
_ROLES: dict[str, Role] = {"failed": "bad", "crashed": "bad", "running": "good"}


def import_lines(
    reading: Reading, runs: Sequence[ImportedLine], said: Sequence[Line], width: int
) -> tuple[Line, ...]:
    """Return the whole page; `said` is what is known of printed logs."""
    return (
        (),
        *_tools(reading, runs),
        (),
        *_troubles("Left out", reading.skipped, "bad", width),
        *_troubles("To know", reading.warnings, "second", width),
        *said,
        *_table(runs, width),
    )


def _tools(reading: Reading, runs: Sequence[ImportedLine]) -> Iterable[Line]:
    if not reading.done:
        yield ((f" Reading: {format_count(reading.runs)} runs so far …", "accent"),)
    for tool in reading.tools or sorted({run.tool for run in runs}):
        mine = [run for run in runs if run.tool == tool]
        points = format_count(sum(run.points for run in mine))
        count = f"{format_count(len(mine))} run{'' if len(mine) == 1 else 's'}"
        yield ((f" {fit(printable(tool), _TOOL)} ", "bold"), (f"{count}, {points} points", ""))


def _troubles(title: str, told: Sequence[str], role: Role, width: int) -> Iterable[Line]:
    if not told:
        return
    yield ((f" {title} ({format_count(len(told))})", role),)
    for text in told:
        for number, part in enumerate(wrap(printable(text), max(20, width - 6))):
            yield ((("   " if number else " · ") + part, ""),)
    yield ()


def _table(runs: Sequence[ImportedLine], width: int) -> Iterable[Line]:
    if not runs:
        return
    wide = [count for count in _COUNTS if _fits(count[0], width)]
    name = max(_LEAST_NAME, width - 3 - _STATUS - _TOOL - sum(size + 1 for _, size in wide))
    head = "".join(f"{title:>{size}} " for title, size in wide)
    yield ((f" {fit('run', name)}{fit('tool', _TOOL)}{fit('status', _STATUS)}{head}", "head"),)
    for run in runs:
        counts = "".join(f"{format_count(getattr(run, title)):>{size}} " for title, size in wide)
        yield (
            (f" {fit(printable(_told(run)), name)}", ""),
            (fit(printable(run.tool), _TOOL), "dim"),
            (fit(run.status, _STATUS), _ROLES.get(run.status, "dim")),
            (counts, ""),
        )


def _told(run: ImportedLine) -> str:
    name = run.name or os.path.basename(run.path)
    return f"{run.experiment}/{name} " if run.experiment else f"{name} "


def _fits(title: str, width: int) -> bool:
    return {"params": width >= 96, "files": width >= 88, "lines": width >= 80}.get(title, True)
