"""The page of one run: overview, curves, params, lineage, artifacts, console, notes, system."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from time import monotonic
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Container
from textual.message import Message
from textual.timer import Timer

from tui_tracker.formatting import format_count, format_duration, printable
from tui_tracker.tui import pages
from tui_tracker.tui.columns import rank_metrics
from tui_tracker.tui.keys import bindings
from tui_tracker.tui.overview_kept import OverviewKept
from tui_tracker.tui.screens.artifact_tab import ArtifactTab
from tui_tracker.tui.screens.comparing import Comparing
from tui_tracker.tui.screens.console_tab import ConsoleTab
from tui_tracker.tui.screens.curve_page import shown_alone
from tui_tracker.tui.screens.judging import Judging
from tui_tracker.tui.screens.lineage_tab import LineageTab
from tui_tracker.tui.screens.notes_tab import NotesTab
from tui_tracker.tui.screens.system_tab import SystemTab, with_units
from tui_tracker.tui.widgets.artifact_list import ArtifactList
from tui_tracker.tui.widgets.bar import Bar
from tui_tracker.tui.widgets.console_view import ConsoleView
from tui_tracker.tui.widgets.curve_grid import CurveGrid
from tui_tracker.tui.widgets.footer import Footer
from tui_tracker.tui.widgets.line_widget import Line, LineWidget, Span
from tui_tracker.tui.widgets.lineage_view import LineageView
from tui_tracker.tui.widgets.lines_foot import LinesFoot
from tui_tracker.tui.widgets.lines_view import LinesView
from tui_tracker.tui.widgets.notes_view import NotesView
from tui_tracker.tui.widgets.tabs import Tabs

if TYPE_CHECKING:
    from textual.widgets import Input

    from tui_tracker.queries import RunDetail
    from tui_tracker.store import Store
    from tui_tracker.tui.reading import RunFound
    from tui_tracker.tui.widgets.filter_line import FilterLine

TABS = ("Overview", "Curves", "Params", "Lineage", "Artifacts", "Console", "Notes", "System")
OVERVIEW, CURVES, PARAMS, LINEAGE, ARTIFACTS, CONSOLE, NOTES, SYSTEM = range(len(TABS))


class RunScreen(
    LineageTab,
    ArtifactTab,
    SystemTab,
    Comparing,
    Judging,
    NotesTab,
    ConsoleTab,
    inherit_bindings=False,
):
    """One run of those in the table it was opened from."""

    BINDINGS = [*bindings("run"), *bindings("lines"), *bindings("annotate")]

    @dataclass
    class Found(Message):
        """The run was read."""

        key: int
        found: RunFound
        overview: bool
        """What only the overview shows was read, too."""

    def __init__(self, keys: Sequence[int], index: int) -> None:
        super().__init__()
        self._keys = keys
        self._index = index
        self._tab = OVERVIEW
        self._found: RunFound | None = None
        self._read_at = monotonic()
        self._filters = dict.fromkeys(range(len(TABS)), "")
        self._ticking: Timer | None = None
        self._kept = OverviewKept()

    def compose(self) -> ComposeResult:
        yield Bar(id="title")
        yield Tabs(id="tabs")
        # All tabs take the same place, each in a layer of its own: opening another one is
        # a repaint and no new layout.
        with Container(id="pages"):
            yield LinesView("page", id="overview", classes="page")
            yield CurveGrid(id="curves")
            yield LinesView("lines", id="params", classes="page")
            yield LineageView(id="lineage")
            yield LinesFoot(id="lineage-foot")
            yield ArtifactList(id="artifacts", classes="page")
            yield ConsoleView(id="console")
            yield Bar(id="console-bar")
            yield NotesView(id="notes", classes="page")
            yield CurveGrid(id="system")
        yield Footer(id="footer")
        yield Bar(id="too-small")

    def on_mount(self) -> None:
        self.query_one("#too-small", Bar).left = ((" Make this window at least 60 x 16.", ""),)
        self.query_one(Tabs).names = TABS
        self.prepare_system()
        self.hold_first_frame()
        self._show_tab(OVERVIEW)
        self.read_again()

    @property
    def key(self) -> int:
        """The run whose page this is."""
        return self._keys[self._index]

    def chosen_runs(self) -> list[int]:
        return [self.key]

    def history_of(self) -> int | None:
        return self.key

    @property
    def run_detail(self) -> RunDetail | None:
        return self._found.detail if self._found else None

    def page(self, tab: int) -> LineWidget:
        """Return the widget of a tab."""
        return self.query_one(f"#{TABS[tab].lower()}", LineWidget)

    # Reading.

    def read_again(self) -> None:
        key, known = self.key, self._found is not None and self._found.detail.row.key == self.key
        overview = self._tab == OVERVIEW or not known

        def question(store: Store) -> Message:
            from tui_tracker.tui.reading import read_run

            return self.Found(key, read_run(store, key, overview=overview), overview)

        self.ask("run", question)

    def on_run_screen_found(self, event: RunScreen.Found) -> None:
        if event.key != self.key:
            return
        self._found = self._kept.complete(event.found, self._found, overview=event.overview)
        self._read_at = monotonic()
        self._show()
        self._tick_if_running()
        self.show_first_frame()
        self._catch_up()

    def _catch_up(self) -> None:
        """Read what the overview alone shows, once it is open."""
        if self._tab == OVERVIEW and self._kept.behind:
            self.read_again()

    def show_trouble(self, text: str) -> None:
        found = self._found
        if found is not None and found.detail.row.key == self.key:
            return
        # What still stands there is another run, and no command is meant for it.
        self._found = None
        self._show_tab(OVERVIEW)
        overview = self.query_one("#overview", LinesView)
        overview.lines, overview.empty = (), ((), ((printable(text), "bad"),))
        bar = self.query_one("#title", Bar)
        bar.left, bar.right = ((" a run that cannot be read", "bold"),), ((self._which(), "dim"),)

    # Showing.

    def _show(self) -> None:
        """Bring the title and the open tab up to date; hidden tabs wait until they open."""
        if self._found is None:
            return
        self._show_title(self._found.detail)
        show: dict[int, Callable[[RunDetail], None]] = {
            OVERVIEW: self._show_overview,
            CURVES: self._show_curves,
            PARAMS: self._show_params,
            LINEAGE: self.show_lineage,
            ARTIFACTS: self._show_artifacts,
            CONSOLE: self.show_console,
            NOTES: self._show_notes,
            SYSTEM: self._show_system,
        }
        show[self._tab](self._grown(self._found.detail))

    def _grown(self, run: RunDetail) -> RunDetail:
        """Return the run with its duration until now."""
        if run.row.status != "running":
            return run
        duration_s = run.row.duration_s + int(monotonic() - self._read_at)
        return replace(run, row=replace(run.row, duration_s=duration_s))

    def _show_title(self, run: RunDetail) -> None:
        row = self._grown(run).row
        bar = self.query_one("#title", Bar)
        path: Span = (f" {printable(row.experiment)} › ", "dim") if row.experiment else (" ", "")
        bar.left = (path, (printable(row.name), "bold"))
        bar.right = (
            pages.status_span(row),
            (f"  {format_duration(row.duration_s)}", ""),
            (f"   {self._which()}", "dim"),
        )

    def _which(self) -> str:
        return f"{format_count(self._index + 1)} of {format_count(len(self._keys))} "

    @property
    def _width(self) -> int:
        # One cell at the left edge, one at the right for the scroll mark.
        return min(self.size.width - 3, 140)

    def _fill(self, tab: int, lines: tuple[Line, ...], empty: str) -> None:
        view = self.query_one(f"#{TABS[tab].lower()}", LinesView)
        text = self._filters[tab]
        if text:
            empty = f'Nothing here contains "{printable(text)}". Press / to change it.'
        view.empty = ((), ((empty, "dim"),))
        view.lines = lines

    def _show_overview(self, run: RunDetail) -> None:
        assert self._found is not None
        found = self._found
        lines = pages.overview(run, found.sparks, datetime.now(UTC), self._width, found.health)
        self._fill(OVERVIEW, lines, "")

    def _show_curves(self, run: RunDetail) -> None:
        text = self._filters[CURVES].casefold()
        labels = self.only_wanted([one for one in self.all_labels() if text in one.casefold()])
        words = f'No metric contains "{printable(text)}".' if text else "No metric was logged."
        hint = "Press / to change it." if text else 'run.log({"loss": 0.5}, step=0) logs one.'
        self.grid.empty = ((), ((f" {words}", "bold"),), ((f" {hint}", "dim"),))
        self.grid.show_runs(shown_alone(run), labels)

    def _show_system(self, run: RunDetail) -> None:
        self.show_system(run, self._filters[SYSTEM])

    def all_labels(self) -> Sequence[str]:
        if self.run_detail is None:
            return ()
        if self._tab == SYSTEM:
            return list(with_units(self.run_detail))
        return rank_metrics(list(self.run_detail.row.metrics))

    def show_labels(self) -> None:
        if self._tab in (CURVES, SYSTEM):
            self._show()

    def _show_params(self, run: RunDetail) -> None:
        lines = pages.params(run, self._filters[PARAMS], self._width)
        self._fill(PARAMS, lines, "No params: tt.init(params={...}) records them.")

    def _show_artifacts(self, run: RunDetail) -> None:
        self.fill_artifacts(run, self._filters[ARTIFACTS])

    def _show_notes(self, run: RunDetail) -> None:
        view = self.notes_view
        view.empty = ((), (('  No notes. Press n to write one; so does run.note("...").', "dim"),))
        view.show(run.notes, self._width)

    def _tick_if_running(self) -> None:
        running = self.run_detail is not None and self.run_detail.row.status == "running"
        if running and self._ticking is None:
            self._ticking = self.set_interval(1.0, self._tick)
        elif not running and self._ticking is not None:
            self._ticking.stop()
            self._ticking = None

    def _tick(self) -> None:
        if self.in_front and self.tracker.moving and self._found is not None:
            self._show_title(self._found.detail)
            if self._tab == OVERVIEW:
                self._show_overview(self._grown(self._found.detail))

    def on_resize(self, event: object) -> None:
        super().on_resize(event)  # type: ignore[arg-type]
        self._show()

    # Tabs and runs.

    def _show_tab(self, tab: int) -> None:
        self._close_filter()
        self._tab = tab
        self.in_system = tab == SYSTEM
        self.query_one(Tabs).open = tab
        for number in range(len(TABS)):
            self.page(number).visible = number == tab
        self.query_one("#lineage-foot").visible = tab == LINEAGE
        self.query_one("#console-bar").visible = tab == CONSOLE
        self.focus_on(self.page(tab))
        self._show()
        self._catch_up()

    def open_console(self) -> None:
        self._show_tab(CONSOLE)

    def open_curves(self) -> None:
        self._show_tab(CURVES)

    def on_tabs_wanted(self, event: Tabs.Wanted) -> None:
        self._show_tab(event.index)

    def action_tab(self, tab: int) -> None:
        self._show_tab(tab)

    def action_next_tab(self, tabs: int) -> None:
        self._show_tab((self._tab + tabs) % len(TABS))

    def action_next_run(self, runs: int) -> None:
        index = self._index + runs
        if not 0 <= index < len(self._keys):
            self.say("This is the last run" if runs > 0 else "This is the first run")
            return
        self._index = index
        for view in self.query(LinesView):
            view.top = 0
        self.query_one(ArtifactList).cursor = 0
        self.forget_console()
        for grid in self.query(CurveGrid):
            grid.forget()
        self.forget_lineage()
        self.read_again()

    # Filters.

    def action_filter(self) -> None:
        from tui_tracker.tui.widgets.filter_line import FilterLine

        if self._tab not in (CURVES, PARAMS, LINEAGE, ARTIFACTS, SYSTEM):
            self.say("There is nothing to filter on this tab")
            return
        line = FilterLine(self._filters[self._tab], f"text in {TABS[self._tab].lower()}")
        self.mount(line, before="#footer")
        self.focus_on(line)

    def on_input_changed(self, event: Input.Changed) -> None:
        if event.input.id != "threshold":
            self._filter(event.value)

    def on_filter_line_closed(self, event: FilterLine.Closed) -> None:
        if self.take_threshold(event):
            return
        self._close_filter()
        self.focus_on(self.page(self._tab))
        self._filter(event.text)

    def _filter(self, text: str) -> None:
        if text != self._filters[self._tab]:
            self._filters[self._tab] = text
            self.lineage_view.text = self._filters[LINEAGE]
            self._show()

    def _close_filter(self) -> None:
        for line in self.query("FilterLine, FindLine"):
            line.remove()

    # Leaving.

    def go_back(self) -> None:
        if self._tab in (CURVES, SYSTEM) and self.grid.enlarged:
            self.grid.action_enlarge()
        elif self._tab == CONSOLE and self.clear_search():
            return
        elif self._filters[self._tab]:
            self.say(f'Filter "{printable(self._filters[self._tab])}" cleared')
            self._filter("")
        else:
            self.close()

    def close(self) -> None:
        self.tracker.leave_run(self.key)

    @property
    def name_of_run(self) -> str:
        return self.run_detail.row.name if self.run_detail else ""

    def runs_to_compare(self) -> list[int]:
        return [self.key]

    def runs_to_judge(self) -> tuple[list[int], str]:
        return [self.key], self.run_detail.row.experiment if self.run_detail else ""

    def text_to_copy(self) -> str:
        if self._tab == LINEAGE:
            return self.copied_from_lineage()
        if self._tab == CONSOLE and (lines := self.console_view.copied()):
            return lines
        if self._tab == NOTES:
            return self.note_to_copy()
        if self._tab in (CURVES, SYSTEM) and (values := self.grid.values_text()):
            return values
        return self.run_detail.row.id if self.run_detail else ""

    def runs_to_copy(self) -> list[int]:
        return [self.key]
