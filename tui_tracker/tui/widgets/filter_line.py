"""The line one types a filter into: live while typing, enter keeps, esc restores."""

from __future__ import annotations

from dataclasses import dataclass

from textual.binding import Binding
from textual.message import Message

from tui_tracker.tui.widgets.fields import TextField


class FilterLine(TextField):
    """A text field that tells when it is kept or given up."""

    BINDINGS = [Binding("escape", "restore", show=False)]

    @dataclass
    class Closed(Message):
        """Typing is over; `text` is the filter from now on."""

        line: FilterLine
        text: str

        @property
        def control(self) -> FilterLine:
            return self.line

    def __init__(self, text: str, placeholder: str) -> None:
        super().__init__(text, placeholder)
        self._before = text

    async def action_submit(self) -> None:
        self.post_message(self.Closed(self, self.value))

    def action_restore(self) -> None:
        self.post_message(self.Closed(self, self._before))
