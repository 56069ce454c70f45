"""Notes on runs: added, changed, removed; every older text stays in the history."""

from __future__ import annotations

import json
from collections.abc import Sequence

from tui_tracker.edits.batch import Batch, batch_of, utf8
from tui_tracker.errors import InvalidArgument
from tui_tracker.store import Store


def note(store: Store, keys: Sequence[int], text: str) -> int:
    """Add a note to runs; return how many got it.

    Raises:
        InvalidArgument: the text is empty.
    """
    words = _words(text)
    with batch_of(store, keys) as batch:
        these = "FROM run WHERE id IN (SELECT value FROM json_each(:keys))"
        batch.record("note", f"SELECT id AS run, NULL, :text {these}", {"text": words})
        batch.run(
            f"INSERT INTO note (run, at_ms, author, text) SELECT id, :at_ms, :who, :text {these}",
            {"text": words},
        )
        return batch.changed


def edit_note(store: Store, number: int, text: str, *, was: str | None = None) -> bool:
    """Change the words of a note; return whether they were others.

    `number` is its `Note.id`. `was` is the text that the person saw: where somebody has
    changed it since, nothing is written.

    Raises:
        InvalidArgument: the text is empty, or the note was changed or removed meanwhile.
    """
    words = _words(text)
    with batch_of(store, ()) as batch:
        run, at_ms, author, old = _note(batch, number)
        if was is not None and old != was:
            raise InvalidArgument("somebody changed this note meanwhile: nothing was written")
        if old == words:
            return False
        batch.record(
            "note-edit",
            "SELECT :run AS run, :old, :new",
            {"run": run, "old": json.dumps([at_ms, author, old, number]), "new": words},
        )
        batch.run("UPDATE note SET text=:text WHERE id=:id", {"text": words, "id": number})
    return True


def remove_note(store: Store, number: int) -> None:
    """Remove a note; `undo` brings it back.

    Raises:
        InvalidArgument: the note is gone.
    """
    with batch_of(store, ()) as batch:
        run, at_ms, author, old = _note(batch, number)
        batch.record(
            "note-remove",
            "SELECT :run AS run, :old, NULL",
            {"run": run, "old": json.dumps([at_ms, author, old, number])},
        )
        batch.run("DELETE FROM note WHERE id=:id", {"id": number})


def _note(batch: Batch, number: int) -> tuple[int, int, str, str]:
    """Return run, time, author and words of a note."""
    if number <= 0:
        raise InvalidArgument(
            "this note is an amendment of the record: `tt drill RUN --withdraw FIELD` takes it back"
        )
    row = batch.connection.execute(
        "SELECT run, at_ms, author, text FROM note WHERE id=?", (number,)
    ).fetchone()
    if row is None:
        raise InvalidArgument("this note was removed meanwhile: nothing was changed")
    run, at_ms, author, text = row
    return run, at_ms, author, text


def _words(text: str) -> str:
    words = utf8(text).strip()
    if not words:
        raise InvalidArgument("a note needs words: nothing was changed")
    return words
