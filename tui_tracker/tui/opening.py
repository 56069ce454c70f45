"""From a command line to an open app: first the screen, then the rest.

Importing Textual takes a fifth of a second. Before it the first frame is painted, and
beside it the first page is read.
"""

from __future__ import annotations

import gc
import os

from tui_tracker import folder as folders
from tui_tracker.tui.first_screen import FirstScreen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, MutableMapping

    from tui_tracker.importers.opening import OpenedInPlace
    from tui_tracker.tui.ahead import Ahead

SLOW_FRAMES = "15"
"""Frames a second at most on a slow link."""
ESC_MS = "50"
"""How long Textual waits whether an esc is the beginning of a key."""


def open_app(wanted: str | None, said: Mapping[str, object], place: str = "") -> int:
    """Open the app on a store and return an exit code.

    `said` is what the command line says of the settings, `place` the page to begin with.

    Raises:
        TrackerError: there is no such store or place, or the store cannot be used.
    """
    # Nothing that an import makes is garbage; looking for it costs a tenth of the start.
    gc.disable()
    try:
        folder = folders.locate(wanted)
        with FirstScreen(short_path(folder)) as first:
            from tui_tracker.tui.ahead import Ahead

            with Ahead(folder) as ahead:
                first.listen()
                return _open(wanted, said, place, first, ahead=ahead)
    finally:
        gc.enable()


def _open(
    wanted: str | None,
    said: Mapping[str, object],
    place: str,
    first: FirstScreen,
    opened: OpenedInPlace | None = None,
    *,
    ahead: Ahead | None = None,
) -> int:
    from tui_tracker.remembered import State
    from tui_tracker.settings import read_settings
    from tui_tracker.store import Store
    from tui_tracker.tui.keymap import lay_over
    from tui_tracker.tui.keys import hints, use_keys
    from tui_tracker.tui.lean import import_textual
    from tui_tracker.tui.terminal import describe

    settings = read_settings(said=said)
    terminal = describe(settings)
    _prepare(os.environ, slow=terminal.slow)
    use_keys(lay_over(settings.keys).keys)
    first.show_keys(hints("table"))
    with opened.store() if opened is not None else Store.open(wanted) as store:
        state = State(store.foreign or store.folder)
        if ahead is not None:
            ahead.begin(store, first.lines)
        import_textual()
        from tui_tracker.tui.app import run_app

        return run_app(
            store,
            settings=settings,
            state=state,
            terminal=terminal,
            first=first,
            ahead=ahead,
            place=place,
            opened=opened,
        )


def open_foreign(opened: OpenedInPlace, said: Mapping[str, object], place: str = "") -> int:
    """Open the app on what another tool left, as soon as there is a run of it to show."""
    gc.disable()
    try:
        with FirstScreen(short_path(str(opened.path))) as first:
            first.listen()
            from tui_tracker.tui.lean import import_textual

            # The reader is a process of its own, and needs some time as well.
            import_textual()
            opened.wait(first_run=True)
            return _open(None, said, place, first, opened)
    finally:
        gc.enable()


def open_served(wanted: str | None, said: Mapping[str, object]) -> int:
    """Run the app for a browser, which has all colours and signs."""
    from tui_tracker.settings import read_settings
    from tui_tracker.store import Store
    from tui_tracker.tui.terminal import Terminal

    settings = read_settings(said=said)
    _prepare(os.environ, slow=False)
    with Store.open(wanted) as store:
        from tui_tracker.tui.app import TrackerApp

        app = TrackerApp(store, settings=settings, terminal=Terminal(light=False))
        app.run()
        app.tell_draft()
    return app.return_code or 0


def _prepare(environ: MutableMapping[str, str], *, slow: bool) -> None:
    """Tell Textual what it reads from the environment when it is imported."""
    # Animations cost frames on slow links and tell nothing.
    environ.setdefault("TEXTUAL_ANIMATIONS", "none")
    environ.setdefault("ESCDELAY", ESC_MS)
    if slow:
        environ.setdefault("TEXTUAL_FPS", SLOW_FRAMES)


def short_path(folder: str) -> str:
    """Return a folder with `~` for the home folder."""
    home = os.path.expanduser("~")
    return f"~{folder.removeprefix(home)}" if folder.startswith(home + os.sep) else folder
