"""The page of one artifact: its text, table, picture or head, whatever it is and however large."""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual import events
from textual.app import ComposeResult
from textual.containers import Container
from textual.message import Message

from tui_tracker.formatting import format_count, format_size, printable
from tui_tracker.tui.keys import bindings
from tui_tracker.tui.screens.artifact_search import Searching
from tui_tracker.tui.widgets.bar import Bar
from tui_tracker.tui.widgets.cells_view import CellsView
from tui_tracker.tui.widgets.footer import Footer
from tui_tracker.tui.widgets.line_widget import LineWidget
from tui_tracker.tui.widgets.lines_view import LinesView
from tui_tracker.tui.widgets.picture_view import PictureView
from tui_tracker.tui.widgets.text_view import ShownLine, TextView
from tui_tracker.viewing.drawing import Way, choose_way

if TYPE_CHECKING:
    from tui_tracker.queries import Artifact
    from tui_tracker.store import Store
    from tui_tracker.tui.artifact_reading import Opened
    from tui_tracker.viewing import Look
    from tui_tracker.viewing.kinds import View

_SMALL = " Make this window at least 60 x 16."
_WORDS: dict[View, str] = {
    "picture": "picture",
    "table": "table",
    "summary": "summary",
    "pretty": "laid out",
    "text": "text",
    "hex": "bytes",
}


