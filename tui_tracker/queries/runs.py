"""Experiments, the cells of a table of runs, and what an address means."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from tui_tracker.errors import Ambiguous, NotFound
from tui_tracker.formatting import SHORT_ID
from tui_tracker.queries.answers import (
    ExperimentRow,
    MetricSummary,
    ParamValue,
    RunKey,
    RunRow,
    Status,
)
from tui_tracker.queries.rows import (
    METRIC,
    METRIC_KIND,
    PARAM_KIND,
    marks,
    maybe_moment,
    metric_summary,
    moment,
    param_value,
    run_uuid,
)
from tui_tracker.queries.selection import (
    EVERYTHING,
    Selection,
    selection_sql,
    split_label,
)
from tui_tracker.store import Store

_NO_RERUN = "NOT EXISTS (SELECT 1 FROM tag AS t WHERE t.run = r.id AND t.tag = 'reproduction')"

_AT_ONCE = 500


def list_experiments(store: Store, selection: Selection = EVERYTHING) -> list[ExperimentRow]:
    """Return the experiments that have a run of the selection, by name."""
    where, bound = selection_sql(store, selection)
    rows = store.read(
        "SELECT e.name, r.status, count(*), max(r.started_ms) FROM run AS r "
        f"JOIN experiment AS e ON e.id = r.experiment WHERE {where} "
        "GROUP BY e.name, r.status ORDER BY e.name",
        bound,
    )
    found: dict[str, tuple[dict[Status, int], int]] = {}
    for name, status, count, last_ms in rows:
        counts, latest = found.get(name, ({}, 0))
        counts[status] = count
        found[name] = counts, max(latest, last_ms)
    return [ExperimentRow(name, counts, moment(ms)) for name, (counts, ms) in found.items()]


def get_rows(
    store: Store,
    keys: Sequence[RunKey],
    *,
    params: Sequence[str] | None = (),
    metrics: Sequence[str] | None = (),
    sparks: Sequence[str] = (),
    notes: bool = False,
    logged: bool = False,
) -> list[RunRow]:
    """Return the rows of these runs, in the order of `keys`; a vanished run is left out.

    `params` and `metrics` (labels) name the cells wanted; None asks for all. `sparks` are the
    labels of metrics whose curves are drawn small: dear, so ask for rows on the screen only.
    `logged` gives params and tags as they were, where somebody amended them.
    """
    bound = {"keys": marks(keys)}
    rows = store.read(
        "SELECT r.id, r.uuid, r.name, e.name, r.status, r.started_ms, r.ended_ms, "
        'r.archived_ms, r.deleted_ms, r.host, r."user" '
        "FROM run AS r JOIN experiment AS e ON e.id = r.experiment "
        "WHERE r.id IN (SELECT value FROM json_each(:keys))",
        bound,
    )
    raw = logged and store.amended
    tags = _tags(store, bound, "main.tag" if raw else "tag")
    cells = _param_cells(store, bound, params, "logged_param" if raw else "param")
    series = _metric_cells(store, bound, metrics)
    drawn = _sparks(store, keys, sparks) if sparks else {}
    written = _notes(store, bound) if notes else {}
    now_ms = time.time() * 1000
    found: dict[RunKey, RunRow] = {}
    for key, uuid, name, experiment, status, started, ended, *more in rows:
        archived, deleted, host, user = more
        until = ended if ended is not None else now_ms
        found[key] = RunRow(
            key=key,
            id=run_uuid(uuid),
            name=name,
            experiment=experiment,
            status=status,
            started_at=moment(started),
            ended_at=maybe_moment(ended),
            # A clock that was set back must not make a run end before it began.
            duration_s=max(0.0, (until - started) / 1000),
            tags=tuple(tags.get(key, ())),
            archived=archived is not None,
            deleted=deleted is not None,
            params=cells.get(key, {}),
            metrics=series.get(key, {}),
            host=host,
            user=user,
            notes=tuple(written.get(key, ())),
            sparks=drawn.get(key, {}),
        )
    return [found[key] for key in keys if key in found]


def find_run(store: Store, address: str) -> RunKey:
    """Return the run that an id, a unique prefix or ending of an id, or a name means.

    The prefix may be one of the short id that lists show.

    A run in the trash is found by its id, and by name where no other run has it. So is a
    reproduction, which has the name of the run that it came of.

    Raises:
        NotFound: nothing fits.
        Ambiguous: more than one run fits.
    """
    digits = address.replace("-", "").lower()
    is_hex = bool(digits) and all(c in "0123456789abcdef" for c in digits)
    tries: list[tuple[str, str]] = []
    if is_hex and len(digits) == 32:
        tries.append(("lower(hex(r.uuid)) = :a", digits))
    tries.append((f"r.name = :a AND r.deleted_ms IS NULL AND {_NO_RERUN}", address))
    tries.append(("r.name = :a AND r.deleted_ms IS NULL", address))
    tries.append(("r.name = :a", address))
    if is_hex:
        tries.append(("lower(hex(r.uuid)) LIKE :a", f"{digits}%"))
        tries.append(("lower(hex(r.uuid)) LIKE :a", f"%{digits}"))
        # Lists show the last digits of an id, and who types those begins at their left.
        tries.append(("lower(hex(r.uuid)) LIKE :a", f"%{digits:_<{SHORT_ID}}"))
    for where, wanted in tries:
        rows = store.read(f"SELECT r.id FROM run AS r WHERE {where} LIMIT 50", {"a": wanted})
        if len(rows) == 1:
            return int(rows[0][0])
        if rows:
            raise Ambiguous(address, _candidates(store, [row[0] for row in rows]))
    names = [row[0] for row in store.read("SELECT DISTINCT name FROM run LIMIT 10000")]
    raise NotFound("run", address, names)


def keys_of(store: Store, ids: Sequence[str]) -> dict[str, RunKey]:
    """Return the keys of runs by their whole ids; those that are gone are left out."""
    found: dict[str, RunKey] = {}
    for start in range(0, len(ids), _AT_ONCE):
        some = [bytes.fromhex(one.replace("-", "")) for one in ids[start : start + _AT_ONCE]]
        places = ",".join("?" * len(some))
        rows = store.read(f"SELECT uuid, id FROM run WHERE uuid IN ({places})", tuple(some))
        found.update((run_uuid(uuid), key) for uuid, key in rows)
    return found


def run_id(store: Store, key: RunKey) -> str:
    """Return a run's id.

    Raises:
        NotFound: the run is gone.
    """
    rows = store.read("SELECT uuid FROM run WHERE id=?", (key,))
    if not rows:
        raise NotFound("run", str(key))
    return run_uuid(rows[0][0])


def _candidates(store: Store, keys: Sequence[RunKey]) -> list[str]:
    rows = sorted(get_rows(store, keys), key=lambda row: row.started_at, reverse=True)
    return [f"{row.id} {row.name} ({row.experiment}, {row.status})" for row in rows]


def _tags(store: Store, bound: dict[str, Any], table: str) -> dict[RunKey, list[str]]:
    found: dict[RunKey, list[str]] = {}
    for run, tag in store.read(
        f"SELECT run, tag FROM {table} WHERE run IN (SELECT value FROM json_each(:keys)) "
        "ORDER BY run, tag",
        bound,
    ):
        found.setdefault(run, []).append(tag)
    return found


def _sparks(
    store: Store, keys: Sequence[RunKey], labels: Sequence[str]
) -> dict[RunKey, dict[str, tuple[float, ...]]]:
    # Few tables have small curves, and what reads them takes as long to import as all else.
    from tui_tracker.queries.sparks import read_sparks

    return read_sparks(store, keys, labels)


def _notes(store: Store, bound: dict[str, Any]) -> dict[RunKey, list[str]]:
    found: dict[RunKey, list[str]] = {}
    for run, text in store.read(
        "SELECT run, text FROM note WHERE run IN (SELECT value FROM json_each(:keys)) "
        "ORDER BY run, at_ms, id",
        bound,
    ):
        found.setdefault(run, []).append(text)
    return found


def key_names(store: Store, kind: int, labels: Sequence[str] | None) -> dict[int, tuple[str, str]]:
    """Return name and context of interned keys, of all or of those with these labels."""
    if labels is None:
        rows = store.read("SELECT id, name, context FROM key WHERE kind=?", (kind,))
        return {key: (name, context) for key, name, context in rows}
    found: dict[int, tuple[str, str]] = {}
    for label in labels:
        # A metric's own name may have an @ in it, too.
        wanted = {(label, "")} if kind == PARAM_KIND else {(label, ""), split_label(label)}
        for wanted_name, wanted_context in wanted:
            for key, name, context in store.read(
                "SELECT id, name, context FROM key WHERE name=? AND kind=? AND context=?",
                (wanted_name, kind, wanted_context),
            ):
                found[key] = name, context
    return found


def _param_cells(
    store: Store, bound: dict[str, Any], names: Sequence[str] | None, table: str
) -> dict[RunKey, dict[str, ParamValue]]:
    if names is not None and not names:
        return {}
    keys = key_names(store, PARAM_KIND, names)
    found: dict[RunKey, dict[str, ParamValue]] = {}
    for run, key, kind, number, text, digest in store.read(
        f"SELECT run, key, type, number, text, digest FROM {table} "
        f"WHERE run IN (SELECT value FROM json_each(:keys)) {_only(keys, names)}"
        "ORDER BY run, key",
        bound | {"names": marks(keys)},
    ):
        cells = found.setdefault(run, {})
        cells[keys[key][0]] = param_value(store, kind, number, text, digest)
    return found


def _metric_cells(
    store: Store, bound: dict[str, Any], labels: Sequence[str] | None
) -> dict[RunKey, dict[str, MetricSummary]]:
    if labels is not None and not labels:
        return {}
    keys = key_names(store, METRIC_KIND, labels)
    told = {key: f"{name}@{context}" if context else name for key, (name, context) in keys.items()}
    found: dict[RunKey, dict[str, MetricSummary]] = {}
    for run, *columns in store.read(
        f"SELECT m.run, {METRIC} FROM metric AS m "
        f"WHERE m.run IN (SELECT value FROM json_each(:keys)) {_only(keys, labels)}"
        "ORDER BY run, key",
        bound | {"names": marks(keys)},
    ):
        key = columns[-1]
        if key in keys:  # else a system metric
            found.setdefault(run, {})[told[key]] = metric_summary(*keys[key], columns)
    return found


def _only(keys: dict[int, tuple[str, str]], wanted: Sequence[str] | None) -> str:
    # The bound list is used in both cases: SQLite refuses names that no query has.
    if wanted is None:
        return "AND :names IS NOT NULL "
    return "AND key IN (SELECT value FROM json_each(:names)) " if keys else "AND :names IS NULL "
