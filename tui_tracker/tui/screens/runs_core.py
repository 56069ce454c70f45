"""What the parts of the start screen share: its panes, what the table shows, and the asking.

The screen is made of parts (`Filtering`, `Ordering`, `Marking` ...), each a class over
`RunsCore` in a file of its own. A part changes what is wanted and calls `ask_runs`; only
the answer changes what is shown, all at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING

from textual.message import Message
from textual.timer import Timer

from tui_tracker.formatting import printable
from tui_tracker.tui.columns import in_old_order
from tui_tracker.tui.grouping import with_groups, without_groups
from tui_tracker.tui.screens.base import TrackerScreen
from tui_tracker.tui.screens.runs_title import count_words, counting_words, name_words, order_words
from tui_tracker.tui.widgets.bar import Bar
from tui_tracker.tui.widgets.column_list import Order
from tui_tracker.tui.widgets.experiment_tree import ExperimentTree
from tui_tracker.tui.widgets.line_widget import Line, Span
from tui_tracker.tui.widgets.run_table import RunTable

if TYPE_CHECKING:
    from tui_tracker import queries
    from tui_tracker.queries import RunRow, Selection
    from tui_tracker.store import Store
    from tui_tracker.tui.columns import Column
    from tui_tracker.tui.reading import RunsFound, RunsWanted
    from tui_tracker.tui.tree import Where

NEWEST: Order = (("started", True),)
COLUMNS_AGAIN_S = 2.0
"""While runs are running, new metrics become columns at most this often."""
NO_RUNS: tuple[Line, ...] = (
    (),
    ((" No runs yet.", "bold"),),
    (),
    ((" Log one from Python:", "dim"),),
    (),
    (("   import tui_tracker as tt", ""),),
    (('   with tt.init("first", params={"lr": 0.001}) as run:', ""),),
    (('       run.log({"loss": 0.5}, step=0)', ""),),
    (),
    ((" or bring them over from another tracker:", "dim"),),
    (("   tt import PATH", ""),),
)


@dataclass(frozen=True, slots=True)
class Asked:
    """Which runs the table shows, and in what order."""

    path: str
    """The branch of the tree; "" for all experiments."""
    text: str
    """The filter."""
    archived: bool
    """Archived runs are shown, too."""
    order: Order
    """Fields, the most important first, and whether each is descending."""
    differing: bool = False
    """Only columns that differ between the runs."""
    group: tuple[str, ...] = ()
    """What the runs are grouped by; empty where they are not."""
    where: Where = ()
    """What the runs of the branch have in common."""

    def selection(self) -> Selection:
        """Return the runs as queries are asked for them."""
        from tui_tracker.queries import Selection

        return Selection(query=self.text, archived=self.archived, where=self.where)

    def sorting(self) -> queries.Order:
        """Return the order as queries are asked for it."""
        from tui_tracker.queries import Order

        first, *others = [Order(field, descending) for field, descending in self.order]
        return Order(first.field, first.descending, tuple(others))


class RunsCore(TrackerScreen, inherit_bindings=False):
    """Tree and table, the questions of both, and their answers."""

    @dataclass
    class Found(Message):
        """The table's runs were read."""

        asked: Asked
        found: RunsFound

    @dataclass
    class RowsFound(Message):
        """Cells of more lines were read."""

        rows: dict[int, RunRow]

    def __init__(self) -> None:
        super().__init__()
        self.text = ""
        """The filter that is wanted."""
        self.archived = False
        self.order: Order = NEWEST
        self.differing = False
        self.group: tuple[str, ...] = ()
        self._layouts: dict[str, tuple[Column, ...]] = {}
        """Columns arranged by hand, by branch."""
        self.shown: Asked | None = None
        """What the table shows now; None before the first answer."""
        self._changed = True
        """The experiments may be others than those in the tree."""
        self.held = ""
        """The part of the filter that the table shows: while typed, a last word may wait."""
        self._columns_at = 0.0
        self._by_hand = False
        """The columns that are shown were arranged by hand."""
        self._rows_at = monotonic()
        self._ticking: Timer | None = None

    @property
    def tree_pane(self) -> ExperimentTree:
        return self.query_one(ExperimentTree)

    @property
    def table(self) -> RunTable:
        return self.query_one(RunTable)

    def asked(self) -> Asked:
        """Return what the table should show."""
        tree = self.tree_pane
        return Asked(
            tree.path,
            self.text,
            self.archived,
            self.order,
            self.differing,
            self.group,
            tree.where,
        )

    @property
    def is_typing(self) -> bool:
        """Whether the filter is being typed."""
        return False

    # Asking.

    def read_again(self) -> None:
        self._changed = True
        self.ask_runs()

    def ask_runs(self) -> None:
        """Ask for the table, and for the experiments if they may have changed."""
        asked, table = self.asked(), self.table
        first = table.top if asked == self.shown else 0
        count = max(1, self.size.height)
        tree = self.tree_pane.wanted(archived=self.archived) if self._changed else None
        columns, settled = self._columns(asked)
        differing = asked.differing and not settled
        by_page = self._comes_by_page(asked) and tree is None and settled
        typing, ahead = self.is_typing, self.tracker.take_ahead()

        def wanted(selection: Selection) -> RunsWanted:
            from tui_tracker.tui.reading import RunsWanted

            order, by = asked.sorting(), asked.group
            return RunsWanted(selection, order, first, count, columns, tree, differing, by)

        def question(store: Store) -> Message:
            from tui_tracker.tui.reading import find_page, find_runs

            selection = asked.selection()
            if typing:
                from tui_tracker.queries.settled import settled_query

                selection.query = settled_query(store, selection)
            runs = wanted(selection)
            if by_page:
                page = self.Found(asked, find_page(store, runs))
                if not page.found.more:
                    return page
                self.post_message(page)
            found = ahead.take(runs) if ahead is not None else None
            return self.Found(asked, found or find_runs(store, runs))

        # A thread would only hand over what is there already, after a layout without it.
        if (
            ahead is not None
            and ahead.is_ready
            and (found := ahead.take(wanted(asked.selection())))
        ):
            self.post_message(self.Found(asked, found))
        else:
            self.ask("runs", question, about=asked)

    def _comes_by_page(self, asked: Asked) -> bool:
        """Return whether the first page is shown before the rest is read.

        What a filter is true of is told line by line only in an order that an index has; a
        table that is read again must not lose its lines meanwhile.
        """
        newest = asked.order[0][0] == "started"
        return bool(asked.text) and newest and not asked.group and asked != self.shown

    def _columns(self, asked: Asked) -> tuple[tuple[Column, ...] | None, bool]:
        """Return the columns to begin with, and whether they are those to show.

        None has them chosen by what the runs have.
        """
        shown = self.shown
        # A filter keeps the columns of what it filters, as does another order.
        same = shown is not None and (asked.path, asked.archived, asked.differing) == (
            shown.path,
            shown.archived,
            shown.differing,
        )
        stale = self._changed and monotonic() - self._columns_at >= COLUMNS_AGAIN_S
        if same and not stale and self.table.columns:
            return without_groups(self.table.columns), True
        layout = self.layout_at(asked.path)
        return layout, layout is not None and not asked.differing

    def show_levels(self, levels: Sequence[str]) -> None:
        """Show the tree by other levels."""

    # Layouts.

    def layout_at(self, path: str) -> tuple[Column, ...] | None:
        """Return the columns that were arranged by hand at a branch; None where none were."""
        kept = self._kept_layouts().get(path)
        if path not in self._layouts and isinstance(kept, dict):
            from tui_tracker.tui.columns import read_columns

            texts, pinned = kept.get("columns"), kept.get("pinned", 0)
            if isinstance(texts, list) and isinstance(pinned, int):
                self._layouts[path] = read_columns([str(text) for text in texts], pinned)
        return self._layouts.get(path) or None

    def keep_layout(self, columns: tuple[Column, ...]) -> None:
        """Remember the columns of the present branch; () has them chosen again."""
        from tui_tracker.tui.columns import column_text

        columns = without_groups(columns)
        path = self.tree_pane.path
        self._layouts[path] = columns
        texts = [column_text(column) for column in columns]
        entry = {"columns": texts, "pinned": sum(column.pinned for column in columns)}
        others = {k: v for k, v in self._kept_layouts().items() if k != path}
        kept = {**others, path: entry} if columns else others
        self.tracker.state.put("columns", kept or None)

    def _kept_layouts(self) -> dict[str, object]:
        nothing: dict[str, object] = {}
        return self.tracker.state.get("columns", nothing)

    def read_columns_again(self) -> None:
        """Ask for the table with its columns, whatever is known of them."""
        self._columns_at = 0.0
        self.read_again()

    def on_runs_core_found(self, event: RunsCore.Found) -> None:
        found, table = event.found, self.table
        if found.columns != found.wanted.columns or not self._columns_at:
            self._columns_at = monotonic()
        if found.tree is not None:
            self.tree_pane.take(found.tree)
            self._changed = False
        table.empty = self._nothing()
        table.order = event.asked.order
        keep = event.asked == self.shown
        columns = with_groups(found.columns, event.asked.group)
        by_hand = self.layout_at(event.asked.path) is not None
        if keep and not by_hand and not self._by_hand:
            columns = in_old_order(table.columns, columns)
        self._by_hand = by_hand
        if columns and table.columns != columns:
            table.columns = columns
        if self.shown is None:
            self.tracker.next_key()
        self.shown, self.held = event.asked, found.wanted.selection.query
        table.more = found.more
        if not keep:
            table.wait_no_more()
        self._show_lines(found, keep=keep)
        table.forget_rows()
        table.show_rows(found.rows, found.read_at)
        self._rows_at = monotonic()
        self.show_title()
        self._tick_if_running()
        self.show_first_frame()

    def _show_lines(self, found: RunsFound, *, keep: bool) -> None:
        table, by = self.table, found.wanted.group
        if by or table.grouped.by:
            table.rows.update(found.rows)
            if not by:
                table.grouped.take((), (), ())
                table.show_keys(found.keys, keep=keep)
            else:
                table.show_groups(by, found.metrics, found.groups, keep=keep)
        elif not (keep and table.keys == found.keys):
            table.rows.update(found.rows)
            table.show_keys(found.keys, keep=keep)
        if not found.more:
            table.act_on_all()

    def _nothing(self) -> tuple[Line, ...]:
        if not self.tree_pane.has_runs:
            return NO_RUNS
        if self.text:
            words = f" No run here fits {printable(self.text)}"
            return ((), ((words, "bold"),), ((" Press / to change it, esc to clear it.", "dim"),))
        return ((), ((" No runs here.", "bold"),))

    def show_trouble(self, text: str) -> None:
        if self.shown is None:
            self.table.empty = ((), ((f" {printable(text)}", "bad"),))
            self.tracker.next_key()

    def on_run_table_rows_wanted(self, event: RunTable.RowsWanted) -> None:
        keys, columns = event.keys, without_groups(self.table.columns)
        if not columns:
            return

        def question(store: Store) -> Message:
            from tui_tracker.tui.reading import read_rows

            return self.RowsFound(read_rows(store, keys, columns))

        self.ask("rows", question)

    def on_runs_core_rows_found(self, event: RunsCore.RowsFound) -> None:
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
        if self.in_front and self.tracker.moving:
            self.moved()

    def moved(self) -> None:
        """Show what a second changes while runs are running."""
        self.table.tick(float(int(monotonic() - self._rows_at)))

    def show_title(self) -> None:
        """Tell in the title which runs these are and how many."""
        bar, asked = self.query_one("#title", Bar), self.asked()
        bar.left = name_words(asked.path, self.tracker.store_name)
        bar.right = (
            *self.mark_words(),
            *self.filter_words(),
            *self._count_words(),
            *order_words(asked.order),
        )

    def _count_words(self) -> Line:
        table, node = self.table, self.tree_pane.current
        if table.more:
            return counting_words(node)
        groups = list(table.grouped.groups.values())
        return count_words(node, len(table.everything()), groups)

    def mark_words(self) -> Line:
        """Return what the title tells of the marks."""
        return ()

    def filter_words(self) -> Line:
        """Return what the title tells of the filter."""
        archived: Span = ("archived too  ", "second") if self.archived else ("", "")
        text: Span = (f"/{printable(self.text)}  ", "accent") if self.text else ("", "")
        return archived, text
