"""A page of ready lines: overview, params, artifacts, notes, help."""

from __future__ import annotations

from textual.reactive import reactive

from tui_tracker.tui.keys import Place
from tui_tracker.tui.widgets.line_widget import Line
from tui_tracker.tui.widgets.virtual_list import VirtualList


class LinesView(VirtualList):
    """Lines to read; the movement keys scroll."""

    HAS_CURSOR = False

    def __init__(self, place: Place, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.PLACE = place

    lines: reactive[tuple[Line, ...]] = reactive((), repaint=False)

    def watch_lines(self, old: tuple[Line, ...], new: tuple[Line, ...]) -> None:
        """Repaint the lines that changed, not the page."""
        if len(old) != len(new):
            self.count = len(new)
            self.refresh()
            return
        for index in self.window:
            self.refresh_changes(index, old[index], new[index])

    def line(self, index: int) -> Line:
        return self.lines[index] if index < len(self.lines) else ()
