"""The start screen: experiments left, their runs in the middle.

Each part of it is a class in a file of its own (see `runs_core`); this one puts them
together and knows the ways to other screens.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Horizontal

from tui_tracker.tui.keys import bindings
from tui_tracker.tui.screens.annotating import Annotating
from tui_tracker.tui.screens.comparing import Comparing
from tui_tracker.tui.screens.judging import Judging
from tui_tracker.tui.screens.runs_columns import Arranging
from tui_tracker.tui.screens.runs_costly import Costing
from tui_tracker.tui.screens.runs_curves import Overlaying
from tui_tracker.tui.screens.runs_filter import Filtering
from tui_tracker.tui.screens.runs_groups import Grouping
from tui_tracker.tui.screens.runs_importing import Importing
from tui_tracker.tui.screens.runs_order import Ordering
from tui_tracker.tui.screens.runs_peek import Peeking
from tui_tracker.tui.screens.runs_tree import Branching
from tui_tracker.tui.widgets.bar import Bar
from tui_tracker.tui.widgets.experiment_tree import ExperimentTree
from tui_tracker.tui.widgets.footer import Footer
from tui_tracker.tui.widgets.peek_pane import PeekPane
from tui_tracker.tui.widgets.run_table import RunTable

if TYPE_CHECKING:
    from tui_tracker.tui.columns import Column
    from tui_tracker.tui.widgets.virtual_list import VirtualList


class RunsScreen(
    Filtering,
    Ordering,
    Arranging,
    Costing,
    Grouping,
    Branching,
    Overlaying,
    Comparing,
    Judging,
    Importing,
    Peeking,
    Annotating,
    inherit_bindings=False,
):
    """Tree and table; the table shows the runs of the node under the tree's cursor."""

    BINDINGS = [*bindings("runs"), *bindings("annotate")]

    def compose(self) -> ComposeResult:
        yield Bar(id="title")
        with Horizontal(id="body"):
            yield ExperimentTree(id="tree")
            yield RunTable(id="table")
            yield PeekPane(id="peek")
        yield Footer(id="footer")
        yield Bar(id="too-small")

    def on_mount(self) -> None:
        self.hold_first_frame()
        self.query_one("#too-small", Bar).left = ((" Make this window at least 60 x 16.", ""),)
        self.query_one("#title", Bar).left = ((" tui_tracker", "bold"),)
        self.table.empty = ((), ((" reading …", "dim"),))
        self.focus_on(self.table)
        self.restore_view()
        self.restore_panes()
        self.lay_out()
        self.restore_tree()
        self.read_again()
        self.watch_reader()

    def on_virtual_list_cursor_moved(self, event: VirtualList.CursorMoved) -> None:
        tree, shown = self.tree_pane, self.shown
        if event.list is tree and shown is not None and tree.where != shown.where:
            self.ask_runs()

    # Going elsewhere.

    def on_run_table_opened(self, event: RunTable.Opened) -> None:
        from tui_tracker.tui.screens.run import RunScreen

        def open_page() -> None:
            keys = [key for key in self.table.keys if key > 0]
            if event.key in keys:
                self.app.push_screen(RunScreen(keys, keys.index(event.key)))

        self.table.with_all(open_page)

    def action_audit(self) -> None:
        self.table.with_all(super().action_audit)

    def action_decide(self) -> None:
        self.table.with_all(super().action_decide)

    def runs_to_compare(self) -> list[int]:
        return self.chosen_runs()

    def runs_to_judge(self) -> tuple[list[int], str]:
        if self.table.marked:
            return self.chosen_runs(), f"{len(self.table.marked):,} marked"
        where = self.tree_pane.path if not self.text else f"{self.tree_pane.path} /{self.text}"
        return list(self.table.everything()), where.strip()

    def asked_in_words(self) -> str:
        where = self.tree_pane.where
        if self.table.marked or len(where) > 1 or (where and self.text):
            return ""
        if where:
            (field, value), *_ = where
            return str(value) if field == "experiment" else ""
        return self.text

    def go_to(self, key: int) -> None:
        """Put the cursor on a run, because its page was open."""
        if key in self.table.keys:
            self.table.cursor = self.table.keys.index(key)

    def go_back(self) -> None:
        if self.clear_filter() or self.clear_marks() or self.leave_groups():
            return
        if self.tree_pane.display and not self.table.display:
            self.action_tree()
        elif self.tree_pane.has_focus:
            self.focus_on(self.table)
        else:
            self.say("This is the first page: q quits")

    def close(self) -> None:
        self.app.exit()

    def text_to_copy(self) -> str:
        current = self.table.current
        return current.id if current else ""

    def runs_to_copy(self) -> list[int]:
        return self.chosen_runs()

    def columns_to_copy(self) -> Sequence[Column]:
        from tui_tracker.tui.grouping import without_groups

        return without_groups(self.table.columns)
