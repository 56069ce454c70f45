"""What each kind of change does to the tables, how it is taken back, and done again.

A row of `edit` holds two texts, `old` and `new`. What they are is decided here:

    tag          –                                      the tag
    untag        the tag                                when it had been given, in milliseconds
    note         –                                      the text
    note-edit    [milliseconds, author, text, id]       the text
    note-remove  [milliseconds, author, text, id]       –
    rename       the name                               the name
    archive ...  the moment, in milliseconds or none    the moment

A note is known by when and by whom it was written, since its row has another number in
every store. A star is the tag `star`, a group the tag `group:NAME`.
"""

from __future__ import annotations

import json

STAR, GROUP = "star", "group:"
MOMENTS = {
    "archive": "archived_ms",
    "unarchive": "archived_ms",
    "trash": "deleted_ms",
    "untrash": "deleted_ms",
}
_ADD_NOTE = (
    "INSERT INTO note (run, at_ms, author, text) SELECT :run, :at_ms, :who, :new WHERE NOT EXISTS "
    "(SELECT 1 FROM note WHERE run=:run AND at_ms=:at_ms AND author=:who)"
)
_SAME_NOTE = "run=:run AND at_ms=:note_ms AND author=:note_author"
_ITS_NOTE = f"id=(SELECT max(id) FROM note WHERE {_SAME_NOTE} AND text="

REVERSALS = {
    # The time tells our tag from one that was given anew since, by a person or by the run.
    "tag": "DELETE FROM tag WHERE run=:run AND tag=:new AND at_ms=:at_ms",
    "untag": "INSERT OR IGNORE INTO tag VALUES "
    "(:run, :old, coalesce(CAST(:new AS INTEGER), :at_ms))",
    "note": "DELETE FROM note WHERE id="
    "(SELECT max(id) FROM note WHERE run=:run AND at_ms=:at_ms AND text=:new)",
    "note-edit": f"UPDATE note SET text=:note_text WHERE {_ITS_NOTE}:new)",
    "note-remove": "INSERT INTO note (id, run, at_ms, author, text) SELECT "
    "CASE WHEN EXISTS (SELECT 1 FROM note WHERE id=:note_id) THEN NULL ELSE :note_id END, "
    ":run, :note_ms, :note_author, :note_text",
    "rename": "UPDATE run SET name=:old WHERE id=:run AND name=:new",
} | {
    what: f"UPDATE run SET {column}=CAST(:old AS INTEGER) "
    f"WHERE id=:run AND {column} IS CAST(:new AS INTEGER)"
    for what, column in MOMENTS.items()
}
"""Takes a change back; each changes a row only where the change still stands."""

REPEATS = {
    "tag": "INSERT OR IGNORE INTO tag VALUES (:run, :new, :at_ms)",
    "untag": "DELETE FROM tag WHERE run=:run AND tag=:old "
    "AND at_ms=coalesce(CAST(:new AS INTEGER), at_ms)",
    "note": _ADD_NOTE,
    "note-edit": f"UPDATE note SET text=:new WHERE {_ITS_NOTE}:note_text)",
    "note-remove": f"DELETE FROM note WHERE {_ITS_NOTE}:note_text)",
    "rename": "UPDATE run SET name=:new WHERE id=:run AND name=:old",
} | {
    what: f"UPDATE run SET {column}=CAST(:new AS INTEGER) "
    f"WHERE id=:run AND {column} IS CAST(:old AS INTEGER)"
    for what, column in MOMENTS.items()
}
"""Makes a change that was taken back once more; only where things are as they were."""

# Of two notes of one millisecond the one with these words, else there must be only one.
_NOTE_MEANT = (
    f"id=(SELECT id FROM note WHERE {_SAME_NOTE} AND (text=:note_text OR "
    f"(SELECT count(*) FROM note WHERE {_SAME_NOTE})=1) ORDER BY text=:note_text DESC, id LIMIT 1)"
)
EFFECTS = {
    "tag": REPEATS["tag"],
    # A tag that the run itself logged later stays.
    "untag": "DELETE FROM tag WHERE run=:run AND tag=:old AND at_ms<=:at_ms",
    "note-edit": f"UPDATE note SET text=:new WHERE {_NOTE_MEANT}",
    "note-remove": f"DELETE FROM note WHERE {_NOTE_MEANT}",
    "rename": "UPDATE run SET name=:new WHERE id=:run",
} | {
    what: f"UPDATE run SET {column}=CAST(:new AS INTEGER) WHERE id=:run"
    for what, column in MOMENTS.items()
}
"""How a thing is from a change on, whatever it was; may be made again. A note is added once."""


def bound(
    run: int, what: str, old: str | None, new: str | None, at_ms: int, who: str
) -> dict[str, object]:
    """Return what the SQL above binds for one row of `edit`."""
    values: dict[str, object] = {"run": run, "old": old, "new": new, "at_ms": at_ms, "who": who}
    if what in ("note-edit", "note-remove"):
        names = ("note_ms", "note_author", "note_text", "note_id")
        values.update(zip(names, json.loads(old or '[0,"","",0]'), strict=True))
    return values


def told_as(what: str, value: str | None) -> str:
    """Return what people call a change: a tag may be a star or a group.

    `value` is the tag of a `tag` or an `untag`.
    """
    if what in ("tag", "untag") and value is not None:
        if value == STAR:
            return "star" if what == "tag" else "unstar"
        if value.startswith(GROUP):
            return "group" if what == "tag" else "ungroup"
    return {"unarchive": "restore", "untrash": "restore"}.get(what, what)


def told_values(what: str, old: str | None, new: str | None) -> tuple[str | None, str | None]:
    """Return from what to what a row of `edit` changed, as people read it."""
    if what in ("note-edit", "note-remove"):
        return json.loads(old or '[0,0,""]')[2], new
    if what == "untag":
        return old, None
    if what in MOMENTS:
        return None, None
    return old, new
