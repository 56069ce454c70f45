"""The panes of the start screen: which are shown, how wide, and which has the focus."""

from __future__ import annotations

from textual import events

from tui_tracker.tui.screens.base import WIDE
from tui_tracker.tui.screens.runs_core import RunsCore

TREE_NEEDS = 80
"""Cells from which on the tree stands beside the table without being asked for."""


class Panes(RunsCore, inherit_bindings=False):
    """Tree and table side by side, or one over the other where there is no room."""

    def __init__(self) -> None:
        super().__init__()
        self.tree_wanted: bool | None = None
        """Shown or hidden by hand; None leaves it to the width."""

    def on_resize(self, event: events.Resize) -> None:
        super().on_resize(event)
        self.lay_out()

    def lay_out(self) -> None:
        """Give the tree its place: beside the table, over it, or none."""
        wide = self.size.width >= TREE_NEEDS
        shown = wide if self.tree_wanted is None else self.tree_wanted
        tree, table = self.tree_pane, self.table
        alone = shown and not wide
        if tree.display != shown or table.display == alone:
            had = tree.has_focus or table.has_focus
            tree.display, table.display = shown, not alone
            if had:
                self.focus_on(tree if alone or (shown and tree.has_focus) else table)
        tree.styles.width = "1fr" if alone else (30 if self.size.width >= WIDE + 20 else 22)

    def action_tree(self) -> None:
        self.tree_wanted = not self.tree_pane.display
        self.lay_out()
        self.focus_on(self.tree_pane if self.tree_wanted else self.table)

    def action_table(self) -> None:
        if not self.table.display:
            self.action_tree()
        self.focus_on(self.table)

    def action_pane(self) -> None:
        tree, table = self.tree_pane, self.table
        if not tree.has_focus:
            if not tree.display:
                self.action_tree()
            self.focus_on(tree)
        elif not table.display:
            self.action_tree()
        else:
            self.focus_on(table)

    def on_experiment_tree_entered(self) -> None:
        self.action_table()
