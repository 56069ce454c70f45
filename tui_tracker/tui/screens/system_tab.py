"""The tab of a run's page with what the machine was busy with, drawn by a grid of charts."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tui_tracker.capture.system import place_of, unit_of
from tui_tracker.formatting import printable
from tui_tracker.tui.screens.curve_page import CurvePage
from tui_tracker.tui.widgets.curve_grid import CurveGrid
from tui_tracker.tui.widgets.curve_model import ShownRun

if TYPE_CHECKING:
    from tui_tracker.queries import MetricSummary, RunDetail

_PREFIX = "system/"


class SystemTab(CurvePage, inherit_bindings=False):
    """A page with a second grid, for system metrics."""

    in_system = False
    """Whether the tab is open."""

    @property
    def system_grid(self) -> CurveGrid:
        return self.query_one("#system", CurveGrid)

    @property
    def grid(self) -> CurveGrid:
        """The grid of the open tab; that of the metrics where neither is open."""
        name = "#system" if self.in_system else "#curves"
        return self.query_one(name, CurveGrid)

    def prepare_system(self) -> None:
        """Draw it over time from the first: its steps are seconds of the run."""
        grid = self.system_grid
        tracker = self.tracker
        look = replace(grid.look, ascii=tracker.terminal.ascii, plain=tracker.plain)
        grid.look = replace(look, x="relative", x_name="time")

    def show_system(self, run: RunDetail, text: str) -> None:
        """Show the system metrics whose name contains a text."""
        named = with_units(run)
        labels = [label for label in named if text.casefold() in label.casefold()]
        words = f'Nothing contains "{printable(text)}".' if text else "No samples were taken."
        hint = (
            "Press / to change it."
            if text
            else "The first comes two seconds after the start, unless TUI_TRACKER_SYSTEM=off."
        )
        self.system_grid.empty = ((), ((f" {words}", "bold"),), ((f" {hint}", "dim"),))
        row = run.row
        shown = ShownRun(row.key, printable(row.name), named, running=row.status == "running")
        self.system_grid.show_runs((shown,), labels)


def with_units(run: RunDetail) -> dict[str, MetricSummary]:
    """Return a run's system metrics under names that tell the unit: `cpu %`."""
    found = {}
    for label, metric in sorted(run.system.items(), key=lambda item: place_of(item[0])):
        short, at, rank = label.removeprefix(_PREFIX).partition("@")
        name = " ".join(part for part in (short, unit_of(label)) if part)
        found[f"{name} {at}{rank}" if at else name] = metric
    return found
