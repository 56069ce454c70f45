"""Records for the tests of the audit: a whole one, and what is taken away from it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from tui_tracker.audit.record import RunRecord
from tui_tracker.queries import (
    Artifact,
    LineagePart,
    MetricSummary,
    Note,
    ParamChange,
    RunDetail,
    RunRow,
)

START = datetime(2026, 3, 1, 10, tzinfo=UTC)
TREE, COMMIT, SHA = "d" * 40, "4b825dc642cb6eb9a060e54bf8d69288fbee4904", "e" * 64

WHOLE: dict[str, dict[str, Any]] = {
    "code": {
        "vcs": "git", "commit": COMMIT, "dirty": False, "pushed": True, "branch": "main",
        "snapshot": {"tree": TREE, "commit": TREE, "complete": True, "skipped": []},
        "entry": {"kind": "script", "path": "train.py", "sha256": SHA},
        "submodules": [], "secrets": [], "diffstat": {"files": 0, "added": 0, "removed": 0},
    },
    "environment": {
        "python": {"version": "3.11.7"}, "packages": {"numpy": "2.4.6"}, "origins": {},
        "system": {"name": "Linux"}, "lock": "uv.lock",
    },
    "lock": {"files": [{"path": "uv.lock"}]},
    "hardware": {"cpu": "AMD EPYC", "cores": 8, "threads": {"openblas": 2}, "blas": [{}]},
    "modules": {
        "modules": [{"name": "__main__", "path": "train.py", "sha256": SHA}], "changed": [],
        "entry": {"kind": "script", "path": "train.py", "sha256": SHA},
        "distributions": {"numpy": "2.4.6"},
    },
    "process": {"argv": ["python", "train.py"], "script": "train.py", "python": "3.11.7"},
    "seeds": {
        "params": {"seed": 0}, "applied": [{"library": "numpy", "seed": 0}],
        "states": {"start": {}, "end": {"numpy": "a1"}},
    },
    "determinism": {"start": {"python": {}}, "end": {"python": {}}},
    "reads": {"folders": {}, "more": 0},
    "resources": {"wall_s": 60.0, "cpu_s": 50.0},
    "data:digits": {
        "name": "digits", "version": "v2025-05-01", "digest": f"sha256:{SHA}", "full": True,
        "role": "input", "rows": 100, "licence": "CC0",
    },
    "split:digits": {
        "n": {"train": 80, "val": 20}, "hash": "sha256:06bb", "indices": SHA, "overlap": {},
        "duplicates": {}, "group_leak": {}, "strategy": "random",
    },
}  # fmt: skip
PARAMS: dict[str, Any] = {
    "model_type": "mlp", "learning_rate": 0.001, "batch_size": 32, "epochs": 10, "seed": 0,
}  # fmt: skip


def metric(label: str, last: float, **more: Any) -> MetricSummary:
    """A series of ten points that ends at `last`."""
    name, _, context = label.partition("@")
    facts = {
        "count": 10, "first_step": 0, "last_step": 9, "first": 1.0, "last": last,
        "min": min(1.0, last), "max": max(1.0, last), "mean": last, "min_step": 0, "max_step": 0,
        "nan": 0, "inf": 0, "key": 1,
    } | more  # fmt: skip
    return MetricSummary(name, context, **facts)


def artifact(path: str = "model.pt", kind: str = "model", **more: Any) -> Artifact:
    facts = {"size_bytes": 10, "sha256": SHA, "copied": True, "problem": "",
             "logged_at": START} | more  # fmt: skip
    return Artifact(path, kind, **facts)


def merged(base: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    """Return facts with some changed; a change to None takes one away."""
    found = dict(base)
    for name, value in change.items():
        if value is None:
            found.pop(name, None)
        elif isinstance(value, dict) and isinstance(found.get(name), dict) and value:
            found[name] = merged(found[name], value)
        else:
            found[name] = value
    return found


def record(
    parts: Mapping[str, Any] | None = None,
    *,
    params: Mapping[str, Any] | None = None,
    metrics: Mapping[str, Any] | None = None,
    statuses: Mapping[str, tuple[str, str]] | None = None,
    changes: tuple[ParamChange, ...] = (),
    group: bytes = b"g",
    amendments: tuple[Any, ...] = (),
    **more: Any,
) -> RunRecord:
    """A whole record, changed: parts, params and metrics of None are taken away.

    `statuses` give a part a status and a reason; `more` are fields of `RunRow` or
    `RunDetail`.
    """
    facts = merged(WHOLE, parts or {})
    told = statuses or {}
    lineage = tuple(
        LineagePart(name, *told.get(name, ("ok", "")), facts.get(name, {}))  # type: ignore[arg-type]
        for name in {**facts, **told}
    )
    scores = {"train_loss": metric("train_loss", 0.1), "val_f1_macro": metric("val_f1_macro", 0.8)}
    row_fields = {
        "key": 1, "id": "01a2", "name": "lr=0.001_seed=0", "experiment": "sweep_lr",
        "status": "finished", "started_at": START, "ended_at": START, "duration_s": 60.0,
        "tags": ("purpose:sweep", "owner:ann", "ticket:ML-1"), "archived": False,
        "deleted": False, "params": merged(PARAMS, params or {}),
        "metrics": merged(scores, metrics or {}),
    }  # fmt: skip
    detail_fields: dict[str, Any] = {
        "notes": (Note(1, "grid over learning_rate", "ann", START),), "artifacts": (artifact(),),
        "parent": None, "source": None, "ended_by": "", "host": "h", "user": "ann", "pid": 1,
        "points": 20, "console_lines": 0, "lost": 0, "lost_why": "", "proof": None,
    }  # fmt: skip
    for name, value in more.items():
        (row_fields if name in row_fields else detail_fields)[name] = value
    row = RunRow(**row_fields)
    return RunRecord(RunDetail(row, lineage=lineage, **detail_fields), changes, group, amendments)
