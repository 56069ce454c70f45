"""The pane beside the table that tells more of the line under the cursor."""

from __future__ import annotations

from textual.geometry import Region
from textual.reactive import reactive
from textual.strip import Strip

from tui_tracker.tui.widgets.line_widget import Line, LineWidget


class PeekPane(LineWidget):
    """Lines of words; only those that differ are painted again."""

    lines: reactive[tuple[Line, ...]] = reactive((), repaint=False)
    over: reactive[bool] = reactive(False)
    """It stands over the table, and a line at its left parts them."""

    @property
    def room(self) -> int:
        """The cells that a line may take."""
        return max(8, self.size.width - 2 * self.over)

    def watch_lines(self, old: tuple[Line, ...], new: tuple[Line, ...]) -> None:
        for row in range(min(self.size.height, max(len(old), len(new)))):
            if old[row : row + 1] != new[row : row + 1]:
                self.refresh(Region(0, row, self.size.width, 1))

    def render_line(self, y: int) -> Strip:
        line = self.lines[y] if y < len(self.lines) else ()
        edge: Line = (("│ ", "faint"),) if self.over else ()
        return self.strip((*edge, *line), self.size.width)
