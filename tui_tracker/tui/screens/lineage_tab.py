"""What a run's page does about its lineage: check it in a thread, open changes, copy.

Nothing is checked before the tab is opened for the first time, and checked again only
where what is recorded changed, or when it is asked for.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING

from textual.message import Message

from tui_tracker.errors import TrackerError
from tui_tracker.formatting import printable
from tui_tracker.tui.lineage_pages import node_in_full
from tui_tracker.tui.screens.base import TrackerScreen
from tui_tracker.tui.widgets.lineage_view import LineageView
from tui_tracker.tui.widgets.lines_foot import LinesFoot
from tui_tracker.tui.widgets.virtual_list import VirtualList

if TYPE_CHECKING:
    from tui_tracker.lineage import LineageTree
    from tui_tracker.queries import Artifact, LineagePart, RunDetail
    from tui_tracker.store import Store

    Told = tuple[tuple[LineagePart, ...], tuple[Artifact, ...]]
    """What a check was made of."""

TELL_S = 0.25
"""How often a check says how far it is."""


class _Stopped(Exception):
    """The check is not wanted any more."""


class LineageTab(TrackerScreen, inherit_bindings=False):
    """A run's page as far as its lineage goes."""

    @dataclass
    class Traced(Message):
        """The lineage was checked; `tree` is None where the check was stopped."""

        key: int
        tree: LineageTree | None

    @dataclass
    class Checking(Message):
        """A check goes on, or ended in trouble."""

        key: int
        words: str
        """What is being read; "" when nothing is."""

    def __init__(self) -> None:
        super().__init__()
        self._traced: Told | None = None
        """What the tree that is shown, or on its way, was made of."""
        self._stop: threading.Event | None = None
        """Stops the deep check that goes on; None while none does."""

    @property
    def key(self) -> int:
        raise NotImplementedError

    @property
    def lineage_view(self) -> LineageView:
        return self.query_one(LineageView)

    def forget_lineage(self) -> None:
        """Drop what was checked, for another run follows."""
        self._stop_checking()
        self._traced = None
        self.lineage_view.checking = ""
        self.lineage_view.forget()

    def show_lineage(self, run: RunDetail) -> None:
        """Check the lineage where what is recorded is not what was checked last."""
        told = run.lineage, run.artifacts
        if self._traced != told:
            self._traced = told
            self._trace(deep=False)

    def check_again(self) -> None:
        """Let the next look at the tab check anew."""
        self._traced = None

    def _trace(self, *, deep: bool) -> None:
        key, stop = self.key, threading.Event()
        told_at = monotonic()

        def told(what: str, done: int, total: int) -> None:
            nonlocal told_at
            if stop.is_set():
                raise _Stopped
            if monotonic() - told_at >= TELL_S:
                told_at = monotonic()
                share = f" {done / total:.0%}" if total else ""
                self.post_message(self.Checking(key, f"checking {printable(what)}{share}"))

        def question(store: Store) -> Message:
            from tui_tracker.tui.reading import read_lineage

            try:
                return self.Traced(key, read_lineage(store, key, deep=deep, progress=told))
            except _Stopped:
                return self.Traced(key, None)
            except TrackerError:
                self.post_message(self.Checking(key, ""))
                raise

        if deep:
            self._stop = stop
            self.lineage_view.checking = "checking everything …"
        self.ask("lineage", question)

    def _stop_checking(self) -> None:
        if self._stop is not None:
            self._stop.set()
            self._stop = None

    def on_lineage_tab_traced(self, event: LineageTab.Traced) -> None:
        if event.key != self.key:
            return
        view = self.lineage_view
        view.checking = ""
        if event.tree is None:
            self.say("The check was stopped")
            return
        if event.tree.deep:
            self._stop = None
        view.tree_shown = event.tree
        self._show_foot()
        if event.tree.deep:
            self.say(f"All was read: {event.tree.lost or 'nothing'} changed or missing")

    def on_lineage_tab_checking(self, event: LineageTab.Checking) -> None:
        if event.key == self.key:
            self.lineage_view.checking = event.words
            if not event.words:
                self._stop = None

    def on_lineage_view_deep_wanted(self) -> None:
        if self._stop is not None:
            self._stop_checking()
        else:
            self._trace(deep=True)

    def on_unmount(self) -> None:
        self._stop_checking()

    # What the cursor is on.

    def on_virtual_list_cursor_moved(self, event: VirtualList.CursorMoved) -> None:
        if isinstance(event.list, LineageView):
            self._show_foot()

    def _show_foot(self) -> None:
        foot = self.query_one("#lineage-foot", LinesFoot)
        foot.lines = node_in_full(self.lineage_view.current, self.size.width - 3)

    def copied_from_lineage(self) -> str:
        """Return what the cursor is on: a digest, a commit, a path."""
        row = self.lineage_view.current
        return row.node.to_copy if row else ""

    def on_lineage_view_opened(self, event: LineageView.Opened) -> None:
        from tui_tracker.tui.screens.changes import ChangesScreen

        # Of a changed file the list opens with the cursor on it.
        path = event.node.value if event.node.title == event.node.value else ""
        self.app.push_screen(ChangesScreen(self.key, path))
