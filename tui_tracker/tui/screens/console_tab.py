"""The console of a run's page: read as one scrolls, searched, and tied to the curves by time.

A search walks through the blocks in a thread, from the cursor on and then from the top,
and tells what it found as it goes; another text, or another run, stops it.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING

from textual.message import Message

from tui_tracker.errors import TrackerError
from tui_tracker.formatting import format_count, format_time, printable
from tui_tracker.tui.screens.base import TrackerScreen, words_of
from tui_tracker.tui.widgets.bar import Bar
from tui_tracker.tui.widgets.console_view import ConsoleView
from tui_tracker.tui.widgets.curve_grid import CurveGrid
from tui_tracker.tui.widgets.line_widget import Span

if TYPE_CHECKING:
    from tui_tracker.queries import ConsoleLine, RunDetail, Searched
    from tui_tracker.store import Store
    from tui_tracker.tui.screens.curve_page import CurvePage
    from tui_tracker.tui.widgets.find_line import FindLine

TELL_S = 0.1
"""How often a search says what it found."""


class ConsoleTab(TrackerScreen, inherit_bindings=False):
    """A run's page as far as its console goes."""

    @dataclass
    class LinesRead(Message):
        """Lines of the console were read."""

        key: int
        lines: list[ConsoleLine]

    @dataclass
    class Matched(Message):
        """A search came further."""

        search: int
        numbers: list[int]
        looked_at: int
        """How many lines, since it was told last."""
        done: bool
        trouble: str

    @dataclass
    class LineFound(Message):
        """The line nearest to a moment was looked up; None where nothing was printed."""

        key: int
        number: int | None

    @dataclass
    class PlaceFound(Message):
        """Where a moment is on the curves was looked up; None where nothing was logged."""

        key: int
        place: float | None

    def __init__(self) -> None:
        super().__init__()
        self._search = 0
        """Number of the latest search; an older one stops."""
        self._stop_search = threading.Event()
        self._text = ""
        self._text_before, self._cursor_before = "", 0
        self._matches: set[int] = set()
        self._looked_at = 0
        self._searching = False
        self._jump_from: int | None = None
        """The first match from this line on is gone to as soon as it is known."""
        self._place: float | None = None
        """Where the cursor of the curves goes once they are there."""

    @property
    def key(self) -> int:
        """The run whose page this is."""
        raise NotImplementedError

    @property
    def run_detail(self) -> RunDetail | None:
        """The run, once it was read."""
        raise NotImplementedError

    @property
    def grid(self) -> CurveGrid:
        raise NotImplementedError

    @property
    def console_view(self) -> ConsoleView:
        return self.query_one(ConsoleView)

    def open_console(self) -> None:
        """Show the tab of the console."""
        raise NotImplementedError

    def open_curves(self) -> None:
        """Show the tab of the curves."""
        raise NotImplementedError

    # Lines.

    def on_console_view_lines_wanted(self, event: ConsoleView.LinesWanted) -> None:
        key = self.key

        def question(store: Store) -> Message:
            from tui_tracker.tui.reading import read_lines

            return self.LinesRead(key, read_lines(store, key, event.first, event.count))

        self.ask("console", question)

    def on_console_tab_lines_read(self, event: ConsoleTab.LinesRead) -> None:
        if event.key == self.key:
            self.console_view.show_lines(event.lines)
            self._show_bar()

    def show_console(self, run: RunDetail) -> None:
        """Show the console as far as it goes now; more lines are searched as well."""
        view = self.console_view
        view.empty = ((), (("  This run printed nothing.", "dim"),))
        grown = run.console_lines != view.count
        view.show_count(run.console_lines)
        if grown and self._text and not self._searching:
            # The last line may have been unfinished.
            self._begin_search(max(0, self._looked_at - 2), again=False)
        self._show_bar()

    def forget_console(self) -> None:
        """Stop what is under way, for another run follows."""
        self._end_search()
        self._text, self._place = "", None
        self.console_view.forget()

    def on_unmount(self) -> None:
        self._stop_search.set()

    def on_console_view_changed(self, event: ConsoleView.Changed) -> None:
        event.stop()
        self._show_bar()

    def _show_bar(self) -> None:
        view, bar = self.console_view, self.query_one("#console-bar", Bar)
        place = f" line {format_count(view.cursor + 1)} of {format_count(view.count)}"
        spans: list[Span] = [(place if view.count else "", "dim")]
        if view.current is not None:
            spans.append((f"  {format_time(view.current.at)}", "dim"))
        if view.marked:
            spans.append((f"  {format_count(len(view.marked))} marked", "second"))
        run = self.run_detail
        if view.follow and run is not None and run.row.status == "running":
            spans.append(("  following", "good"))
        bar.left = tuple(spans)
        bar.right = self._search_words()

    def _search_words(self) -> tuple[Span, ...]:
        if not self._text:
            return ()
        view, found = self.console_view, len(self._matches)
        which = ""
        if view.cursor in self._matches:
            which = f"{format_count(view.matches.index(view.cursor) + 1)} of "
        some = f"{which}{format_count(found)} lines" if found else "not found"
        still = " so far …" if self._searching else ""
        return (f"/{printable(self._text)}  ", "accent"), (f"{some}{still} ", "dim")

    # Searching.

    def action_search(self) -> None:
        from tui_tracker.tui.widgets.find_line import FindLine

        for line in self.query(FindLine):
            # It stands there already; a click took the focus from it.
            self.focus_on(line)
            return
        self._text_before, self._cursor_before = self._text, self.console_view.cursor
        line = FindLine(self._text, "text to search for; a capital letter makes case count")
        self.mount(line, before="#footer")
        self.focus_on(line)

    def on_find_line_typed(self, event: FindLine.Typed) -> None:
        self._look_for(event.text, self._cursor_before)

    def on_find_line_closed(self, event: FindLine.Closed) -> None:
        event.line.remove()
        self.focus_on(self.console_view)
        if not event.kept:
            self._look_for(self._text_before, None)
            self.console_view.cursor = self._cursor_before

    def _look_for(self, text: str, jump_from: int | None) -> None:
        if text == self._text:
            return
        self._end_search()
        self._text, self._jump_from = text, jump_from
        self._matches, self._looked_at = set(), 0
        self.console_view.show_matches(text, [])
        if text:
            self._begin_search(self.console_view.cursor, again=True)
        self._show_bar()

    def _end_search(self) -> None:
        self._stop_search.set()
        self._search += 1
        self._searching = False

    def _begin_search(self, first: int, *, again: bool) -> None:
        """Search from a line to the end, and with `again` from the top to there."""
        self._search += 1
        self._searching = True
        stop = self._stop_search = threading.Event()
        number, key, text = self._search, self.key, self._text

        def work() -> None:
            store = self.tracker.store
            told: list[int] = []
            looked, at, trouble = 0, monotonic(), ""
            try:
                for step in _walk(store, key, text, first, again=again, stop=stop):
                    told += step.numbers
                    looked += step.end - step.first
                    if monotonic() - at >= TELL_S:
                        self.post_message(self.Matched(number, told, looked, False, ""))
                        told, looked, at = [], 0, monotonic()
            except TrackerError as error:
                trouble = words_of(error)
            self.post_message(self.Matched(number, told, looked, True, trouble))

        self.run_worker(work, thread=True, group="search", exit_on_error=False)

    def on_console_tab_matched(self, event: ConsoleTab.Matched) -> None:
        if event.search != self._search:
            return
        view = self.console_view
        self._matches.update(event.numbers)
        self._looked_at = view.count if event.done else self._looked_at
        if event.numbers:
            view.show_matches(self._text, sorted(self._matches))
        self._searching = not event.done
        if event.trouble:
            self.say(event.trouble, bad=True)
        if self._jump_from is not None and self._matches:
            start, self._jump_from = self._jump_from, None
            later = [number for number in view.matches if number >= start]
            view.go_to_line(later[0] if later else view.matches[0])
        self._show_bar()

    def action_match(self, direction: int) -> None:
        """Go to the next or to the previous match."""
        view = self.console_view
        if not self._text:
            self.say("Press / to search")
            return
        number = view.next_match(direction)
        if number is None:
            self.say("Still searching …" if self._searching else "It is not found")
            return
        if (number - view.cursor) * direction < 0:
            self.say("From the top again" if direction > 0 else "From the end again")
        view.go_to_line(number)

    def waits_to_copy(self) -> str:
        view = self.console_view
        waits = view.visible and view.awaits_marked
        return "The marked lines are still being read: press y again" if waits else ""

    def clear_search(self) -> bool:
        """Give a search or marks up, one at a time; False where there is neither."""
        if self.console_view.marked:
            self.console_view.action_unmark()
        elif self._text:
            self.say(f'Search for "{printable(self._text)}" cleared')
            self._look_for("", None)
        else:
            return False
        return True

    # To the curves and back.

    def on_console_view_time_wanted(self, event: ConsoleView.TimeWanted) -> None:
        run, shown = self.run_detail, self.grid.label
        if run is None or not run.row.metrics:
            self.say("There are no curves to go to: no metric was logged")
            return
        # A filter may hide all charts; the place is then found by any metric.
        metric = run.row.metrics.get(shown) or next(iter(run.row.metrics.values()))
        self.open_curves()
        key, at_ms, x = self.key, event.at_ms, self.grid.look.x
        if x == "metric":
            self.grid.set_axis("step", "step")
            x = "step"

        def question(store: Store) -> Message:
            from tui_tracker.tui.reading import place_of_moment

            return self.PlaceFound(key, place_of_moment(store, key, metric.key, at_ms, x))

        self.ask("place", question)

    def on_console_tab_place_found(self, event: ConsoleTab.PlaceFound) -> None:
        if event.key == self.key and event.place is not None:
            self._place = event.place
            self._put_on_curves()

    def on_curve_page_charts_read(self, event: CurvePage.ChartsRead) -> None:  # noqa: ARG002
        # The curves may come after the place on them; `CurvePage` takes them in first.
        self.call_later(self._put_on_curves)

    def _put_on_curves(self) -> None:
        grid = self.grid
        if self._place is None or not grid.metrics:
            return
        if not grid.enlarged:
            grid.action_enlarge()
        if grid.known_places():
            grid.go_to(self._place)
            self._place = None

    def on_curve_grid_console_wanted(self, event: CurveGrid.ConsoleWanted) -> None:
        if event.run != self.key:
            return
        self.open_console()
        key, at_ms = self.key, event.at_ms
        if at_ms is None:
            return

        def question(store: Store) -> Message:
            from tui_tracker.queries import find_line_at

            return self.LineFound(key, find_line_at(store, key, at_ms))

        self.ask("line", question)

    def on_console_tab_line_found(self, event: ConsoleTab.LineFound) -> None:
        if event.key != self.key:
            return
        if event.number is None:
            self.say("This run printed nothing")
        else:
            self.console_view.go_to_line(event.number)


def _walk(
    store: Store, key: int, text: str, first: int, *, again: bool, stop: threading.Event
) -> Iterator[Searched]:
    """Yield what a search finds from a line to the end, then from the top to there."""
    from tui_tracker.queries import search_console

    yield from search_console(store, key, text, first=first, stop=stop.is_set)
    if again and first:
        for step in search_console(store, key, text, stop=stop.is_set):
            yield step
            if step.end >= first:
                return
