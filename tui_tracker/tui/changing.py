"""Changes to runs from inside the app: one after the other, in a thread, never lost.

A page hands over what to do and goes on; the line at the bottom says what came of it. A
question to the store may be dropped for a newer one, a change never is.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.app import App
from textual.message import Message

from tui_tracker.errors import TrackerError
from tui_tracker.tui.screens.base import TrackerScreen, words_of

if TYPE_CHECKING:
    from tui_tracker.store import Store

    Change = Callable[[Store], str]
    """Does something to the store and returns what was done, in words."""

PATIENCE_S = 0.4
"""After this long a change that waits for the store says so."""


class Changing(App[None], inherit_bindings=False):
    """An app that changes its store."""

    store: Store

    @dataclass
    class Changed(Message):
        """A change was made, or could not be."""

        text: str
        trouble: bool
        on_trouble: Callable[[], None] | None

    def __init__(self) -> None:
        super().__init__()
        self._changes: deque[tuple[Change, Callable[[], None] | None]] = deque()
        self._is_changing = False
        self._changes_lock = threading.Lock()
        self.draft = ""
        """A note that could not be stored: the next one begins with it."""

    def change(self, change: Change, *, on_trouble: Callable[[], None] | None = None) -> None:
        """Make a change once those before it are made; `on_trouble` is called where it fails."""
        with self._changes_lock:
            self._changes.append((change, on_trouble))
            if self._is_changing:
                return
            self._is_changing = True
        self.set_timer(PATIENCE_S, self._say_waiting)
        self.run_worker(self._make_changes, thread=True, group="changes", exit_on_error=False)

    def _make_changes(self) -> None:
        while True:
            with self._changes_lock:
                if not self._changes:
                    self._is_changing = False
                    return
                change, on_trouble = self._changes.popleft()
            trouble = True
            try:
                text, trouble = change(self.store), False
            except TrackerError as error:
                text = words_of(error)
            except Exception as error:  # noqa: BLE001 - whatever a change meets, the app stays open
                text = f"{type(error).__name__}: {error}"
            self.post_message(self.Changed(text, trouble, on_trouble))

    def on_changing_changed(self, event: Changing.Changed) -> None:
        if event.trouble and event.on_trouble is not None:
            event.on_trouble()
        page = self.front_page
        if page is not None:
            page.say(event.text, bad=event.trouble)
            if page.stands:
                page.read_again()

    @property
    def front_page(self) -> TrackerScreen | None:
        """The page in front, also where a dialog stands over it."""
        pages = (screen for screen in self.screen_stack if isinstance(screen, TrackerScreen))
        return next(iter(reversed(list(pages))), None)

    def _say_waiting(self) -> None:
        if self._is_changing and self.front_page is not None:
            self.front_page.say("waiting for the store …")

    def action_undo(self) -> None:
        from tui_tracker.tui.annotations import undo

        self.change(undo)

    def action_redo(self) -> None:
        from tui_tracker.tui.annotations import redo

        self.change(redo)
