"""The last line: the keys that work where the focus is, and what just happened."""

from __future__ import annotations

from collections.abc import Sequence

from textual.reactive import reactive
from textual.strip import Strip
from textual.timer import Timer

from tui_tracker.formatting import cell_width, crop, printable
from tui_tracker.tui.widgets.line_widget import Line, LineWidget, Role, Span

LEAST_HINTS = 20
"""Cells from which on there is room for keys beside a message."""
MESSAGE_S = 4.0
"""How long a message stands before the keys come back."""


class Footer(LineWidget):
    """Key hints, best first, as many as fit, always ending in `? more`; a message before them."""

    hints: reactive[Sequence[tuple[str, str]]] = reactive(())
    message: reactive[tuple[str, Role]] = reactive(("", ""))
    mark: reactive[str] = reactive("")
    """What holds until it changes, such as a pause; at the right end."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._fading: Timer | None = None

    def say(self, text: str, role: Role = "") -> None:
        """Show a message before the keys for a moment."""
        # It may tell of anything: a copied note, a path, what an error says.
        self.message = (printable(text), role)
        if self._fading is not None:
            self._fading.stop()
        self._fading = self.set_timer(MESSAGE_S, self._fade)

    def unsay(self, text: str) -> None:
        """Take a message back that is not true any more, where it still stands."""
        if text and self.message[0] == text:
            self._fade()

    def _fade(self) -> None:
        self.message, self._fading = ("", ""), None

    def render_line(self, y: int) -> Strip:  # noqa: ARG002 - there is one line
        room = self.size.width - cell_width(self.mark) - (2 if self.mark else 0)
        line = said_line(*self.message, self.hints, room)
        if not self.mark:
            return self.strip(line, room)
        taken = sum(cell_width(part) for part, _ in line)
        line = (*line, (" " * max(1, room - taken), ""), (self.mark, "second"))
        return self.strip(line, self.size.width)


def said_line(text: str, role: Role, hints: Sequence[tuple[str, str]], room: int) -> Line:
    """Return a message and as many hints as fit behind it, or the hints alone."""
    if not text:
        return hint_line(hints, room)
    said = crop(text, room - 2)
    line: Line = ((f" {said} ", role or "accent"),)
    left = room - cell_width(said) - 3
    # The keys stay in sight: what was said most often tells which one to press.
    return (*line, *hint_line(hints, left)) if left >= LEAST_HINTS else line


def hint_line(hints: Sequence[tuple[str, str]], width: int) -> Line:
    """Return as many hints as fit; the last one of the list always stands at the end."""
    if not hints:
        return ()
    *ranked, last = hints
    room = width - 1 - _cells(last)
    shown = []
    for hint in ranked:
        if (room := room - _cells(hint) - 2) < 0:
            break
        shown.append(hint)
    spans: list[Span] = [(" ", "")]
    for key, label in [*shown, last]:
        spans += [(key, "accent"), (f" {label}  ", "dim")]
    return tuple(spans)


def _cells(hint: tuple[str, str]) -> int:
    return cell_width(hint[0]) + 1 + cell_width(hint[1])
