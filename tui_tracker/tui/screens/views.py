"""The saved views of a store: open one, save the present one, delete with undo.

They lie in a text file beside the database (`tui_tracker.views`), to be shared by copying.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input

from tui_tracker.errors import TrackerError
from tui_tracker.formatting import cell_width, crop, fit, printable
from tui_tracker.tui.grouping import by_words
from tui_tracker.tui.keys import bindings, hints
from tui_tracker.tui.widgets.bar import Bar
from tui_tracker.tui.widgets.filter_line import FilterLine
from tui_tracker.tui.widgets.footer import Footer
from tui_tracker.tui.widgets.line_widget import Line
from tui_tracker.tui.widgets.virtual_list import VirtualList
from tui_tracker.views import View, delete_view, list_views, save_view, views_path

NOTHING: tuple[Line, ...] = (
    ((" No views are saved here yet.", "bold"),),
    (),
    ((" Filter, sort and choose columns as you like to see", "dim"),),
    ((" your runs, then press a to save that under a name.", "dim"),),
)


class ViewList(VirtualList, inherit_bindings=False):
    """Saved views, one a line: the name, and what it shows."""

    BINDINGS = bindings("list")
    PLACE = "views"

    def __init__(self) -> None:
        super().__init__(id="views-list")
        self.views: list[View] = []
        self.empty = NOTHING

    def show(self, views: list[View], at: int = 0) -> None:
        self.views = views
        self.count = len(views)
        self.cursor = at
        self.refresh()

    def line(self, index: int) -> Line:
        view, marked = self.views[index], index == self.cursor
        longest = max(cell_width(printable(other.name)) for other in self.views)
        name = fit(printable(view.name), min(longest, self.room // 2))
        room = max(0, self.room - cell_width(name) - 4)
        return (
            ("▌" if marked else " ", "mark" if marked else ""),
            (f" {name}", "bold" if marked else ""),
            (f"  {crop(view_words(view), room)}", "dim"),
        )


def view_words(view: View) -> str:
    """Return what a view shows, in a few words."""
    parts = [f"/{printable(view.query)}"] if view.query else []
    parts += [f"by {by_words(view.group)}"] if view.group else []
    if view.sort:
        parts.append(f"sorted by {printable(', '.join(view.sort))}")
    if view.columns:
        parts.append(f"{len(view.columns)} columns")
    return "  ".join(parts) or "all runs"


class ViewsScreen(ModalScreen[View | None], inherit_bindings=False):
    """Returns the view to open, or None."""

    BINDINGS = bindings("views")

    def __init__(self, folder: str, present: View) -> None:
        super().__init__()
        self._folder, self._present = folder, present
        self._deleted: list[View] = []

    def compose(self) -> ComposeResult:
        with Vertical(id="views"):
            yield Bar(id="views-title")
            yield ViewList()
            yield Footer(id="views-footer")

    def on_mount(self) -> None:
        title = self.query_one("#views-title", Bar)
        title.left = ((" Saved views", "bold"),)
        title.right = ((f"{crop(printable(str(views_path(self._folder))), 50)} ", "dim"),)
        self.query_one(Footer).hints = hints("views")
        self._read()
        self.list.focus()

    @property
    def list(self) -> ViewList:
        return self.query_one(ViewList)

    @property
    def _current(self) -> View | None:
        views = self.list
        return views.views[views.cursor] if views.count else None

    def _read(self, name: str = "") -> None:
        """Show the views of the file, the cursor on the one of a name."""

        def read() -> None:
            views = list_views(self._folder)
            names = [view.name for view in views]
            self.list.show(views, names.index(name) if name in names else self.list.cursor)

        self._try(read)

    def _try(self, work: Callable[[], None], words: str = "") -> bool:
        """Do something with the file; tell what came of it, and whether it did."""
        footer = self.query_one(Footer)
        try:
            work()
        except TrackerError as error:
            footer.say(str(error), "bad")
        except OSError as error:
            footer.say(f"{views_path(self._folder)}: {error.strerror or error}", "bad")
        else:
            if words:
                footer.say(words, "accent")
            return True
        return False

    # Keys.

    def action_take(self) -> None:
        if (view := self._current) is not None:
            self.dismiss(view)

    def action_leave(self) -> None:
        self.dismiss(None)

    def action_add(self) -> None:
        line = FilterLine("", "name of the view that you see now")
        self.mount(line, before=self.query_one(Footer))
        line.focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()

    def on_filter_line_closed(self, event: FilterLine.Closed) -> None:
        event.stop()
        event.line.remove()
        self.list.focus()
        name = event.text.strip()
        if name:
            self._save(replace(self._present, name=name))

    def action_replace(self) -> None:
        if (view := self._current) is not None:
            extra = {**view.extra, **self._present.extra}
            self._save(replace(self._present, name=view.name, extra=extra))

    def _save(self, view: View) -> None:
        before = [known for known in self.list.views if known.name == view.name]
        words = f"{printable(view.name)} is saved"
        if before:
            words += ": u brings back what it was"
        if self._try(lambda: save_view(self._folder, view), words):
            self._deleted += before
            self._read(view.name)

    def action_delete(self) -> None:
        view = self._current
        if view is None:
            return
        name = printable(view.name)
        words = f"{name} is deleted: u brings it back"
        if self._try(lambda: delete_view(self._folder, view.name), words):
            self._deleted.append(view)
            self._read()

    def action_undo(self) -> None:
        if not self._deleted:
            self.query_one(Footer).say("Nothing was changed here", "accent")
            return
        view = self._deleted.pop()
        words = f"{printable(view.name)} is as it was"
        if self._try(lambda: save_view(self._folder, view), words):
            self._read(view.name)
