"""The field one writes a note into: many lines, safe to show as those of `fields` are.

Apart from the field of one line, because Textual's text area takes long to load.
"""

from __future__ import annotations

from dataclasses import dataclass

from rich.text import Text
from textual import events
from textual.binding import Binding
from textual.message import Message
from textual.widgets import TextArea

from tui_tracker.formatting import strip_ansi, visible


class NoteField(TextArea):
    """A field of many lines."""

    BINDINGS = [
        # A terminal sends it as one byte wherever it runs; ctrl+s is flow control, and
        # ctrl+enter is mostly plain enter.
        Binding("ctrl+d", "keep", show=False, priority=True),
        Binding("escape", "give_up", show=False),
    ]

    @dataclass
    class Closed(Message):
        """Typing is over."""

        field: NoteField
        kept: bool

        @property
        def control(self) -> NoteField:
            return self.field

    def __init__(self, text: str = "") -> None:
        super().__init__(text, soft_wrap=True, show_line_numbers=False, compact=True)
        self.cursor_blink = False
        self.highlight_cursor_line = False

    def get_line(self, line_index: int) -> Text:
        return Text(visible(self.document.get_line(line_index)), end="", no_wrap=True)

    async def _on_paste(self, event: events.Paste) -> None:
        # A terminal sends \r for line ends inside a paste.
        text = strip_ansi(event.text.replace("\r\n", "\n").replace("\r", "\n"))
        event.prevent_default()
        event.stop()
        if result := self._replace_via_keyboard(text, *self.selection):
            self.move_cursor(result.end_location)

    def action_keep(self) -> None:
        self.post_message(self.Closed(self, True))

    def action_give_up(self) -> None:
        self.post_message(self.Closed(self, False))