class ArtifactScreen(Searching, inherit_bindings=False):
    """One artifact of those of a run; brackets go to the next and the one before."""

    BINDINGS = bindings("viewer")

    @dataclass
    class Ready(Message):
        """A file was opened, or cannot be shown: then `trouble` says why."""

        index: int
        look: Look | None
        opened: Opened | None
        trouble: str

    @dataclass
    class LinesRead(Message):
        """Lines of a text were read."""

        opened: Opened
        first: int
        lines: list[ShownLine]

    @dataclass
    class RowsRead(Message):
        """Rows of a table were read."""

        opened: Opened
        first: int
        rows: list[list[str]]

    @dataclass
    class Counted(Message):
        """It is known how many lines or rows there are, so far."""

        opened: Opened
        count: int
        complete: bool

    def __init__(self, run: str, artifacts: Sequence[Artifact], index: int) -> None:
        super().__init__()
        self._run, self._artifacts, self._index = run, artifacts, index
        self._look: Look | None = None
        self._view: View | None = None
        self._complete = False

    def compose(self) -> ComposeResult:
        yield Bar(id="title")
        with Container(id="artifact-views"):
            yield TextView(id="text", classes="page")
            yield CellsView(id="cells", classes="page")
            yield PictureView(self._way(), id="picture")
            yield LinesView("viewer", id="facts", classes="page")
        yield Footer(id="footer")
        yield Bar(id="too-small")

    def _way(self) -> Way:
        terminal = self.tracker.terminal
        if terminal.depth == "none" or terminal.ascii:
            return "letters"
        # A browser gets no graphics through textual-serve, and a slow link no more than it needs.
        if self.app.is_web or terminal.slow or self.app.is_headless:
            return "blocks"
        return choose_way(os.environ)

    def on_mount(self) -> None:
        self.query_one("#too-small", Bar).left = ((_SMALL, ""),)
        self.picture.write = self._write
        if self.tracker.terminal.slow or self.tracker.terminal.depth in ("16", "256"):
            self.picture.bits = 3
        self._show_view(self.facts)
        self.call_after_refresh(self.read_again)

    def _write(self, sequence: str) -> None:
        if self.app._driver is not None:
            self.app._driver.write(sequence)
            # What the picture covers has to be written again, also where it is blank.
            self.tracker.frame.forget()

    @property
    def cells(self) -> CellsView:
        return self.query_one(CellsView)

    @property
    def picture(self) -> PictureView:
        return self.query_one(PictureView)

    @property
    def facts(self) -> LinesView:
        return self.query_one("#facts", LinesView)

    @property
    def _artifact(self) -> Artifact:
        return self._artifacts[self._index]

    # Reading.

    def read_again(self) -> None:
        if self.opened is not None:
            return  # what is kept never changes
        artifact, index, view = self._artifact, self._index, self._view
        # The view that is not shown yet has no size of its own.
        room, width = self.query_one("#artifact-views").size, self.size.width - 3
        points = self.picture.points(*room)

        def question(store: Store) -> Message:
            from tui_tracker.errors import TrackerError
            from tui_tracker.tui.artifact_reading import look_at_artifact, open_view

            look = None
            try:
                look = look_at_artifact(store, artifact)
                shown = view if view in look.views else look.views[0]
                return self.Ready(index, look, open_view(look, shown, points, width), "")
            except (TrackerError, OSError) as error:
                return self.Ready(index, look, None, str(error))

        self.ask("artifact", question)

    def on_artifact_screen_ready(self, event: ArtifactScreen.Ready) -> None:
        if event.index != self._index:
            if event.opened is not None:
                event.opened.close()
            return
        self._forget()
        self._look, self.opened = event.look, event.opened
        self._complete = False
        if event.opened is None:
            self.facts.empty = ((), ((f"  {printable(event.trouble)}", "bad"),))
            self.facts.lines = ()
            self._show_view(self.facts)
        else:
            self._view = event.opened.view
            self._show(event.opened)
        self._show_title()

    def _show(self, opened: Opened) -> None:
        if opened.lines is not None:
            empty = "This file is empty." if opened.look.kind == "empty" else ""
            self.facts.empty = ((), ((f"  {empty}", "dim"),))
            self.facts.lines = ((), *opened.lines)
            self._show_view(self.facts)
        elif opened.picture is not None:
            self.picture.picture = opened.picture
            self._show_view(self.picture)
        elif opened.table is not None:
            self.cells.columns = opened.table.columns
            self.cells.count = opened.table.count
            self._show_view(self.cells)
            self._count(opened)
            if opened.table.note:
                self.say(opened.table.note)
        elif opened.text is not None:
            opened.text.index(1)
            self.text.show_count(opened.text.count)
            self._show_view(self.text)
            self._count(opened)

    def _show_view(self, shown: LineWidget) -> None:
        for widget in (self.text, self.cells, self.picture, self.facts):
            widget.display = widget is shown
        self.focus_on(shown)
        self.show_hints()

    def _forget(self) -> None:
        """Let go of the file that was shown."""
        self.stop.set()
        self.stop = threading.Event()
        if self.opened is not None:
            self.opened.close()
        self.opened = None
        self.picture.picture = None
        self.text.forget()
        self.cells.forget()

    def _count(self, opened: Opened) -> None:
        """Count lines or rows in a thread."""
        source, stop = opened.text or opened.table, self.stop
        assert source is not None

        def work() -> None:
            from tui_tracker.tui.artifact_reading import count_all

            def tell(count: int, complete: bool) -> None:
                self.post_message(self.Counted(opened, count, complete))

            try:
                count_all(source, tell, stop.is_set)
            except (OSError, ValueError):
                pass  # closed meanwhile: another file is shown
            else:
                tell(source.count, source.complete)

        self.run_worker(work, thread=True, group="count", exit_on_error=False)

    def on_artifact_screen_counted(self, event: ArtifactScreen.Counted) -> None:
        if event.opened is not self.opened:
            return
        self._complete = event.complete
        if event.opened.text is not None:
            self.text.show_count(event.count)
        else:
            self.cells.count = event.count
        self._show_title()

    def on_text_view_lines_wanted(self, event: TextView.LinesWanted) -> None:
        opened = self.opened
        if opened is None or opened.text is None:
            return

        def question(store: Store) -> Message:
            del store
            from tui_tracker.tui.artifact_reading import read_lines

            return self.LinesRead(opened, event.first, read_lines(opened, event.first, event.count))

        self.ask("lines", question)

    def on_artifact_screen_lines_read(self, event: ArtifactScreen.LinesRead) -> None:
        if event.opened is self.opened:
            self.text.show_lines(event.first, event.lines)

    def on_cells_view_rows_wanted(self, event: CellsView.RowsWanted) -> None:
        opened = self.opened
        if opened is None or opened.table is None:
            return
        table = opened.table

        def question(store: Store) -> Message:
            del store
            return self.RowsRead(opened, event.first, table.rows(event.first, event.count))

        self.ask("rows", question)

    def on_artifact_screen_rows_read(self, event: ArtifactScreen.RowsRead) -> None:
        if event.opened is self.opened:
            self.cells.show_rows(event.first, event.rows)

    # The title.

    def _show_title(self) -> None:
        bar = self.query_one("#title", Bar)
        bar.left = (
            (f" {printable(self._run)} › ", "dim"),
            (printable(self._artifact.path), "bold"),
        )
        place = f"{format_count(self._index + 1)} of {format_count(len(self._artifacts))} "
        bar.right = ((f"{self._facts_line()}   ", ""), (place, "dim"))

    def _facts_line(self) -> str:
        opened, look = self.opened, self._look
        if look is None:
            return format_size(self._artifact.size_bytes)
        if opened is not None and opened.picture is not None:
            return f"{opened.picture.words}, {format_size(look.size_bytes)}"
        parts = [look.line]
        if opened is not None and (opened.text or opened.table):
            more = "" if self._complete else "+"
            what = "row" if opened.text is None else "line"
            count = self.cells.count if opened.text is None else opened.text.lines
            parts.append(f"{format_count(count)}{more} {what}{'' if count == 1 else 's'}")
        if opened is not None and opened.view != look.views[0]:
            parts.append(f"as {_WORDS[opened.view]}")
        return ", ".join(parts)

    # What keys do.

    def action_across(self, steps: int) -> None:
        if self.cells.display:
            self.cells.across(steps)
        elif self.text.display:
            self.text.across(steps)

    def action_wrap(self) -> None:
        self.text.wrapped = not self.text.wrapped
        self.text.offset_cells = 0
        self.say("Long lines are wrapped" if self.text.wrapped else "Long lines go on to the right")

    def action_view(self) -> None:
        look = self._look
        if look is None:
            return
        views = look.views
        now = self._view if self._view in views else views[0]
        self._view = views[(views.index(now) + 1) % len(views)]
        self._open_again()

    def _open_again(self) -> None:
        self._forget()
        self.read_again()

    def action_next(self, files: int) -> None:
        index = self._index + files
        if not 0 <= index < len(self._artifacts):
            self.say("This is the last file" if files > 0 else "This is the first file")
            return
        self._index, self._view, self._look = index, None, None
        self.facts.lines, self.facts.empty = (), ()
        self._open_again()

    # Graphics, which Textual knows nothing of.

    def on_resize(self, event: object) -> None:
        super().on_resize(event)  # type: ignore[arg-type]
        if self.opened is not None and self.opened.view in ("picture", "hex", "summary"):
            self._open_again()

    def on_screen_suspend(self, event: events.ScreenSuspend) -> None:  # noqa: ARG002
        self.picture.take_away()

    def on_screen_resume(self) -> None:
        self.call_after_refresh(self.picture.draw)

    def on_unmount(self) -> None:
        self.stop.set()
        if self.opened is not None:
            self.opened.close()

    def text_to_copy(self) -> str:
        if self.cells.display and self.cells.cell:
            return self.cells.cell
        return self._artifact.sha256 or self._artifact.path

    def go_back(self) -> None:
        self.app.pop_screen()
