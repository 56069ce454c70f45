"""Runs as scripts get them: dicts of the public JSON shape, straight from SQL rows.

A frozen dataclass for each of 10,000 metrics would cost more than all queries
together, so what goes to `--json` never becomes one. The shape is a promise: keys may
be added, never changed. Nothing here is NaN or infinite where JSON has no word for it:
those are the strings "NaN", "Infinity" and "-Infinity".
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from tui_tracker.queries.rows import content, marks, param_value, run_uuid
from tui_tracker.store import Store

Record = dict[str, Any]
_ByRun = dict[int, Any]

_BULKY = ("packages",)
"""Facts that would make a list of runs a hundred times longer; one run has them."""


def run_records(store: Store, keys: Sequence[int], *, bulky: bool = False) -> Iterator[Record]:
    """Yield the records of these runs, in the order of `keys`; a vanished run is left out.

    `bulky` adds the facts of a lineage that fill pages, such as all packages.
    """
    bound = {"keys": marks(keys)}
    rows = {row[0]: row for row in _runs(store, bound)}
    params, metrics = _params(store, bound), _metrics(store, bound)
    tags, notes = _tags(store, bound), _notes(store, bound)
    artifacts, lineages = _artifacts(store, bound), _lineages(store, bound, bulky=bulky)
    now_ms = int(time.time() * 1000)
    for key in keys:
        if key not in rows:
            continue
        _, uuid, name, experiment, status, started, ended, parent, source, *rest = rows[key]
        archived, deleted, ended_by, host, user, points, lost = rest
        yield {
            "id": run_uuid(uuid),
            "name": name,
            "experiment": experiment,
            "status": status,
            "started_at": iso_time(started),
            "ended_at": None if ended is None else iso_time(ended),
            "duration_s": max(0, (now_ms if ended is None else ended) - started) / 1000,
            "params": params.get(key, {}),
            "metrics": metrics.get(key, {}),
            "tags": tags.get(key, []),
            "notes": notes.get(key, []),
            "artifacts": artifacts.get(key, []),
            "parent": run_uuid(parent) if parent else None,
            "lineage": lineages.get(key) or _no_lineage(),
            "source": json.loads(source) if source else None,
            "ended_by": ended_by,
            "host": host,
            "user": user,
            "points": points,
            "lost": lost,
            "archived": archived is not None,
            "in_trash": deleted is not None,
        }


def iso_time(ms: int) -> str:
    """Return Unix milliseconds as ISO 8601 in UTC: `2026-11-23T08:30:00.125Z`."""
    moment = datetime.fromtimestamp(ms / 1000, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def json_number(value: float) -> float | str:
    """Return the number, or the word that stands for what JSON has no number for."""
    if math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


_CHOSEN = "IN (SELECT value FROM json_each(:keys))"


def _runs(store: Store, bound: Record) -> list[Any]:
    return store.read(
        "SELECT r.id, r.uuid, r.name, e.name, r.status, r.started_ms, r.ended_ms, r.parent, "
        "r.source, r.archived_ms, r.deleted_ms, r.ended_by, r.host, r.user, r.points, r.lost "
        f"FROM run AS r JOIN experiment AS e ON e.id = r.experiment WHERE r.id {_CHOSEN}",
        bound,
    )


def _params(store: Store, bound: Record) -> _ByRun:
    names: dict[int, str] = dict(store.read("SELECT id, name FROM key WHERE kind=0"))
    found: _ByRun = {}
    for run, key, kind, number, text, digest in store.read(
        f"SELECT run, key, type, number, text, digest FROM param WHERE run {_CHOSEN}", bound
    ):
        cells = found.get(run)
        if cells is None:
            cells = found[run] = {}
        if kind == "float":
            cells[names[key]] = "NaN" if number is None else number
        else:
            cells[names[key]] = param_value(store, kind, number, text, digest)
    return found


def _metrics(store: Store, bound: Record) -> _ByRun:
    labels = {
        key: f"{name}@{context}" if context else name
        for key, name, context in store.read("SELECT id, name, context FROM key WHERE kind=1")
    }
    found: _ByRun = {}
    # SQLite keeps NaN as NULL, and first and last are never otherwise null.
    for (
        run,
        key,
        count,
        first_step,
        last_step,
        first,
        last,
        low,
        high,
        mean,
        nans,
        infs,
    ) in store.read(
        "SELECT run, key, count, first_step, last_step, coalesce(first, 'NaN'), "
        f"coalesce(last, 'NaN'), min, max, mean, nan, inf FROM metric WHERE run {_CHOSEN}",
        bound,
    ):
        series = found.get(run)
        if series is None:
            series = found[run] = {}
        series[labels[key]] = {
            "count": count,
            "first_step": first_step,
            "last_step": last_step,
            "first": first,
            "last": last,
            "min": low,
            "max": high,
            "mean": mean,
            "nan": nans,
            "inf": infs,
        }
    return found


def _tags(store: Store, bound: Record) -> _ByRun:
    return _lists(
        store.read(f"SELECT run, tag FROM tag WHERE run {_CHOSEN} ORDER BY run, tag", bound)
    )


def _notes(store: Store, bound: Record) -> _ByRun:
    return _lists(
        store.read(f"SELECT run, text FROM note WHERE run {_CHOSEN} ORDER BY at_ms, id", bound)
    )


def _artifacts(store: Store, bound: Record) -> _ByRun:
    rows = store.read(
        "SELECT run, path, kind, size, sha256, copied, problem FROM artifact "
        f"WHERE run {_CHOSEN} ORDER BY run, path, at_ms",
        bound,
    )
    return _lists(
        (
            run,
            {
                "path": path,
                "kind": kind,
                "size": size,
                "sha256": sha256.hex() if sha256 else None,
                "copied": bool(copied),
                "problem": problem or None,
            },
        )
        for run, path, kind, size, sha256, copied, problem in rows
    )


def _lineages(store: Store, bound: Record, *, bulky: bool) -> _ByRun:
    bodies: dict[bytes, Record] = {}
    found: _ByRun = {}
    for run, part, status, reason, digest in store.read(
        f"SELECT run, part, status, reason, digest FROM lineage WHERE run {_CHOSEN}", bound
    ):
        if digest is not None and digest not in bodies:
            bodies[digest] = _facts(store, digest, bulky=bulky)
        parts = found.setdefault(run, _no_lineage())
        facts = bodies[digest] if digest is not None else {}
        if part == "data":
            parts[part] = facts.get("data", [])
        else:
            parts[part] = {"status": status, **({"reason": reason} if reason else {}), **facts}
    return found


def _facts(store: Store, digest: bytes, *, bulky: bool) -> Record:
    facts = json.loads(content(store, digest) or b"{}")
    return {name: fact for name, fact in facts.items() if bulky or name not in _BULKY}


def _no_lineage() -> Record:
    return {"code": {}, "data": [], "environment": {}, "hardware": {}}


def _lists(pairs: Any) -> _ByRun:
    found: _ByRun = {}
    for run, item in pairs:
        found.setdefault(run, []).append(item)
    return found
