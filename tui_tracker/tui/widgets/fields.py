"""The fields one types into: what stands in them never reaches the terminal as it is.

Textual draws typed and pasted text raw, escape sequences included. Here each character
that a terminal would not show stands as one that it does, and the text stays what it is.
None of the cursors blinks: that would cost 2.5 kB a second, for ever, on any link.
"""

from __future__ import annotations

from dataclasses import dataclass

from rich.text import Text
from textual import events
from textual.binding import Binding
from textual.message import Message
from textual.widgets import Input, TextArea

from tui_tracker.formatting import strip_ansi, visible


class TextField(Input):
    """A field of one line."""

    def __init__(self, text: str = "", placeholder: str = "") -> None:
        super().__init__(text, placeholder=placeholder, compact=True, select_on_focus=False)
        self.cursor_blink = False

    @property
    def _value(self) -> Text:
        return Text(visible(self.value), no_wrap=True, overflow="ignore", end="")

    def _on_paste(self, event: events.Paste) -> None:
        # Lines become one: the rest of a paste is not dropped without a word.
        event.prevent_default()
        event.stop()
        self.insert_text_at_cursor(" ".join(strip_ansi(event.text).split()))


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
