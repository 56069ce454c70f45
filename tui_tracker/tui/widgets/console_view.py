"""What a run printed, by line number: only the visible window is ever in memory.

While the view stands at the end it follows new lines, as `tail -f` does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.message import Message

from tui_tracker.formatting import crop, printable, strip_ansi
from tui_tracker.tui.widgets.line_widget import Line
from tui_tracker.tui.widgets.virtual_list import VirtualList

if TYPE_CHECKING:
    from tui_tracker.queries import ConsoleLine

AHEAD = 200
"""Lines read before and after the visible ones, so that scrolling rarely waits."""
KEPT = 5000


class ConsoleView(VirtualList):
    """The console of a run; error lines carry a mark."""

    PLACE = "console"
    HAS_CURSOR = False

    @dataclass
    class LinesWanted(Message):
        """Lines are visible that the view does not have."""

        view: ConsoleView
        first: int
        count: int

        @property
        def control(self) -> ConsoleView:
            return self.view

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._lines: dict[int, ConsoleLine] = {}

    def forget(self) -> None:
        """Drop all lines, for another run follows."""
        self._lines = {}
        self.count = 0

    @property
    def at_end(self) -> bool:
        """Whether the last line is in view, so that new ones are followed."""
        return self.top + self.page >= self.count

    def show_count(self, count: int) -> None:
        """Take the number of lines there are now; at the end, follow.

        The last line known may have been unfinished and is read again.
        """
        follow = self.at_end
        if count == self.count:
            return
        self._lines.pop(self.count - 1, None)
        if count < self.count:
            self._lines.clear()
        self.count = count
        if follow:
            self.scroll_top(count)
        self.window_changed()

    def show_lines(self, lines: Sequence[ConsoleLine]) -> None:
        """Take lines that were read; repaint those that are visible."""
        if len(self._lines) > KEPT:
            self._lines = {n: self._lines[n] for n in self.window if n in self._lines}
        for line in lines:
            if self._lines.get(line.number) != line:
                self._lines[line.number] = line
                self.refresh_index(line.number)

    def window_changed(self) -> None:
        missing = [number for number in self.window if number not in self._lines]
        if missing:
            first = max(0, missing[0] - AHEAD)
            last = min(self.count, missing[-1] + AHEAD + 1)
            self.post_message(self.LinesWanted(self, first, last - first))

    def line(self, index: int) -> Line:
        line = self._lines.get(index)
        if line is None:
            return (("…", "faint"),)
        text = crop(printable(last_state(line.text)), max(0, self.room - 2))
        return (("│ ", "bad"), (text, "")) if line.stream == "err" else (("  ", ""), (text, ""))


def last_state(text: str) -> str:
    """Return what a terminal would show of a line with carriage returns: its last state."""
    text = strip_ansi(text).rstrip("\r")
    shown = ""
    for part in text.split("\r"):
        # A shorter rewrite leaves the tail of the longer one standing.
        shown = part + shown[len(part) :]
    return shown.expandtabs(8)
