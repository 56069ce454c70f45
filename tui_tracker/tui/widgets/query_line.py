"""The line one types a query into: what is wrong with it below, how it can go on above.

Tab completes the piece under the cursor: at once where there is one way to go on, else
from a list that the arrows move in. The list opens only when it is asked for. With no list
open the arrows go through the queries of before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import Input

from tui_tracker.formatting import cell_width, fit, printable
from tui_tracker.tui.widgets.fields import TextField
from tui_tracker.tui.widgets.line_widget import Line, LineWidget, Role
from tui_tracker.tui.widgets.virtual_list import VirtualList

if TYPE_CHECKING:
    from textual.strip import Strip

    from tui_tracker.errors import QueryError
    from tui_tracker.queries import Suggestion, Suggestions

MOST_LINES = 8
"""Of the list; the rest scrolls."""


class SuggestionList(VirtualList, can_focus=False):
    """What can stand at the cursor, the likeliest first."""

    def __init__(self) -> None:
        super().__init__()
        self.items: tuple[Suggestion, ...] = ()

    def show(self, items: tuple[Suggestion, ...]) -> None:
        self.items = items
        self.count = len(items)
        self.cursor = 0
        self.styles.height = max(1, min(MOST_LINES, len(items)))
        self.display = bool(items)
        self.refresh()

    def line(self, index: int) -> Line:
        item = self.items[index]
        chosen = index == self.cursor
        longest = max(cell_width(printable(i.text)) for i in self.items[:200])
        width = max(8, min(longest, self.room - 12))
        words = fit(printable(item.says), max(0, self.room - width - 5))
        return (
            ("▌ " if chosen else "  ", "mark" if chosen else ""),
            (fit(printable(item.text), width), "bold" if chosen else ""),
            ("  " + words, "dim"),
        )


class Complaint(LineWidget):
    """One line about what is wrong with the query, and where."""

    def __init__(self) -> None:
        super().__init__()
        self._spans: Line = ()

    @property
    def stands(self) -> bool:
        """Whether something is wrong now."""
        return bool(self._spans)

    def show(self, error: QueryError | None) -> None:
        # The line stays where it is when it is empty: to lay out anew costs a whole screen.
        before, self._spans = self._spans, self._words(error) if error else ()
        if before != self._spans:
            self.refresh()

    def _words(self, error: QueryError) -> Line:
        unfinished = error.column >= len(error.query.rstrip())
        before = cell_width(printable(error.query[: error.column])) + 1
        wrong = cell_width(printable(error.query[error.column :][: error.length]))
        mark = "^" * max(1, wrong)
        words = printable(str(error))
        role: Role = "dim" if unfinished else "bad"
        width = self.app.size.width
        # Beside the mark where there is room, else from the left edge on.
        if before + len(mark) + 1 + cell_width(words) <= width:
            return ((" " * before, ""), (f"{mark} ", role), (words, role))
        words = f" at {error.column + 1}: {words}"
        if cell_width(words) > width and error.nearest:
            # What it should be is worth more than what is wrong, which stands above.
            words = f" at {error.column + 1}: did you mean {printable(error.nearest)!r}?"
        return ((words, role),)

    def render_line(self, y: int) -> Strip:
        return self.strip(self._spans if y == 0 else (), self.size.width)


class QueryLine(Vertical):
    """A query while it is typed."""

    DEFAULT_CSS = """
    QueryLine { height: auto; }
    QueryLine Complaint { height: 1; }
    QueryLine SuggestionList { display: none; }
    """
    PLACEHOLDER = "lr < 1e-3 and val_loss.min < 0.2, tag:best, words; tab completes"
    BINDINGS = [
        Binding("escape", "out", show=False),
        Binding("tab", "complete", show=False),
        Binding("shift+tab", "older", show=False),
        Binding("up", "older", show=False),
        Binding("down", "newer", show=False),
    ]

    @dataclass
    class Typed(Message):
        """The query is another; it may be wrong."""

        line: QueryLine
        text: str

    @dataclass
    class Wanted(Message):
        """Somebody asks how the query can go on."""

        line: QueryLine
        text: str
        cursor: int

    @dataclass
    class Closed(Message):
        """Typing is over; `text` is the query from now on."""

        line: QueryLine
        text: str
        kept: bool
        """False where the query of before is back."""

    def __init__(self, text: str, history: Sequence[str] = ()) -> None:
        super().__init__()
        self._before = text
        self._history = [*history, text]
        """The queries of before, and the one that is typed at the end."""
        self._place = len(self._history) - 1
        self._start = self._end = 0
        """Columns that a suggestion takes the place of."""

    def compose(self) -> ComposeResult:
        yield SuggestionList()
        yield TextField(self._before, self.PLACEHOLDER)
        yield Complaint()

    @property
    def input(self) -> Input:
        return self.query_one(Input)

    @property
    def list(self) -> SuggestionList:
        return self.query_one(SuggestionList)

    def complain(self, error: QueryError | None) -> None:
        """Show what is wrong with the query as it stands now; None takes it away."""
        if error is None or error.query == self.input.value:
            self.query_one(Complaint).show(error)

    def suggest(self, text: str, found: Suggestions) -> None:
        """Take how a query can go on, unless another is typed by now."""
        if text != self.input.value:
            return
        self._start, self._end = found.start, found.end
        typed = text[found.start : found.end]
        items = tuple(item for item in found.items if item.text != typed)
        if len(items) == 1 and not self.list.display:
            self.list.items = items
            self._accept()
        else:
            self.list.show(items)

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        if event.value != self.input.value:
            return  # more was typed since, and comes
        if self._place == len(self._history) - 1:
            self._history[-1] = event.value
        if self.list.display:
            self._want()
        self.post_message(self.Typed(self, event.value))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        if self.list.display:
            self._accept()
        elif not self.query_one(Complaint).stands:
            self.post_message(self.Closed(self, self.input.value, kept=True))

    def action_out(self) -> None:
        if self.list.display:
            self.list.show(())
        else:
            self.post_message(self.Closed(self, self._before, kept=False))

    def action_complete(self) -> None:
        if self.list.display:
            self._accept()
        else:
            self._want()

    def action_older(self) -> None:
        if self.list.display:
            self.list.action_move(-1)
        elif self._place > 0:
            self._go_to(self._place - 1)

    def action_newer(self) -> None:
        if self.list.display:
            self.list.action_move(1)
        elif self._place < len(self._history) - 1:
            self._go_to(self._place + 1)
        else:
            self._want()

    def _go_to(self, place: int) -> None:
        self._place = place
        self.input.value = self._history[place]
        self.input.cursor_position = len(self.input.value)

    def _want(self) -> None:
        self.post_message(self.Wanted(self, self.input.value, self.input.cursor_position))

    def _accept(self) -> None:
        """Put the chosen suggestion in place of the piece under the cursor."""
        items, at = self.list.items, self.list.cursor
        self.list.show(())
        if at >= len(items):
            return
        chosen, value = items[at].text, self.input.value
        before, after = value[: self._start], value[self._end :]
        if chosen == ":":
            before = before.rstrip()
        ends = "" if chosen.endswith((":", ".", "(")) or after[:1].isspace() else " "
        self.input.value = before + chosen + ends + after
        self.input.cursor_position = len(before + chosen + ends)
