"""The peek pane of the start screen: more of the run under the cursor, once it stands still.

While the cursor moves, nothing is asked and nothing is painted; of the questions one is
under way at a time.
"""

from __future__ import annotations

from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING

from textual import events
from textual.message import Message
from textual.timer import Timer

from tui_tracker.tui.screens.runs_panes import PEEK_BESIDE, Panes

if TYPE_CHECKING:
    from tui_tracker.store import Store
    from tui_tracker.tui.peeking import Peek
    from tui_tracker.tui.screens.runs_core import RunsCore
    from tui_tracker.tui.widgets.virtual_list import VirtualList

STILL_S = 0.12
"""How long the cursor stands before more is asked; a held key moves it sooner again."""


class Peeking(Panes, inherit_bindings=False):
    """`3` shows the pane or hides it."""

    @dataclass
    class PeekFound(Message):
        """More of a run was read."""

        key: int
        peek: Peek

    def __init__(self) -> None:
        super().__init__()
        self._moved_at = 0.0
        self._waiting_to_peek: Timer | None = None
        self._peeked: Peek | None = None

    def action_peek(self) -> None:
        shown = not self.peek_pane.display
        if self.size.width < PEEK_BESIDE:
            self.peek_below = shown
        else:
            self.peek_wanted = shown
            self.tracker.state.put("peek_shown", shown)
        self.lay_out()
        self.peek_soon()

    def on_virtual_list_cursor_moved(self, event: VirtualList.CursorMoved) -> None:
        if event.list is self.table:
            self.peek_soon()

    def on_resize(self, event: events.Resize) -> None:
        super().on_resize(event)
        # Its lines are made for a width.
        self.call_after_refresh(self._show_peek)
        self.peek_soon()

    def on_runs_core_found(self, event: RunsCore.Found) -> None:  # noqa: ARG002
        # The table has taken the answer by then.
        self.call_later(self.peek_soon)

    def peek_soon(self) -> None:
        """Look at the run under the cursor, once the cursor stands still."""
        self._moved_at = monotonic()
        if self.peek_pane.display and self._waiting_to_peek is None:
            self._waiting_to_peek = self.set_timer(STILL_S, self._peek_if_still)

    def _peek_if_still(self) -> None:
        left = STILL_S - (monotonic() - self._moved_at)
        if left > 0.01:
            self._waiting_to_peek = self.set_timer(left, self._peek_if_still)
            return
        self._waiting_to_peek = None
        self._peek()

    def _peek(self) -> None:
        table = self.table
        key = table.current_key
        labels = [column.key for column in table.columns if column.kind == "metric"]
        if key is None:
            self._peeked = None
            self.peek_pane.lines = ()
        elif key in table.grouped.groups:
            self._peeked = None
            self._show_group(key)
        else:
            run = key

            def question(store: Store) -> Message:
                from tui_tracker.tui.peek_reading import read_peek

                return self.PeekFound(run, read_peek(store, run, labels))

            self.ask("peek", question)

    def on_peeking_peek_found(self, event: Peeking.PeekFound) -> None:
        # The cursor may have gone on; what it stands on now is asked for already.
        if event.key == self.table.current_key:
            self._peeked = event.peek
            self._show_peek()

    def _show_peek(self) -> None:
        if self._peeked is not None and self.peek_pane.size.width:
            from tui_tracker.tui.peeking import peek_lines

            self.peek_pane.lines = peek_lines(self._peeked, self.peek_pane.room)

    def _show_group(self, key: int) -> None:
        from tui_tracker.tui.peeking import group_lines

        grouped = self.table.grouped
        label = grouped.label(key, self.table.rows).strip()
        room = self.peek_pane.room
        self.peek_pane.lines = group_lines(
            label, grouped.by, grouped.groups[key], grouped.metrics, room
        )
