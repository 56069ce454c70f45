"""The notes of a run's page: read, changed, removed."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from tui_tracker.tui.screens.annotating import Annotating
from tui_tracker.tui.widgets.notes_view import NotesView

if TYPE_CHECKING:
    from tui_tracker.queries import Note


class NotesTab(Annotating, inherit_bindings=False):
    """A page with a list of notes."""

    @property
    def notes_view(self) -> NotesView:
        return self.query_one(NotesView)

    def on_notes_view_edit_wanted(self, event: NotesView.EditWanted) -> None:
        note = event.note
        if event.in_editor:
            self._change_note(note, self.written_in_editor(note.text))
            return
        done = partial(self._change_note, note)
        self.write_note("Change a note", note.text, done, stored=note.text)

    def _change_note(self, note: Note, text: str | None) -> None:
        from tui_tracker.tui import annotations

        if text and text.strip():
            change = partial(annotations.edit_note, number=note.id, text=text, was=note.text)
            self.tracker.change(change, words=text)

    def on_notes_view_remove_wanted(self, event: NotesView.RemoveWanted) -> None:
        from tui_tracker.tui import annotations

        self.tracker.change(partial(annotations.remove_note, number=event.note.id))

    def note_to_copy(self) -> str:
        """Return the words of the note under the cursor."""
        note = self.notes_view.current
        return note.text if note else ""
