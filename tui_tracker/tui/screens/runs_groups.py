"""The group view of the start screen: runs with something in common as one line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.message import Message

from tui_tracker.tui.grouping import BUT_SEED, by_words
from tui_tracker.tui.screens.runs_core import RunsCore

if TYPE_CHECKING:
    from tui_tracker.store import Store
    from tui_tracker.tui.columns import Column
    from tui_tracker.tui.picking import Offer


class Grouping(RunsCore, inherit_bindings=False):
    """`b` groups by what is chosen, `B` by all params but the seed; again shows runs."""

    @dataclass
    class KeysFound(Message):
        """What runs could be grouped by was read."""

        offers: tuple[Offer, ...]

    def group_by(self, by: tuple[str, ...]) -> None:
        """Show groups; () shows the runs themselves."""
        before, self.group = self.group, by
        if by == before:
            return
        words = f"Grouped by {by_words(by)}: l unfolds" if by else "Runs again, not groups"
        self.say(words)
        self.tracker.state.put("group", list(by) or None)
        self.ask_runs()

    def action_group_but_seed(self) -> None:
        self.group_by(() if self.group == (BUT_SEED,) else (BUT_SEED,))

    def action_group(self) -> None:
        from tui_tracker.tui.columns import read_columns
        from tui_tracker.tui.screens.pick_columns import PickKeys

        asked = self.asked()

        def question(store: Store) -> Message:
            from tui_tracker.tui.offers import list_keys

            return self.KeysFound(list_keys(store, asked.selection()))

        def done(columns: tuple[Column, ...] | None) -> None:
            if columns is not None:
                self.group_by(tuple(column.spec for column in columns))

        shown = read_columns([spec for spec in self.group if spec != BUT_SEED], 0)
        self.app.push_screen(PickKeys(shown), done)
        self.ask("keys", question)

    def on_grouping_keys_found(self, event: Grouping.KeysFound) -> None:
        from tui_tracker.tui.screens.pick_columns import PickKeys

        if isinstance(self.app.screen, PickKeys):
            self.app.screen.show_offers(event.offers)

    def leave_groups(self) -> bool:
        """Show runs again; False where they are shown."""
        if not self.group:
            return False
        self.group_by(())
        return True
