"""What a run came from, as a tree, and what of it can be had now.

`trace_lineage` reads the facts that the collectors left and checks them against the
store, the repository, the files and this machine. It asks no network.
"""

from __future__ import annotations

from importlib import import_module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tui_tracker.lineage.trace import trace_lineage
    from tui_tracker.lineage.tree import MARKS, LineageNode, LineageTree, Mark, Progress

__all__ = ["MARKS", "LineageNode", "LineageTree", "Mark", "Progress", "trace_lineage"]


def __getattr__(name: str) -> object:
    # A page that only tells a line of it must not load what checks all of it.
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = import_module(f"{__name__}.{'trace' if name == 'trace_lineage' else 'tree'}")
    return getattr(module, name)
