"""The filter of the start screen: typed live, kept with enter, given up with esc.

A query that is wrong, or not whole yet, is told about beside the line and changes nothing:
the table keeps the runs of the last one that could be read.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.message import Message

from tui_tracker.errors import QueryError, TrackerError
from tui_tracker.formatting import printable
from tui_tracker.tui.screens.runs_core import RunsCore
from tui_tracker.tui.widgets.line_widget import LineWidget

if TYPE_CHECKING:
    from tui_tracker.queries import Selection, Suggestions
    from tui_tracker.store import Store
    from tui_tracker.tui.widgets.query_line import QueryLine

MOST_REMEMBERED = 100


class Filtering(RunsCore, inherit_bindings=False):
    """`/` filters, `f` offers values to choose from, `z` shows archived runs, too."""

    TYPING_HINTS = (("tab", "complete"), ("↑↓", "before"), ("enter", "keep"), ("esc", "restore"))

    @dataclass
    class Suggested(Message):
        """How a query can go on was found."""

        line: QueryLine
        text: str
        found: Suggestions

    def action_archived(self) -> None:
        self.archived = not self.archived
        self.read_again()

    async def action_filter(self) -> None:
        await self.type_filter(self.text)

    async def type_filter(self, text: str) -> None:
        """Open the line with a filter in it, which is tried at once."""
        # Only here: importing fields takes a sixth as long as all else of the first page.
        from tui_tracker.tui.widgets.query_line import QueryLine

        for open_line in self.query(QueryLine):
            open_line.remove()
        line = QueryLine(self.text, self._remembered())
        # Awaited, so that what is typed meanwhile does not reach the table.
        await self.mount(line, before="#footer")
        if text != self.text:
            line.input.value = text
        line.input.cursor_position = len(text)
        self.focus_on(line.input)

    def on_query_line_typed(self, event: QueryLine.Typed) -> None:
        from tui_tracker.language import parse

        try:
            parse(event.text)
        except QueryError as error:
            event.line.complain(error)
            return
        event.line.complain(None)
        self._filter_by(event.text)

    @property
    def is_typing(self) -> bool:
        return self.focused is not None and not isinstance(self.focused, LineWidget)

    def _filter_by(self, text: str) -> None:
        if text != self.text:
            self.text = text
            self.ask_runs()

    def takes_trouble(self, error: TrackerError) -> bool:
        if not isinstance(error, QueryError):
            return super().takes_trouble(error)
        # The table shows what the filter of before found, and goes on doing so.
        self.text = self.shown.text if self.shown is not None else ""
        if self.table.more:
            self.ask_runs()  # the rest of what it found was given up for this one
        for line in self._open_lines():
            line.complain(error)
            return True
        if self.shown is None:
            self.ask_runs()
        return False

    def _open_lines(self) -> Iterable[QueryLine]:
        from tui_tracker.tui.widgets.query_line import QueryLine

        return self.query(QueryLine)

    def on_query_line_wanted(self, event: QueryLine.Wanted) -> None:
        line, text, cursor = event.line, event.text, event.cursor
        selection = self.unfiltered()

        def question(store: Store) -> Message:
            from tui_tracker.queries import suggest

            return self.Suggested(line, text, suggest(store, text, cursor, selection))

        self.ask("suggestions", question, about=(text, cursor))

    def on_filtering_suggested(self, event: Filtering.Suggested) -> None:
        if event.line.is_attached:
            event.line.suggest(event.text, event.found)

    def on_query_line_closed(self, event: QueryLine.Closed) -> None:
        from tui_tracker.language import parse

        try:
            parse(event.text)
        except QueryError as error:
            event.line.complain(error)
            return
        event.line.remove()
        self.focus_on(self.table)
        if event.kept and event.text.strip():
            self._remember(event.text)
        # What was shown meanwhile may be the part of it that did not wait for more.
        self.text = event.text
        self.ask_runs()

    def action_facets(self) -> None:
        from tui_tracker.tui.screens.facets import FacetsScreen

        selection = self.asked().selection()
        self.app.push_screen(FacetsScreen(selection, self.type_filter))

    def unfiltered(self) -> Selection:
        """Return the runs of the branch, without the filter."""
        selection = self.asked().selection()
        selection.query = ""
        return selection

    def clear_filter(self) -> bool:
        """Take the filter away, and say so; False where there was none."""
        if not self.text:
            return False
        self.say(f'Filter "{printable(self.text)}" cleared')
        self.text = ""
        self.ask_runs()
        return True

    def _remembered(self) -> list[str]:
        nothing: list[str] = []
        return [str(text) for text in self.tracker.state.get("filters", nothing)]

    def _remember(self, text: str) -> None:
        before = [known for known in self._remembered() if known != text]
        self.tracker.state.put("filters", [*before, text][-MOST_REMEMBERED:])
