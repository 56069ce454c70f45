"""Grades and proofs as cells of a table: `B 83`, `L4`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from tui_tracker.audit.cache import read_kept, refresh
from tui_tracker.audit.config import read_config
from tui_tracker.queries import RunKey
from tui_tracker.queries.proofs import proof_levels
from tui_tracker.store import Store

Cells = dict[RunKey, str]


def grade_cells(
    store: Store, keys: Sequence[RunKey], told: Callable[[Cells], None] | None = None
) -> Cells:
    """Return grade and score of these runs, judged by the rules of this folder's project.

    `told` gets those that are known whenever the runs of an experiment were judged.
    """
    settings = read_config(Path.cwd()).settings

    def known() -> Cells:
        return {one.key: f"{one.grade} {one.points}" for one in read_kept(store, settings, keys)}

    refresh(store, settings, keys, told=(lambda: told(known())) if told is not None else None)
    return known()


def proof_cells(store: Store, keys: Sequence[RunKey]) -> Cells:
    """Return the proof levels of these runs; `L0` says that nobody tried yet."""
    proofs = proof_levels(store, keys)
    return {key: proofs[key].level if key in proofs else "L0" for key in keys}
