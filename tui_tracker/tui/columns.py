"""Which columns a table of runs opens with, and how each cell reads.

A store may hold ten thousand metrics; a reader wants the five that decide. Names are
ranked by what they say (validation before training, quality before bookkeeping), and a
param is a column only where it differs between the runs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from tui_tracker.formatting import MISSING, format_duration, format_number, format_value, printable
from tui_tracker.telling import Stat, metric_rank
from tui_tracker.telling import metric_stat as metric_stat
from tui_tracker.telling import rank_metrics as rank_metrics

if TYPE_CHECKING:
    from tui_tracker.queries import RunRow, Status

METRIC_COLUMNS = 4
PARAM_COLUMNS = 8
SAMPLED_RUNS = 60
"""Runs that are looked at to see which params differ."""
SAMPLED_PARAMS = 80

GLYPHS: dict[Status, str] = {
    "running": "●",
    "finished": "✓",
    "failed": "✗",
    "killed": "■",
    "crashed": "▲",
}
"""One shape a status, so that it can be told without colour."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the table of runs."""

    field: str
    """What the table is sorted by, as `queries.Order.field` has it."""
    title: str
    kind: Literal["status", "name", "experiment", "metric", "param", "time", "duration", "tags"]
    key: str = ""
    """The metric's label or the param's name."""
    stat: Stat = "last"


def metric_columns(labels: Sequence[str]) -> list[Column]:
    """Return the columns of the most telling metrics; of bookkeeping only where that is all."""
    arrows = {"min": " ↓", "max": " ↑", "last": ""}
    ranked = rank_metrics(labels[:2000])
    telling = [label for label in ranked if metric_rank(label) < 3] or ranked
    columns = []
    for label in telling[:METRIC_COLUMNS]:
        stat = metric_stat(label)
        title = printable(label) + arrows[stat]
        columns.append(Column(f"metric:{label}.{stat}", title, "metric", label, stat))
    return columns


def param_columns(names: Sequence[str], sample: Sequence[RunRow]) -> list[Column]:
    """Return the columns of params that differ between the sampled runs.

    Those with few values come before those with one for every run, for they group; those
    that some runs lack come last.
    """

    def rank(name: str) -> int:
        values = {repr(row.params[name]) for row in sample if name in row.params}
        if len(values) > 1:
            return 1 if len(values) == len(sample) > 2 else 0
        return 2 if any(name not in row.params for row in sample) else 3

    differing = sorted((name for name in names if rank(name) < 3), key=rank)
    return [
        Column(f"param:{name}", printable(name), "param", name)
        for name in differing[:PARAM_COLUMNS]
    ]


def table_columns(
    metrics: Sequence[str], params: Sequence[str], sample: Sequence[RunRow]
) -> tuple[Column, ...]:
    """Return the columns of a table: status and name, metrics, params, times."""
    experiments = {row.experiment for row in sample}
    return (
        Column("status", "status", "status"),
        Column("name", "name", "name"),
        *metric_columns(metrics),
        Column("started", "started", "time"),
        Column("duration", "duration", "duration"),
        *param_columns(params, sample),
        *([Column("experiment", "experiment", "experiment")] if len(experiments) > 1 else []),
        *([Column("tags", "tags", "tags")] if any(row.tags for row in sample) else []),
    )


def metric_cell(row: RunRow, column: Column) -> str:
    """Return a run's value of the column's metric."""
    summary = row.metrics.get(column.key)
    if summary is None:
        return MISSING
    value = {"last": summary.last, "min": summary.min, "max": summary.max}[column.stat]
    # A metric without a finite value has no best; its last says why (NaN, inf).
    return format_number(summary.last if value is None else value)


def param_cell(row: RunRow, column: Column) -> str:
    """Return a run's value of the column's param."""
    return format_value(row.params[column.key]) if column.key in row.params else MISSING


def duration_cell(row: RunRow, elapsed_s: float) -> str:
    """Return a run's duration, `elapsed_s` after the row was read."""
    live = elapsed_s if row.status == "running" else 0.0
    return format_duration(row.duration_s + live)
