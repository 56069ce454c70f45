"""The files that were changed on top of the commit a run was at, and the diff of one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.message import Message
from textual.reactive import reactive

from tui_tracker.formatting import crop, format_count, printable
from tui_tracker.lineage.words import plural
from tui_tracker.tui.keys import bindings
from tui_tracker.tui.lineage_pages import change_lines, patch_lines, shown_path
from tui_tracker.tui.screens.base import TrackerScreen
from tui_tracker.tui.widgets.bar import Bar
from tui_tracker.tui.widgets.footer import Footer
from tui_tracker.tui.widgets.line_widget import Line
from tui_tracker.tui.widgets.lines_view import LinesView
from tui_tracker.tui.widgets.virtual_list import VirtualList

if TYPE_CHECKING:
    from tui_tracker.code_store import CodeChange
    from tui_tracker.store import Store
    from tui_tracker.tui.reading import ChangesFound

_SMALL = " Make this window at least 60 x 16."


class ChangeList(VirtualList, inherit_bindings=False):
    """Changed files, one a line; enter opens the diff of one."""

    BINDINGS = [*bindings("list"), *bindings("changes")]
    PLACE = "changes"
    HEADER_LINES = 3

    words: reactive[str] = reactive("")
    """Above the list: what the files were changed on top of."""
    lines: reactive[tuple[Line, ...]] = reactive((), repaint=False)

    @dataclass
    class Opened(Message):
        """The diff of a file is wanted."""

        list: ChangeList
        index: int

        @property
        def control(self) -> ChangeList:
            return self.list

    def header(self, row: int) -> Line:
        return ((f" {crop(self.words, max(0, self.room - 1))}", "dim"),) if row == 1 else ()

    def watch_lines(self) -> None:
        self.count = len(self.lines)
        self.refresh()

    def line(self, index: int) -> Line:
        here = index == self.cursor
        return (("▌" if here else " ", "mark" if here else ""), *self.lines[index])

    def action_open(self) -> None:
        if self.count:
            self.post_message(self.Opened(self, self.cursor))

    def chosen(self) -> None:
        self.action_open()


class ChangesScreen(TrackerScreen, inherit_bindings=False):
    """The list of changed files of one run, since its commit or since another run's code."""

    @dataclass
    class Found(Message):
        """The changes were read."""

        found: ChangesFound

    def __init__(self, key: int, path: str = "", *, against: int | None = None) -> None:
        super().__init__()
        self._key, self._path, self._against = key, path, against
        self._found: ChangesFound | None = None

    def compose(self) -> ComposeResult:
        yield Bar(id="title")
        yield ChangeList(id="changes", classes="page")
        yield Footer(id="footer")
        yield Bar(id="too-small")

    def on_mount(self) -> None:
        self.query_one("#title", Bar).left = ((" Changed files", "bold"),)
        self.query_one("#too-small", Bar).left = ((_SMALL, ""),)
        self.hold_first_frame()
        self.focus_on(self.query_one(ChangeList))
        self.read_again()

    def read_again(self) -> None:
        if self._found is not None:
            return  # a snapshot never changes
        key, against = self._key, self._against

        def question(store: Store) -> Message:
            from tui_tracker.tui.reading import read_changes

            return self.Found(read_changes(store, key, against))

        self.ask("changes", question)

    def on_changes_screen_found(self, event: ChangesScreen.Found) -> None:
        self._found = event.found
        self._show()
        view = self.query_one(ChangeList)
        paths = [change.path for change in event.found.changes]
        if self._path in paths:
            view.cursor = paths.index(self._path)
        self.show_first_frame()

    def _show(self) -> None:
        found = self._found
        if found is None:
            return
        bar = self.query_one("#title", Bar)
        bar.left = ((f" {printable(found.name)} › ", "dim"), ("changed files", "bold"))
        bar.right = ((f"{plural(len(found.changes), 'file')} ", "dim"),)
        view = self.query_one(ChangeList)
        view.words = printable(found.line)
        view.empty = (((f" {printable(found.empty)}", "dim"),),)
        view.lines = change_lines(found.changes, self.size.width - 4)

    def show_trouble(self, text: str) -> None:
        self.query_one(ChangeList).empty = (((f" {printable(text)}", "bad"),),)

    def on_resize(self, event: object) -> None:
        super().on_resize(event)  # type: ignore[arg-type]
        self._show()

    def on_change_list_opened(self, event: ChangeList.Opened) -> None:
        if self._found is not None:
            self.app.push_screen(PatchScreen(self._found, event.index))

    def text_to_copy(self) -> str:
        changes = self._found.changes if self._found else ()
        cursor = self.query_one(ChangeList).cursor
        return changes[cursor].path if cursor < len(changes) else ""

    def go_back(self) -> None:
        self.app.pop_screen()


class PatchScreen(TrackerScreen, inherit_bindings=False):
    """The diff of one file; brackets go to the next and the one before."""

    def __init__(self, found: ChangesFound, index: int) -> None:
        super().__init__()
        self._found, self._index = found, index

    def compose(self) -> ComposeResult:
        yield Bar(id="title")
        yield PatchView("patch", id="patch", classes="page")
        yield Footer(id="footer")
        yield Bar(id="too-small")

    def on_mount(self) -> None:
        self.query_one("#too-small", Bar).left = ((_SMALL, ""),)
        self.focus_on(self.query_one(PatchView))
        self._show()

    @property
    def _changes(self) -> Sequence[CodeChange]:
        return self._found.changes

    def _show(self) -> None:
        change = self._changes[self._index]
        bar = self.query_one("#title", Bar)
        bar.left = ((" diff › ", "dim"), (shown_path(change.path), "bold"))
        place = f"{format_count(self._index + 1)} of {format_count(len(self._changes))} "
        bar.right = ((place, "dim"),)
        view = self.query_one(PatchView)
        view.empty = ((), (("  Nothing that text can show was changed.", "dim"),))
        view.lines = patch_lines(self._found.patches.get(change.path, ""), self.size.width - 3)

    def on_resize(self, event: object) -> None:
        super().on_resize(event)  # type: ignore[arg-type]
        self._show()

    def action_next(self, files: int) -> None:
        index = self._index + files
        if not 0 <= index < len(self._changes):
            self.say("This is the last file" if files > 0 else "This is the first file")
            return
        self._index = index
        self.query_one(PatchView).top = 0
        self._show()

    def text_to_copy(self) -> str:
        return self._changes[self._index].path

    def go_back(self) -> None:
        self.app.pop_screen()


class PatchView(LinesView, inherit_bindings=False):
    """Lines of a diff to scroll through."""

    BINDINGS = [*bindings("list"), *bindings("patch")]
