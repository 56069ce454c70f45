"""Columns of runs as the command line prints them, to people and as JSON."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tui_tracker.cli.output import on_terminal
from tui_tracker.cli.tables import Column
from tui_tracker.formatting import (
    MISSING,
    SHORT_ID,
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
from tui_tracker.queries.fact_cells import read_facts
from tui_tracker.store import Store
from tui_tracker.telling import metric_stat

if TYPE_CHECKING:
    from tui_tracker.health import Health

STYLES = {"running": "green", "failed": "red", "crashed": "red", "killed": "yellow"}
_CHUNK, _SCREEN = 500, 60
_JUDGED = frozenset(("last", "min", "max", "mean", "first"))
"""Statistics in which the direction of a metric says what is best."""
_JOINED = frozenset(("tags", "notes", "tag", "health"))
_NAMED = ("param", "metric", "fact", "spark")


@dataclass(frozen=True, slots=True)
class Cells:
    """What some columns show of some runs."""

    rows: Sequence[RunRow]
    facts: Mapping[RunKey, Mapping[str, str]]
    """Recorded facts by name; only those that a column shows."""
    health: Mapping[RunKey, tuple[Health, ...]]
    """Only where a column shows it."""
    judged: Mapping[str, Mapping[RunKey, str]]
    """Grades and proofs as they read, by the column's kind."""


def read_cells(store: Store, keys: Sequence[RunKey], specs: Sequence[ColumnSpec]) -> Cells:
    """Return what the columns show of these runs."""
    names = {kind: [spec.key for spec in specs if spec.kind == kind] for kind in _NAMED}
    kinds = {spec.kind for spec in specs}
    rows: list[RunRow] = []
    for start in range(0, len(keys), _CHUNK):
        rows += get_rows(
            store,
            keys[start : start + _CHUNK],
            params=names["param"],
            metrics=names["metric"],
            sparks=names["spark"],
            notes="notes" in kinds,
        )
    facts = names["fact"]
    return Cells(
        rows,
        read_facts(store, keys, facts) if facts else {},
        _health(store, keys) if "health" in kinds else {},
        _judged(store, keys, kinds),
    )


def _judged(
    store: Store, keys: Sequence[RunKey], kinds: Collection[str]
) -> dict[str, dict[RunKey, str]]:
    if not {"grade", "proof"}.intersection(kinds):
        return {}
    from tui_tracker.audit.cells import grade_cells, proof_cells

    found = {}
    if "grade" in kinds:
        found["grade"] = grade_cells(store, keys)
    if "proof" in kinds:
        found["proof"] = proof_cells(store, keys)
    return found


def _health(store: Store, keys: Sequence[RunKey]) -> dict[RunKey, tuple[Health, ...]]:
    from tui_tracker.queries.health import read_health

    found: dict[RunKey, tuple[Health, ...]] = {}
    # One call reads the points of as many runs as stand on a screen.
    for start in range(0, len(keys), _SCREEN):
        found |= read_health(store, keys[start : start + _SCREEN])
    return found


def columns_of(found: Cells, specs: Sequence[ColumnSpec]) -> list[Column]:
    """Return the columns of a table; those that come first stay on a narrow terminal."""
    return [_column(found, spec, number) for number, spec in enumerate(specs)]


def _column(found: Cells, spec: ColumnSpec, rank: int) -> Column:
    rows = found.rows
    cells = [_cell(found, row, spec) for row in rows]
    right = spec.kind in ("param", "metric", "duration") or (
        spec.kind in ("started", "ended") and on_terminal()
    )
    if spec.kind == "metric":
        cells = align_points(cells)
    title = title_of(spec)
    told = [_told(found, row, spec) for row in rows]
    styles: Sequence[str] = ()
    if spec.kind == "status":
        styles = [STYLES.get(row.status, "") for row in rows]
    elif spec.kind in ("name", "id"):
        styles = ("bold" if spec.kind == "name" else "dim",)
    better = metric_stat(spec.key) if spec.kind == "metric" and spec.stat in _JUDGED else ""
    return Column(title, cells, right, rank, styles, told, better, name=spec.title or spec.field)


def _told(found: Cells, row: RunRow, spec: ColumnSpec) -> object:
    """Return the value behind a cell, times as times."""
    if spec.kind in ("started", "ended"):
        return row.started_at if spec.kind == "started" else row.ended_at
    value = _value(found, row, spec)
    return ", ".join(map(str, value)) if spec.kind in _JOINED and value else value  # type: ignore[call-overload]


def title_of(spec: ColumnSpec) -> str:
    """Return what stands over a column; the best value of a metric has its direction."""
    if spec.title:
        return printable(spec.title)
    if spec.kind == "metric" and spec.statistic == "best":
        return printable(spec.key) + {"min": " ↓", "max": " ↑"}.get(spec.stat, "")
    return printable(spec.heading)


def _cell(found: Cells, row: RunRow, spec: ColumnSpec) -> str:
    if spec.kind in ("fact", "grade", "proof"):
        return printable(_fact(found, row, spec)) or MISSING
    if spec.kind == "health":
        from tui_tracker.health import summary

        return printable(summary(found.health.get(row.key, ()))[0]) or MISSING
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


def _fact(found: Cells, row: RunRow, spec: ColumnSpec) -> str:
    """Return a recorded fact, several values of it with commas; "" where there is none."""
    if spec.kind in ("grade", "proof"):
        return found.judged[spec.kind].get(row.key, "")
    return found.facts.get(row.key, {}).get(spec.key, "")


def _tag_values(row: RunRow, key: str) -> list[str]:
    head = f"{key}:"
    return [tag.removeprefix(head) for tag in row.tags if tag.startswith(head)]


def cell_values(found: Cells, specs: Sequence[ColumnSpec]) -> Iterator[dict[str, object]]:
    """Yield each run's id and the values of the columns, by their specs; null where it has none."""
    for row in found.rows:
        yield {"id": row.id, **{spec.field: _value(found, row, spec) for spec in specs}}


def _value(found: Cells, row: RunRow, spec: ColumnSpec) -> object:
    if spec.kind == "health":
        return [one.kind for one in found.health.get(row.key, ())]
    if spec.kind == "metric":
        summary = row.metrics.get(spec.key)
        return getattr(summary, spec.stat) if summary else None
    if spec.kind == "param":
        return row.params.get(spec.key)
    if spec.kind == "spark":
        return list(row.sparks.get(spec.key, ())) or None
    if spec.kind in ("fact", "grade", "proof"):
        return _fact(found, row, spec) or None
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
