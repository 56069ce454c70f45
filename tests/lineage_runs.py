"""Runs with lineage of the recorded shapes, logged through the real journal and drain."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import tui_tracker as tt
from tui_tracker import folder as folders
from tui_tracker import journal
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
