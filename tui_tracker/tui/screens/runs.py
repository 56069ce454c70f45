"""The start screen: experiments left, their runs in the middle."""

from __future__ import annotations

from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.message import Message
from textual.timer import Timer

from tui_tracker.formatting import format_count, printable
from tui_tracker.tui.keys import bindings
from tui_tracker.tui.screens.base import WIDE
from tui_tracker.tui.screens.comparing import Comparing
from tui_tracker.tui.widgets.bar import Bar
from tui_tracker.tui.widgets.experiment_tree import ALL, ExperimentTree, Node
from tui_tracker.tui.widgets.footer import Footer
from tui_tracker.tui.widgets.line_widget import Line, Span
from tui_tracker.tui.widgets.run_table import RunTable

if TYPE_CHECKING:
    from textual.widgets import Input

    from tui_tracker.queries import RunRow
    from tui_tracker.store import Store
    from tui_tracker.tui.columns import Column
    from tui_tracker.tui.reading import RunsFound
    from tui_tracker.tui.widgets.filter_line import FilterLine
    from tui_tracker.tui.widgets.virtual_list import VirtualList

TREE_NEEDS = 80
"""Cells from which on the tree stands beside the table without being asked for."""
COLUMNS_AGAIN_S = 2.0
"""While runs are running, new metrics become columns at most this often."""
NO_RUNS: tuple[Line, ...] = (
    (),
    ((" No runs yet.", "bold"),),
    (),
    ((" Log one from Python:", "dim"),),
    (),
    (("   import tui_tracker as tt", ""),),
    (('   with tt.init(experiment="first", params={"lr": 0.001}) as run:', ""),),
    (('       run.log({"loss": 0.5}, step=0)', ""),),
    (),
    ((" or bring them over from another tracker:", "dim"), ("  tt import PATH", "")),
)


