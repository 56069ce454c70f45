"""Runs with lineage of the recorded shapes, logged through the real journal and drain."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from snapshots import keep

import tui_tracker as tt
from tui_tracker import folder as folders
from tui_tracker import journal
from tui_tracker.code_git import CodeGit
from tui_tracker.code_store import CodeStore
from tui_tracker.drain import recover
from tui_tracker.journal_writer import JournalWriter
from tui_tracker.store import Store

Facts = Mapping[str, object]


def record_parts(folder: Path, run_id: str, parts: Mapping[str, Facts | tuple[str, str]]) -> None:
    """Append parts to a run's journals as the helper process does.

    A part is its facts, or the status and reason of a collector that has none.
    """
    path = os.path.join(folders.journals(str(folder)), f"{run_id}.capture{journal.SUFFIX}")
    writer = JournalWriter(path, {"run": run_id, "writer": "capture"})
    for part, facts in parts.items():
        record: dict[str, object] = {"part": part, "status": "ok", "reason": "", "took_ms": 12}
        if isinstance(facts, tuple):
            record |= {"status": facts[0], "reason": facts[1]}
        else:
            record["facts"] = dict(facts)
        writer.append(journal.LINEAGE, record)
    writer.append(journal.FINISH, {"t": 1, "status": "finished"})
    writer.close()


def run_with(
    folder: Path,
    name: str = "traced",
    params: Mapping[str, object] | None = None,
    /,
    **parts: Facts | tuple[str, str],
) -> str:
    """Log a finished run with these parts of lineage and return its id; `data__x` is `data:x`."""
    run = tt.init("traces", name, params, store=folder)
    run.finish()
    named = {part.replace("__", ":"): facts for part, facts in parts.items()}
    record_parts(folder, run.id, named)
    with Store.open(folder, create=True) as store:
        recover(store)
    return run.id


def keep_snapshot(folder: Path, files: Mapping[str, bytes], *parents: str) -> dict[str, object]:
    """Put a snapshot of these files into the store by hand; return the facts recorded of it."""
    code = CodeGit(str(folder))
    plain = {path.encode(): ("100644", data) for path, data in files.items()}
    commit = keep(code, plain, parents)
    tree = CodeStore(str(folder)).tree_of(commit)
    return {"tree": tree, "commit": commit, "format": "sha1", "complete": True, "skipped": []}


def changed_code(
    folder: Path, before: Mapping[str, bytes], after: Mapping[str, bytes], **facts: object
) -> dict[str, object]:
    """Keep both states of a work tree; return the facts of a `code` part about the second."""
    base = keep_snapshot(folder, before)
    snapshot = keep_snapshot(folder, after, str(base["commit"]))
    states = [
        [letter, path]
        for path in dict.fromkeys([*before, *after])
        if (letter := _letter(before.get(path), after.get(path)))
    ]
    return {
        "top": "/nowhere/project",
        "commit": "1a2b3c4d5e6f7a8b9c0d1a2b3c4d5e6f7a8b9c0d",
        "branch": "trunk",
        "dirty": bool(states),
        "files": states,
        "diffstat": {"files": len(states), "added": 41, "removed": 3},
        "snapshot": {**snapshot, "base": base["tree"]},
        "vcs": "git",
        **facts,
    }


def _letter(before: bytes | None, after: bytes | None) -> str:
    if before is None:
        return "A"
    if after is None:
        return "D"
    return "M" if before != after else ""
