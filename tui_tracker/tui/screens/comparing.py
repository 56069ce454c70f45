"""How a screen comes to a comparison: of the chosen runs, or of one with others to be chosen."""

from __future__ import annotations

from collections.abc import Sequence

from tui_tracker.tui.screens.base import TrackerScreen

MOST_RUNS = 20
"""As `compare.MOST_RUNS` has it, which is loaded with the first comparison only."""


class Comparing(TrackerScreen, inherit_bindings=False):
    """A screen with runs that can be compared."""

    def runs_to_compare(self) -> list[int]:
        """Return the runs to compare; of a single one the others are asked for."""
        raise NotImplementedError

    def action_compare(self) -> None:
        keys = self.runs_to_compare()
        if len(keys) > MOST_RUNS:
            self.say(f"{len(keys):,} runs are marked: two to {MOST_RUNS} can be compared")
        elif len(keys) > 1:
            self._compare(keys)
        elif keys:
            from tui_tracker.tui.screens.choose_runs import ChooseRunsScreen

            def chosen(others: Sequence[int] | None) -> None:
                if others:
                    self._compare([keys[0], *others])

            self.app.push_screen(ChooseRunsScreen(keys[0]), chosen)

    def _compare(self, keys: Sequence[int]) -> None:
        from tui_tracker.tui.screens.compare import CompareScreen

        self.app.push_screen(CompareScreen(keys))
