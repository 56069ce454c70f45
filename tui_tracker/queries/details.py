"""Everything about a run, or about many at once."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from tui_tracker.errors import Ambiguous, NotFound
from tui_tracker.queries.amendments import read_amendments
from tui_tracker.queries.answers import (
    Artifact,
    LineagePart,
    MetricSummary,
    Note,
    ParamChange,
    RunDetail,
    RunKey,
)
from tui_tracker.queries.contents import contents, source_of
from tui_tracker.queries.proofs import proof_levels
from tui_tracker.queries.rows import (
    METRIC,
    SYSTEM_KIND,
    marks,
    metric_summary,
    moment,
    param_value,
    run_uuid,
)
from tui_tracker.queries.runs import get_rows
from tui_tracker.store import Store

_RUNS = (
    "SELECT id, parent, source, ended_by, host, user, pid, points, console_lines, lost, lost_why "
    "FROM run"
)
_THESE = "IN (SELECT value FROM json_each(:keys))"


def get_run(store: Store, key: RunKey, *, captured: bool = False) -> RunDetail:
    """Return everything about one run but its points and its console; see `get_runs`.

    Raises:
        NotFound: the run is gone.
    """
    found = get_runs(store, [key], captured=captured)
    if not found:
        raise NotFound("run", str(key))
    return found[0]


def get_runs(
    store: Store,
    keys: Sequence[RunKey],
    known: dict[bytes, dict[str, object]] | None = None,
    *,
    captured: bool = False,
) -> list[RunDetail]:
    """Return everything about some runs, in their order; a run that is gone is left out.

    What was amended is read so, but for a series, of which there are no points; `captured`
    gives the records as they were captured.

    Lineage facts that several runs share are one object, so nobody may change them; `known`
    keeps them from one call to the next.
    """
    known = {} if known is None else known
    rows = get_rows(store, keys, params=None, metrics=None, logged=True)
    bound = {"keys": marks(keys)}
    facts = {columns[0]: columns[1:] for columns in store.read(f"{_RUNS} WHERE id {_THESE}", bound)}
    notes, artifacts = _notes(store, bound), _artifacts(store, bound)
    parts = _lineage(store, bound, known)
    proofs, system = proof_levels(store, keys), _system(store, bound)
    amendments = read_amendments(store, keys)
    details = []
    for row in rows:
        parent, source, ended_by, host, user, pid, points, lines, lost, lost_why = facts[row.key]
        details.append(
            RunDetail(
                row=row,
                notes=tuple(notes.get(row.key, ())),
                artifacts=tuple(artifacts.get(row.key, ())),
                lineage=tuple(parts.get(row.key, ())),
                parent=run_uuid(parent) if parent else None,
                source=source_of(source),
                ended_by=ended_by,
                host=host,
                user=user,
                pid=pid,
                points=points,
                console_lines=lines,
                lost=lost,
                lost_why=lost_why,
                system=system.get(row.key, {}),
                proof=proofs.get(row.key),
                amended=tuple(dict.fromkeys(a.field for a in amendments.get(row.key, ()))),
            )
        )
    if amendments and not captured:
        from tui_tracker.queries.amended import amended  # few stores have any

        return [amended(d, amendments.get(d.row.key, ()), series=False) for d in details]
    return details


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
    return param_changes(store, [key]).get(key, [])


def param_changes(store: Store, keys: Sequence[RunKey]) -> dict[RunKey, list[ParamChange]]:
    """Return those values of each of these runs that has any, by time."""
    found: dict[RunKey, list[ParamChange]] = {}
    for run, name, at, value in store.read(
        "SELECT c.run, k.name, c.at_ms, c.value FROM param_change AS c "
        f"JOIN key AS k ON k.id = c.key WHERE c.run {_THESE} ORDER BY c.at_ms, c.id",
        {"keys": marks(keys)},
    ):
        change = ParamChange(name, moment(at), _changed(store, value))
        found.setdefault(run, []).append(change)
    return found


def _changed(store: Store, packed: str) -> Any:
    kind, value = json.loads(packed)
    if isinstance(value, str):
        return param_value(store, kind, None, value, None)
    return param_value(store, kind, value, None, None)


def _system(store: Store, bound: dict[str, Any]) -> dict[RunKey, dict[str, MetricSummary]]:
    found: dict[RunKey, dict[str, MetricSummary]] = {}
    for run, *columns, name, context in store.read(
        f"SELECT m.run, {METRIC}, k.name, k.context FROM metric AS m "
        f"JOIN key AS k ON k.id = m.key WHERE m.run {_THESE} AND k.kind=:kind "
        "ORDER BY m.run, k.id",
        bound | {"kind": SYSTEM_KIND},
    ):
        summary = metric_summary(name, context, columns)
        found.setdefault(run, {})[summary.label] = summary
    return found


def _notes(store: Store, bound: dict[str, Any]) -> dict[RunKey, list[Note]]:
    found: dict[RunKey, list[Note]] = {}
    for run, number, text, author, at in store.read(
        f"SELECT run, id, text, author, at_ms FROM main.note WHERE run {_THESE} ORDER BY at_ms, id",
        bound,
    ):
        found.setdefault(run, []).append(Note(number, text, author, moment(at)))
    return found


def _artifacts(store: Store, bound: dict[str, Any]) -> dict[RunKey, list[Artifact]]:
    found: dict[RunKey, list[Artifact]] = {}
    for run, path, kind, size, sha, copied, problem, at in store.read(
        "SELECT run, path, kind, size, sha256, copied, problem, at_ms FROM main.artifact "
        f"WHERE run {_THESE} ORDER BY run, path, at_ms",
        bound,
    ):
        digest = sha.hex() if sha else None
        artifact = Artifact(path, kind, size, digest, bool(copied), problem, moment(at))
        found.setdefault(run, []).append(artifact)
    return found


def read_lineage(
    store: Store, keys: Sequence[RunKey], kinds: Sequence[str] = ()
) -> dict[RunKey, list[LineagePart]]:
    """Return the lineage of each run; with `kinds` those parts alone that are of them (`data:`)."""
    these = " OR ".join(f"(part >= '{kind}:' AND part < '{kind};')" for kind in kinds)
    return _lineage(store, {"keys": marks(keys)}, {}, f"AND ({these})" if these else "")


def _lineage(
    store: Store, bound: dict[str, Any], known: dict[bytes, dict[str, object]], these: str = ""
) -> dict[RunKey, list[LineagePart]]:
    found: dict[RunKey, list[LineagePart]] = {}
    rows = store.read(
        f"SELECT run, part, status, reason, digest FROM lineage WHERE run {_THESE} {these} "
        "ORDER BY run, part",
        bound,
    )
    unknown = {digest for *_, digest in rows if digest is not None and digest not in known}
    for digest, text in contents(store, list(unknown)).items():
        known[digest] = json.loads(text)
    # Most runs have most of their parts in common, and ten parts each.
    parts: dict[tuple[Any, ...], LineagePart] = {}
    for row in rows:
        told = row[1:]
        part = parts.get(told)
        if part is None:
            name, status, reason, digest = told
            facts = {} if digest is None else known.get(digest, {})
            part = parts[told] = LineagePart(name, status, reason, facts)
        found.setdefault(row[0], []).append(part)
    return found