class RunsScreen(Comparing, inherit_bindings=False):
    """Tree and table; the table shows the runs of the node under the tree's cursor."""

    BINDINGS = bindings("runs")

    @dataclass
    class Found(Message):
        """The table's runs were read."""

        found: RunsFound

    @dataclass
    class RowsFound(Message):
        """Cells of more lines were read."""

        rows: dict[int, RunRow]

    def __init__(self) -> None:
        super().__init__()
        self._text = ""
        self._archived = False
        self._changed = True
        """The experiments may be others than those in the tree."""
        self._field, self._descending = "started", True
        self._shown: tuple[object, ...] | None = None
        """Selection and order that the table shows now."""
        self._columns_at = 0.0
        self._rows_at = monotonic()
        self._ticking: Timer | None = None
        self._tree_wanted: bool | None = None
        """Shown or hidden by hand; None leaves it to the width."""

    def compose(self) -> ComposeResult:
        yield Bar(id="title")
        with Horizontal(id="body"):
            yield ExperimentTree(id="tree")
            yield RunTable(id="table")
        yield Footer(id="footer")
        yield Bar(id="too-small")

    @property
    def tree_pane(self) -> ExperimentTree:
        return self.query_one(ExperimentTree)

    @property
    def table(self) -> RunTable:
        return self.query_one(RunTable)

    def on_mount(self) -> None:
        self.hold_first_frame()
        self.query_one("#too-small", Bar).left = ((" Make this window at least 60 x 16.", ""),)
        self.query_one("#title", Bar).left = ((" tui_tracker", "bold"),)
        self.table.empty = ((), ((" reading …", "dim"),))
        self.focus_on(self.table)
        self._lay_out()
        self.read_again()

    def on_screen_resume(self) -> None:
        if self._shown is not None:
            self.read_again()

    # Asking.

    def read_again(self) -> None:
        self._changed = True
        self._ask_runs()

    def _ask_runs(self) -> None:
        """Ask for the table, and for the experiments if they may have changed."""
        wanted = self._request()

        def question(store: Store) -> Message:
            from tui_tracker.queries import Order, Selection
            from tui_tracker.tui.reading import RunsWanted, find_runs

            path, text, archived, field, descending = wanted.question
            selection = Selection(experiment=path or None, query=text, archived=archived)
            order = Order(field, descending)
            request = RunsWanted(
                selection, order, wanted.first, wanted.count, wanted.columns, wanted.changed
            )
            return self.Found(find_runs(store, request))

        self.ask("runs", question)

    def _request(self) -> _Request:
        table = self.table
        asked = (self.tree_pane.path, self._text, self._archived, self._field, self._descending)
        # A filter keeps the columns of what it filters, as does another order.
        same = self._shown is not None and (asked[0], asked[2]) == (self._shown[0], self._shown[2])
        stale = self._changed and monotonic() - self._columns_at >= COLUMNS_AGAIN_S
        return _Request(
            asked,
            table.top if asked == self._shown else 0,
            max(1, self.size.height),
            table.columns if same and not stale else None,
            self._changed,
        )

    def on_runs_screen_found(self, event: RunsScreen.Found) -> None:
        found, wanted = event.found, event.found.wanted
        shown = (
            wanted.selection.experiment or ALL,
            wanted.selection.query,
            wanted.selection.archived,
            wanted.order.field,
            wanted.order.descending,
        )
        table = self.table
        if wanted.columns is None:
            self._columns_at = monotonic()
        if found.experiments is not None:
            self.tree_pane.experiments = found.experiments
            self._changed = False
        table.empty = self._nothing()
        table.sorted_by = (wanted.order.field, wanted.order.descending)
        if found.columns and table.columns != found.columns:
            table.columns = found.columns
        keep = shown == self._shown
        self._shown = shown
        if not (keep and table.keys == found.keys):
            table.rows.update(found.rows)
            table.show_keys(found.keys, keep=keep)
        table.forget_rows()
        table.show_rows(found.rows, found.read_at)
        self._rows_at = monotonic()
        self._show_title()
        self._tick_if_running()
        self.show_first_frame()

    def _nothing(self) -> tuple[Line, ...]:
        if not self.tree_pane.experiments:
            return NO_RUNS
        if self._text:
            words = f' No run here contains "{printable(self._text)}".'
            return ((), ((words, "bold"),), ((" Press / to change it, esc to clear it.", "dim"),))
        return ((), ((" No runs here.", "bold"),))

    def show_trouble(self, text: str) -> None:
        if self._shown is None:
            self.table.empty = ((), ((f" {printable(text)}", "bad"),))

    def on_run_table_rows_wanted(self, event: RunTable.RowsWanted) -> None:
        keys, columns = event.keys, self.table.columns
        if not columns:
            return

        def question(store: Store) -> Message:
            from tui_tracker.tui.reading import read_rows

            return self.RowsFound(read_rows(store, keys, columns))

        self.ask("rows", question)

    def on_runs_screen_rows_found(self, event: RunsScreen.RowsFound) -> None:
        table = self.table
        elapsed, now = table.elapsed_s, table.now
        table.show_rows(event.rows, now)
        table.elapsed_s = elapsed
        self._tick_if_running()

    # What moves by itself.

    def _tick_if_running(self) -> None:
        """Run a timer only while a running run is in view."""
        running = self.table.running
        if running and self._ticking is None:
            self._ticking = self.set_interval(1.0, self._tick)
        elif not running and self._ticking is not None:
            self._ticking.stop()
            self._ticking = None

    def _tick(self) -> None:
        if self.in_front:
            self.table.tick(float(int(monotonic() - self._rows_at)))

    # The title line.

    def _show_title(self) -> None:
        bar, table = self.query_one("#title", Bar), self.table
        node = self.tree_pane.current
        path = node.path if node else ALL
        bar.left = (
            (" ", ""),
            (printable(path) if path else "tui_tracker", "bold"),
            (f"  {printable(self.tracker.store_name)}" if not path else "", "dim"),
        )
        order = self._field.removeprefix("metric:").removeprefix("param:")
        arrow = "▾" if self._descending else "▴"
        bar.right = (
            *self._filter_words(),
            *self._count_words(node, len(table.keys)),
            (f"  by {printable(order)} {arrow} ", "dim"),
        )

    def _filter_words(self) -> tuple[Span, ...]:
        archived: Span = ("archived too  ", "second") if self._archived else ("", "")
        text: Span = (f"/{printable(self._text)}  ", "accent") if self._text else ("", "")
        return archived, text

    def _count_words(self, node: Node | None, shown: int) -> tuple[Span, ...]:
        total = node.runs if node else shown
        live = node.counts["running"] if node else 0
        words = f"{format_count(shown)} of " if shown != total else ""
        runs = "run" if total == 1 else "runs"
        running: Span = (f"● {live} running  ", "good") if live else ("", "")
        return running, (f"{words}{format_count(total)} {runs}", "")

    # Panes.

    def on_resize(self, event: object) -> None:
        super().on_resize(event)  # type: ignore[arg-type]
        self._lay_out()

    def _lay_out(self) -> None:
        """Give the tree its place: beside the table, over it, or none."""
        wide = self.size.width >= TREE_NEEDS
        shown = wide if self._tree_wanted is None else self._tree_wanted
        tree, table = self.tree_pane, self.table
        alone = shown and not wide
        if tree.display != shown or table.display == alone:
            had = tree.has_focus or table.has_focus
            tree.display, table.display = shown, not alone
            if had:
                self.focus_on(tree if alone or (shown and tree.has_focus) else table)
        tree.styles.width = "1fr" if alone else (30 if self.size.width >= WIDE + 20 else 22)

    def action_tree(self) -> None:
        self._tree_wanted = not self.tree_pane.display
        self._lay_out()
        self.focus_on(self.tree_pane if self._tree_wanted else self.table)

    def action_pane(self) -> None:
        tree, table = self.tree_pane, self.table
        if not tree.has_focus:
            if not tree.display:
                self.action_tree()
            self.focus_on(tree)
        elif not table.display:
            self.action_tree()
        else:
            self.focus_on(table)

    def on_virtual_list_cursor_moved(self, event: VirtualList.CursorMoved) -> None:
        tree, shown = self.tree_pane, self._shown
        if event.list is tree and shown is not None and tree.path != shown[0]:
            self._ask_runs()

    def on_experiment_tree_entered(self) -> None:
        if not self.table.display:
            self.action_tree()
        self.focus_on(self.table)

    # Sorting and filtering.

    def on_run_table_sort_wanted(self, event: RunTable.SortWanted) -> None:
        if event.reverse or event.field == self._field:
            self._descending = not self._descending
        else:
            self._field = event.field
            low_first = event.field.endswith(".min") or event.field in ("name", "experiment")
            self._descending = not low_first and not event.field.startswith("param:")
        self._ask_runs()

    def action_archived(self) -> None:
        self._archived = not self._archived
        self.read_again()

    def action_filter(self) -> None:
        from tui_tracker.tui.widgets.filter_line import FilterLine

        line = FilterLine(self._text, "text in name, id, experiment or tag")
        self.mount(line, before="#footer")
        self.focus_on(line)

    def on_input_changed(self, event: Input.Changed) -> None:
        if event.value != self._text:
            self._text = event.value
            self._ask_runs()

    def on_filter_line_closed(self, event: FilterLine.Closed) -> None:
        event.line.remove()
        self.focus_on(self.table)
        if event.text != self._text:
            self._text = event.text
            self._ask_runs()

    # Going elsewhere.

    def on_run_table_opened(self, event: RunTable.Opened) -> None:
        from tui_tracker.tui.screens.run import RunScreen

        self.app.push_screen(RunScreen(list(self.table.keys), self.table.keys.index(event.key)))

    def runs_to_compare(self) -> list[int]:
        key = self.table.current_key
        return [] if key is None else [key]

    def go_to(self, key: int) -> None:
        """Put the cursor on a run, because its page was open."""
        if key in self.table.keys:
            self.table.cursor = self.table.keys.index(key)

    def go_back(self) -> None:
        if self._text:
            self.say(f'Filter "{printable(self._text)}" cleared')
            self._text = ""
            self._ask_runs()
        elif self.tree_pane.display and not self.table.display:
            self.action_tree()
        elif self.tree_pane.has_focus:
            self.focus_on(self.table)
        else:
            self.say("This is the first page: q quits")

    def close(self) -> None:
        self.app.exit()

    def text_to_copy(self) -> str:
        return self.table.current.id if self.table.current else ""


@dataclass(frozen=True, slots=True)
class _Request:
    """What the table should show, as the worker is told it."""

    question: tuple[str, str, bool, str, bool]
    """Branch, text, archived, field of the order, descending."""
    first: int
    count: int
    columns: tuple[Column, ...] | None
    changed: bool
