"""Two to twenty runs side by side: what differs, what is best, and whether they may compare."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.message import Message

from tui_tracker.formatting import crop, printable
from tui_tracker.tui.keys import bindings
from tui_tracker.tui.screens.annotating import Annotating
from tui_tracker.tui.screens.base import TOO_SMALL, TrackerScreen
from tui_tracker.tui.widgets.bar import Bar
from tui_tracker.tui.widgets.compare_table import CompareTable
from tui_tracker.tui.widgets.footer import Footer
from tui_tracker.tui.widgets.line_widget import Line
from tui_tracker.tui.widgets.lines_foot import LinesFoot
from tui_tracker.tui.widgets.lines_view import LinesView

if TYPE_CHECKING:
    from tui_tracker.compare import Comparison, Row, Section
    from tui_tracker.store import Store
    from tui_tracker.tui.compare_pages import PageLine, Shown
    from tui_tracker.tui.widgets.virtual_list import VirtualList

_NEXT: dict[Shown, Shown] = {"value": "distance", "distance": "percent", "percent": "value"}
_WORDS: dict[Shown, str] = {
    "value": "Metrics as they are",
    "distance": "Metrics as distances from the reference",
    "percent": "Metrics as distances from the reference in percent",
}


class CompareScreen(Annotating, inherit_bindings=False):
    """Runs in columns; the run under the cursor is the one that commands are meant for."""

    BINDINGS = bindings("annotate")

    @dataclass
    class Found(Message):
        """The runs were read and compared."""

        keys: tuple[int, ...]
        found: Comparison

    def __init__(self, keys: Sequence[int], reference: int = 0) -> None:
        super().__init__()
        self._keys = list(dict.fromkeys(keys))
        self._reference = reference
        self._found: Comparison | None = None
        self._whole = False
        self._unfolded: set[Section] = set()
        self._shown: Shown = "value"

    def compose(self) -> ComposeResult:
        yield Bar(id="title")
        yield CompareTable(id="compare", classes="page")
        yield LinesFoot(id="compare-foot")
        yield Footer(id="footer")
        yield Bar(id="too-small")

    def on_mount(self) -> None:
        self.begin("Compare", self.table)

    @property
    def table(self) -> CompareTable:
        return self.query_one(CompareTable)

    def chosen_runs(self) -> list[int]:
        """Return the run under the cursor, which commands are meant for."""
        return [self._keys[self.table.column]]

    def runs_to_copy(self) -> list[int]:
        return list(self._keys)

    # Reading.

    def read_again(self) -> None:
        keys, reference = tuple(self._keys), self._reference

        def question(store: Store) -> Message:
            from tui_tracker.compare import compare_many

            return self.Found(keys, compare_many(store, keys, reference=reference))

        self.ask("compare", question)

    def on_compare_screen_found(self, event: CompareScreen.Found) -> None:
        if event.keys != tuple(self._keys) or event.found.reference != self._reference:
            return
        first = self._found is None
        self._found = event.found
        self._show()
        if first:
            self.table.column = self._other(self._reference)
        self.show_first_frame()

    def show_trouble(self, text: str) -> None:
        if self._found is None:
            self.table.empty = ((), ((f"  {printable(text)}", "bad"),))

    # Showing.

    def _show(self) -> None:
        from tui_tracker.compare.naming import label_runs
        from tui_tracker.tui.compare_pages import page_lines

        found = self._found
        if found is None:
            return
        lines = page_lines(
            found,
            self.size.width - 3,
            whole=self._whole,
            unfolded=self._unfolded,
            shown=self._shown,
        )
        self.table.show(lines, label_runs(found.runs), found.reference)
        self._show_title(found)
        self._show_foot()

    def _show_title(self, found: Comparison) -> None:
        bar = self.query_one("#title", Bar)
        experiments = list(dict.fromkeys(run.experiment for run in found.runs))
        of = (
            printable(experiments[0])
            if len(experiments) == 1
            else f"{len(experiments)} experiments"
        )
        bar.left = (
            (f" {of} › " if of else " ", "dim"),
            (f"compare {len(found.runs)} runs", "bold"),
        )
        running = sum(run.status == "running" for run in found.runs)
        shown = "all rows" if self._whole else "differences"
        measured = {"value": "", "distance": ", distances", "percent": ", percent"}[self._shown]
        bar.right = (
            (f"● {running} running  " if running else "", "good"),
            (f"{shown}{measured} ", "dim"),
        )

    def _show_foot(self) -> None:
        from tui_tracker.tui.compare_pages import in_full

        if self._found is not None:
            foot = self.query_one("#compare-foot", LinesFoot)
            line = self.table.current
            foot.lines = in_full(self._found, line, self.table.column, self.size.width - 3)

    def on_resize(self, event: object) -> None:
        super().on_resize(event)  # type: ignore[arg-type]
        self._show()

    def on_virtual_list_cursor_moved(self, event: VirtualList.CursorMoved) -> None:
        if event.list is self.table:
            self._show_foot()

    def on_column_grid_column_moved(self) -> None:
        self._show_foot()

    # What keys do.

    def action_differences(self) -> None:
        self._whole = not self._whole
        self._unfolded.clear()
        self._show()

    def action_measure(self) -> None:
        self._shown = _NEXT[self._shown]
        self.say(_WORDS[self._shown])
        self._show()

    def action_reference(self) -> None:
        if self._found is None:
            return
        if self.table.column == self._reference:
            self.say("This run is the reference already")
            return
        self._reference = self.table.column
        self.say(f"Measured against {printable(self._found.runs[self._reference].name)}")
        self.read_again()

    def action_remove(self) -> None:
        place = self.table.column
        if len(self._keys) <= 2:
            self.say("Two runs are the fewest that can be compared")
            return
        if self._found is not None:
            self.say(f"{printable(self._found.runs[place].name)} is not compared any more")
        del self._keys[place]
        if place < self._reference or self._reference == len(self._keys):
            self._reference -= 1
        self.table.column = min(place, len(self._keys) - 1)
        self.read_again()

    def on_compare_table_opened(self, event: CompareTable.Opened) -> None:
        found, line = self._found, event.line
        if found is None:
            return
        if line.kind in ("head", "folded"):
            self._fold(line)
        elif line.doubt is not None:
            from tui_tracker.tui.compare_details import doubt_lines

            doubt = line.doubt
            self._open("doubt", lambda width: doubt_lines(found, doubt, width))
        elif line.row is not None:
            self._open_row(found, line.row, event.column)

    def _fold(self, line: PageLine) -> None:
        if self._whole:
            self.say("Everything is shown: d shows differences only")
            return
        if line.section:
            self._unfolded ^= {line.section}
            self._show()

    def _open_row(self, found: Comparison, row: Row, place: int) -> None:
        from tui_tracker.tui.compare_details import package_lines, values_lines

        other = self._other(place)
        if row.section == "code":
            from tui_tracker.tui.screens.changes import ChangesScreen

            self.app.push_screen(
                ChangesScreen(self._keys[other], against=self._keys[self._reference])
            )
        elif row.section == "packages":
            names = [printable(found.runs[at].name) for at in (self._reference, other)]
            title = f"packages, {names[0]} → {names[1]}"
            self._open(title, lambda width: package_lines(found, other, width))
        elif row.section == "run":
            from tui_tracker.tui.screens.run import RunScreen

            self.app.push_screen(RunScreen(list(self._keys), place))
        else:
            name = printable(row.name)
            self._open(name, lambda width: values_lines(found, row, width))

    def _other(self, place: int) -> int:
        """Return the run to lay beside the reference: that of the column, or the next one."""
        if place != self._reference:
            return place
        return next((at for at in range(len(self._keys)) if at != self._reference), place)

    def _open(self, title: str, lines: _Lines) -> None:
        self.app.push_screen(DetailScreen(title, lines))

    def text_to_copy(self) -> str:
        from tui_tracker.compare.cells import full_text

        line = self.table.current
        if line is None or self._found is None:
            return ""
        if line.row is not None:
            return full_text(line.row, self.table.column)
        return line.doubt.words if line.doubt is not None else ""

    def action_curves(self) -> None:
        """Draw the curves of the compared runs over each other."""
        from tui_tracker.tui.screens.curves import CurvesScreen

        self.app.push_screen(CurvesScreen(list(self._keys)))

    def go_back(self) -> None:
        if self._unfolded:
            self._unfolded.clear()
            self._show()
        else:
            self.close()

    def close(self) -> None:
        self.app.pop_screen()


class DetailScreen(TrackerScreen, inherit_bindings=False):
    """Lines to read that a page has no room for: a row, a doubt, all that is said of it."""

    def __init__(self, title: str, lines: _Lines, of: str = "compare") -> None:
        super().__init__()
        self._title, self._lines, self._of = title, lines, of

    def compose(self) -> ComposeResult:
        yield Bar(id="title")
        yield CompareDetail("detail", id="detail", classes="page")
        yield Footer(id="footer")
        yield Bar(id="too-small")

    def on_mount(self) -> None:
        self.query_one("#too-small", Bar).left = ((TOO_SMALL, ""),)
        self.focus_on(self.query_one(CompareDetail))
        self._show()

    def _show(self) -> None:
        width = min(self.size.width - 3, 160)
        bar = self.query_one("#title", Bar)
        title = crop(self._title, max(0, width - len(self._of) - 5))
        bar.left = ((f" {self._of} › ", "dim"), (title, "bold"))
        self.query_one(CompareDetail).lines = ((), *self._lines(width))

    def on_resize(self, event: object) -> None:
        super().on_resize(event)  # type: ignore[arg-type]
        self._show()

    def text_to_copy(self) -> str:
        lines = self._lines(10_000)
        return "\n".join("".join(text for text, _ in line).rstrip() for line in lines)

    def go_back(self) -> None:
        self.app.pop_screen()


class CompareDetail(LinesView, inherit_bindings=False):
    """Lines to scroll through."""

    BINDINGS = bindings("list")


if TYPE_CHECKING:
    from collections.abc import Callable

    _Lines = Callable[[int], tuple[Line, ...]]
