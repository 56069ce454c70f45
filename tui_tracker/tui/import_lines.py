"""The lines of the page that shows what was read of another tool, before it is kept."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from tui_tracker.formatting import fit, format_count, printable, wrap
from tui_tracker.lineage.words import plural
from tui_tracker.queries.imported import ImportedTool

if TYPE_CHECKING:
    from tui_tracker.importers.opening import Reading
    from tui_tracker.queries.imported import ImportedLine
    from tui_tracker.tui.widgets.line_widget import Line, Role

_COUNTS = (("params", 7), ("metrics", 8), ("points", 11), ("lines", 8), ("files", 6))
_STATUS, _TOOL = 10, 16
_LEAST_NAME = 16
_ROLES: dict[str, Role] = {"failed": "bad", "crashed": "bad", "running": "good"}


def import_lines(
    reading: Reading,
    tools: Sequence[ImportedTool],
    runs: Sequence[ImportedLine],
    said: Sequence[Line],
    width: int,
) -> tuple[Line, ...]:
    """Return the whole page; `said` is what is known of printed logs and tables."""
    return (
        (),
        *_tools(reading, tools),
        (),
        *_troubles("Left out", reading.skipped, "bad", width),
        *_troubles("To know", reading.warnings, "second", width),
        *said,
        *_table(runs, width, sum(one.runs for one in tools) - len(runs)),
    )


def _tools(reading: Reading, tools: Sequence[ImportedTool]) -> Iterable[Line]:
    if not reading.done:
        yield ((f" Reading: {plural(reading.runs, 'run')} so far …", "accent"),)
    known = {one.tool: one for one in tools}
    for tool in reading.tools or known:
        one = known.get(tool, ImportedTool(tool, 0, 0))
        counts = f"{plural(one.runs, 'run')}, {plural(one.points, 'point')}"
        yield ((f" {fit(printable(tool), _TOOL)} ", "bold"), (counts, ""))


def _troubles(title: str, told: Sequence[str], role: Role, width: int) -> Iterable[Line]:
    if not told:
        return
    yield ((f" {title} ({format_count(len(told))})", role),)
    for text in told:
        for number, part in enumerate(wrap(printable(text), max(20, width - 6))):
            yield ((("   " if number else " · ") + part, ""),)
    yield ()


def _table(runs: Sequence[ImportedLine], width: int, others: int) -> Iterable[Line]:
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
    if others > 0:
        yield ((f" and {plural(others, 'run')} more", "dim"),)


def _told(run: ImportedLine) -> str:
    name = run.name or os.path.basename(run.path)
    return f"{run.experiment}/{name} " if run.experiment else f"{name} "


def _fits(title: str, width: int) -> bool:
    return {"params": width >= 96, "files": width >= 88, "lines": width >= 80}.get(title, True)
