"""The chooser of the tree's levels."""

from __future__ import annotations

from tui_tracker.tui.screens.pick_columns import PickKeys, first_of_all


class PickLevels(PickKeys, inherit_bindings=False):
    """Returns the levels of the tree, the topmost first; () for experiments alone."""

    BINDINGS = first_of_all("pick")
    TITLE_WORDS = "Levels of the tree"
    HEADING = "Levels, the topmost first"
