"""Curves of several runs over each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.message import Message

from tui_tracker.formatting import format_count, printable
from tui_tracker.tui.keys import Place, bindings
from tui_tracker.tui.screens.curve_page import CurvePage
from tui_tracker.tui.widgets.bar import Bar
from tui_tracker.tui.widgets.curve_build import labels_of
from tui_tracker.tui.widgets.curve_grid import CurveGrid
from tui_tracker.tui.widgets.curve_model import letter
from tui_tracker.tui.widgets.footer import Footer

if TYPE_CHECKING:
    from textual.widgets import Input

    from tui_tracker.store import Store
    from tui_tracker.tui.curve_reading import RunsShown
    from tui_tracker.tui.widgets.filter_line import FilterLine


class OverlayGrid(CurveGrid, inherit_bindings=False):
    """The charts of a screen of their own, where no keys of a run's page work."""

    BINDINGS = bindings("curves")
    PLACE: Place = "overlay"


class CurvesScreen(CurvePage, inherit_bindings=False):
    """Charts with one line a run; opened on marked runs or from a comparison."""

    @dataclass
    class Found(Message):
        """The runs were read."""

        found: RunsShown

    def __init__(self, keys: Sequence[int], *, bands: bool = False) -> None:
        super().__init__()
        self._keys = tuple(keys)
        self._bands = bands
        self._found: RunsShown | None = None
        self._text = ""

    def compose(self) -> ComposeResult:
        yield Bar(id="title")
        yield OverlayGrid(id="charts")
        yield Footer(id="footer")
        yield Bar(id="too-small")

    def on_mount(self) -> None:
        self.hold_first_frame()
        self.query_one("#too-small", Bar).left = ((" Make this window at least 60 x 16.", ""),)
        self.grid.empty = ((), ((" reading …", "dim"),))
        self.focus_on(self.grid)
        self.read_again()

    # Reading.

    def read_again(self) -> None:
        keys = self._keys

        def question(store: Store) -> Message:
            from tui_tracker.tui.curve_reading import read_shown_runs

            return self.Found(read_shown_runs(store, keys))

        self.ask("runs", question)

    def on_curves_screen_found(self, event: CurvesScreen.Found) -> None:
        first = self._found is None
        self._found = event.found
        self.show_labels()
        if first and self._bands:
            self.grid.action_bands()
        self.show_first_frame()

    def all_labels(self) -> Sequence[str]:
        return self._found.labels if self._found else ()

    def show_labels(self) -> None:
        if self._found is None:
            return
        runs = self._found.runs
        labels = self.only_wanted(labels_of(runs, self._found.labels, self._text))
        words = "These runs logged no metric."
        if self._text:
            words = f'No metric contains "{printable(self._text)}": / changes it, esc clears it.'
        self.grid.empty = ((), ((f" {words}", "bold"),))
        self.grid.show_runs(runs, labels)
        self._show_title(len(labels))

    def _show_title(self, shown: int) -> None:
        assert self._found is not None
        runs, total = len(self._found.runs), len(self._found.labels)
        bar = self.query_one("#title", Bar)
        names = f" {runs} runs" if runs != 1 else f" {self._found.runs[0].name}"
        bar.left = ((names, "bold"), ("  curves", "dim"))
        live = sum(status == "running" for status in self._found.statuses)
        some = f"{format_count(shown)} of " if shown != total else ""
        bar.right = (
            (f"/{printable(self._text)}  " if self._text else "", "accent"),
            (f"● {live} running  " if live else "", "good"),
            (f"{some}{format_count(total)} {'metric' if total == 1 else 'metrics'} ", "dim"),
        )

    # Filter.

    def action_filter(self) -> None:
        from tui_tracker.tui.widgets.filter_line import FilterLine

        line = FilterLine(self._text, "text in the names of metrics")
        self.mount(line, before="#footer")
        self.focus_on(line)

    def on_input_changed(self, event: Input.Changed) -> None:
        if event.input.id != "threshold":
            self._text = event.value
            self.show_labels()

    def on_filter_line_closed(self, event: FilterLine.Closed) -> None:
        if self.take_threshold(event):
            return
        event.line.remove()
        self.focus_on(self.grid)
        self._text = event.text
        self.show_labels()

    # Elsewhere.

    def on_curve_grid_console_wanted(self, event: CurveGrid.ConsoleWanted) -> None:
        from tui_tracker.tui.screens.run import RunScreen

        screen = RunScreen(self._keys, self._keys.index(event.run))
        self.app.push_screen(screen)
        # A run's page answers the same message with its console.
        again = CurveGrid.ConsoleWanted(event.grid, event.run, event.at_ms)
        screen.call_after_refresh(screen.post_message, again)

    def go_back(self) -> None:
        if self.grid.enlarged:
            self.grid.action_enlarge()
        elif self._text:
            self.say(f'Filter "{printable(self._text)}" cleared')
            self._text = ""
            self.show_labels()
        else:
            self.close()

    def close(self) -> None:
        self.app.pop_screen()

    def text_to_copy(self) -> str:
        names = "\n".join(f"{letter(n)}\t{run.name}" for n, run in enumerate(self.grid.runs))
        return self.grid.values_text() or names
