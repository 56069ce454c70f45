"""A list to choose from: type a few letters, enter takes one, space marks several."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input

from tui_tracker.formatting import cell_width, fit, printable
from tui_tracker.tui.widgets.fields import TextField
from tui_tracker.tui.widgets.line_widget import Line
from tui_tracker.tui.widgets.virtual_list import NOTHING_FITS, VirtualList


@dataclass(frozen=True, slots=True)
class Choice:
    """One line to choose."""

    value: str
    words: str
    note: str = ""


class ChoiceList(VirtualList):
    """The choices that fit what was typed."""

    def __init__(self, *, several: bool) -> None:
        super().__init__()
        self.choices: list[Choice] = []
        self.taken: set[str] = set()
        self._several = several

    def show(self, choices: list[Choice], at: str = "") -> None:
        self.empty = NOTHING_FITS
        self.choices = choices
        self.count = len(choices)
        values = [choice.value for choice in choices]
        self.cursor = values.index(at) if at in values else 0
        self.refresh()

    def line(self, index: int) -> Line:
        choice = self.choices[index]
        here = index == self.cursor
        box = ("[x] " if choice.value in self.taken else "[ ] ") if self._several else ""
        note = printable(choice.note)
        room = self.room - cell_width(note) - 4 - len(box)
        return (
            ("▌" if here else " ", "mark"),
            (box, "accent"),
            (fit(f"{printable(choice.words)}", max(0, room)), "bold" if here else ""),
            (f"  {note} ", "dim"),
        )


class CurveChoice(ModalScreen[list[str] | None], inherit_bindings=False):
    """Returns the values chosen, or None where it was left.

    With `several`, space marks and unmarks, ctrl+t all that are shown; enter takes the
    marked ones. Without, enter takes the one under the cursor.
    """

    BINDINGS = [
        Binding("escape", "dismiss_none", show=False),
        Binding("up", "move(-1)", show=False),
        Binding("down", "move(1)", show=False),
        Binding("pageup", "move(-10)", show=False),
        Binding("pagedown", "move(10)", show=False),
    ]

    def __init__(
        self,
        title: str,
        choices: Sequence[Choice],
        *,
        at: str = "",
        taken: Sequence[str] | None = None,
    ) -> None:
        super().__init__()
        self._title, self._choices, self._at = title, list(choices), at
        self._taken = taken

    def compose(self) -> ComposeResult:
        several = self._taken is not None
        hint = "space marks, tab all or none, enter takes them" if several else "enter takes it"
        line = _Line(placeholder=f"{self._title}: type a few letters, {hint}")
        line.cursor_blink = False
        line.several = several
        with Vertical(id="palette"):
            yield line
            yield ChoiceList(several=several)

    def on_mount(self) -> None:
        choices = self.query_one(ChoiceList)
        choices.taken = set(self._taken or ())
        choices.show(self._choices, self._at)
        self.query_one(Input).focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        words = event.value.casefold().split()
        fitting = [c for c in self._choices if all(word in c.words.casefold() for word in words)]
        self.query_one(ChoiceList).show(fitting)

    def on_input_submitted(self) -> None:
        choices = self.query_one(ChoiceList)
        if self._taken is not None:
            self.dismiss([c.value for c in self._choices if c.value in choices.taken])
        elif choices.count:
            self.dismiss([choices.choices[choices.cursor].value])

    def mark(self) -> None:
        """Mark or unmark the choice under the cursor, and go on to the next."""
        choices = self.query_one(ChoiceList)
        if choices.count:
            choices.taken ^= {choices.choices[choices.cursor].value}
            choices.action_move(1)
            choices.refresh()

    def mark_all(self) -> None:
        """Mark all that are shown, or none where all are."""
        choices = self.query_one(ChoiceList)
        shown = {choice.value for choice in choices.choices}
        choices.taken = choices.taken - shown if shown <= choices.taken else choices.taken | shown
        choices.refresh()

    def action_move(self, lines: int) -> None:
        self.query_one(ChoiceList).action_move(lines)

    def action_dismiss_none(self) -> None:
        self.dismiss(None)


class _Line(TextField):
    """A text field in which space marks, as no name that is typed begins with it."""

    BINDINGS = [
        Binding("space", "mark", show=False, priority=True),
        Binding("tab", "mark_all", show=False, priority=True),
    ]
    several = False

    def action_mark(self) -> None:
        screen = self.screen
        if self.several and isinstance(screen, CurveChoice):
            screen.mark()
        else:
            self.insert_text_at_cursor(" ")

    def action_mark_all(self) -> None:
        screen = self.screen
        if self.several and isinstance(screen, CurveChoice):
            screen.mark_all()
