"""What the peek pane tells of the run or the group under the cursor, in lines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from tui_tracker.curves import sparkline
from tui_tracker.formatting import (
    align_points,
    cell_width,
    crop,
    fit,
    format_ago,
    format_count,
    format_duration,
    format_number,
    format_value,
    printable,
    wrap,
)
from tui_tracker.tui.columns import GLYPHS, metric_stat
from tui_tracker.tui.group_cells import spread_cell
from tui_tracker.tui.grouping import by_words
from tui_tracker.tui.widgets.line_widget import Line, Role

if TYPE_CHECKING:
    from tui_tracker.queries import RunDetail, Status
    from tui_tracker.queries.groups import GroupRow

KEY_METRICS = 6
NOTE_LINES = 4
PARAMS = 12
STATUS_ROLES: dict[Status, Role] = {"running": "good", "failed": "bad", "crashed": "bad"}


@dataclass(frozen=True, slots=True)
class Peek:
    """What is shown of one run."""

    run: RunDetail
    labels: tuple[str, ...]
    """The metrics that tell most, by label."""
    sparks: Mapping[str, tuple[float, ...]]
    code: str
    """Its code in one line; "" where none was recorded."""
    data: str
    health: tuple[tuple[str, Role], ...]
    """What is wrong with it, worst first, each with the role of its severity."""
    read_at: datetime


def peek_lines(peek: Peek, width: int) -> tuple[Line, ...]:
    """Return a run in lines of at most `width` cells."""
    row = peek.run.row
    lines: list[Line] = [
        ((crop(printable(row.name), width), "bold"),),
        (
            (f"{GLYPHS[row.status]} {row.status}", STATUS_ROLES.get(row.status, "")),
            (f"  {format_duration(row.duration_s)}", ""),
            (f"  {format_ago(row.started_at, peek.read_at)}", "dim"),
        ),
        ((crop(printable(row.experiment), width), "dim"),),
    ]
    if row.status not in ("finished", "running") and peek.run.ended_by:
        lines += [((part, "bad"),) for part in _wrapped(peek.run.ended_by, width, 2)]
    for found, role in peek.health[:3]:
        lines += [((part, role),) for part in _wrapped(found, width, 2)]
    lines += _section(_metrics(peek, width))
    lines += _section(_params(peek, width))
    words = [(crop(printable("  ".join(row.tags)), width), "accent")] if row.tags else []
    lines += _section([((text, "accent"),) for text, _ in words])
    lines += _section(_notes(peek, width))
    lines += _section(_lineage(peek, width))
    return tuple(lines)


def _section(lines: Sequence[Line] | Iterator[Line]) -> list[Line]:
    found = list(lines)
    return [(), *found] if found else []


def _metrics(peek: Peek, width: int) -> Iterator[Line]:
    metrics = [peek.run.row.metrics[label] for label in peek.labels]
    if not metrics:
        yield (("no metrics yet", "dim"),)
        return
    arrows = {"min": " ↓", "max": " ↑", "last": ""}
    stats = [metric_stat(metric.label) for metric in metrics]
    best = {"min": "min", "max": "max", "last": "last"}
    values = [getattr(m, best[stat]) for m, stat in zip(metrics, stats, strict=True)]
    shown = [m.last if value is None else value for m, value in zip(metrics, values, strict=True)]
    cells = align_points(map(format_number, shown))
    titles = [printable(m.label) + arrows[stat] for m, stat in zip(metrics, stats, strict=True)]
    room = width - len(cells[0]) - 4
    title = min(max(map(cell_width, titles)), max(8, room - 8))
    spark = max(0, min(16, room - title))
    for metric, name, cell in zip(metrics, titles, cells, strict=True):
        curve = sparkline(peek.sparks.get(metric.label, ()), spark) if spark >= 4 else ""
        role: Role = "bad" if metric.nan or metric.inf else ""
        yield ((fit(name, title), "dim"), (f"  {cell}", role), (f"  {curve}", "accent"))
    more = len(peek.run.row.metrics) - len(metrics)
    if more:
        yield ((f"and {format_count(more)} more", "dim"),)


def _params(peek: Peek, width: int) -> Iterator[Line]:
    params = peek.run.row.params
    name = min(max((cell_width(printable(key)) for key in params), default=0), width // 2)
    for key, value in list(params.items())[:PARAMS]:
        text = crop(format_value(value), max(4, width - name - 2))
        yield ((fit(printable(key), name), "dim"), (f"  {text}", ""))
    if len(params) > PARAMS:
        yield ((f"and {format_count(len(params) - PARAMS)} more", "dim"),)


def _notes(peek: Peek, width: int) -> Iterator[Line]:
    if peek.run.notes:
        note = peek.run.notes[-1]
        by = f"{printable(note.author)} " if note.author else ""
        more = f", the last of {len(peek.run.notes)}" if len(peek.run.notes) > 1 else ""
        yield ((f"{by}{format_ago(note.written_at, peek.read_at)}{more}", "dim"),)
        for part in _wrapped(note.text, width, NOTE_LINES):
            yield ((part, ""),)


def _lineage(peek: Peek, width: int) -> Iterator[Line]:
    for label, words in (("code", peek.code), ("data", peek.data)):
        for number, part in enumerate(_wrapped(words, width - 6, 2) if words else ()):
            yield ((fit("" if number else label, 6), "dim"), (part, ""))


def _wrapped(text: str, width: int, most: int) -> list[str]:
    parts = wrap(printable(" ".join(text.split())), max(8, width))
    if len(parts) > most:
        parts[most - 1] = crop(parts[most - 1] + " …", max(8, width), ellipsis="…")
    return parts[:most]


def group_lines(
    label: str, by: Sequence[str], group: GroupRow, metrics: Sequence[str], width: int
) -> tuple[Line, ...]:
    """Return a group in lines of at most `width` cells: its size, and its metrics over it."""
    lines: list[Line] = [
        ((crop(label, width), "bold"),),
        ((crop(f"a group by {by_words(by)}", width), "dim"),),
        (),
        ((f"{format_count(group.runs)} {'run' if group.runs == 1 else 'runs'}", ""),),
    ]
    for status, glyph in GLYPHS.items():
        if count := group.counts.get(status):
            role = STATUS_ROLES.get(status, "")
            lines.append(((f"{glyph} {format_count(count)} {status}", role),))
    for spec, stat in zip(metrics, group.stats, strict=False):
        lines += [(), ((crop(printable(spec.partition(":")[2]), width), "dim"),)]
        lines.append(((crop(f"  {spread_cell(stat)}", width), ""),))
        if stat.n > 1:
            low, high = format_number(stat.min), format_number(stat.max)
            lines.append(((crop(f"  from {low} to {high}", width), ""),))
        lost = [(stat.not_finite, "without a finite value"), (stat.missing, "without it")]
        lines += [((f"  {count} {words}", "second"),) for count, words in lost if count]
    return tuple(lines)
