"""The pages of a run as lines: overview, params, notes.

Pure functions from what is recorded to spans, so that a page can be compared with what
stands on the screen and only lines that differ are repainted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
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
    format_time,
    format_value,
    printable,
    wrap,
)
from tui_tracker.lineage.words import (
    code_line,
    data_line,
    determinism_line,
    environment_line,
    hardware_line,
    lock_line,
    modules_line,
    plural,
    process_line,
    reads_line,
    resources_line,
    seeds_line,
    split_line,
    variables_line,
)
from tui_tracker.queries.proofs import format_proof
from tui_tracker.tui.columns import GLYPHS, metric_stat, rank_metrics
from tui_tracker.tui.health_lines import health_lines
from tui_tracker.tui.widgets.line_widget import Line, Role, Span

if TYPE_CHECKING:
    from tui_tracker.health import Health
    from tui_tracker.queries import LineagePart, MetricSummary, RunDetail, RunRow, Status

LABEL = 13
"""Cells of the words at the left of a page."""
SPARK = 24
STATUS_ROLES: dict[Status, Role] = {
    "running": "good",
    "finished": "",
    "failed": "bad",
    "killed": "",
    "pruned": "",
    "crashed": "bad",
}
_LINEAGE_MARKS: dict[str, Span] = {
    "ok": ("✓ ", "good"),
    "partial": ("~ ", "second"),
    "failed": ("✗ ", "bad"),
    "skipped": ("– ", "dim"),
    "pending": ("… ", "dim"),
}


_LINES = {
    "code": code_line,
    "data": data_line,
    "split": split_line,
    "environment": environment_line,
    "hardware": hardware_line,
    "seeds": seeds_line,
    "determinism": determinism_line,
    "modules": modules_line,
    "reads": reads_line,
    "variables": variables_line,
    "process": process_line,
    "resources": resources_line,
    "lock": lock_line,
}
"""What tells a part of the lineage in one line; others are told by their first facts."""


def status_span(row: RunRow) -> Span:
    """Return the status as glyph and word."""
    return f"{GLYPHS[row.status]} {row.status}", STATUS_ROLES[row.status]


def overview(
    run: RunDetail,
    sparks: Mapping[str, Sequence[float]],
    now: datetime,
    width: int,
    health: Sequence[Health] = (),
) -> tuple[Line, ...]:
    """Return the overview: how it stands, its key metrics, what it came from, its notes.

    `sparks` are values along the curve by metric label, as far as they have been read.
    """
    lines: list[Line] = [*_facts(run, now, width), *health_lines(health, LABEL, width)]
    if run.row.metrics:
        lines += [(), *_key_metrics(run, sparks, width)]
    if run.lineage:
        lines += [(), (("Lineage", "bold"),), *_lineage(run.lineage, width)]
    if run.notes:
        lines += [(), *notes(run, now, width)]
    return tuple(lines)


def _facts(run: RunDetail, now: datetime, width: int) -> Iterable[Line]:
    row = run.row
    yield _field("status", status_span(row))
    if run.ended_by:
        role: Role = "bad" if row.status in ("failed", "crashed") else ""
        yield from _wrapped("ended by", run.ended_by, width, role)
    # The duration of a running run ticks in the title line alone, and how long ago it
    # started is that duration.
    if row.ended_at is None:
        yield _field("started", (format_time(row.started_at), ""))
    else:
        ago, took = format_ago(row.started_at, now), format_duration(row.duration_s)
        yield _field("started", (format_time(row.started_at), ""), (f"   {ago}", "dim"))
        yield _field("ended", (format_time(row.ended_at), ""), (f"   after {took}", "dim"))
    yield _field("id", (row.id, "dim"))
    yield from _wrapped("experiment", row.experiment, width)
    yield from _origin(run, width)
    counts = f"{plural(len(row.metrics), 'metric')}, {plural(run.points, 'point')}"
    yield _field("logged", (counts, ""), (f", {plural(len(row.params), 'param')}", ""))
    if run.amended:
        words = f"{', '.join(run.amended)}; `tt show --original` tells what was captured"
        yield from _wrapped("amended", words, width, "second")
    if run.lost:
        yield from _wrapped("lost", f"{format_count(run.lost)}: {run.lost_why}", width, "bad")


def _origin(run: RunDetail, width: int) -> Iterable[Line]:
    """Yield where the run came from and what people said about it."""
    where = "@".join(part for part in (run.user, run.host) if part)
    if where:
        process = f"   process {run.pid}" if run.pid else ""
        yield _field("host", (printable(where), ""), (process, "dim"))
    if command := _command(run.lineage):
        yield from _wrapped("command", command, width)
    if run.proof is not None:
        yield from _wrapped("proof", format_proof(run.proof), width)
    if run.row.tags:
        yield from _wrapped("tags", "  ".join(run.row.tags), width, "accent")
    if run.parent:
        yield _field("parent", (printable(run.parent), ""))
    if run.source:
        words = "  ".join(f"{key} {value}" for key, value in run.source.items())
        yield from _wrapped("imported", words, width)


def _field(label: str, *spans: Span) -> Line:
    return ((fit(label, LABEL), "dim"), *spans)


def _wrapped(label: str, text: str, width: int, role: Role = "") -> Iterable[Line]:
    """Yield a field whose text may take several lines; line ends of the text are kept."""
    room = max(10, width - LABEL)
    parts = [part for line in text.splitlines() or [""] for part in wrap(printable(line), room)]
    for number, part in enumerate(parts):
        yield _field("" if number else label, (part, role))


def _command(lineage: Sequence[LineagePart]) -> str:
    """Return the command line, wherever the collectors left it."""
    for part in lineage:
        command = part.facts.get("command") or part.facts.get("argv")
        if command:
            return " ".join(map(str, command)) if isinstance(command, list) else str(command)
    return ""


def _key_metrics(
    run: RunDetail, sparks: Mapping[str, Sequence[float]], width: int
) -> Iterable[Line]:
    labels = rank_metrics(list(run.row.metrics))
    shown = labels[:12]
    metrics = [run.row.metrics[label] for label in shown]
    name = max(map(cell_width, (*map(printable, shown), "Metrics")))
    name = min(name, max(12, width - 40), 40)
    last = align_points([format_number(metric.last) for metric in metrics])
    best = align_points([format_number(_best(metric)) for metric in metrics])
    spark = max(0, min(SPARK, width - name - len(last[0]) - len(best[0]) - 14))
    yield (
        (fit("Metrics", name), "bold"),
        (f"  {'last'.rjust(len(last[0]))}  {'best'.rjust(len(best[0]))}", "dim"),
    )
    for metric, latest, top in zip(metrics, last, best, strict=True):
        stat = metric_stat(metric.label)
        word = "" if stat == "last" else f" {stat}"
        values = sparks.get(metric.label, ())
        yield (
            (fit(printable(metric.label), name), ""),
            (f"  {latest}", "bad" if metric.nan or metric.inf else ""),
            (f"  {top}{fit(word, 5)}", "dim"),
            (f" {sparkline(values, spark)}" if spark else "", "accent"),
        )
    if len(labels) > len(shown):
        yield ((f"and {format_count(len(labels) - len(shown))} more: press 2", "dim"),)


def _best(metric: MetricSummary) -> float | None:
    stat = metric_stat(metric.label)
    return {"min": metric.min, "max": metric.max, "last": metric.last}[stat]


def _lineage(parts: Sequence[LineagePart], width: int) -> Iterable[Line]:
    for part in parts:
        words = part.reason if part.status in ("failed", "skipped") else _telling(part)
        text = crop(printable(words or part.status), max(0, width - 2 - LABEL - 2))
        yield (_LINEAGE_MARKS[part.status], (fit(printable(part.name), LABEL), ""), (text, "dim"))


def _telling(part: LineagePart) -> str:
    """Return the most telling facts of a part in one line."""
    facts = part.facts
    kind = part.name.partition(":")[0].partition(".")[0]
    if (line := _LINES.get(kind)) is not None and facts:
        return line(facts)
    simple = {k: v for k, v in facts.items() if isinstance(v, (str, int, float)) and v != ""}
    return "  ".join(f"{key} {_short(value)}" for key, value in list(simple.items())[:5])


def _short(value: object) -> str:
    text = format_value(value)
    return text[:12] if len(text) in (40, 64) and text.isalnum() else text


def params(run: RunDetail, text: str, width: int) -> tuple[Line, ...]:
    """Return the params by name, those whose name or value contains `text`."""
    cells = {printable(k): format_value(v, digits=None) for k, v in run.row.params.items()}
    found = {
        key: value
        for key, value in sorted(cells.items())
        if text.casefold() in key.casefold() or text.casefold() in value.casefold()
    }
    name = min(max(map(cell_width, found), default=0), max(12, width // 2))
    lines: list[Line] = []
    for key, value in found.items():
        parts = wrap(value, max(10, width - name - 3))
        for number, part in enumerate(parts):
            lines.append(((fit("" if number else key, name), "dim"), (f"  {part}", "")))
    return tuple(lines)


def notes(run: RunDetail, now: datetime, width: int) -> tuple[Line, ...]:
    """Return the notes, newest last, each under who wrote it and when."""
    lines: list[Line] = []
    for note in run.notes:
        author = f"{printable(note.author)}  " if note.author else ""
        lines.append(((author, "bold"), (format_ago(note.written_at, now), "dim")))
        for line in note.text.splitlines():
            lines += [(("  " + part, ""),) for part in wrap(printable(line), max(10, width - 2))]
        lines.append(())
    return tuple(lines[:-1])
