"""Searching in the text of an artifact: in a thread, from line to line, in a file of any size."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.message import Message

from tui_tracker.formatting import printable
from tui_tracker.tui.screens.base import TrackerScreen
from tui_tracker.tui.widgets.text_view import TextView

if TYPE_CHECKING:
    from tui_tracker.store import Store
    from tui_tracker.tui.artifact_reading import Opened
    from tui_tracker.tui.widgets.filter_line import FilterLine


class Searching(TrackerScreen, inherit_bindings=False):
    """A page of a file, as far as its text is searched."""

    @dataclass
    class Searched(Message):
        """A search ended; `line` is None where nothing was found."""

        opened: Opened
        line: int | None

    def __init__(self) -> None:
        super().__init__()
        self.opened: Opened | None = None
        self.stop = threading.Event()
        """Stops counting and searching in a file that is not shown any more."""
        self._wanted = ""
        """What is searched for."""

    @property
    def text(self) -> TextView:
        return self.query_one(TextView)

    def action_search(self) -> None:
        from tui_tracker.tui.widgets.filter_line import FilterLine

        line = FilterLine(self._wanted, "text to find; n and N go to the next and the one before")
        self.mount(line, before="#footer")
        self.focus_on(line)

    def on_filter_line_closed(self, event: FilterLine.Closed) -> None:
        kept = event.text != self._wanted
        event.line.remove()
        self.focus_on(self.text)
        self._wanted = event.text
        if event.text and (kept or self.text.found < 0):
            self._find(self.text.top, back=False)

    def action_find(self, step: int) -> None:
        if not self._wanted:
            self.say("Press / and type what to find")
            return
        found = self.text.found
        if step > 0:
            self._find(found + 1 if found >= 0 else self.text.top, back=False)
        else:
            self._find(found if found >= 0 else self.text.top, back=True)

    def _find(self, start: int, *, back: bool) -> None:
        opened, wanted, stop = self.opened, self._wanted, self.stop
        if opened is None or opened.text is None:
            return
        text = opened.text

        def question(store: Store) -> Message:
            del store
            found = text.find(wanted, start, back=back, stop=stop.is_set)
            return self.Searched(opened, found)

        self.ask("search", question)

    def on_searching_searched(self, event: Searching.Searched) -> None:
        if event.opened is not self.opened or event.opened.text is None:
            return
        if event.line is None:
            self.say(f'"{printable(self._wanted)}" is not found from here on')
            return
        if event.line >= self.text.count:
            self.text.show_count(event.opened.text.count)
        self.text.show_found(event.line)
