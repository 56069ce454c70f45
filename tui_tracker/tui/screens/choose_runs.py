"""Which runs to compare one with: type to find, tab marks several, enter takes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.message import Message
from textual.screen import ModalScreen
from textual.widgets import Input

from tui_tracker.errors import TrackerError
from tui_tracker.formatting import cell_width, fit, format_ago, printable
from tui_tracker.tui.columns import GLYPHS
from tui_tracker.tui.screens.comparing import MOST_RUNS
from tui_tracker.tui.widgets.fields import TextField
from tui_tracker.tui.widgets.line_widget import Line, Role
from tui_tracker.tui.widgets.virtual_list import VirtualList

if TYPE_CHECKING:
    from tui_tracker.queries import RunRow
    from tui_tracker.tui.app import TrackerApp

SHOWN = 200
"""So many runs are listed; typing finds the others."""


class FoundRuns(VirtualList):
    """Runs that fit what was typed, newest first."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: Sequence[RunRow] = ()
        self.marked: list[int] = []
        self._name_cells = 0
        self.now = datetime.now(UTC)

    def show(self, rows: Sequence[RunRow]) -> None:
        self.rows, self.now = rows, datetime.now(UTC)
        self._name_cells = max((cell_width(printable(row.name)) for row in rows), default=0)
        self.count = len(rows)
        self.cursor = 0
        self.refresh()

    def line(self, index: int) -> Line:
        row = self.rows[index]
        here = index == self.cursor
        ago = format_ago(row.started_at, self.now)
        mark = "◆" if row.key in self.marked else " "
        room = self.room - 5 - len(ago) - 2
        name = max(0, min(self._name_cells, room))
        role: Role = "bold" if here else ""
        return (
            ("▌" if here else " ", "mark" if here else ""),
            (f"{mark} ", "second"),
            (f"{GLYPHS[row.status]} ", "bad" if row.status in ("failed", "crashed") else "dim"),
            (fit(printable(row.name), name), role),
            (fit(f"  {printable(row.experiment)}", max(0, room - name)), "dim"),
            (f" {ago} ", "dim"),
        )


class ChooseRunsScreen(ModalScreen[list[int] | None], inherit_bindings=False):
    """Returns the runs that were chosen, or None."""

    BINDINGS = [
        Binding("escape", "give_up", show=False),
        Binding("up", "move(-1)", show=False),
        Binding("down", "move(1)", show=False),
        Binding("tab", "mark", show=False, priority=True),
    ]

    @dataclass
    class Found(Message):
        """Runs were found."""

        text: str
        rows: list[RunRow]
        trouble: str = ""

    def __init__(self, key: int) -> None:
        super().__init__()
        self._key = key

    def compose(self) -> ComposeResult:
        with Vertical(id="palette"):
            yield TextField(placeholder="compare with: type to find, tab marks several")
            yield FoundRuns()

    def on_mount(self) -> None:
        self.query_one(Input).focus()
        self._search("")

    @property
    def found(self) -> FoundRuns:
        return self.query_one(FoundRuns)

    def on_input_changed(self, event: Input.Changed) -> None:
        self._search(event.value)

    def _search(self, text: str) -> None:
        def work() -> None:
            from tui_tracker.queries import Selection, get_rows, list_run_keys

            app: TrackerApp = self.app  # type: ignore[assignment]
            try:
                keys = list_run_keys(app.store, Selection(query=text))
                rows = get_rows(app.store, [key for key in keys if key != self._key][:SHOWN])
                self.post_message(self.Found(text, rows))
            except TrackerError as error:
                self.post_message(self.Found(text, [], str(error)))

        # Only what was typed last is worth finding.
        self.run_worker(work, thread=True, group="find", exclusive=True, exit_on_error=False)

    def on_choose_runs_screen_found(self, event: ChooseRunsScreen.Found) -> None:
        if event.text != self.query_one(Input).value:
            return
        words = event.trouble or "No other run fits."
        self.found.empty = ((), ((f" {printable(words)}", "bad" if event.trouble else "dim"),))
        self.found.show(event.rows)

    def on_input_submitted(self) -> None:
        found = self.found
        here = [found.rows[found.cursor].key] if found.count else []
        self.dismiss(found.marked or here or None)

    def action_mark(self) -> None:
        found = self.found
        if not found.count:
            return
        key = found.rows[found.cursor].key
        if key in found.marked:
            found.marked.remove(key)
        elif len(found.marked) < MOST_RUNS - 1:
            found.marked.append(key)
        found.refresh_index(found.cursor)
        found.action_move(1)

    def action_move(self, lines: int) -> None:
        self.found.action_move(lines)

    def action_give_up(self) -> None:
        self.dismiss(None)
