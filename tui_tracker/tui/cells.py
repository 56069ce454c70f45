"""How a cell of the table of runs reads.

What a `RunRow` holds is at hand with the row; what costs a question of its own (facts,
health, grades) comes later, as `Extras`, and reads as `…` until it does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from tui_tracker.formatting import MISSING, format_ago, printable
from tui_tracker.tui.columns import GLYPHS, Column, duration_cell, metric_cell, param_cell

if TYPE_CHECKING:
    from tui_tracker.queries import RunRow

Extras = dict[int, dict[str, str]]
"""Costly cells: by run, then by the column's spec."""
COSTLY = frozenset({"fact", "health", "grade", "proof"})
"""Kinds of columns that `Extras` are for."""
SPARK_CELLS = 12


def cell_text(
    row: RunRow, column: Column, extras: Mapping[str, str], *, now: datetime, elapsed_s: float
) -> str:
    """Return the text of a cell, not yet padded."""
    if column.kind == "metric":
        return metric_cell(row, column)
    if column.kind == "param":
        return param_cell(row, column)
    if column.kind in COSTLY:
        return extras.get(column.spec, "…")
    if column.kind == "spark":
        return _curve(row.sparks.get(column.key, ()), column.width or SPARK_CELLS)
    if column.kind == "time":
        at = row.ended_at if column.spec == "ended" else row.started_at
        return format_ago(at, now) if at else MISSING
    if column.kind == "duration":
        return duration_cell(row, elapsed_s)
    if column.kind == "status":
        return f"{GLYPHS[row.status]} {row.status}"
    return _words(row, column)


def _curve(values: Sequence[float], cells: int) -> str:
    # Few tables have such a column, and the first frame waits for what is imported.
    from tui_tracker.curves import sparkline

    return sparkline(values, cells) if values else MISSING


def _words(row: RunRow, column: Column) -> str:
    """Return the text of a cell that is words of the user's own."""
    if column.kind == "tag":
        head = f"{column.key}:"
        found = [tag.removeprefix(head) for tag in row.tags if tag.startswith(head)]
        return printable(" ".join(found)) or MISSING
    words = {
        "name": row.name,
        "experiment": row.experiment,
        "tags": " ".join(row.tags),
        "notes": "  ".join(reversed(row.notes)),
        "host": row.host or MISSING,
        "user": row.user or MISSING,
        "id": row.id,
    }
    return printable(words.get(column.kind, ""))
