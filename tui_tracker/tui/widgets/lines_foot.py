"""A few lines below a list that say more about what the cursor is on."""

from __future__ import annotations

from textual.geometry import Region
from textual.reactive import reactive
from textual.strip import Strip

from tui_tracker.tui.widgets.line_widget import Line, LineWidget


class LinesFoot(LineWidget):
    """Ready lines that take no focus."""

    lines: reactive[tuple[Line, ...]] = reactive((), repaint=False)

    def watch_lines(self, old: tuple[Line, ...], new: tuple[Line, ...]) -> None:
        """Repaint the lines that changed."""
        for row in range(max(len(old), len(new))):
            if old[row : row + 1] != new[row : row + 1]:
                self.refresh(Region(0, row, self.size.width, 1))

    def render_line(self, y: int) -> Strip:
        return self.strip(self.lines[y] if y < len(self.lines) else (), self.size.width)
