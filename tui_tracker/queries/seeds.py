"""Runs that differ only by their seed."""

from __future__ import annotations

from collections.abc import Sequence

from tui_tracker.queries.answers import RunKey
from tui_tracker.queries.rows import marks
from tui_tracker.store import Store


def seed_digests(store: Store, keys: Sequence[RunKey]) -> dict[RunKey, str]:
    """Return what all params but the seed come to, by run; equal where they are equal.

    Runs without params are left out: nothing says that they are alike.
    """
    rows = store.read(
        "SELECT id, hex(params_digest), experiment FROM run "
        "WHERE id IN (SELECT value FROM json_each(?)) AND params_digest IS NOT NULL",
        (marks(keys),),
    )
    return {key: f"{experiment}:{digest}" for key, digest, experiment in rows}


def seed_siblings(store: Store, key: RunKey) -> list[RunKey]:
    """Return the runs of the experiment that differ from a run by their seed at most.

    The run itself included, oldest first; archived runs and the trash left out.
    """
    rows = store.read(
        "SELECT o.id FROM run AS r JOIN run AS o ON o.experiment = r.experiment "
        "AND o.params_digest = r.params_digest WHERE r.id = ? AND o.deleted_ms IS NULL "
        "AND (o.archived_ms IS NULL OR o.id = r.id) ORDER BY o.started_ms, o.id",
        (key,),
    )
    return [row[0] for row in rows] or [key]
