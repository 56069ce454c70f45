"""From a command line to an open app: first the screen, then the rest.

Importing Textual takes a fifth of a second. Before it the first frame is painted, and
beside it the first page is read.
"""

from __future__ import annotations

import gc
import os
from collections.abc import MutableMapping
from pathlib import Path

from tui_tracker import folder as folders
from tui_tracker.settings import Settings
from tui_tracker.store import Store
from tui_tracker.tui.first_screen import FirstScreen
from tui_tracker.tui.keymap import lay_over
from tui_tracker.tui.keys import hints, use_keys
from tui_tracker.tui.terminal import Terminal, describe

SLOW_FRAMES = "15"
"""Frames a second at most on a slow link."""
ESC_MS = "50"
"""How long Textual waits whether an esc is the beginning of a key."""


def open_app(wanted: str | None, settings: Settings, place: str = "") -> int:
    """Open the app on a store and return an exit code; `place` is the page to begin with.

    Raises:
        TrackerError: there is no such store or place, or the store cannot be used.
    """
    terminal = describe(settings)
    _prepare(os.environ, terminal)
    use_keys(lay_over(settings.keys).keys)
    folder = folders.locate(wanted)
    # Nothing that an import makes is garbage; looking for it costs a tenth of the start.
    gc.disable()
    try:
        with (
            FirstScreen(short_path(folder), hints("table"), ascii=terminal.ascii) as first,
            Store.open(wanted) as store,
        ):
            from tui_tracker.tui.app import run_app

            return run_app(store, settings=settings, terminal=terminal, first=first, place=place)
    finally:
        gc.enable()


def _prepare(environ: MutableMapping[str, str], terminal: Terminal) -> None:
    """Tell Textual what it reads from the environment when it is imported."""
    # Animations cost frames on slow links and tell nothing.
    environ.setdefault("TEXTUAL_ANIMATIONS", "none")
    environ.setdefault("ESCDELAY", ESC_MS)
    if terminal.slow:
        environ.setdefault("TEXTUAL_FPS", SLOW_FRAMES)


def short_path(folder: str) -> str:
    """Return a folder with `~` for the home folder."""
    home = str(Path.home())
    return f"~{folder.removeprefix(home)}" if folder.startswith(home + os.sep) else folder
