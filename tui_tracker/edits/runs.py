"""Names of runs, the archive and the trash."""

from __future__ import annotations

from collections.abc import Sequence

from tui_tracker.edits.batch import Batch, batch_of, label
from tui_tracker.edits.kinds import MOMENTS
from tui_tracker.errors import InvalidArgument, NotFound, RunIsLive
from tui_tracker.store import Store

_THESE = "id IN (SELECT value FROM json_each(:keys))"


def rename(store: Store, key: int, name: str) -> bool:
    """Give a run another name; return whether it had a different one.

    A run that is still logging keeps the new name: its start record, which says the
    first one, is in the store before the run can be addressed.

    Raises:
        NotFound: the run is gone.
        InvalidArgument: the name is empty or too long.
    """
    wanted = label("a name", name)
    with batch_of(store, [key]) as batch:
        row = batch.connection.execute("SELECT name FROM run WHERE id=?", (key,)).fetchone()
        if row is None:
            raise NotFound("run", str(key))
        _rename(batch, [(key, row[0], wanted)])
        return bool(batch.changed)


def rename_all(store: Store, keys: Sequence[int], pattern: str) -> int:
    """Give runs new names; return how many had different ones.

    In the pattern `{name}` stands for the name a run has, `{n}` for its number among
    these, from 1.

    Raises:
        InvalidArgument: several runs would get one name, or a name is empty or too long.
    """
    if len(keys) > 1 and "{n}" not in pattern and "{name}" not in pattern:
        raise InvalidArgument(
            f"{len(keys):,} runs cannot all be called {pattern!r}: put {{n}} or {{name}} into it"
        )
    with batch_of(store, keys) as batch:
        found = dict(
            batch.connection.execute(
                f"SELECT id, name FROM run WHERE {_THESE}", {"keys": str(list(keys))}
            )
        )
        wanted = []
        for number, key in enumerate((key for key in keys if key in found), 1):
            # The name last: what it says is not read as a pattern.
            name = pattern.replace("{n}", str(number)).replace("{name}", found[key])
            wanted.append((key, found[key], label("a name", name)))
        _rename(batch, wanted)
        return batch.changed


def archive(store: Store, keys: Sequence[int]) -> int:
    """Take runs out of the lists; return how many were in them."""
    with batch_of(store, keys) as batch:
        _set_moment(batch, "archive")
        return batch.changed


def unarchive(store: Store, keys: Sequence[int]) -> int:
    """Bring runs back from the archive; return how many came back."""
    with batch_of(store, keys) as batch:
        _clear_moment(batch, "unarchive")
        return batch.changed


def trash(store: Store, keys: Sequence[int]) -> int:
    """Put runs into the trash; return how many were not there. All of them or none.

    Raises:
        RunIsLive: one of them is still running.
    """
    with batch_of(store, keys) as batch:
        row = batch.connection.execute(
            f"SELECT name FROM run WHERE status='running' AND {_THESE} LIMIT 1",
            {"keys": str(list(keys))},
        ).fetchone()
        if row is not None:
            raise RunIsLive(f"{row[0]!r} is still running: stop it before it goes to the trash")
        _set_moment(batch, "trash")
        return batch.changed


def restore(store: Store, keys: Sequence[int]) -> int:
    """Bring runs back from the archive and from the trash; return how many came back."""
    with batch_of(store, keys) as batch:
        _clear_moment(batch, "untrash")
        _clear_moment(batch, "unarchive")
        return batch.changed


def _rename(batch: Batch, wanted: Sequence[tuple[int, str, str]]) -> None:
    """Write names: (run, old, new) each."""
    others = [row for row in wanted if row[1] != row[2]]
    for key, old, new in others:
        values = {"run": key, "old": old, "new": new}
        batch.record("rename", "SELECT :run AS run, :old, :new", values)
    batch.connection.executemany(
        "UPDATE run SET name=? WHERE id=?", [(new, key) for key, _, new in others]
    )


def _set_moment(batch: Batch, what: str) -> None:
    column = MOMENTS[what]
    which = f"{column} IS NULL AND {_THESE}"
    if batch.record(what, f"SELECT id AS run, NULL, :at_ms FROM run WHERE {which}"):
        batch.run(f"UPDATE run SET {column}=:at_ms WHERE {which}")


def _clear_moment(batch: Batch, what: str) -> None:
    column = MOMENTS[what]
    which = f"{column} IS NOT NULL AND {_THESE}"
    if batch.record(what, f"SELECT id AS run, {column}, NULL FROM run WHERE {which}"):
        batch.run(f"UPDATE run SET {column}=NULL WHERE {which}")
