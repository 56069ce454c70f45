"""The columns of the start screen: chosen and arranged by hand, and remembered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.message import Message

from tui_tracker.tui.screens.runs_core import RunsCore
from tui_tracker.tui.widgets.column_list import ColumnList

if TYPE_CHECKING:
    from tui_tracker.store import Store
    from tui_tracker.tui.columns import Column
    from tui_tracker.tui.picking import Offer


class Arranging(RunsCore, inherit_bindings=False):
    """`o` chooses columns, `d` leaves those that differ; each branch has its own layout."""

    @dataclass
    class OffersFound(Message):
        """What columns could be shown was read."""

        offers: tuple[Offer, ...]

    def __init__(self) -> None:
        super().__init__()
        self._new_column = ""
        """A column that was chosen and is to be seen once it is there."""

    def on_runs_core_found(self, event: RunsCore.Found) -> None:  # noqa: ARG002
        self.call_later(self._bring_new)

    def _bring_new(self) -> None:
        specs = [column.spec for column in self.table.columns]
        if self._new_column in specs:
            self.table.column = specs.index(self._new_column)
            self._new_column = ""

    def on_column_list_arranged(self, event: ColumnList.Arranged) -> None:
        if event.words:
            self.say(event.words)
        if not self.differing:
            # What only `d` hides is not hidden for good.
            self.keep_layout(event.columns)

    def action_differing(self) -> None:
        self.differing = not self.differing
        self.say("Only columns that differ" if self.differing else "All columns again")
        self.ask_runs()

    def action_choose_columns(self) -> None:
        from tui_tracker.tui.screens.pick_columns import PickColumns

        table, asked = self.table, self.asked()
        widths = {column.spec: table.layout_of.width_of(column) for column in table.columns}

        def question(store: Store) -> Message:
            from tui_tracker.tui.offers import list_offers

            return self.OffersFound(list_offers(store, asked.selection()))

        def done(columns: tuple[Column, ...] | None) -> None:
            if columns is not None:
                known = {column.spec for column in table.columns}
                new = [column.spec for column in columns if column.spec not in known]
                self._new_column = new[0] if new else ""
                self.differing = False
                self.keep_layout(columns)
                self.read_columns_again()

        self.app.push_screen(PickColumns(table.columns, widths), done)
        self.ask("offers", question)

    def on_arranging_offers_found(self, event: Arranging.OffersFound) -> None:
        from tui_tracker.tui.screens.pick_columns import PickColumns

        if isinstance(self.app.screen, PickColumns):
            self.app.screen.show_offers(event.offers)
