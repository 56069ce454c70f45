"""Cells of the start screen that cost a question of their own: facts, health.

They are asked for once the rows stand, for the lines in view alone, and stay as they were
until the answer comes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.message import Message

from tui_tracker.tui.cells import COSTLY, Extras
from tui_tracker.tui.screens.runs_core import RunsCore

if TYPE_CHECKING:
    from tui_tracker.store import Store


class Costing(RunsCore, inherit_bindings=False):
    """Asks for costly cells whenever rows came."""

    @dataclass
    class ExtrasFound(Message):
        """Costly cells of some runs were read."""

        extras: Extras

    def on_runs_core_found(self, event: RunsCore.Found) -> None:  # noqa: ARG002
        # What is shown may have changed, so none of it counts as read.
        self.call_later(self.ask_extras, again=True)

    def on_runs_core_rows_found(self, event: RunsCore.RowsFound) -> None:  # noqa: ARG002
        self.call_later(self.ask_extras)

    def ask_extras(self, *, again: bool = False) -> None:
        """Ask for the costly cells of the visible lines that are not there."""
        table = self.table
        columns = [column for column in table.columns if column.kind in COSTLY]
        specs = {column.spec for column in columns}
        keys = [
            key
            for key in (table.keys[index] for index in table.window)
            if key > 0 and (again or not specs <= table.extras.get(key, {}).keys())
        ]
        if not columns or not keys:
            return

        def question(store: Store) -> Message:
            from tui_tracker.tui.costly import read_extras

            def told(extras: Extras) -> None:
                self.post_message(self.ExtrasFound(extras))

            return self.ExtrasFound(read_extras(store, keys, columns, told))

        # Of lines that are not in view any more nobody waits for the grades.
        self.ask("extras", question, about=tuple(keys))

    def on_costing_extras_found(self, event: Costing.ExtrasFound) -> None:
        self.table.show_extras(event.extras)
