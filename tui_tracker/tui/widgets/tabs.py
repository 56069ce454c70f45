"""The line of tabs of a run's page: number and name, the open one marked."""

from __future__ import annotations

from dataclasses import dataclass

from textual import events
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip

from tui_tracker.formatting import cell_width
from tui_tracker.tui.widgets.line_widget import LineWidget, Span


class Tabs(LineWidget):
    """Names side by side; a click on one asks for it."""

    names: reactive[tuple[str, ...]] = reactive(())
    open: reactive[int] = reactive(0)

    @dataclass
    class Wanted(Message):
        """A tab was clicked."""

        tabs: Tabs
        index: int

        @property
        def control(self) -> Tabs:
            return self.tabs

    def _parts(self) -> list[tuple[Span, ...]]:
        letters, gap = self._fitting()
        parts: list[tuple[Span, ...]] = []
        for number, name in enumerate(self.names):
            if number == self.open:
                parts.append(((f" {number + 1} {name} ", "mark"), (" " * (gap - 1), "")))
            else:
                parts.append(
                    ((f" {number + 1}", "accent"), (f" {name[:letters]}{' ' * gap}", "dim"))
                )
        return parts

    def _fitting(self) -> tuple[int, int]:
        """Return how many letters of the names fit, and the gap; the open one is always whole."""
        whole = max(map(cell_width, self.names), default=0)
        for letters, gap in ((whole, 2), (whole, 1), (whole, 0), (4, 2), (3, 2), (2, 2)):
            words = [n if i == self.open else n[:letters] for i, n in enumerate(self.names)]
            if sum(cell_width(word) + 3 + gap for word in words) < self.size.width:
                return letters, gap
        return 1, 2

    def render_line(self, y: int) -> Strip:  # noqa: ARG002 - there is one line
        spans = [span for part in self._parts() for span in part]
        return self.strip(spans, self.size.width)

    def on_click(self, event: events.Click) -> None:
        end = 0
        for index, part in enumerate(self._parts()):
            end += sum(cell_width(text) for text, _ in part)
            if event.x < end:
                self.post_message(self.Wanted(self, index))
                return
