"""The notes of a run, one below the other; the one under the cursor is marked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from textual.message import Message

from tui_tracker.formatting import format_ago, printable, wrap
from tui_tracker.tui.keys import bindings
from tui_tracker.tui.widgets.line_widget import Line
from tui_tracker.tui.widgets.virtual_list import VirtualList

if TYPE_CHECKING:
    from tui_tracker.queries import Note


class NotesView(VirtualList, inherit_bindings=False):
    """Notes, newest last, each under who wrote it and when."""

    BINDINGS = [*bindings("list"), *bindings("notes")]
    PLACE = "notes"

    @dataclass
    class EditWanted(Message):
        """The words of a note should be changed."""

        view: NotesView
        note: Note
        in_editor: bool

        @property
        def control(self) -> NotesView:
            return self.view

    @dataclass
    class RemoveWanted(Message):
        """A note should be removed."""

        view: NotesView
        note: Note

        @property
        def control(self) -> NotesView:
            return self.view

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.notes: Sequence[Note] = ()
        self._lines: list[tuple[int, Line]] = []
        """Each with the index of its note."""

    def show(self, notes: Sequence[Note], width: int) -> None:
        """Show these notes in lines of this width; the cursor stays on its note."""
        before = self.current
        lines: list[tuple[int, Line]] = []
        for index, note in enumerate(notes):
            lines += [(index, line) for line in note_lines(note, datetime.now(UTC), width)]
        if lines == self._lines:
            self.notes = notes
            return
        self.notes, self._lines = notes, lines
        self.count = len(lines)
        ids = [notes[index].id for index, _ in lines]
        if before is not None and before.id in ids and ids[self.cursor] != before.id:
            self.cursor = ids.index(before.id)
        self.refresh()

    @property
    def current(self) -> Note | None:
        """The note under the cursor."""
        if self.cursor >= len(self._lines):
            return None
        return self.notes[self._lines[self.cursor][0]]

    def watch_cursor(self, old: int, new: int) -> None:
        super().watch_cursor(old, new)
        if self._of(old) != self._of(new):
            self.refresh()

    def _of(self, line: int) -> int | None:
        return self._lines[line][0] if line < len(self._lines) else None

    def line(self, index: int) -> Line:
        number, spans = self._lines[index]
        mark = number == self._of(self.cursor)
        return (("▌ " if mark else "  ", "mark" if mark else ""), *spans)

    def action_edit(self) -> None:
        if (note := self.current) is not None:
            self.post_message(self.EditWanted(self, note, False))

    def action_edit_in_editor(self) -> None:
        if (note := self.current) is not None:
            self.post_message(self.EditWanted(self, note, True))

    def action_remove(self) -> None:
        if (note := self.current) is not None:
            self.post_message(self.RemoveWanted(self, note))

    def chosen(self) -> None:
        self.action_edit()


def note_lines(note: Note, now: datetime, width: int) -> list[Line]:
    """Return a note as lines, the last of them empty."""
    author = f"{printable(note.author)}  " if note.author else ""
    lines: list[Line] = [((author, "bold"), (format_ago(note.written_at, now), "dim"))]
    for line in note.text.splitlines():
        lines += [((part, ""),) for part in wrap(printable(line), max(10, width - 2))]
    return [*lines, ()]
