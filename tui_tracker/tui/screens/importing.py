"""What was read of another tool, before it is kept: its runs, and what could not be read.

The copy is made by a process of its own, which ends its work also when the app is closed.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.message import Message

from tui_tracker.errors import TrackerError
from tui_tracker.formatting import printable
from tui_tracker.importers.opening import OpenedInPlace
from tui_tracker.importers.told import Told
from tui_tracker.tui.import_lines import import_lines
from tui_tracker.tui.keys import bindings
from tui_tracker.tui.opening import short_path
from tui_tracker.tui.screens.base import TrackerScreen
from tui_tracker.tui.screens.dialogs import NameDialog
from tui_tracker.tui.widgets.bar import Bar
from tui_tracker.tui.widgets.footer import Footer
from tui_tracker.tui.widgets.lines_view import LinesView

if TYPE_CHECKING:
    from tui_tracker.importers.opening import Reading
    from tui_tracker.queries.imported import ImportedLine, ImportedTool
    from tui_tracker.tui.widgets.line_widget import Line

LOOK_S = 0.4
LOG, TABLE = "log", "table"
"""What the importers call a printed log, and a table: these are guessed at."""
MOST_TOLD, LONG_LOG = 5, 8 << 20
"""How many of them are told of, and from how many bytes on a log is too long to be read twice."""


class ImportScreen(TrackerScreen, inherit_bindings=False):
    """A preview; enter copies the runs into the person's own store."""

    BINDINGS = bindings("import")

    @dataclass
    class Read(Message):
        """The reader came a step further."""

        reading: Reading
        tools: Sequence[ImportedTool]
        runs: Sequence[ImportedLine]
        said: Sequence[Line]

    @dataclass
    class Copied(Message):
        """The copy was made, or could not be."""

        words: str
        trouble: bool

    def __init__(self, opened: OpenedInPlace, target: str, *, ours: bool) -> None:
        super().__init__()
        self._opened, self._target = opened, target
        self._ours = ours
        """This screen began the reading, and ends it."""
        self._told = Told()
        self._reading: Reading | None = None
        self._details: dict[Path, tuple[Line, ...]] = {}
        """What printed logs and tables were taken for, once all of them is read."""
        self._copying = False

    def compose(self) -> ComposeResult:
        yield Bar(id="title")
        yield LinesView("import", id="import", classes="page")
        yield Footer(id="footer")
        yield Bar(id="too-small")

    def on_mount(self) -> None:
        bar = self.query_one("#title", Bar)
        bar.left = ((" Import ", "bold"), (printable(short_path(str(self._opened.path))), ""))
        bar.right = ((f"into {printable(short_path(self._target))} ", "dim"),)
        self.query_one("#too-small", Bar).left = ((" Make this window at least 60 x 16.", ""),)
        self.focus_on(self.query_one(LinesView))
        self.set_interval(LOOK_S, self.read_again)
        self.read_again()

    def on_unmount(self) -> None:
        if self._ours:
            self._opened.close()

    def read_again(self) -> None:
        reading = self._opened.reading()
        if reading == self._reading:
            return
        opened, told, width = self._opened, self._told, self.size.width
        details = self._details
        self.ask("import", lambda _: _read(opened, told, reading, width, details))

    def on_import_screen_read(self, event: ImportScreen.Read) -> None:
        self._reading = event.reading
        view = self.query_one(LinesView)
        view.lines = import_lines(
            event.reading, event.tools, event.runs, event.said, self.size.width
        )
        if event.reading.error:
            self.say(event.reading.error, bad=True)

    def on_resize(self, event: object) -> None:
        super().on_resize(event)  # type: ignore[arg-type]
        self._reading = None
        self._details = {}
        self.read_again()

    def action_columns(self) -> None:
        """Ask what the columns of a table are, and read again."""
        about = "as step=epoch,metric=loss,param=lr; what is not told is guessed"
        dialog = NameDialog("What the columns are", about, self._told.columns, needed=False)
        self.app.push_screen(dialog, self._tell_columns)

    def action_pattern(self) -> None:
        """Ask for a shape of lines of a printed log, and read again."""
        about = "as ep {epoch:d} loss {loss:f}; it comes to those of the project"
        dialog = NameDialog("Teach a shape of lines", about, needed=False)
        self.app.push_screen(dialog, self._tell_pattern)

    def _tell_columns(self, answer: str | None) -> None:
        if answer is not None:
            self._read_as(replace(self._told, columns=answer))

    def _tell_pattern(self, answer: str | None) -> None:
        if answer is not None:
            patterns = (*self._told.patterns, answer) if answer else ()
            self._read_as(replace(self._told, patterns=patterns))

    def _read_as(self, told: Told) -> None:
        """Begin anew with what is told; a mistake in it changes nothing."""
        try:
            told.check()
            opened = OpenedInPlace(self._opened.path, told=told)
        except (TrackerError, OSError) as error:
            self.say(str(error), bad=True)
            return
        if self._ours:
            self._opened.close()
        self._opened, self._told, self._ours = opened, told, True
        self._reading, self._details = None, {}
        self.read_again()

    def action_take(self) -> None:
        """Copy the runs."""
        if self._copying:
            return
        self._copying = True
        self.say("Copying …")
        self.run_worker(self._copy, thread=True, group="copy", exit_on_error=False)

    def _copy(self) -> None:
        command = [sys.executable, "-m", "tui_tracker.cli", "--store", self._target]
        done = subprocess.run(
            [*command, "import", str(self._opened.path), "--json", *_options(self._told)],
            capture_output=True,
            text=True,
            check=False,
            start_new_session=True,
        )
        words, trouble = _outcome(done)
        self.post_message(self.Copied(words, trouble))

    def on_import_screen_copied(self, event: ImportScreen.Copied) -> None:
        self._copying = False
        self.say(event.words, bad=event.trouble)
        # A dialog may have come on top meanwhile.
        if self._ours and not event.trouble and self.is_current:
            self.app.pop_screen()
            if isinstance(self.app.screen, TrackerScreen):
                self.app.screen.say(event.words)

    def go_back(self) -> None:
        self.app.pop_screen()


