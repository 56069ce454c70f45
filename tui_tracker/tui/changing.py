"""Changes to runs from inside the app: one after the other, in a thread, never lost.

A page hands over what to do and goes on; the line at the bottom says what came of it. A
question to the store may be dropped for a newer one, a change never is. Words that could
not be stored, or were being written when the app ended, begin the next note, also that of
the next start.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.message import Message

from tui_tracker.errors import TrackerError
from tui_tracker.tui.screen_stack import ScreenStack
from tui_tracker.tui.screens.base import words_of

if TYPE_CHECKING:
    from rich.console import RenderableType

    from tui_tracker.store import Store

    Change = Callable[[Store], str]
    """Does something to the store and returns what was done, in words."""

PATIENCE_S = 0.4
"""After this long a change that waits for the store says so."""


class Changing(ScreenStack, inherit_bindings=False):
    """An app that changes its store."""

    store: Store

    @dataclass
    class Changed(Message):
        """A change was made, or could not be."""

        text: str
        trouble: bool

    def __init__(self) -> None:
        super().__init__()
        self._changes: deque[tuple[Change, str]] = deque()
        self._is_changing = False
        self._changes_lock = threading.Lock()
        self._drafts: list[str] = []
        self.unsaved: Callable[[], str] | None = None
        """Returns the words that are being written; None while nobody writes."""

    def change(self, change: Change, *, words: str = "") -> None:
        """Make a change once those before it are made; where it fails, `words` are kept."""
        with self._changes_lock:
            self._changes.append((change, words))
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
                change, words = self._changes.popleft()
            trouble = True
            try:
                text, trouble = change(self.store), False
            except TrackerError as error:
                text = words_of(error)
            except Exception as error:  # noqa: BLE001 - whatever a change meets, the app stays open
                text = f"{type(error).__name__}: {error}"
            if trouble and words:
                # Here, and not where it is told: the app may be closed by then.
                self.keep_draft(words)
                text += "; n has your words"
            self.post_message(self.Changed(text, trouble))

    def on_changing_changed(self, event: Changing.Changed) -> None:
        page = self.front_page
        if page is not None:
            page.say(event.text, bad=event.trouble)
        self.read_pages(page)

    def _say_waiting(self) -> None:
        if self._is_changing and self.front_page is not None:
            self.front_page.say("waiting for the store …")

    # Words that are not stored.

    @property
    def draft(self) -> str:
        """Words that could not be stored; "" where there are none."""
        return "\n\n".join(self._drafts)

    def keep_draft(self, words: str) -> None:
        """Keep words that are stored nowhere; may be called from any thread."""
        if words.strip():
            self._drafts.append(words)

    def take_draft(self) -> str:
        """Return the words that the next note begins with; whoever takes them keeps them."""
        words, self._drafts = self.draft, []
        return words

    def keep_what_is_written(self) -> None:
        """Keep the words of a note that is open while the app ends."""
        unsaved, self.unsaved = self.unsaved, None
        if unsaved is not None:
            self.keep_draft(unsaved())

    def exit(
        self,
        result: None = None,
        return_code: int = 0,
        message: RenderableType | None = None,
    ) -> None:
        self.keep_what_is_written()
        super().exit(result, return_code, message)

    def action_undo(self) -> None:
        from tui_tracker.tui.annotations import undo

        self.change(undo)

    def action_redo(self) -> None:
        from tui_tracker.tui.annotations import redo

        self.change(redo)
