"""What the app copies: an id, or whole runs in a way to be chosen."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from tui_tracker.errors import TrackerError
from tui_tracker.tui.clipboard import copy
from tui_tracker.tui.screen_stack import ScreenStack
from tui_tracker.tui.themed import ThemedApp

if TYPE_CHECKING:
    from tui_tracker.store import Store


class CopyingApp(ThemedApp, ScreenStack, inherit_bindings=False):
    """An app that copies what its page in front is about."""

    store: Store

    def action_copy(self) -> None:
        page = self.page
        if page is None:
            return
        if waits := page.waits_to_copy():
            page.say(waits)
        elif text := page.text_to_copy():
            lines = text.count("\n") + 1
            self.copy_text(text, text if lines == 1 else f"{lines:,} lines")
        else:
            as_runs = ": Y copies runs" if page.runs_to_copy() else ""
            page.say(f"There is nothing here that y copies{as_runs}")

    def action_copy_as(self) -> None:
        """Copy the runs that the page is about in a way to be chosen."""
        from tui_tracker.tui.copying import WAYS, copied
        from tui_tracker.tui.screens.chooser import ChooserScreen

        page = self.page
        keys = page.runs_to_copy() if page else []
        if page is None:
            return
        if not keys:
            page.say("There is no run here to copy")
            return
        columns = page.columns_to_copy()

        def work(way: int) -> None:
            try:
                found = copied(self.store, keys, way, columns)
            except TrackerError as error:
                self.call_from_thread(self.say, str(error), bad=True)
            else:
                self._copy(found.text, found.words)

        def done(way: int | None) -> None:
            if way is not None:
                self.run_worker(partial(work, way), thread=True, exit_on_error=False)

        self.push_screen(ChooserScreen("Copy as", WAYS), done)

    def copy_text(self, text: str, words: str) -> None:
        """Copy a text and say by which way it went; `words` are what it is."""
        self.run_worker(partial(self._copy, text, words), thread=True, exit_on_error=False)

    def _copy(self, text: str, words: str) -> None:
        """Copy and say so; runs in a thread, for a program of the desktop may take its time."""
        try:
            way = copy(text, self._write_raw)
        except OSError as error:
            self.call_from_thread(self.say, f"Not copied: {error}", bad=True)
        else:
            # What a text field here pastes.
            self._clipboard = text
            self.call_from_thread(self.say, f"Copied {words} {way}")

    def _write_raw(self, sequence: str) -> None:
        if self._driver is not None:
            self._driver.write(sequence)
