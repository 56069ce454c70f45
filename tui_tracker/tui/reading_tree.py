"""What the tree of the start screen asks the store."""

from __future__ import annotations

from tui_tracker.queries.branches import list_branches
from tui_tracker.queries.selection import Selection
from tui_tracker.store import Store
from tui_tracker.tui.tree import TOP, TreeFound, TreeWanted


def read_tree(store: Store, wanted: TreeWanted, *, top: bool = True) -> TreeFound:
    """Return the branches below opened nodes, and with `top` those of the first level."""
    selection = Selection(query=wanted.query, archived=wanted.archived)
    metric = wanted.metric or None
    nodes = (*([(TOP, 0)] if top else []), *wanted.opened)
    below = {
        where: list_branches(store, selection, wanted.levels, where, depth=depth, metric=metric)
        for where, depth in nodes
    }
    return TreeFound(wanted, below)
