"""The tree of the start screen: its levels, what is below branches, and what a filter leaves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from textual.message import Message

from tui_tracker.tui.screens.runs_core import RunsCore
from tui_tracker.tui.tree import TreeFound
from tui_tracker.tui.widgets.experiment_tree import ExperimentTree

if TYPE_CHECKING:
    from tui_tracker.store import Store
    from tui_tracker.tui.columns import Column
    from tui_tracker.tui.picking import Offer


class Branching(RunsCore, inherit_bindings=False):
    """`o` in the tree chooses its levels; branches are read when they are opened."""

    @dataclass
    class BelowFound(Message):
        """Branches below opened nodes were read."""

        found: TreeFound

    @dataclass
    class FitsFound(Message):
        """The runs of each branch that fit the filter were counted, and their best read."""

        found: TreeFound

    @dataclass
    class LevelsFound(Message):
        """What could be a level of the tree was read."""

        offers: tuple[Offer, ...]

    def __init__(self) -> None:
        super().__init__()
        self._fits: object = None
        """What the counts in the tree are of."""

    def restore_tree(self) -> None:
        """Show the levels and the folds that were shown last."""
        kept: dict[str, object] = self.tracker.state.get("tree", {})
        levels, folds = kept.get("levels"), kept.get("folds")
        tree = self.tree_pane.branches
        if isinstance(levels, list) and levels:
            tree.levels = tuple(map(str, levels))
        if isinstance(folds, list):
            from tui_tracker.tui.remembered_tree import read_folds

            tree.folds = read_folds(folds)

    def show_levels(self, levels: Sequence[str]) -> None:
        """Show the tree by other levels."""
        tree = self.tree_pane
        tree.restart(tuple(levels) or ("experiment",))
        self._keep_tree()
        self.read_again()

    def _keep_tree(self) -> None:
        from tui_tracker.tui.remembered_tree import write_folds

        tree = self.tree_pane.branches
        kept = {"levels": list(tree.levels), "folds": write_folds(tree.folds)}
        self.tracker.state.put("tree", kept)

    def on_experiment_tree_folded(self, event: ExperimentTree.Folded) -> None:  # noqa: ARG002
        self._keep_tree()

    # Reading.

    def on_experiment_tree_more_wanted(self, event: ExperimentTree.MoreWanted) -> None:  # noqa: ARG002
        if self.shown is not None:
            self._ask_below()

    def _ask_below(self) -> None:
        """Ask for the branches of open nodes that were not read yet."""
        tree = self.tree_pane
        opened = tree.branches.unread()
        if not opened:
            self._ask_fits()
            return
        wanted = replace(tree.wanted(archived=self.archived), opened=opened)

        def question(store: Store) -> Message:
            from tui_tracker.tui.reading_tree import read_tree

            return self.BelowFound(read_tree(store, wanted, top=False))

        self.ask("below", question)

    def on_branching_below_found(self, event: Branching.BelowFound) -> None:
        self.tree_pane.add(event.found)
        self._ask_below()

    def on_runs_core_found(self, event: RunsCore.Found) -> None:
        if event.found.tree is not None:
            self._fits = None
        # Runs after this one: the base class has not taken the answer yet.
        self.call_next(self._ask_below)

    def _ask_fits(self) -> None:
        """Ask for what a filter leaves of each branch, and for its best value."""
        tree = self.tree_pane
        metric, title = self._tree_metric()
        wanted = replace(
            tree.wanted(archived=self.archived), query=self.held, metric=metric, title=title
        )
        if wanted == self._fits or not tree.display:
            return
        self._fits = wanted
        if not wanted.query and not wanted.metric:
            tree.take_fits(None)
            return

        def question(store: Store) -> Message:
            from tui_tracker.tui.reading_tree import read_tree

            return self.FitsFound(read_tree(store, wanted))

        self.ask("fits", question)

    def on_branching_fits_found(self, event: Branching.FitsFound) -> None:
        if event.found.wanted == self._fits:
            self.tree_pane.take_fits(event.found)

    def _tree_metric(self) -> tuple[str, str]:
        """Return the metric whose best the branches show: what is sorted by, else the first."""
        metrics = [column for column in self.table.columns if column.kind == "metric"]
        chosen = [column for column in metrics if column.field == self.order[0][0]] or metrics
        for column in chosen:
            if column.stat in ("min", "max"):
                return column.spec, column.title.replace(" ", "")
        return "", ""

    # Choosing levels.

    def action_choose_levels(self) -> None:
        from tui_tracker.tui.columns import read_columns
        from tui_tracker.tui.screens.pick_levels import PickLevels

        asked = replace(self.asked(), text="", where=())

        def question(store: Store) -> Message:
            from tui_tracker.tui.offers import list_levels

            return self.LevelsFound(list_levels(store, asked.selection()))

        def done(columns: tuple[Column, ...] | None) -> None:
            if columns is not None:
                self.show_levels([column.spec for column in columns])

        shown = read_columns(list(self.tree_pane.branches.levels), 0)
        self.app.push_screen(PickLevels(shown), done)
        self.ask("levels", question)

    def on_branching_levels_found(self, event: Branching.LevelsFound) -> None:
        from tui_tracker.tui.screens.pick_levels import PickLevels

        if isinstance(self.app.screen, PickLevels):
            self.app.screen.show_offers(event.offers)
