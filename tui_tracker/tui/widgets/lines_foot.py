"""A few lines below a list that say more about what the cursor is on."""

from __future__ import annotations

from textual.reactive import reactive
from textual.strip import Strip

from tui_tracker.tui.widgets.line_widget import Line, LineWidget


class LinesFoot(LineWidget):
    """Ready lines that take no focus."""

    lines: reactive[tuple[Line, ...]] = reactive(())

    def render_line(self, y: int) -> Strip:
        return self.strip(self.lines[y] if y < len(self.lines) else (), self.size.width)
