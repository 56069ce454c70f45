"""What every screen with charts does: ask for curves, values, axes, metrics and levels."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from time import monotonic
from typing import TYPE_CHECKING

from textual.message import Message

from tui_tracker.formatting import printable
from tui_tracker.tui.screens.base import TrackerScreen
from tui_tracker.tui.widgets.curve_grid import CurveGrid
from tui_tracker.tui.widgets.curve_model import Mark, ShownRun, X

if TYPE_CHECKING:
    from textual.timer import Timer

    from tui_tracker.queries import PointFound, RunDetail
    from tui_tracker.store import Store
    from tui_tracker.tui.curve_reading import ChartRead
    from tui_tracker.tui.widgets.curve_base import Threshold
    from tui_tracker.tui.widgets.filter_line import FilterLine

AXES: tuple[tuple[X, str, str], ...] = (
    ("step", "step", "as it was logged"),
    ("relative", "time", "since the run began"),
    ("wall", "clock", "the time of day"),
)
PAIRS_AT_ONCE = 64
"""Curves that one question reads, so that the first charts do not wait for the last."""
MARKS_S = 5.0
"""How often a run that grows is judged: it takes longer than to read and draw its charts."""


class CurvePage(TrackerScreen, inherit_bindings=False):
    """A screen that holds one grid of charts."""

    @dataclass
    class ChartsRead(Message):
        """Curves were read."""

        runs: tuple[int, ...]
        """Those that were shown when they were asked for."""
        answers: list[ChartRead]

    @dataclass
    class ValuesRead(Message):
        """The points at the cursor were read."""

        at: float
        found: Mapping[tuple[str, int], PointFound]

    @dataclass
    class ThresholdRead(Message):
        """Where a metric's lines reach a level was read."""

        label: str
        threshold: Threshold

    @dataclass
    class MarksRead(Message):
        """What health found was read."""

        marks: dict[int, tuple[Mark, ...]]

    @dataclass
    class SiblingsFound(Message):
        """The runs that differ from the only one by their seed were found."""

        keys: list[int]

    def __init__(self) -> None:
        super().__init__()
        self._level_of = ""
        self._judged: tuple[tuple[int, bool, int], ...] = ()
        """The runs and their points for which health was asked."""
        self._judged_at = -MARKS_S
        self._judging_later: Timer | None = None
        self.wanted_metrics: frozenset[str] | None = None
        """Those chosen by hand; None for all."""

    def on_mount(self) -> None:
        tracker = self.tracker
        self.grid.look = replace(self.grid.look, ascii=tracker.terminal.ascii, plain=tracker.plain)

    @property
    def grid(self) -> CurveGrid:
        return self.query_one(CurveGrid)

    def all_labels(self) -> Sequence[str]:
        """Return all metrics of the runs, most telling first."""
        return ()

    def show_labels(self) -> None:
        """Show the metrics that are wanted now."""

    def only_wanted(self, labels: Sequence[str]) -> list[str]:
        """Return the metrics that were not hidden by hand, pinned ones first."""
        wanted = self.wanted_metrics
        shown = [label for label in labels if wanted is None or label in wanted]
        pinned = self.grid.modes.pinned_metrics
        return sorted(shown, key=lambda label: label not in pinned)

    # Reading.

    def on_curve_base_curves_wanted(self, event: CurveGrid.CurvesWanted) -> None:
        # The grid that asked: a page may have a second one, hidden now.
        shown, keys = event.grid.runs, tuple(run.key for run in event.grid.runs)
        batch: list[object] = []
        pairs = 0
        for index, one in enumerate(event.questions):
            batch.append(one)
            pairs += len(one.runs)
            if pairs >= PAIRS_AT_ONCE or index == len(event.questions) - 1:
                self._ask_charts(tuple(batch), shown, keys)
                batch, pairs = [], 0
        self._ask_marks()

    def _ask_marks(self) -> None:
        """Ask what health finds, again where there are more points; of live runs now and then."""
        runs = self.grid.runs
        judged = tuple(
            (run.key, run.running, sum(m.count for m in run.metrics.values())) for run in runs
        )
        if judged == self._judged:
            return
        grown = [one[:2] for one in judged] == [one[:2] for one in self._judged]
        rest_s = MARKS_S - (monotonic() - self._judged_at)
        if grown and rest_s > 0:
            if self._judging_later is None:
                self._judging_later = self.set_timer(rest_s, self._ask_marks_again)
            return
        self._judged, self._judged_at = judged, monotonic()
        keys = [run.key for run in runs]

        def question(store: Store) -> Message:
            from tui_tracker.tui.curve_reading import read_marks

            return self.MarksRead(read_marks(store, keys))

        self.ask("marks", question)

    def _ask_marks_again(self) -> None:
        self._judging_later = None
        self._ask_marks()

    def on_curve_page_marks_read(self, event: CurvePage.MarksRead) -> None:
        self.grid.show_marks(event.marks)

    def _ask_charts(
        self, questions: tuple[object, ...], shown: object, keys: tuple[int, ...]
    ) -> None:
        def question(store: Store) -> Message:
            from tui_tracker.tui.curve_reading import read_charts

            return self.ChartsRead(keys, read_charts(store, questions, shown))  # type: ignore[arg-type]

        # Charts scrolled past are not worth waiting for; only those of a page matter,
        # but two pages may overlap, so each page is a question of its own.
        self.ask(f"curves {questions[0].label}", question)  # type: ignore[attr-defined]

    def on_curve_page_charts_read(self, event: CurvePage.ChartsRead) -> None:
        if event.runs != tuple(run.key for run in self.grid.runs):
            return
        for grid in self.query(CurveGrid):
            mine = [one for one in event.answers if one.question.label in grid.metrics]
            if mine:
                grid.show_curves(mine)

    def on_curve_cursor_values_wanted(self, event: CurveGrid.ValuesWanted) -> None:
        shown = self.grid.runs

        def question(store: Store) -> Message:
            from tui_tracker.tui.curve_reading import read_cursor

            x: X = event.x  # type: ignore[assignment]
            return self.ValuesRead(event.at, read_cursor(store, event.at, event.pairs, x, shown))

        self.ask("values", question)

    def on_curve_page_values_read(self, event: CurvePage.ValuesRead) -> None:
        self.grid.show_values(event.at, event.found)

    # What is chosen in a list.

    def on_curve_grid_axis_wanted(self) -> None:
        from tui_tracker.tui.screens.curve_choice import Choice, CurveChoice

        grid = self.grid
        labels = sorted(self.all_labels(), key=lambda label: "epoch" not in label.casefold())
        choices = [Choice(kind, name, note) for kind, name, note in AXES]
        choices += [Choice(f"metric {label}", label, "metric") for label in labels]
        now = f"metric {grid.look.x_name}" if grid.look.x == "metric" else grid.look.x
        self.app.push_screen(CurveChoice("x axis", choices, at=now), self._take_axis)

    def _take_axis(self, chosen: list[str] | None) -> None:
        if not chosen:
            return
        kind, _, label = chosen[0].partition(" ")
        if label:
            self.grid.set_axis("metric", label)
            self.say(f"Over {printable(label)}, interpolated between the steps it was logged at")
            return
        axis, name, _ = next(axis for axis in AXES if axis[0] == kind)
        self.grid.set_axis(axis, name)

    def on_curve_grid_metrics_wanted(self) -> None:
        from tui_tracker.tui.screens.curve_choice import Choice, CurveChoice

        labels = self.all_labels()
        counts = {label: sum(label in run.metrics for run in self.grid.runs) for label in labels}
        runs = len(self.grid.runs)
        notes = {label: f"{n} of {runs} runs" if runs > 1 else "" for label, n in counts.items()}
        choices = [Choice(label, label, notes[label]) for label in labels]
        taken = [one for one in labels if self.wanted_metrics is None or one in self.wanted_metrics]
        screen = CurveChoice("metrics", choices, at=self.grid.label, taken=taken)
        self.app.push_screen(screen, self._take_metrics)

    def _take_metrics(self, chosen: list[str] | None) -> None:
        if chosen is None:
            return
        everything = len(chosen) in (0, len(self.all_labels()))
        self.wanted_metrics = None if everything else frozenset(chosen)
        self.show_labels()

    # The threshold.

    def on_curve_grid_threshold_wanted(self, event: CurveGrid.ThresholdWanted) -> None:
        from tui_tracker.tui.widgets.filter_line import FilterLine

        self._level_of = event.label
        for line in self.query("#threshold").results(FilterLine):
            # It stands there already; a click took the focus from it.
            self.focus_on(line)
            return
        words = f"level of {printable(event.label)} to find the first crossing of; empty for none"
        line = FilterLine("", words)
        line.id = "threshold"
        self.mount(line, before="#footer")
        self.focus_on(line)

    def take_threshold(self, event: FilterLine.Closed) -> bool:
        """Take a level that was typed; False where another line was closed."""
        if event.line.id != "threshold":
            return False
        event.line.remove()
        self.focus_on(self.grid)
        label, runs = self._level_of, self.grid.runs
        if not event.text.strip():
            self.grid.show_threshold(label, None)
            return True
        level = _level(event.text)
        if level is None:
            self.say(f'"{printable(event.text)}" is no level, such as 0.9 or 1e-3', bad=True)
            return True

        def question(store: Store) -> Message:
            from tui_tracker.tui.curve_reading import read_threshold

            return self.ThresholdRead(label, read_threshold(store, label, level, runs))

        self.ask("threshold", question)
        return True

    def on_curve_page_threshold_read(self, event: CurvePage.ThresholdRead) -> None:
        self.grid.show_threshold(event.label, event.threshold)
        if not self.grid.enlarged:
            self.say(event.threshold.words)

    # What is said.

    def on_curve_grid_told(self, event: CurveGrid.Told) -> None:
        self.say(event.text)
        self.show_labels()

    # The other runs of its seeds.

    def on_curve_grid_siblings_wanted(self) -> None:
        key = self.grid.runs[0].key

        def question(store: Store) -> Message:
            from tui_tracker.queries.seeds import seed_siblings

            return self.SiblingsFound(seed_siblings(store, key))

        self.ask("siblings", question)

    def on_curve_page_siblings_found(self, event: CurvePage.SiblingsFound) -> None:
        if len(event.keys) < 2:
            self.say("No other run differs from this one only by its seed")
            return
        from tui_tracker.tui.screens.curves import CurvesScreen

        self.app.push_screen(CurvesScreen(event.keys, bands=True))


def _level(text: str) -> float | None:
    """Return a level that was typed; None for what has no place on an axis, such as `inf`."""
    try:
        level = float(text)
    except ValueError:
        return None
    return level if math.isfinite(level) else None


def shown_alone(run: RunDetail) -> tuple[ShownRun, ...]:
    """Return a run as the charts of its own page show it."""
    row = run.row
    return (ShownRun(row.key, printable(row.name), row.metrics, running=row.status == "running"),)
