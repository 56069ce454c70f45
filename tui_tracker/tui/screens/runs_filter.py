"""The filter of the start screen: typed live, kept with enter, given up with esc."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui_tracker.formatting import printable
from tui_tracker.tui.screens.runs_core import RunsCore

if TYPE_CHECKING:
    from textual.widgets import Input

    from tui_tracker.tui.widgets.filter_line import FilterLine


class Filtering(RunsCore, inherit_bindings=False):
    """`/` filters, `z` shows archived runs, too."""

    def action_archived(self) -> None:
        self.archived = not self.archived
        self.read_again()

    def action_filter(self) -> None:
        from tui_tracker.tui.widgets.filter_line import FilterLine

        line = FilterLine(self.text, "text in name, id, experiment or tag")
        self.mount(line, before="#footer")
        self.focus_on(line)

    def on_input_changed(self, event: Input.Changed) -> None:
        if event.value != self.text:
            self.text = event.value
            self.ask_runs()

    def on_filter_line_closed(self, event: FilterLine.Closed) -> None:
        event.line.remove()
        self.focus_on(self.table)
        if event.text != self.text:
            self.text = event.text
            self.ask_runs()

    def clear_filter(self) -> bool:
        """Take the filter away, and say so; False where there was none."""
        if not self.text:
            return False
        self.say(f'Filter "{printable(self.text)}" cleared')
        self.text = ""
        self.ask_runs()
        return True
