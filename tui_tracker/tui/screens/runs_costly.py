"""Cells of the start screen that cost a question of their own: facts, health.

They are asked for once the rows stand, for the lines in view alone, and stay as they were
until the answer comes. What health finds is asked of every table, for its marks stand
behind the names; of running runs again and again, because silence writes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING

from textual.message import Message
from textual.timer import Timer

from tui_tracker.tui.cells import COSTLY, Extras
from tui_tracker.tui.row_marks import UNWELL
from tui_tracker.tui.screens.runs_core import RunsCore

if TYPE_CHECKING:
    from tui_tracker.store import Store

PULSE_S = 5.0
"""How often is asked of running runs what time alone changes."""
REST_S = 0.15
"""How long a table that is scrolled has to rest: lines that fly by are not worth a question."""


class Costing(RunsCore, inherit_bindings=False):
    """Asks for costly cells whenever rows came, and for the pulse of what runs."""

    @dataclass
    class ExtrasFound(Message):
        """Costly cells of some runs were read."""

        extras: Extras

    def __init__(self) -> None:
        super().__init__()
        self._felt_at = 0.0
        self._resting: Timer | None = None

    def on_run_table_scrolled(self) -> None:
        # Rows that were read ahead came without these cells.
        if self._resting is not None:
            self._resting.stop()
        self._resting = self.set_timer(REST_S, self.ask_extras)

    def on_runs_core_found(self, event: RunsCore.Found) -> None:  # noqa: ARG002
        # What is shown may have changed, so none of it counts as read.
        self.call_later(self.ask_extras, again=True)

    def on_runs_core_rows_found(self, event: RunsCore.RowsFound) -> None:  # noqa: ARG002
        self.call_later(self.ask_extras)

    def ask_extras(self, *, again: bool = False) -> None:
        """Ask for the costly cells of the visible lines that are not there."""
        table = self.table
        columns = [column for column in table.columns if column.kind in COSTLY]
        specs = {UNWELL, *(column.spec for column in columns)}
        keys = [
            key
            for key in (table.keys[index] for index in table.window)
            if key > 0 and (again or not specs <= table.extras.get(key, {}).keys())
        ]
        if not keys:
            return

        def question(store: Store) -> Message:
            from tui_tracker.tui.costly import read_extras, read_marks

            def told(extras: Extras) -> None:
                self.post_message(self.ExtrasFound(extras))

            marks = read_marks(store, keys)
            if not columns:
                return self.ExtrasFound(marks)
            told(marks)
            return self.ExtrasFound(read_extras(store, keys, columns, told))

        # Of lines that are not in view any more nobody waits for the grades.
        self.ask("extras", question, about=tuple(keys))

    def moved(self) -> None:
        super().moved()
        if monotonic() - self._felt_at >= PULSE_S:
            self._felt_at = monotonic()
            self._feel_pulse()

    def _feel_pulse(self) -> None:
        """Ask whether the visible running runs still log: one that does not changes nothing."""
        rows = self.table.rows
        keys = [
            key
            for key in (self.table.keys[index] for index in self.table.window)
            if key in rows and rows[key].status == "running"
        ]
        columns = [column for column in self.table.columns if column.kind == "health"]

        def question(store: Store) -> Message:
            from tui_tracker.tui.costly import read_extras, read_marks

            found = read_extras(store, keys, columns) if columns else read_marks(store, keys)
            return self.ExtrasFound(found)

        if keys:
            self.ask("pulse", question)

    def on_costing_extras_found(self, event: Costing.ExtrasFound) -> None:
        self.table.show_extras(event.extras)
