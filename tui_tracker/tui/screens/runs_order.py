"""The order of the start screen's table."""

from __future__ import annotations

from tui_tracker.tui.screens.runs_core import RunsCore
from tui_tracker.tui.widgets.run_table import RunTable


class Ordering(RunsCore, inherit_bindings=False):
    """`s` sorts by the column under the column cursor, `S` the other way round."""

    def on_run_table_sort_wanted(self, event: RunTable.SortWanted) -> None:
        if event.reverse or event.field == self.field:
            self.descending = not self.descending
        else:
            self.field = event.field
            low_first = event.field.endswith(".min") or event.field in ("name", "experiment")
            self.descending = not low_first and not event.field.startswith("param:")
        self.ask_runs()
