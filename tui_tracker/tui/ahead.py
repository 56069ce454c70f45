"""The first page's runs, read while Textual is still being loaded.

What the start screen will ask first is known before it exists, so a thread asks it. If the
screen asks for anything else, this answer is dropped and the question is put as ever. A
filter, an order or columns that are remembered are left to the screen, which knows them.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tui_tracker.remembered import State
    from tui_tracker.store import Store
    from tui_tracker.tui.reading import RunsFound, RunsWanted


ARRANGED = ("filter", "sort", "group", "columns")
"""What a remembered page of runs may hold that changes its first question."""


class Ahead:
    """One answer, read before the question is put."""

    def __init__(self, store: Store, state: State, lines: int) -> None:
        self._store, self._lines = store, lines
        self._wanted: RunsWanted | None = None
        self._found: RunsFound | None = None
        self.version = store.data_version()
        """Of the store before anything was read: what changes meanwhile is news to the app."""
        tree: dict[str, object] = state.get("tree", {})
        levels = tree.get("levels")
        self._levels = tuple(map(str, levels)) if isinstance(levels, list) else ()
        self._thread = threading.Thread(target=self._read, name="read-ahead", daemon=True)
        self._begun = not any(state.get(name, None) for name in ARRANGED)
        if self._begun:
            self._thread.start()

    def _read(self) -> None:
        from tui_tracker.errors import TrackerError
        from tui_tracker.queries import Order, Selection
        from tui_tracker.tui.reading import RunsWanted, find_runs
        from tui_tracker.tui.tree import TreeWanted

        tree = TreeWanted(self._levels or ("experiment",), ())
        order = Order("started", descending=True)
        self._wanted = RunsWanted(Selection(), order, 0, self._lines, None, tree)
        try:
            self._found = find_runs(self._store, self._wanted)
        except TrackerError:
            pass  # the screen will ask, and tell what is wrong

    def take(self, wanted: RunsWanted) -> RunsFound | None:
        """Return the answer if it is to this question; the first time only."""
        if not self._begun:
            return None
        self._thread.join()
        found, self._found = self._found, None
        return found if wanted == self._wanted else None
