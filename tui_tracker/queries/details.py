"""Everything about one run."""

from __future__ import annotations

import json
from typing import Any

from tui_tracker.errors import Ambiguous, NotFound
from tui_tracker.queries.answers import (
    Artifact,
    LineagePart,
    MetricSummary,
    Note,
    ParamChange,
    RunDetail,
    RunKey,
)
from tui_tracker.queries.contents import content
from tui_tracker.queries.proofs import proof_levels
from tui_tracker.queries.rows import (
    METRIC,
    SYSTEM_KIND,
    metric_summary,
    moment,
    param_value,
    run_uuid,
)
from tui_tracker.queries.runs import get_rows
from tui_tracker.store import Store


def get_run(store: Store, key: RunKey) -> RunDetail:
    """Return everything about one run but its points and its console.

    Raises:
        NotFound: the run is gone.
    """
    rows = get_rows(store, [key], params=None, metrics=None)
    if not rows:
        raise NotFound("run", str(key))
    (columns,) = store.read(
        "SELECT parent, source, ended_by, host, user, pid, points, console_lines, lost, lost_why "
        "FROM run WHERE id=?",
        (key,),
    )
    parent, source, ended_by, host, user, pid, points, lines, lost, lost_why = columns
    return RunDetail(
        row=rows[0],
        notes=_notes(store, key),
        artifacts=_artifacts(store, key),
        lineage=_lineage(store, key),
        parent=run_uuid(parent) if parent else None,
        source=json.loads(source) if source else None,
        ended_by=ended_by,
        host=host,
        user=user,
        pid=pid,
        points=points,
        console_lines=lines,
        lost=lost,
        lost_why=lost_why,
        system=_system(store, key),
        proof=proof_levels(store, [key]).get(key),
    )


def find_metric(run: RunDetail, label: str) -> MetricSummary:
    """Return the metric of that label, or of that name where only one context has it.

    A system metric is found too, unless a metric of the user's has its name.

    Raises:
        NotFound: the run never logged it.
        Ambiguous: the name was logged in several contexts.
    """
    metrics = run.row.metrics
    if label in metrics:
        return metrics[label]
    named = [metric for metric in metrics.values() if metric.name == label]
    if len(named) == 1:
        return named[0]
    if named:
        raise Ambiguous(label, [metric.label for metric in named])
    if label in run.system:
        return run.system[label]
    raise NotFound("metric", label, [*metrics, *run.system])


def list_param_changes(store: Store, key: RunKey) -> list[ParamChange]:
    """Return all values of the params that were logged with more than one, by time."""
    rows = store.read(
        "SELECT k.name, c.at_ms, c.value FROM param_change AS c JOIN key AS k ON k.id = c.key "
        "WHERE c.run=? ORDER BY c.at_ms, c.id",
        (key,),
    )
    return [ParamChange(name, moment(at), _changed(store, value)) for name, at, value in rows]


def _changed(store: Store, packed: str) -> Any:
    kind, value = json.loads(packed)
    if isinstance(value, str):
        return param_value(store, kind, None, value, None)
    return param_value(store, kind, value, None, None)


def _system(store: Store, key: RunKey) -> dict[str, MetricSummary]:
    rows = store.read(
        f"SELECT {METRIC}, k.name, k.context FROM metric AS m JOIN key AS k ON k.id = m.key "
        "WHERE m.run=? AND k.kind=? ORDER BY k.id",
        (key, SYSTEM_KIND),
    )
    found = (metric_summary(name, context, columns) for *columns, name, context in rows)
    return {summary.label: summary for summary in found}


def _notes(store: Store, key: RunKey) -> tuple[Note, ...]:
    rows = store.read(
        "SELECT id, text, author, at_ms FROM note WHERE run=? ORDER BY at_ms, id", (key,)
    )
    return tuple(Note(number, text, author, moment(at)) for number, text, author, at in rows)


def _artifacts(store: Store, key: RunKey) -> tuple[Artifact, ...]:
    rows = store.read(
        "SELECT path, kind, size, sha256, copied, problem, at_ms FROM artifact WHERE run=? "
        "ORDER BY path, at_ms",
        (key,),
    )
    return tuple(
        Artifact(path, kind, size, sha.hex() if sha else None, bool(copied), problem, moment(at))
        for path, kind, size, sha, copied, problem, at in rows
    )


def _lineage(store: Store, key: RunKey) -> tuple[LineagePart, ...]:
    rows = store.read(
        "SELECT part, status, reason, digest FROM lineage WHERE run=? ORDER BY part", (key,)
    )
    return tuple(
        LineagePart(part, status, reason, json.loads(content(store, digest)) if digest else {})
        for part, status, reason, digest in rows
    )
