"""One line to type, over the page: enter takes it, esc does not."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input

from tui_tracker.formatting import printable
from tui_tracker.tui.widgets.bar import Bar


class AskLine(ModalScreen[str | None], inherit_bindings=False):
    """Returns what was typed, or None."""

    BINDINGS = [Binding("escape", "leave", show=False)]

    def __init__(self, title: str, text: str = "", hint: str = "", *, needed: bool = True) -> None:
        super().__init__()
        self._title, self._text, self._hint = title, text, hint
        self._needed = needed
        """An empty line is no answer."""

    def compose(self) -> ComposeResult:
        with Vertical(id="ask"):
            yield Bar(id="ask-title")
            line = Input(self._text, placeholder=self._hint, compact=True, select_on_focus=False)
            # A blinking cursor costs 2.5 kB a second, for ever, on any link.
            line.cursor_blink = False
            yield line
            yield Bar(id="ask-keys")

    def on_mount(self) -> None:
        self.query_one("#ask-title", Bar).left = ((f" {printable(self._title)}", "bold"),)
        keys = self.query_one("#ask-keys", Bar)
        keys.left = ((" enter", "accent"), (" take  ", "dim"), ("esc", "accent"), (" leave", "dim"))
        line = self.query_one(Input)
        line.focus()
        line.cursor_position = len(self._text)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        text = event.value.strip()
        if text or not self._needed:
            self.dismiss(text)

    def action_leave(self) -> None:
        self.dismiss(None)
