"""The start screen's way to what other tools left: shown in place, and imported."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from textual.timer import Timer

from tui_tracker.errors import TrackerError
from tui_tracker.formatting import printable
from tui_tracker.lineage.words import plural
from tui_tracker.tui.screens.runs_core import RunsCore

if TYPE_CHECKING:
    from tui_tracker.importers.opening import Reading

LOOK_S = 0.15


class Importing(RunsCore, inherit_bindings=False):
    """What is known of the reader, told at the foot; and the way to the page of an import."""

    _reader_timer: Timer | None = None
    _told: tuple[bool, int] = (False, 0)

    def watch_reader(self) -> None:
        """Tell how far the reader of another tool's files is, until all is read."""
        if self.tracker.opened is not None:
            self._reader_timer = self.set_interval(LOOK_S, self._look_at_reader)

    def _look_at_reader(self) -> None:
        opened = self.tracker.opened
        if opened is None:
            return
        reading = opened.reading()
        troubles = len(reading.skipped) + len(reading.warnings)
        if (reading.done, troubles) == self._told and not reading.error:
            return
        if reading.done and not self._told[0]:
            self.tracker.on_live_app_store_changed()
        if reading.done or reading.error:
            self._told = (reading.done, troubles)
            self.say(_words(reading), bad=bool(reading.error))
        if reading.error and self._reader_timer is not None:
            self._reader_timer.stop()

    def action_import(self) -> None:
        """Show what was read of another tool, or ask what should be."""
        from tui_tracker import folder as folders
        from tui_tracker.tui.screens.dialogs import NameDialog
        from tui_tracker.tui.screens.importing import ImportScreen

        opened = self.tracker.opened
        if opened is not None:
            self.app.push_screen(ImportScreen(opened, folders.locate(None), ours=False))
            return
        dialog = NameDialog(
            "Import from another tool", "a folder or file: wandb, mlruns, events, a printed log …"
        )
        self.app.push_screen(dialog, self._open_import)

    def _open_import(self, answer: str | None) -> None:
        from tui_tracker.importers.opening import OpenedInPlace
        from tui_tracker.tui.screens.importing import ImportScreen

        if not answer:
            return
        path = Path(answer).expanduser()
        if not os.path.exists(path):
            self.say(f"there is nothing at {printable(answer)}", bad=True)
            return
        try:
            opened = OpenedInPlace(path)
        except (TrackerError, OSError) as error:
            self.say(str(error), bad=True)
            return
        self.app.push_screen(ImportScreen(opened, str(self.tracker.store.folder), ours=True))


def _words(reading: Reading) -> str:
    if reading.error:
        return printable(reading.error)
    tools = printable(", ".join(reading.tools)) or "no tool"
    words = f"{plural(reading.runs, 'run')} of {tools}, shown in place"
    troubles = len(reading.skipped) + len(reading.warnings)
    if troubles:
        words += f"; {plural(troubles, 'thing')} to know"
    return f"{words}. I tells more, and imports"
