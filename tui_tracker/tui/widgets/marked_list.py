"""A list of keys of which some are marked: one by one, a range, all, or the others.

Marks are kept by key, so they survive another order, a filter and whatever comes and goes
meanwhile. A negative key is a line that stands for several runs; `members` tells which.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from textual.message import Message
from textual.reactive import reactive

from tui_tracker.tui.widgets.line_widget import Span
from tui_tracker.tui.widgets.virtual_list import VirtualList


class MarkedList(VirtualList, inherit_bindings=False):
    """Keys, a line each; marks are told in the first cell."""

    marked: reactive[frozenset[int]] = reactive(frozenset(), repaint=False, init=False)

    @dataclass
    class Marked(Message):
        """Other lines are marked than before."""

        list: MarkedList
        keys: frozenset[int]

        @property
        def control(self) -> MarkedList:
            return self.list

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.keys: Sequence[int] = ()
        self.range_from: int | None = None
        """The key at which a range was begun; None while there is none."""
        self._range_at = 0
        """Where that key stands."""

    def members(self, key: int) -> Collection[int]:
        """Return the runs that a line stands for."""
        return (key,)

    def everything(self) -> Collection[int]:
        """Return all runs of the list, also those that no line of their own shows."""
        return self.keys

    @property
    def current_key(self) -> int | None:
        """The key under the cursor."""
        return self.keys[self.cursor] if self.cursor < len(self.keys) else None

    # Drawing.

    def mark_span(self, index: int) -> Span:
        """Return the first cell of a line: the cursor, a mark, or the range being marked."""
        if index == self.cursor and not self.marked:
            return "▌", "mark"
        members = self.members(self.keys[index]) if index < len(self.keys) else ()
        count = sum(key in self.marked for key in members)
        if count:
            glyph = "◆" if count == len(members) else "◇"
            return glyph, "mark" if index == self.cursor else "second"
        if index == self.cursor:
            return "▌", "mark"
        return ("┃", "second") if index in self._range() else (" ", "")

    def take_keys(self, keys: Sequence[int]) -> None:
        """Hold these keys; a range whose first key is gone is left."""
        self.keys = keys
        if self.range_from is not None:
            try:
                self._range_at = keys.index(self.range_from)
            except ValueError:
                self.range_from = None

    def _range(self) -> range:
        if self.range_from is None:
            return range(0)
        return range(min(self._range_at, self.cursor), max(self._range_at, self.cursor) + 1)

    def watch_cursor(self, old: int, new: int) -> None:
        super().watch_cursor(old, new)
        if self.range_from is not None:
            for index in range(min(old, new), max(old, new) + 1):
                self.refresh_index(index)

    def watch_marked(self, old: frozenset[int], new: frozenset[int]) -> None:
        changed = old ^ new
        for index in self.window:
            if not changed.isdisjoint(self.members(self.keys[index])):
                self.refresh_index(index)
        self.post_message(self.Marked(self, new))

    # Marking.

    def action_mark(self) -> None:
        if self.range_from is not None:
            self.action_mark_range()
        elif (key := self.current_key) is not None:
            self.toggle(key)

    def toggle(self, key: int) -> None:
        """Mark the runs of a line, or none of them where all are marked."""
        members = self.members(key)
        if all(member in self.marked for member in members):
            self.marked -= frozenset(members)
        else:
            self.marked |= frozenset(members)

    def action_mark_range(self) -> None:
        if self.range_from is None:
            self.range_from, self._range_at = self.current_key, self.cursor
            self.post_message(self.Marked(self, self.marked))
            return
        keys = [self.keys[index] for index in self._range()]
        self.leave_range()
        self.marked |= frozenset(member for key in keys for member in self.members(key))

    def leave_range(self) -> None:
        """Mark no range after all."""
        reach = self._range()
        self.range_from = None
        for index in reach:
            self.refresh_index(index)
        self.post_message(self.Marked(self, self.marked))

    def action_mark_all(self) -> None:
        self.marked |= frozenset(self.everything())

    def action_invert(self) -> None:
        self.marked ^= frozenset(self.everything())
