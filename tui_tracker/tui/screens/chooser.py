"""A few answers to choose from, over the page: enter takes one, esc none."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import ModalScreen

from tui_tracker.formatting import cell_width, fit
from tui_tracker.tui.widgets.bar import Bar
from tui_tracker.tui.widgets.line_widget import Line
from tui_tracker.tui.widgets.virtual_list import VirtualList

Choice = tuple[str, str]
"""What is chosen, and what is said about it."""


class ChoiceList(VirtualList):
    """The choices, one a line."""

    def __init__(self, choices: Sequence[Choice]) -> None:
        super().__init__(id="choices")
        self._choices = choices
        self._label = max((cell_width(label) for label, _ in choices), default=0) + 2

    def on_mount(self) -> None:
        self.count = len(self._choices)

    def line(self, index: int) -> Line:
        label, words = self._choices[index]
        marked = index == self.cursor
        return (
            ("▌ " if marked else "  ", "mark" if marked else ""),
            (fit(label, self._label), "bold" if marked else ""),
            (words, "dim"),
        )


class ChooserScreen(ModalScreen[int | None], inherit_bindings=False):
    """Returns the number of the choice, or None."""

    BINDINGS = [
        Binding("enter", "take", show=False),
        Binding("escape,q", "leave", show=False),
    ]

    def __init__(
        self,
        title: str,
        choices: Sequence[Choice],
        at: int = 0,
        on_look: Callable[[int], None] | None = None,
    ) -> None:
        super().__init__()
        self._title, self._choices, self._at = title, choices, at
        self._on_look = on_look
        """Called with the choice under the cursor whenever that is another."""

    def compose(self) -> ComposeResult:
        with Vertical(id="chooser"):
            yield Bar(id="chooser-title")
            yield ChoiceList(self._choices)
            yield Bar(id="chooser-keys")

    def on_mount(self) -> None:
        self.query_one("#chooser-title", Bar).left = ((f" {self._title}", "bold"),)
        keys = self.query_one("#chooser-keys", Bar)
        keys.left = ((" enter", "accent"), (" take  ", "dim"), ("esc", "accent"), (" leave", "dim"))
        choices = self.query_one(ChoiceList)
        choices.styles.height = len(self._choices)
        choices.cursor = self._at
        choices.focus()

    def on_virtual_list_cursor_moved(self, event: VirtualList.CursorMoved) -> None:
        event.stop()
        if self._on_look is not None:
            self._on_look(event.index)

    def action_take(self) -> None:
        self.dismiss(self.query_one(ChoiceList).cursor)

    def action_leave(self) -> None:
        self.dismiss(None)
