"""The history of changes, as people read it: alike changes of one request are one entry."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from tui_tracker.edits.kinds import told_as, told_values
from tui_tracker.store import Store


@dataclass(frozen=True, slots=True)
class Change:
    """What somebody did to one or many runs at once."""

    batch: int
    """Changes of one batch are taken back together."""
    at: datetime
    who: str
    what: str
    """As in `Undone.what`."""
    old: str | None
    """The name, the words or the tag before; None where there was none."""
    new: str | None
    runs: int
    """How many runs it was done to."""
    run: int
    """Key of the first of them."""
    name: str
    """What that run is called now."""
    undone_at: datetime | None
    """When it was taken back; None where it stands."""


def list_history(store: Store, run: int | None = None, limit: int = 100) -> list[Change]:
    """Return the newest changes, of one run or of all; taken back ones too.

    Raises:
        StoreError: the store cannot be read.
    """
    where = "" if run is None else "WHERE run = :run"
    of_run = "" if run is None else "AND e.run = :run"
    rows = store.read(
        # When a tag had been given, or a run archived, differs from run to run.
        "SELECT c.*, (SELECT name FROM run WHERE id = c.first) FROM ("
        "SELECT e.batch, e.at_ms, e.who, e.what, "
        "CASE WHEN e.what IN ('archive', 'unarchive', 'trash', 'untrash') THEN '' ELSE e.old END "
        "AS before, "
        "CASE WHEN e.what IN ('note', 'note-edit', 'rename', 'tag') THEN e.new ELSE '' END "
        "AS after, e.undone_ms, count(*), min(e.run) AS first, max(e.id) AS last "
        "FROM edit AS e WHERE e.batch IN (SELECT batch FROM edit "
        f"{where} GROUP BY batch ORDER BY max(at_ms) DESC, batch DESC LIMIT :limit) {of_run} "
        "GROUP BY e.batch, e.what, before, after, e.undone_ms) AS c "
        "ORDER BY c.at_ms DESC, c.batch DESC, c.last DESC LIMIT :limit",
        {"run": run, "limit": limit},
    )
    return [_change(*row) for row in rows]


def _change(
    batch: int,
    at_ms: int,
    who: str,
    what: str,
    old: str | None,
    new: str | None,
    undone_ms: int | None,
    runs: int,
    run: int,
    _last: int,
    name: str | None,
) -> Change:
    before, after = told_values(what, old, new or None)
    return Change(
        batch=batch,
        at=_moment(at_ms),
        who=who,
        what=told_as(what, after if what == "tag" else before),
        old=before,
        new=after,
        runs=runs,
        run=run,
        name=name or "",
        undone_at=None if undone_ms is None else _moment(undone_ms),
    )


def _moment(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)
