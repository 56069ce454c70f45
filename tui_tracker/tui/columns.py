"""Which columns a table of runs opens with, and how each cell reads.

A store may hold ten thousand metrics; a reader wants the five that decide. Names are
ranked by what they say (validation before training, quality before bookkeeping), and a
param is a column only where it differs between the runs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, cast

from tui_tracker.errors import BadColumn
from tui_tracker.formatting import (
    MISSING,
    format_count,
    format_duration,
    format_number,
    format_value,
    printable,
)
from tui_tracker.queries.columns import UNSORTED, ColumnSpec, parse_column
from tui_tracker.telling import metric_rank
from tui_tracker.telling import metric_stat as metric_stat
from tui_tracker.telling import rank_metrics as rank_metrics

if TYPE_CHECKING:
    from tui_tracker.queries import RunRow, Status

METRIC_COLUMNS = 4
PARAM_COLUMNS = 8
SAMPLED_RUNS = 60
"""Runs that are looked at to see which params differ."""
SAMPLED_PARAMS = 80

ARROWS = {"min": " ↓", "max": " ↑"}
"""What the title of a metric's best value ends in, by statistic."""
PLAIN: dict[str, tuple[Kind, bool]] = {
    "status": ("status", True),
    "name": ("name", True),
    "experiment": ("experiment", True),
    "started": ("time", True),
    "ended": ("time", True),
    "duration": ("duration", True),
    "tags": ("tags", True),
    "notes": ("notes", True),
    "host": ("host", True),
    "user": ("user", True),
    "id": ("id", True),
    "health": ("health", False),
    "grade": ("grade", True),
    "proof": ("proof", True),
}
"""Columns without a key: their kind, and whether the table can be sorted by them."""
GLYPHS: dict[Status, str] = {
    "running": "●",
    "finished": "✓",
    "failed": "✗",
    "killed": "■",
    "crashed": "▲",
    "pruned": "◇",
}
"""One shape a status, so that it can be told without colour."""


Kind = Literal[
    "status", "name", "experiment", "metric", "param", "time", "duration", "tags", "notes",
    "host", "user", "id", "spark", "fact", "tag", "health", "grade", "proof", "group", "count",
]  # fmt: skip
Statistic = Literal["last", "min", "max", "mean", "first", "count", "std"]


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the table of runs."""

    field: str
    """What the table is sorted by, as `queries.Order.field` has it; "" where it cannot be."""
    title: str
    kind: Kind
    key: str = ""
    """The metric's label, the param's name, or the fact's."""
    stat: Statistic = "last"
    spec: str = ""
    """What the column is called in saved views: `metric:val_f1.max`."""
    width: int | None = None
    """Cells, as set by hand; None: as wide as the cells are."""
    pinned: bool = False
    """It stands at the left and does not scroll."""
    renamed: bool = False
    """The title is a person's own."""


def metric_columns(labels: Sequence[str]) -> list[Column]:
    """Return the columns of the most telling metrics; of bookkeeping only where that is all."""
    ranked = rank_metrics(labels[:2000])
    telling = [label for label in ranked if metric_rank(label) < 3] or ranked
    columns = []
    for label in telling[:METRIC_COLUMNS]:
        stat = metric_stat(label)
        title = printable(label) + ARROWS.get(stat, "")
        spec = ColumnSpec("metric", label).field
        columns.append(Column(f"metric:{label}.{stat}", title, "metric", label, stat, spec))
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
        Column(
            f"param:{name}", printable(name), "param", name, spec=ColumnSpec("param", name).field
        )
        for name in differing[:PARAM_COLUMNS]
    ]


def table_columns(
    metrics: Sequence[str], params: Sequence[str], sample: Sequence[RunRow]
) -> tuple[Column, ...]:
    """Return the columns of a table: status and name, metrics, params, times."""
    experiments = {row.experiment for row in sample}
    return (
        plain_column("status", pinned=True),
        plain_column("name", pinned=True),
        *metric_columns(metrics),
        plain_column("started"),
        plain_column("duration"),
        *param_columns(params, sample),
        *([plain_column("experiment")] if len(experiments) > 1 else []),
        *([plain_column("tags")] if any(row.tags for row in sample) else []),
    )


def in_old_order(before: Sequence[Column], chosen: Sequence[Column]) -> tuple[Column, ...]:
    """Return the chosen columns, those that were there before where they were.

    Which metric comes first depends on how many runs have it: without this, columns would
    change places under the eyes of whoever watches runs begin. A new one follows the
    column that it follows in what was chosen.
    """
    specs = {column.spec: column for column in chosen}
    kept = [specs[column.spec] for column in before if column.spec in specs]
    for number, column in enumerate(chosen):
        if column not in kept:
            kept.insert(kept.index(chosen[number - 1]) + 1 if number else 0, column)
    return tuple(kept)


def plain_column(spec: str, *, pinned: bool = False) -> Column:
    """Return the column of a fact that every run has, such as its name."""
    kind, sortable = PLAIN[spec]
    return Column(spec if sortable else "", spec, kind, spec=spec, pinned=pinned)


def column_of(spec: ColumnSpec, *, pinned: bool = False) -> Column:
    """Return the column that a spec says."""
    kind = cast("Kind", {"started": "time", "ended": "time"}.get(spec.kind, spec.kind))
    arrow = ARROWS.get(spec.stat, "") if spec.kind == "metric" and spec.statistic == "best" else ""
    arrow = " curve" if spec.kind == "spark" else arrow
    return Column(
        field="" if spec.kind in UNSORTED else spec.sort_field,
        title=printable(spec.heading) + ("" if spec.title else arrow),
        kind=kind,
        key=spec.key,
        stat=cast("Statistic", spec.stat) if spec.kind == "metric" else "last",
        spec=spec.field,
        width=spec.width,
        pinned=pinned,
        renamed=bool(spec.title),
    )


def column_text(column: Column) -> str:
    """Return the spec of a column with its title and width, as a saved view has it."""
    spec = parse_column(column.spec)
    title = column.title if column.renamed else ""
    return str(replace(spec, title=title, width=column.width))


def read_columns(texts: Sequence[str], pinned: int) -> tuple[Column, ...]:
    """Return the columns of a layout, the first `pinned` of them standing still.

    What no version of this program could read is left out: a layout is comfort, and the
    rest of it still is.
    """
    found: list[Column] = []
    for number, text in enumerate(texts):
        try:
            column = column_of(parse_column(text), pinned=number < pinned)
        except BadColumn:
            continue
        if all(column.spec != other.spec for other in found):
            found.append(column)
    return tuple(found)


def metric_cell(row: RunRow, column: Column) -> str:
    """Return a run's value of the column's metric."""
    summary = row.metrics.get(column.key)
    if summary is None:
        return MISSING
    if column.stat == "count":
        return format_count(summary.count)
    value = getattr(summary, column.stat)
    # A metric without a finite value has no best; its last says why (NaN, inf).
    return format_number(summary.last if value is None else value)


def param_cell(row: RunRow, column: Column) -> str:
    """Return a run's value of the column's param."""
    return format_value(row.params[column.key]) if column.key in row.params else MISSING


def duration_cell(row: RunRow, elapsed_s: float) -> str:
    """Return a run's duration, `elapsed_s` after the row was read."""
    live = elapsed_s if row.status == "running" else 0.0
    return format_duration(row.duration_s + live)
