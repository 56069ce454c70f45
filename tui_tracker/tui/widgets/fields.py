"""The field one types a line into: what stands in it never reaches the terminal as it is.

Textual draws typed and pasted text raw, escape sequences included. Here each character
that a terminal would not show stands as one that it does, and the text stays what it is.
The cursor does not blink: that would cost 2.5 kB a second, for ever, on any link.
"""

from __future__ import annotations

from rich.text import Text
from textual import events
from textual.widgets import Input

from tui_tracker.formatting import strip_ansi, visible
from tui_tracker.tui.typed import Letters


class TextField(Input):
    """A field of one line."""

    TAKES_LETTERS = True
    """Whether it takes `Letters`."""

    def __init__(self, text: str = "", placeholder: str = "", *, id: str | None = None) -> None:
        super().__init__(text, placeholder=placeholder, compact=True, select_on_focus=False, id=id)
        self.cursor_blink = False

    @property
    def _value(self) -> Text:
        return Text(visible(self.value), no_wrap=True, overflow="ignore", end="")

    def _on_paste(self, event: events.Paste) -> None:
        # Lines become one: the rest of a paste is not dropped without a word.
        event.prevent_default()
        event.stop()
        self.replace(" ".join(strip_ansi(event.text).split()), *self.selection)

    def _on_letters(self, event: Letters) -> None:
        event.stop()
        self.replace(event.text, *self.selection)
