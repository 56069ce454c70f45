"""What the start screen remembers of a store, and the views that are saved under a name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui_tracker.formatting import printable
from tui_tracker.tui.screens.runs_panes import Panes

if TYPE_CHECKING:
    from tui_tracker.tui.widgets.column_list import Order
    from tui_tracker.views import View

PINNED = "pinned"
"""How many of a view's columns stand at the left; a key of this app alone."""


class Remembering(Panes, inherit_bindings=False):
    """`V` opens saved views; order, groups and panes are as they were left."""

    def restore_view(self) -> None:
        """Take up order, groups and filter where the last session on this store left them."""
        state = self.tracker.state
        nothing: list[str] = []
        sort, group = state.get("sort", nothing), state.get("group", nothing)
        if sort:
            from tui_tracker.tui.view_texts import read_order

            self.order = read_order([str(text) for text in sort]) or self.order
        self.group = tuple(str(spec) for spec in group)
        self.text = state.get("filter", "")

    def keep_order(self, order: Order) -> None:
        """Sort so from now on, also at the next start."""
        from tui_tracker.tui.view_texts import order_texts

        self.order = order
        self.tracker.state.put("sort", order_texts(order))

    def action_keep_filter(self) -> None:
        """Begin with the present filter next time; without one, with none."""
        self.tracker.state.put("filter", self.text or None)
        words = f'The app will open with the filter "{printable(self.text)}"'
        self.say(words if self.text else "The app will open without a filter")

    # Saved views.

    def action_views(self) -> None:
        from tui_tracker.tui.screens.views import ViewsScreen

        folder = str(self.tracker.store.folder)
        self.app.push_screen(ViewsScreen(folder, self.present_view()), self._open)

    def _open(self, view: View | None) -> None:
        if view is not None:
            self.show_view(view)

    def present_view(self) -> View:
        """Return what is shown now, as a view without a name."""
        from tui_tracker.tui.columns import column_text
        from tui_tracker.tui.grouping import without_groups
        from tui_tracker.tui.view_texts import order_texts
        from tui_tracker.views import View

        columns = without_groups(self.table.columns)
        tree, peek = self.tree_pane, self.peek_pane
        return View(
            name="",
            query=self.text,
            columns=tuple(map(column_text, columns)),
            sort=tuple(order_texts(self.order)),
            group=self.group,
            tree=tuple(tree.branches.levels),
            panes={
                "tree": tree.size.width if tree.display else 0,
                "peek": peek.size.width if peek.display else 0,
            },
            archived=self.archived,
            extra={PINNED: sum(column.pinned for column in columns)},
        )

    def show_view(self, view: View) -> None:
        """Show what a view says; what it does not say stays as it is."""
        from tui_tracker.tui.columns import read_columns
        from tui_tracker.tui.view_texts import read_order

        self.text, self.archived, self.group = view.query, view.archived, view.group
        self.tracker.state.put("group", list(view.group) or None)
        self.keep_order(read_order(view.sort) or self.order)
        self.differing = False
        if view.tree:
            self.show_levels(view.tree)
        if view.columns:
            pinned = view.extra.get(PINNED, 2)
            self.keep_layout(read_columns(view.columns, pinned if isinstance(pinned, int) else 2))
        if "tree" in view.panes:
            self.tree_wanted = bool(view.panes["tree"])
        if "peek" in view.panes:
            self.peek_wanted = bool(view.panes["peek"])
        self.lay_out()
        self.say(f"View {printable(view.name)}")
        self.read_columns_again()
