"""What the app does to runs and says about it: each a change of the store, and one sentence.

Imported by the workers only. Every sentence tells to how many runs it was done and how to
take it back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tui_tracker import edits
from tui_tracker.capture.process import user_name
from tui_tracker.formatting import crop, printable

if TYPE_CHECKING:
    from tui_tracker.edits import Undone
    from tui_tracker.store import Store

_THESE = "run IN (SELECT value FROM json_each(:keys))"
_BACK = "u takes it back"
_LONGEST = 24


@dataclass(frozen=True, slots=True)
class Label:
    """A tag and how many runs have it."""

    text: str
    everywhere: int
    here: int
    """Of the chosen runs."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """What the chosen runs are and have, for a dialog about them."""

    labels: tuple[Label, ...]
    """All tags of the store, the most frequent first."""
    names: tuple[str, ...]
    """Of the first few of the runs."""


def read_chosen(store: Store, keys: Sequence[int]) -> Chosen:
    """Return the tags of the store and of these runs, and what they are called."""
    bound = {"keys": str(list(keys))}
    counted = f"SELECT tag, count(*) FROM tag WHERE {_THESE} GROUP BY tag"
    here: dict[str, int] = dict(store.read(counted, bound))
    rows = store.read("SELECT tag, count(*) AS n FROM tag GROUP BY tag ORDER BY n DESC, tag")
    names = store.read(
        "SELECT r.name FROM json_each(:keys) AS k JOIN run AS r ON r.id = k.value "
        "ORDER BY k.key LIMIT 3",
        bound,
    )
    return Chosen(
        tuple(Label(text, n, here.get(text, 0)) for text, n in rows),
        tuple(name for (name,) in names),
    )


def tag(store: Store, keys: Sequence[int], tags: Sequence[str]) -> str:
    changed = edits.tag(store, keys, tags)
    words = ", ".join(map(short, tags))
    return _done(changed, f"tagged {words}", f"nothing to do: they are tagged {words} already")


def untag(store: Store, keys: Sequence[int], tags: Sequence[str]) -> str:
    changed = edits.untag(store, keys, tags)
    words = ", ".join(map(short, tags))
    return _done(changed, f"no longer tagged {words}", f"nothing to do: none is tagged {words}")


def group(store: Store, keys: Sequence[int], name: str | None) -> str:
    changed = edits.group(store, keys, name)
    if name is None:
        return _done(changed, "taken out of their group", "nothing to do: they are in no group")
    return _done(
        changed, f"put into the group {short(name)}", "nothing to do: they are in that group"
    )


def note(store: Store, keys: Sequence[int], text: str) -> str:
    return _done(edits.note(store, keys, text), "noted", "these runs are gone: nothing was written")


def edit_note(store: Store, number: int, text: str, was: str) -> str:
    if edits.edit_note(store, number, text, was=was):
        return f"note changed · {_BACK}"
    return "the note says that already"


def remove_note(store: Store, number: int) -> str:
    edits.remove_note(store, number)
    return f"note removed · {_BACK}"


def rename(store: Store, keys: Sequence[int], name: str) -> str:
    if len(keys) == 1:
        changed = int(edits.rename(store, keys[0], name))
    else:
        changed = edits.rename_all(store, keys, name)
    words = f"renamed to {short(name)}" if len(keys) == 1 else "renamed"
    return _done(changed, words, "nothing to do: that is the name")


def star(store: Store, keys: Sequence[int]) -> str:
    """Star runs; where all of them are starred, take the stars away."""
    if _count(store, f"SELECT count(*) FROM tag WHERE tag='{edits.STAR}' AND {_THESE}", keys):
        return _done(edits.unstar(store, keys), "no longer starred", "nothing to do")
    return _done(edits.star(store, keys), "starred", "nothing to do")


def archive(store: Store, keys: Sequence[int]) -> str:
    """Archive runs; where all of them are archived, bring them back."""
    these = _THESE.replace("run IN", "id IN")
    sql = f"SELECT count(*) FROM run WHERE archived_ms IS NOT NULL AND {these}"
    if _count(store, sql, keys):
        return _done(edits.unarchive(store, keys), "back from the archive", "nothing to do")
    return _done(edits.archive(store, keys), "archived", "nothing to do")


def undo(store: Store) -> str:
    undone = edits.undo(store, who=user_name())
    if undone is not None:
        return _told(undone)
    others = edits.list_history(store, limit=1)
    if others and others[0].undone_at is None:
        return f"nothing of yours to take back: the last change is by {printable(others[0].who)}"
    return "nothing to take back"


def redo(store: Store) -> str:
    redone = edits.redo(store, who=user_name())
    return "nothing to do again" if redone is None else _told(redone)


def short(text: str) -> str:
    """Return a label as one names it in a sentence."""
    return f"“{crop(printable(text), _LONGEST)}”"


def _told(done: Undone) -> str:
    what = "rm" if done.what == "trash" else done.what
    value = (
        done.value.removeprefix(edits.GROUP) if done.what in ("group", "ungroup") else done.value
    )
    words = f"{what} {short(value)}" if value and value != edits.STAR else what
    parts = []
    if done.runs:
        back = "u takes it back" if done.again else "ctrl+r does it again"
        verb = "Did again" if done.again else "Took back"
        parts.append(f"{verb}: {words} of {_runs(len(done.runs))} · {back}")
    if done.overtaken:
        by = f" by {printable(', '.join(done.overtaken_by))}" if done.overtaken_by else ""
        left = f"{done.overtaken:,} of it" if parts else f"{words} stays"
        parts.append(f"{left} was changed again meanwhile{by}, and is left as it is")
    return ", ".join(parts)


def _count(store: Store, sql: str, keys: Sequence[int]) -> bool:
    """Return whether a count reaches all of the runs."""
    found = store.read(sql, {"keys": str(list(keys))})[0][0]
    return bool(keys) and int(found) == len(set(keys))


def _done(changed: int, what: str, nothing: str) -> str:
    return f"{_runs(changed)} {what} · {_BACK}" if changed else nothing


def _runs(count: int) -> str:
    return "1 run" if count == 1 else f"{count:,} runs"
