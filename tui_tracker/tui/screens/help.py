"""All keys that work where one came from, and what the marks mean."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from textual import events
from textual.app import ComposeResult

from tui_tracker.formatting import fit, wrap
from tui_tracker.lineage.tree import MARKS
from tui_tracker.tui.columns import GLYPHS
from tui_tracker.tui.keys import TITLES, Place, key_names, keys_at
from tui_tracker.tui.screens.base import TrackerScreen
from tui_tracker.tui.widgets.bar import Bar
from tui_tracker.tui.widgets.footer import Footer
from tui_tracker.tui.widgets.line_widget import Line, Role
from tui_tracker.tui.widgets.lineage_view import INFORMS, MARK_SPANS
from tui_tracker.tui.widgets.lines_view import LinesView

KEY_CELLS = 20


class HelpScreen(TrackerScreen, inherit_bindings=False):
    """The keys of one place and of those around it, from the table of keys."""

    def __init__(self, place: Place) -> None:
        super().__init__()
        self._place: Place = place

    def compose(self) -> ComposeResult:
        yield Bar(id="title")
        yield LinesView("help", id="help", classes="page")
        yield Footer(id="footer")
        yield Bar(id="too-small")

    def on_mount(self) -> None:
        self.query_one("#title", Bar).left = ((f" Keys: {TITLES[self._place]}", "bold"),)
        self.query_one("#too-small", Bar).left = ((" Make this window at least 60 x 16.", ""),)
        view = self.query_one(LinesView)
        view.lines = help_lines(self._place, self.app.size.width - 2)
        self.focus_on(view)

    def on_resize(self, event: events.Resize) -> None:
        self.query_one(LinesView).lines = help_lines(self._place, event.size.width - 2)

    def go_back(self) -> None:
        self.app.pop_screen()


def help_lines(place: Place, width: int = 200) -> tuple[Line, ...]:
    """Return the keys of a place, innermost first, then the marks of the table."""
    lines: list[Line] = []
    for where, keys in groupby(keys_at(place), key=lambda key: key.place):
        lines += [(), ((TITLES[where], "bold"),)]
        for key in keys:
            lines += _told(key_names(key) or ": by name", "accent", key.description, "", width)
    lines += [(), (("Marks", "bold"),)]
    if place == "lineage":
        return (*lines[1:], *_lineage_marks())
    meanings = {
        "running": "the process is alive",
        "finished": "it came to its end",
        "failed": "it ended with an error",
        "killed": "it was stopped by hand or by a signal",
        "crashed": "it ended without a word",
        "pruned": "it was stopped early on purpose, because others did better",
    }
    for status, glyph in GLYPHS.items():
        lines += _told(f"{glyph} {status}", "", meanings[status], "dim", width)
    for mark, meaning in (
        ("loss ↓  f1 ↑", "the lowest or highest value of the run; without an arrow the last"),
        ("✗ NaN 120", "behind a name: what is wrong with the run, and since which step"),
        ("▲ spike 812", "the same, less bad: spikes, overfitting, stalls"),
        ("≈ plateau 90", "the same, to be known: no better since then"),
        ("★  ▽", "the run is starred; it is in the archive"),
        ("▾ ▴", "the column that the table is sorted by"),
        ("×", "NaN or infinity in a curve: the line stops there"),
    ):
        lines += _told(mark, "", meaning, "dim", width)
    return tuple(lines[1:])


def _told(name: str, name_role: Role, text: str, role: Role, width: int) -> Iterator[Line]:
    """Return a name and what is said of it, on as many lines as that takes."""
    for part in wrap(text, max(20, width - KEY_CELLS)):
        yield ((fit(name, KEY_CELLS), name_role), (part, role))
        name = ""


def _lineage_marks() -> tuple[Line, ...]:
    """Return what the marks of a lineage mean."""
    meanings = {
        "verified": "it can be had now, and its hash is right",
        "changed": "it is there and differs",
        "missing": "it is recorded and gone",
        "recorded": "there is nothing to check it against",
        "not recorded": "its collector failed, was skipped, or has not answered yet",
    }
    marks: list[tuple[str, Role, str, str]] = [
        (*MARK_SPANS[mark], mark, meanings[mark]) for mark in MARKS
    ]
    marks += [
        (
            *INFORMS,
            "differs here",
            "another on this machine, and nothing of the run's is lost by it",
        ),
        ("!", "second", "worth a look", "a leak, a secret, a seed that reached no generator"),
    ]
    return tuple(
        ((glyph, role), (fit(f" {name}", KEY_CELLS - 1), ""), (meaning, "dim"))
        for glyph, role, name, meaning in marks
    )
