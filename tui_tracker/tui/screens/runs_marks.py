"""The marks of the start screen: which runs a command is meant for."""

from __future__ import annotations

from tui_tracker.tui.screens.runs_core import RunsCore


class Marking(RunsCore, inherit_bindings=False):
    """What is done, is done to the marked runs, or else to the one under the cursor."""

    def chosen_runs(self) -> list[int]:
        """Return the runs that a command is meant for, in the order of the table.

        The marked ones, whatever the filter hides of them; without marks the run under
        the cursor; none in an empty table.
        """
        key = self.table.current_key
        return [] if key is None else [key]
