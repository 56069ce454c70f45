"""The pane beside the table that tells more of the line under the cursor."""

from __future__ import annotations

from textual.geometry import Region
from textual.reactive import reactive
from textual.strip import Strip

from tui_tracker.tui.widgets.line_widget import Line, LineWidget


class PeekPane(LineWidget):
    """Lines of words; only those that differ are painted again."""

    lines: reactive[tuple[Line, ...]] = reactive((), repaint=False)
    below: reactive[bool] = reactive(False)
    """It stands below the table, and a line at its top parts them."""

    @property
    def room(self) -> int:
        """The cells that a line may take."""
        return max(8, self.size.width)

    def watch_lines(self, old: tuple[Line, ...], new: tuple[Line, ...]) -> None:
        for row in range(min(self.size.height, max(len(old), len(new)))):
            if old[row : row + 1] != new[row : row + 1]:
                self.refresh(Region(0, row + self.below, self.size.width, 1))

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        if self.below and y == 0:
            return self.strip((("─" * width, "faint"),), width)
        row = y - self.below
        return self.strip(self.lines[row] if row < len(self.lines) else (), width)
