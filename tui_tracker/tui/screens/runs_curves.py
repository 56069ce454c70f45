"""The way from the start screen to the curves of the marked runs."""

from __future__ import annotations

from tui_tracker.formatting import format_count
from tui_tracker.tui.screens.runs_marks import Marking

MOST_RUNS = 200
"""More lines than that are no chart; their bands are what a group's row opens."""


class Overlaying(Marking, inherit_bindings=False):
    """Opens the curves of the runs that a command is meant for."""

    def action_overlay(self) -> None:
        from tui_tracker.tui.screens.curves import CurvesScreen

        keys = self.chosen_runs()
        if not keys:
            self.say("There is no run here to draw")
            return
        if len(keys) > MOST_RUNS:
            self.say(f"Drawn are the first {MOST_RUNS} of {format_count(len(keys))} runs")
        self.app.push_screen(CurvesScreen(keys[:MOST_RUNS]))
