"""One line of words: what is shown (left) and how it stands (right)."""

from __future__ import annotations

from textual.reactive import reactive
from textual.strip import Strip

from tui_tracker.formatting import cell_width, crop
from tui_tracker.tui.widgets.line_widget import Line, LineWidget, Span


class Bar(LineWidget):
    """A title line; the left side gives way where both do not fit."""

    left: reactive[Line] = reactive((), repaint=False)
    right: reactive[Line] = reactive((), repaint=False)
    _shown: Line = ()

    def watch_left(self) -> None:
        self._show()

    def watch_right(self) -> None:
        self._show()

    def _show(self) -> None:
        """Repaint what differs: the time of a live run goes on each second."""
        shown, self._shown = self._shown, self._line()
        self.refresh_parts(0, shown, self._shown)

    def render_line(self, y: int) -> Strip:  # noqa: ARG002 - there is one line
        self._shown = self._line()
        return self.strip(self._shown, self.size.width)

    def _line(self) -> Line:
        width = self.size.width
        right = _cut(shortened(self.right, width), width)
        taken = sum(cell_width(text) for text, _ in right)
        left = _cut(self.left, width - taken - (1 if taken else 0))
        filled = sum(cell_width(text) for text, _ in left)
        return (*left, (" " * max(0, width - taken - filled), ""), *right)


def shortened(spans: Line, room: int) -> Line:
    """Return the spans with the longest cut by what they have too much.

    That is a filter or a name, of which a part tells enough; a count or an order does not.
    """
    over = sum(cell_width(text) for text, _ in spans) - room
    if over <= 0:
        return spans
    widths = [cell_width(text) for text, _ in spans]
    at = widths.index(max(widths))
    text, role = spans[at]
    words = text.rstrip()
    gap = text[len(words) :]
    left = cell_width(words) - over
    return (*spans[:at], (crop(words, left) + gap, role), *spans[at + 1 :]) if left > 0 else spans


def _cut(spans: Line, room: int) -> Line:
    """Return the spans that fit into `room` cells, the last of them cut."""
    kept: list[Span] = []
    for text, role in spans:
        cut = crop(text, max(0, room))
        if cut:
            kept.append((cut, role))
        room -= cell_width(text)
        if room <= 0:
            break
    return tuple(kept)
