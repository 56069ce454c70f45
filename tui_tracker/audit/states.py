"""What the findings about a run rest on, as a short text that differs once any of it did.

All that a run logs comes by its journals, so how far they were drained stands for params,
metrics, lineage, artifacts, tags and notes at once; what people change afterwards stands
in `edit` and `amendment`. Of a run that runs only that counts which changes a finding, not
each of its points: how many parts, params, tags and files it has, and how many digits its
number of points.
"""

from __future__ import annotations

from collections.abc import Sequence

from tui_tracker.queries import RunKey
from tui_tracker.queries.rows import marks
from tui_tracker.store import Store

_COUNTS = " || '.' || ".join(
    f"(SELECT count(*) FROM {table} WHERE run = r.id)"
    for table in ("lineage", "param", "tag", "artifact", "note", "metric")
)
_AMENDED = (
    "coalesce((SELECT max(id) || '.' || sum(crc(field, old, new, evidence, confidence, who, "
    "at_ms, reason, prev_hash, hash)) FROM amendment WHERE run = r.id), '')"
)
"""With a checksum: what was altered behind our back has to be judged, too."""
_STATE = f"""
    format('%s %s %s %s', CASE r.status WHEN 'running'
        THEN 'running ' || length(r.points) || ' ' || {_COUNTS}
        ELSE format('%s %s %s %s %s', r.status, r.ended_ms, r.points, r.lost,
            (SELECT sum(drained) FROM journal WHERE run = r.id))
        END, r.archived_ms, r.deleted_ms,
        CASE WHEN r.id IN (SELECT run FROM edit) THEN
            (SELECT format('%s.%s.%s', max(id), count(undone_ms), max(undone_ms))
                FROM edit WHERE run = r.id) END)
"""
"""By `format`, to which NULL is an empty text: half the time of as many `||`. Few runs are
edited, so which are is looked up first."""


def state_sql(store: Store) -> str:
    """Return the SQL of the state of run `r`."""
    some = has_table(store, "amendment") and store.read("SELECT 1 FROM amendment LIMIT 1")
    # A run without amendments has the same state in either case.
    return f"rtrim({_STATE} || ' ' || {_AMENDED})" if some else f"rtrim({_STATE})"


def read_states(store: Store, experiment: int) -> dict[RunKey, str]:
    """Return the states of all runs of an experiment, also of those in the trash."""
    return dict(
        store.read(
            f"SELECT r.id, {state_sql(store)} FROM run AS r WHERE r.experiment = ? ORDER BY r.id",
            (experiment,),
        )
    )


def stale_experiments(
    store: Store, profile: str, ruleset: str, keys: Sequence[RunKey] | None
) -> dict[int, int]:
    """Return the experiments of these runs, or all, in which a run is not as it was judged.

    With each the number of such runs. Those with the most come last, so that others are
    soon told.
    """
    # All runs are looked at in the order in which they and their audits lie.
    these, order = "", "NOT INDEXED"
    bound: dict[str, object] = {"profile": profile, "ruleset": ruleset}
    if keys is not None:
        these = (
            "AND r.experiment IN (SELECT experiment FROM run "
            "WHERE id IN (SELECT value FROM json_each(:keys)))"
        )
        bound["keys"], order = marks(keys), ""
    rows = store.read(
        f"SELECT r.experiment, count(*) FROM run AS r {order} LEFT JOIN audit AS a "
        "ON a.run = r.id AND a.profile = :profile "
        f"WHERE (a.run IS NULL OR a.ruleset <> :ruleset OR a.state <> {state_sql(store)}) {these} "
        "GROUP BY r.experiment ORDER BY count(*)",
        bound,
    )
    return dict(rows)


def has_table(store: Store, name: str) -> bool:
    # An older store that this user may not write is read as it is.
    return bool(store.read("SELECT 1 FROM main.sqlite_master WHERE name = ?", (name,)))
