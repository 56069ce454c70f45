"""Files: a model that was written and never logged, a hash that can still be taken."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from tui_tracker import folder as folders
from tui_tracker.artifacts import stored_path
from tui_tracker.audit.amendments import Confidence
from tui_tracker.capture.manifest import digest_path
from tui_tracker.drill.case import Case
from tui_tracker.drill.recipes import Answers, recipe
from tui_tracker.formatting import format_size, format_time
from tui_tracker.queries.rows import run_uuid

_MODEL = re.compile(
    r"\.(pt|pth|ckpt|safetensors|onnx|pkl|joblib|h5|keras|cbm|ubj|gguf|pb|tflite|mlmodel)$", re.I
)
_LEFT_OUT = frozenset((".git", ".venv", "venv", "node_modules", ".tui_tracker", "__pycache__"))
_MOST_FILES = 20_000
_MOST_MODELS = 3
_LARGEST = 8 * 10**9
_TICK = timedelta(milliseconds=10)
"""The clock of files ticks less often than that of runs, whose times are cut to milliseconds."""
_PRODUCER = (
    "SELECT r.uuid, r.name, a.path FROM artifact AS a JOIN run AS r ON r.id = a.run "
    "WHERE a.sha256=? AND a.run<>? AND a.kind<>'input' AND a.at_ms<=? ORDER BY a.at_ms LIMIT 1"
)


@recipe("artifacts.model-missing")
def model(case: Case) -> Answers:
    """Look for a model file below the folder of the run that was written while it ran."""
    ended = case.record.detail.row.ended_at
    if not case.cwd or ended is None:
        yield "the folder it ran in is not recorded" if not case.cwd else "it has not ended"
        return
    found = [path for path, changed in _models(case.cwd)
             if case.start - _TICK <= changed <= ended + _TICK]  # fmt: skip
    if not found:
        yield f"no model file below `{case.cwd}` was written while it ran"
    printed = "\n".join(case.console)
    for path in found[:_MOST_MODELS]:
        below = os.path.relpath(path, case.cwd)
        size = os.path.getsize(path)
        if size > _LARGEST:
            yield f"`{below}` ({format_size(size)}) is more than a drill reads"
            continue
        told = f"`{below}` was written at {format_time(_changed(path))}, while the run was active"
        said = os.path.basename(path) in printed
        sure: Confidence = "likely" if said else "guess"
        told += ", and the run printed its name" if said else ""
        digest = digest_path(path).digest
        facts = {"kind": "model", "sha256": digest, "size": size}
        yield case.propose(f"artifacts.{below}", facts, told, sure)


def _models(folder: str) -> Iterator[tuple[str, datetime]]:
    seen = 0
    for here, below, names in os.walk(folder):
        below[:] = sorted(name for name in below if name not in _LEFT_OUT)
        for name in sorted(names):
            seen += 1
            path = os.path.join(here, name)
            if _MODEL.search(name) and os.path.isfile(path):
                yield path, _changed(path)
        if seen > _MOST_FILES:
            return


def _changed(path: str) -> datetime:
    return datetime.fromtimestamp(os.stat(path).st_mtime, UTC)


@recipe("artifacts.unhashed", "artifacts.lost-or-modified")
def hashes(case: Case) -> Answers:
    """Hash files that are as they were when they were logged."""
    for item in case.record.artifacts:
        if item.sha256 and item.copied:
            continue
        if item.sha256:
            kept = stored_path(folders.artifacts(case.store.folder), item.sha256)
            if os.path.isfile(kept):
                facts = {"kind": item.kind, "sha256": item.sha256, "size": item.size_bytes}
                told = "another run stored a file of this hash"
                yield case.propose(f"artifacts.{item.path}", facts, told, "certain")
            continue
        path = case.path(item.path)
        try:
            facts_now = os.stat(path)
        except OSError as error:
            yield f"`{item.path}` cannot be read: {error.strerror or error}"
            continue
        newest = datetime.fromtimestamp(max(facts_now.st_mtime, facts_now.st_ctime), UTC)
        if newest > item.logged_at:
            yield f"`{item.path}` was written at {format_time(newest)}, after it was logged"
        elif facts_now.st_size > _LARGEST:
            yield f"`{item.path}` ({format_size(facts_now.st_size)}) is more than a drill reads"
        else:
            digest = digest_path(path).digest
            facts = {"kind": item.kind, "sha256": digest, "size": facts_now.st_size}
            told = f"`{item.path}` was last changed at {format_time(newest)}, before it was logged"
            yield case.propose(f"artifacts.{item.path}", facts, told, "likely")


@recipe("artifacts.unknown-producer")
def producer(case: Case) -> Answers:
    """Find the run of this store that made a file of the same hash."""
    for item in case.record.artifacts:
        if item.kind != "input" or not item.sha256:
            continue
        at_ms = int(item.logged_at.timestamp() * 1000)
        rows = case.store.read(_PRODUCER, (bytes.fromhex(item.sha256), case.key, at_ms))
        for uuid, name, path in rows:
            told = f"run {name!r} made `{path}` with the hash of `{item.path}`"
            yield case.propose("origin.parent", run_uuid(uuid), told, "certain")
            return
    yield "no run of this store made a file of that hash"
