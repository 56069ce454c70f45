"""The line one types a search into: found while typing, enter keeps it, esc goes back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.binding import Binding
from textual.message import Message

from tui_tracker.tui.widgets.fields import TextField

if TYPE_CHECKING:
    from textual.widgets import Input


class FindLine(TextField):
    """A text field that tells what is typed, and how typing ended."""

    BINDINGS = [Binding("escape", "give_up", show=False)]

    @dataclass
    class Typed(Message):
        """The text is another one."""

        line: FindLine
        text: str

        @property
        def control(self) -> FindLine:
            return self.line

    @dataclass
    class Closed(Message):
        """Typing is over."""

        line: FindLine
        text: str
        kept: bool

        @property
        def control(self) -> FindLine:
            return self.line

    def on_input_changed(self, event: Input.Changed) -> None:
        # The page takes what other fields type for a filter.
        event.stop()
        self.post_message(self.Typed(self, event.value))

    async def action_submit(self) -> None:
        self.post_message(self.Closed(self, self.value, True))

    def action_give_up(self) -> None:
        self.post_message(self.Closed(self, self.value, False))
