"""The first page's runs, read while Textual is still being loaded.

What the start screen will ask first is known before it exists, so a thread asks it. If the
screen asks for anything else, this answer is dropped and the question is put as ever.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tui_tracker.store import Store
    from tui_tracker.tui.reading import RunsFound, RunsWanted


class Ahead:
    """One answer, read before the question is put."""

    def __init__(self, store: Store, lines: int) -> None:
        self._store, self._lines = store, lines
        self._wanted: RunsWanted | None = None
        self._found: RunsFound | None = None
        self._thread = threading.Thread(target=self._read, name="read-ahead", daemon=True)
        self._thread.start()

    def _read(self) -> None:
        from tui_tracker.errors import TrackerError
        from tui_tracker.queries import Order, Selection
        from tui_tracker.tui.reading import RunsWanted, find_runs

        wanted = RunsWanted(Selection(), Order("started", True), 0, self._lines, None, True)
        try:
            self._found = find_runs(self._store, wanted)
            self._wanted = wanted
        except TrackerError:
            pass  # the screen will ask, and tell what is wrong

    def take(self, wanted: RunsWanted) -> RunsFound | None:
        """Return the answer if it is to this question; the first time only."""
        self._thread.join()
        found, self._found = self._found, None
        return found if wanted == self._wanted else None
