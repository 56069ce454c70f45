"""Trace the lineage of a run: all its parts, checked against what is there now."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from tui_tracker.capture.redaction import redact_text
from tui_tracker.lineage.code import code_group, command_group
from tui_tracker.lineage.data import data_group, reads_group
from tui_tracker.lineage.kept import artifacts_group, collectors_group, runs_group
from tui_tracker.lineage.machine import environment_group, hardware_group
from tui_tracker.lineage.present import Present, Recorded
from tui_tracker.lineage.seeds import determinism_group, notebook_group, seeds_group
from tui_tracker.lineage.splits import splits_group
from tui_tracker.lineage.tree import LineageNode, LineageTree, Progress
from tui_tracker.queries import RunKey, get_run
from tui_tracker.queries.proofs import proof_levels
from tui_tracker.queries.relatives import list_collectors, list_relatives
from tui_tracker.store import Store


def trace_lineage(
    store: Store, key: RunKey, *, deep: bool = False, progress: Progress | None = None
) -> LineageTree:
    """Return what a run came from, each part with its mark.

    `deep` reads and hashes all that is large; without it a size and a known hash do.
    Facts of an unknown shape are passed over, and no network is asked.

    Raises:
        NotFound: the run is gone.
        StoreError: the store cannot be read.
    """
    run = get_run(store, key)
    recorded = Recorded(run, {part.name: part for part in run.lineage})
    here = Present(store, deep=deep, progress=progress)
    try:
        groups = _groups(recorded, here, store, key)
    finally:
        here.close()
    shown = _redacted(node for node in groups if node is not None)
    return LineageTree(run.row.id, run.row.name, shown, deep)


def _groups(
    recorded: Recorded, here: Present, store: Store, key: RunKey
) -> list[LineageNode | None]:
    return [
        code_group(recorded, here),
        command_group(recorded),
        data_group(recorded, here),
        splits_group(recorded, here),
        environment_group(recorded, here),
        hardware_group(recorded, here),
        seeds_group(recorded),
        determinism_group(recorded),
        reads_group(recorded),
        artifacts_group(recorded, here),
        runs_group(list_relatives(store, key), proof_levels(store, [key]).get(key)),
        notebook_group(recorded),
        collectors_group(list_collectors(store, key)),
    ]


def _redacted(nodes: Iterable[LineageNode]) -> tuple[LineageNode, ...]:
    """Return the nodes without what looks like a secret; they hold what scripts printed once."""
    return tuple(
        replace(
            node,
            title=redact_text(node.title),
            detail=redact_text(node.detail),
            why=redact_text(node.why),
            value=redact_text(node.value),
            children=_redacted(node.children),
        )
        for node in nodes
    )
