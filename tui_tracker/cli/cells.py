"""Columns of runs as the command line prints them, to people and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from tui_tracker.cli.output import on_terminal
from tui_tracker.cli.tables import Column
from tui_tracker.errors import BadColumn
from tui_tracker.formatting import (
    MISSING,
    align_points,
    format_ago,
    format_duration,
    format_number,
    format_time,
    format_value,
    printable,
)
from tui_tracker.queries import RunKey, RunRow, get_rows
from tui_tracker.queries.columns import ColumnSpec
from tui_tracker.store import Store

STYLES = {"running": "green", "failed": "red", "crashed": "red", "killed": "yellow"}
SHORT_ID = 8
"""Of the end: runs that were started close together share the beginning."""
_CHUNK = 500


def read_cells(store: Store, keys: Sequence[RunKey], specs: Sequence[ColumnSpec]) -> list[RunRow]:
    """Return the rows of runs with what the columns show.

    Raises:
        BadColumn: one is a column that only the app can show.
    """
    for spec in specs:
        if spec.kind == "health":
            raise BadColumn(str(spec), "the health of runs is shown by the app alone")
    names = {kind: [spec.key for spec in specs if spec.kind == kind] for kind in _NAMED}
    grade = ["grade"] if any(spec.kind == "grade" for spec in specs) else []
    notes = any(spec.kind == "notes" for spec in specs)
    rows: list[RunRow] = []
    for start in range(0, len(keys), _CHUNK):
        rows += get_rows(
            store,
            keys[start : start + _CHUNK],
            params=names["param"],
            metrics=names["metric"],
            facts=names["fact"] + grade,
            sparks=names["spark"],
            notes=notes,
        )
    return rows


_NAMED = ("param", "metric", "fact", "spark")


def columns_of(rows: Sequence[RunRow], specs: Sequence[ColumnSpec]) -> list[Column]:
    """Return the columns of a table; those that come first stay on a narrow terminal."""
    return [_column(rows, spec, number) for number, spec in enumerate(specs)]


def _column(rows: Sequence[RunRow], spec: ColumnSpec, rank: int) -> Column:
    cells = [_cell(row, spec) for row in rows]
    right = spec.kind in ("param", "metric", "duration") or (
        spec.kind in ("started", "ended") and on_terminal()
    )
    if spec.kind == "metric":
        cells = align_points(cells)
    title = title_of(spec)
    styles: Sequence[str] = ()
    if spec.kind == "status":
        styles = [STYLES.get(row.status, "") for row in rows]
    elif spec.kind in ("name", "id"):
        styles = ("bold" if spec.kind == "name" else "dim",)
    return Column(title, cells, right=right, rank=rank, styles=styles)


def title_of(spec: ColumnSpec) -> str:
    """Return what stands over a column; the best value of a metric has its direction."""
    if spec.title:
        return printable(spec.title)
    if spec.kind == "metric" and spec.statistic == "best":
        return printable(spec.key) + {"min": " ↓", "max": " ↑"}.get(spec.stat, "")
    return printable(spec.heading)


def _cell(row: RunRow, spec: ColumnSpec) -> str:
    if spec.kind == "metric":
        return _metric(row, spec)
    if spec.kind == "param":
        return format_value(row.params[spec.key]) if spec.key in row.params else MISSING
    if spec.kind == "spark":
        from tui_tracker.curves import sparkline

        values = row.sparks.get(spec.key, ())
        return sparkline(values, spec.width or 12) if values else MISSING
    if spec.kind in ("started", "ended"):
        at = row.started_at if spec.kind == "started" else row.ended_at
        if at is None:
            return MISSING
        return format_ago(at, datetime.now(UTC)) if on_terminal() else format_time(at)
    return printable(_words(row, spec)) or MISSING


def _metric(row: RunRow, spec: ColumnSpec) -> str:
    summary = row.metrics.get(spec.key)
    if summary is None:
        return MISSING
    value = getattr(summary, spec.stat)
    # A metric without a finite value has no best; its last says why (NaN, inf).
    return format_number(summary.last if value is None else value)


def _words(row: RunRow, spec: ColumnSpec) -> str:
    """Return the words of a cell; "" where there are none."""
    from tui_tracker.tui.columns import GLYPHS

    if spec.kind in ("fact", "grade"):
        return ", ".join(row.facts.get(spec.key or "grade", ()))
    if spec.kind == "tag":
        return ", ".join(_tag_values(row, spec.key))
    return {
        "status": f"{GLYPHS[row.status]} {row.status}",
        "name": row.name,
        "experiment": row.experiment,
        "duration": format_duration(row.duration_s),
        "tags": ", ".join(row.tags),
        "notes": row.notes[-1] if row.notes else "",
        "host": row.host,
        "user": row.user,
        "id": row.id[-SHORT_ID:],
    }.get(spec.kind, "")


def _tag_values(row: RunRow, key: str) -> list[str]:
    head = f"{key}:"
    return [tag.removeprefix(head) for tag in row.tags if tag.startswith(head)]


def cell_values(row: RunRow, specs: Sequence[ColumnSpec]) -> dict[str, object]:
    """Return a run's id and the values of the columns, by their specs; null where it has none."""
    values: dict[str, object] = {"id": row.id}
    for spec in specs:
        # A title and a width say nothing of the value.
        values[str(replace(spec, title="", width=None))] = _value(row, spec)
    return values


def _value(row: RunRow, spec: ColumnSpec) -> object:
    if spec.kind == "metric":
        summary = row.metrics.get(spec.key)
        return getattr(summary, spec.stat) if summary else None
    if spec.kind == "param":
        return row.params.get(spec.key)
    if spec.kind == "spark":
        return list(row.sparks.get(spec.key, ())) or None
    if spec.kind in ("fact", "grade"):
        found = row.facts.get(spec.key or "grade", ())
        return found[0] if len(found) == 1 else list(found) or None
    if spec.kind == "tag":
        return _tag_values(row, spec.key) or None
    return {
        "status": row.status,
        "name": row.name,
        "experiment": row.experiment,
        "started": iso(row.started_at),
        "ended": iso(row.ended_at),
        "duration": round(row.duration_s, 3),
        "tags": list(row.tags),
        "notes": list(row.notes),
        "host": row.host or None,
        "user": row.user or None,
        "id": row.id,
    }.get(spec.kind)


def iso(moment: datetime | None) -> str | None:
    """Return a time as JSON of this program has it, in UTC with milliseconds."""
    if moment is None:
        return None
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
