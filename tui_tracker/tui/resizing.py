"""A change of the window's size, painted once.

Textual paints while it lays out: the pages at their new size, then what they rearrange
because of it, then what they read for it. Each is the whole screen, and a window dragged
by its edge is many changes. So nothing is painted until the size has stood for a moment.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

from textual.timer import Timer

if TYPE_CHECKING:
    from textual.app import App
    from textual.geometry import Size

SETTLED_S = 0.05
"""How long the size stands before it is painted."""


class Resizing:
    """Holds the painting of an app while its window changes."""

    def __init__(self, app: App[None]) -> None:
        self._app = app
        self._held = ExitStack()
        self._settling: Timer | None = None
        self._size: Size | None = None

    def changed(self, size: Size) -> bool:
        """Hold the painting if this is another size than before; False where it is not."""
        before, self._size = self._size, size
        if before is None or before == size:
            return False
        if self._settling is None:
            self._held.enter_context(self._app.batch_update())
            self._settling = self._app.set_timer(SETTLED_S, self._paint)
        else:
            self._settling.reset()
        return True

    def _paint(self) -> None:
        self._settling = None
        self._held.close()
        # An app that is closed meanwhile has no page left to paint.
        if self._app.screen_stack:
            self._app.screen.refresh()
