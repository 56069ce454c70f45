"""Runs that differ only by their seed."""

from __future__ import annotations

from collections.abc import Sequence

from tui_tracker.queries.answers import RunKey
from tui_tracker.queries.digests import params_digests
from tui_tracker.queries.rows import marks
from tui_tracker.store import Store


def seed_digests(store: Store, keys: Sequence[RunKey]) -> dict[RunKey, str]:
    """Return what all params but the seed come to, by run; equal where they are equal.

    Runs without params are left out: nothing says that they are alike.
    """
    digests = params_digests(store, keys)
    rows = store.read(
        "SELECT id, experiment FROM run WHERE id IN (SELECT value FROM json_each(?))",
        (marks(keys),),
    )
    return {
        key: f"{experiment}:{digest.hex().upper()}"
        for key, experiment in rows
        if (digest := digests.get(key)) is not None
    }


def seed_siblings(store: Store, key: RunKey) -> list[RunKey]:
    """Return the runs of the experiment that differ from a run by their seed at most.

    The run itself included, oldest first; archived runs and the trash left out.
    """
    # Where params have aliases, the digest that the store keeps says too little.
    same = "" if store.viewed else "AND o.params_digest = r.params_digest"
    rows = store.read(
        f"SELECT o.id FROM run AS r JOIN run AS o ON o.experiment = r.experiment {same} "
        "WHERE r.id = ? AND o.deleted_ms IS NULL "
        "AND (o.archived_ms IS NULL OR o.id = r.id) ORDER BY o.started_ms, o.id",
        (key,),
    )
    found = [row[0] for row in rows]
    if store.viewed:
        digests = params_digests(store, found)
        mine = digests.get(key)
        found = [one for one in found if mine is not None and digests.get(one) == mine]
    return found or [key]