def _options(told: Told) -> list[str]:
    """Return what is told, as options of a command."""
    columns = [f"--columns={told.columns}"] if told.columns else []
    return [*columns, *(f"--pattern={pattern}" for pattern in told.patterns)]


def _read(
    opened: OpenedInPlace,
    told: Told,
    reading: Reading,
    width: int,
    details: dict[Path, tuple[Line, ...]],
) -> Message:
    from tui_tracker.errors import StoreError
    from tui_tracker.queries.imported import list_imported, list_imported_tools

    try:
        with opened.store() as store:
            tools, runs = list_imported_tools(store), list_imported(store)
    except StoreError:
        tools, runs = [], []  # it is being made
    if reading.done:
        guessed = {(run.tool, Path(run.path)) for run in runs if run.tool in (LOG, TABLE)}
        for tool, path in sorted(guessed)[:MOST_TOLD]:
            if path not in details:
                details[path] = _detail(tool, path, told, width)
    lines = [line for lines in details.values() for line in lines]
    return ImportScreen.Read(reading, tools, runs, lines)


def _detail(tool: str, path: Path, told: Told, width: int) -> tuple[Line, ...]:
    """Return what a table or a printed log was taken for; a long one is not read twice."""
    from tui_tracker.importers.console_log import patterns_of, preview
    from tui_tracker.importers.tabular import describe
    from tui_tracker.importers.told import columns_of
    from tui_tracker.tui.log_lines import log_lines

    try:
        if tool == TABLE:
            lines = describe(columns_of(path, told.columns))
            said: list[Line] = [((f"   {printable(line)}", ""),) for line in lines]
            return (((f" {printable(path.name)}", "bold"),), *said, ())
        if path.stat().st_size > LONG_LOG:
            words = f" {printable(path.name)} is long: tt parse FILE --explain tells of its lines"
            return (((words, "dim"),), ())
        return log_lines(preview(path, patterns_of(path, told.patterns)), width)
    except (TrackerError, OSError) as error:
        return (((f" {printable(str(error))}", "bad"),), ())


def _outcome(done: subprocess.CompletedProcess[str]) -> tuple[str, bool]:
    try:
        facts = json.loads(done.stdout)
    except ValueError:
        lines = done.stderr.strip().splitlines() or ["the copy could not be made"]
        return lines[-1].removeprefix("tt: "), True
    parts = [
        f"{len(facts[key])} {words}"
        for key, words in (
            *(("imported", "imported"), ("updated", "brought up to date")),
            *(("same", "there already"), ("skipped", "left out")),
        )
        if facts[key]
    ]
    return f"Runs: {', '.join(parts) or 'none'}", False
