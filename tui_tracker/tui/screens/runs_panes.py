"""The panes of the start screen: which are shown, how wide, and which has the focus."""

from __future__ import annotations

from tui_tracker.tui.screens.runs_core import RunsCore
from tui_tracker.tui.widgets.peek_pane import PeekPane

TREE_NEEDS = 80
"""Cells from which on the tree stands beside the table without being asked for."""
PEEK_NEEDS = 150
"""Cells from which on the peek pane is there without being asked for."""
PEEK_BESIDE = 100
"""Cells from which on the peek pane stands beside the table, and not below it."""
PEEK_LINES = 11
"""Lines of the peek pane below the table, or a third of the screen."""


class Panes(RunsCore, inherit_bindings=False):
    """Tree and table side by side, or one over the other where there is no room."""

    def __init__(self) -> None:
        super().__init__()
        self.tree_wanted: bool | None = None
        """Shown or hidden by hand; None leaves it to the width."""
        self.peek_wanted: bool | None = None
        self.peek_below = False
        """Shown below the table, where there is no room beside it; for the moment only."""

    @property
    def peek_pane(self) -> PeekPane:
        return self.query_one(PeekPane)

    def restore_panes(self) -> None:
        """Show the panes as they were shown last."""
        state = self.tracker.state
        tree, peek = state.get("tree_shown", None), state.get("peek_shown", None)
        self.tree_wanted = tree if isinstance(tree, bool) else None
        self.peek_wanted = peek if isinstance(peek, bool) else None

    def make_room(self, width: int) -> None:
        self.lay_out(width)

    def lay_out(self, width: int | None = None) -> None:
        """Give the tree its place: beside the table, over it, or none."""
        width = self.size.width if width is None else width
        wide = width >= TREE_NEEDS
        shown = wide if self.tree_wanted is None else self.tree_wanted
        tree, table = self.tree_pane, self.table
        alone = shown and not wide
        if tree.display != shown or table.display == alone:
            had = tree.has_focus or table.has_focus
            tree.display, table.display = shown, not alone
            if had:
                self.focus_on(tree if alone or (shown and tree.has_focus) else table)
        tree.styles.width = "1fr" if alone else tree.width_in(width)
        self._lay_out_peek(width, alone=alone)

    def _lay_out_peek(self, width: int, *, alone: bool) -> None:
        """Give the peek pane its place: beside the table, or below it."""
        pane = self.peek_pane
        beside = width >= PEEK_NEEDS if self.peek_wanted is None else self.peek_wanted
        pane.display = (beside if width >= PEEK_BESIDE else self.peek_below) and not alone
        pane.below = width < PEEK_BESIDE
        pane.set_class(pane.below, "-below")
        pane.styles.width = "100%" if pane.below else min(46, max(34, width // 4))
        pane.styles.height = min(PEEK_LINES, self.size.height // 3) if pane.below else "1fr"

    def action_tree(self) -> None:
        self.tree_wanted = not self.tree_pane.display
        if self.size.width >= TREE_NEEDS:
            # On a narrow terminal the tree is only looked into.
            self.tracker.state.put("tree_shown", self.tree_wanted)
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
