"""How a cell of the table of runs reads.

What a `RunRow` holds is at hand with the row; what costs a question of its own (notes,
facts, curves, health) comes later, as `Extras`, and reads as `…` until it does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from tui_tracker.formatting import MISSING, format_ago, printable
from tui_tracker.tui.columns import GLYPHS, Column, duration_cell, metric_cell, param_cell

if TYPE_CHECKING:
    from tui_tracker.queries import RunRow

Extra = str | tuple[float, ...]
"""A text, or the values that a small curve is drawn from."""
Extras = dict[int, dict[str, Extra]]
"""Costly cells: by run, then by the column's spec."""
COSTLY = frozenset({"notes", "host", "user", "spark", "fact", "health", "grade"})
"""Kinds of columns that `Extras` are for."""
SPARK_CELLS = 12


def cell_text(
    row: RunRow, column: Column, extras: Mapping[str, Extra], *, now: datetime, elapsed_s: float
) -> str:
    """Return the text of a cell, not yet padded."""
    if column.kind == "metric":
        return metric_cell(row, column)
    if column.kind == "param":
        return param_cell(row, column)
    if column.kind in COSTLY:
        return _extra(extras.get(column.spec), column.width or SPARK_CELLS)
    if column.kind == "time":
        at = row.ended_at if column.spec == "ended" else row.started_at
        return format_ago(at, now) if at else MISSING
    if column.kind == "duration":
        return duration_cell(row, elapsed_s)
    words = {
        "status": f"{GLYPHS[row.status]} {row.status}",
        "name": row.name,
        "experiment": row.experiment,
        "tags": " ".join(row.tags),
        "id": row.id,
    }
    return printable(words.get(column.kind, ""))


def _extra(value: Extra | None, cells: int) -> str:
    if value is None:
        return "…"
    if isinstance(value, str):
        return value
    from tui_tracker.curves import sparkline

    values: Sequence[float] = value
    return sparkline(values, cells) if values else MISSING
