"""Who changed what, when, from what to what: of one run, or of all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.message import Message

from tui_tracker.formatting import fit, format_time, printable, wrap
from tui_tracker.tui.keys import bindings
from tui_tracker.tui.screens.base import TrackerScreen
from tui_tracker.tui.widgets.bar import Bar
from tui_tracker.tui.widgets.footer import Footer
from tui_tracker.tui.widgets.history_list import HistoryList, runs_words
from tui_tracker.tui.widgets.line_widget import Line
from tui_tracker.tui.widgets.lines_foot import LinesFoot

if TYPE_CHECKING:
    from tui_tracker.edits import Change
    from tui_tracker.store import Store
    from tui_tracker.tui.widgets.virtual_list import VirtualList

MOST = 1000
FOOT_LINES = 6
_LABEL = 6


class HistoryScreen(TrackerScreen, inherit_bindings=False):
    """The list of changes, and the whole of the one under the cursor below it."""

    BINDINGS = bindings("history")

    @dataclass
    class Found(Message):
        """The history was read."""

        of: int | None
        changes: list[Change]

    def __init__(self, run: int | None) -> None:
        super().__init__()
        self._run = run
        self._of = run
        """Whose history is shown; None: that of all runs."""

    def compose(self) -> ComposeResult:
        yield Bar(id="title")
        yield HistoryList(id="history")
        yield LinesFoot(id="history-foot")
        yield Footer(id="footer")
        yield Bar(id="too-small")

    @property
    def history(self) -> HistoryList:
        return self.query_one(HistoryList)

    def on_mount(self) -> None:
        self.query_one("#too-small", Bar).left = ((" Make this window at least 60 x 16.", ""),)
        self.hold_first_frame()
        self.focus_on(self.history)
        self._show_title()
        self.read_again()

    def read_again(self) -> None:
        of = self._of

        def question(store: Store) -> Message:
            from tui_tracker.edits import list_history

            return self.Found(of, list_history(store, of, MOST))

        self.ask("history", question)

    def on_history_screen_found(self, event: HistoryScreen.Found) -> None:
        if event.of != self._of:
            return
        self.history.empty = (
            (),
            ((" Nobody changed anything yet.", "bold"),),
            ((" t tags a run, n writes a note, i stars it.", "dim"),),
        )
        self.history.show(event.changes)
        self._show_title()
        self._show_foot()
        self.show_first_frame()

    def _show_title(self) -> None:
        bar, changes = self.query_one("#title", Bar), self.history.changes
        of = "of all runs" if self._of is None else "of this run"
        bar.left = ((" Changes ", "bold"), (of, "dim"))
        first = len(changes) if len(changes) < MOST else f"the newest {MOST:,}"
        bar.right = ((f"{first} ", "dim"),) if changes else ()

    def on_virtual_list_cursor_moved(self, event: VirtualList.CursorMoved) -> None:
        event.stop()
        self._show_foot()

    def _show_foot(self) -> None:
        foot = self.query_one(LinesFoot)
        one = self.history.current
        foot.lines = _whole(one, self.size.width - 4) if one else ()

    def on_resize(self, event: object) -> None:
        super().on_resize(event)  # type: ignore[arg-type]
        self._show_foot()

    def action_other(self) -> None:
        """Change between the run's history and that of all."""
        if self._run is None:
            self.say("H on the page of a run shows its own history")
            return
        self._of = None if self._of is not None else self._run
        self.read_again()

    def go_back(self) -> None:
        self.app.pop_screen()

    def text_to_copy(self) -> str:
        one = self.history.current
        return (one.new or one.old or one.name) if one else ""


def _whole(change: Change, width: int) -> tuple[Line, ...]:
    """Return all about a change that fits into the lines below the list."""
    when = f"{format_time(change.at)} by {printable(change.who)}, {runs_words(change)}"
    lines: list[Line] = [((when, "dim"),)]
    if change.undone_at:
        lines.append(((f"taken back {format_time(change.undone_at)}", "second"),))
    for label, text in (("from", change.old), ("to", change.new)):
        if text is not None:
            lines += _wrapped(label, text, max(10, width - _LABEL))
    if len(lines) > FOOT_LINES:
        lines = [*lines[: FOOT_LINES - 1], (("      … y copies all of it", "dim"),)]
    return tuple(lines)


def _wrapped(label: str, text: str, width: int) -> Sequence[Line]:
    parts: list[str] = []
    for line in text[: FOOT_LINES * width].splitlines() or [""]:
        parts += wrap(printable(line), width)
    return [
        ((fit("" if number else label, _LABEL), "dim"), (part, ""))
        for number, part in enumerate(parts[:FOOT_LINES])
    ]
