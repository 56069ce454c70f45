"""The terminal app: what opens it, what every page can do, and what watches the store."""

from __future__ import annotations

import os
import sys
import threading
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, ClassVar, cast

from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.filter import LineFilter
from textual.message import Message
from textual.screen import Screen
from textual.theme import BUILTIN_THEMES, Theme

from tui_tracker.errors import TrackerError
from tui_tracker.tui.changing import Changing
from tui_tracker.tui.clipboard import copy
from tui_tracker.tui.keys import bindings
from tui_tracker.tui.screens.base import TrackerScreen
from tui_tracker.tui.screens.runs import RunsScreen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tui_tracker.store import Store

POLL_S, POLL_MOST_S = 0.25, 1.0
"""How often the store is looked at: soon after a change, less often while idle."""
FRAME_S = 1.0
"""What a live run changes is shown at most this often."""
RECOVER_S = 1.0
"""How often journals of running and dead runs are moved into the store."""
TWICE_S = 2.0

# Foreground and background are the terminal's own: a page then fits whatever the person
# likes to look at, and no line carries a colour it does not need.
_OWN = "ansi_default"
DARK = Theme(
    "tracker-dark",
    primary="#6cb6ff",
    ansi=True,
    foreground=_OWN,
    background=_OWN,
    surface=_OWN,
    variables={
        **BUILTIN_THEMES["ansi-dark"].variables,
        "accent": "#6cb6ff",
        "dim": "#8b949e",
        "faint": "#484f58",
        "good": "#57ab5a",
        "bad": "#f47067",
        "second": "#daaa3f",
        "cursor": "#22395a",
        "cursor-text": "#e6edf3",
        "mark-text": "#0d1117",
    },
)
LIGHT = Theme(
    "tracker-light",
    primary="#0550ae",
    ansi=True,
    dark=False,
    foreground=_OWN,
    background=_OWN,
    surface=_OWN,
    variables={
        **BUILTIN_THEMES["ansi-light"].variables,
        "accent": "#0550ae",
        "dim": "#636c76",
        "faint": "#bbc3cc",
        "good": "#116329",
        "bad": "#cf222e",
        "second": "#8a5a00",
        "cursor": "#d5e6fb",
        "cursor-text": "#1f2328",
        "mark-text": "#ffffff",
    },
)


class PlainFilter(LineFilter):
    """Takes every colour out, for NO_COLOR; bold and reverse stay."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:  # noqa: ARG002
        return [
            Segment(text, _plain(style) if style else None, control)
            for text, style, control in segments
        ]


@lru_cache(maxsize=256)
def _plain(style: Style) -> Style:
    return Style(bold=style.bold, underline=style.underline, reverse=style.reverse)


class TrackerApp(Changing, inherit_bindings=False):
    """`tt` without arguments: pages over one store."""

    CSS_PATH: ClassVar[Path] = Path(__file__).with_name("app.tcss")
    BINDINGS = bindings("everywhere")
    ENABLE_COMMAND_PALETTE = False
    TITLE = "tui_tracker"

    @dataclass
    class StoreChanged(Message):
        """Something was written to the store."""

    def __init__(self, store: Store) -> None:
        super().__init__()
        self.store = store
        self.plain = bool(os.environ.get("NO_COLOR"))
        # Before the first page is read, so that no change falls between the two.
        self._version = store.data_version()
        self._plain_filter = PlainFilter()
        self._stop_watching = threading.Event()
        self._interrupted_at = -TWICE_S
        self.register_theme(DARK)
        self.register_theme(LIGHT)
        self.theme = LIGHT.name if _is_light(os.environ.get("COLORFGBG", "")) else DARK.name

    @property
    def store_name(self) -> str:
        """The store's folder, short: home is `~`."""
        folder = str(self.store.folder)
        home = str(Path.home())
        return f"~{folder.removeprefix(home)}" if folder.startswith(home + os.sep) else folder

    def get_default_screen(self) -> Screen[object]:
        return cast("Screen[object]", RunsScreen())

    def get_line_filters(self) -> Sequence[LineFilter]:
        # In place of Textual's own, which under NO_COLOR writes greys, and which fails on
        # a segment without a style.
        return [self._plain_filter] if self.plain else super().get_line_filters()

    @property
    def page(self) -> TrackerScreen | None:
        """The page in front; None while something stands over it."""
        return self.screen if isinstance(self.screen, TrackerScreen) else None

    # Watching the store.

    def on_mount(self) -> None:
        self.run_worker(self._watch_store, thread=True, group="watch", exit_on_error=False)

    def on_unmount(self) -> None:
        self._stop_watching.set()

    def _watch_store(self) -> None:
        """Post `StoreChanged` whenever the store is not what it was; runs in a thread."""
        from tui_tracker.drain import recover

        seen, wait_s, recovered_at, told_at = self._version, POLL_S, -RECOVER_S, -FRAME_S
        while not self._stop_watching.wait(wait_s):
            try:
                if monotonic() - recovered_at >= RECOVER_S and not self.store.read_only:
                    recover(self.store)
                    recovered_at = monotonic()
                version = self.store.data_version()
            except TrackerError:
                # A store that is busy or gone for a moment is looked at again later;
                # what a page asks it tells its own trouble.
                wait_s = POLL_MOST_S
                continue
            except Exception as error:  # noqa: BLE001 - the app outlives its watcher
                self.log(error)
                wait_s = POLL_MOST_S
                continue
            if seen == version:
                wait_s = min(POLL_MOST_S, wait_s * 1.5)
            elif monotonic() - told_at >= FRAME_S:
                self.post_message(self.StoreChanged())
                seen, told_at, wait_s = version, monotonic(), POLL_S

    def on_tracker_app_store_changed(self) -> None:
        if self.page is not None:
            self.page.read_again()

    # What works everywhere.

    def action_help(self) -> None:
        from tui_tracker.tui.screens.help import HelpScreen

        if self.page is not None and not isinstance(self.page, HelpScreen):
            self.push_screen(HelpScreen(self.page.place()))

    def action_palette(self) -> None:
        from tui_tracker.tui.screens.palette import PaletteScreen

        if self.page is not None:
            self.push_screen(PaletteScreen(self.page.place()), self._do)

    async def _do(self, action: str | None) -> None:
        if action is None:
            return
        focused = self.focused
        for target in (focused, self.screen, self):
            if target is not None and await self.run_action(action, target):
                return

    def action_out(self) -> None:
        if self.page is not None:
            self.page.go_back()

    def action_close(self) -> None:
        if self.page is not None:
            self.page.close()

    def action_refresh(self) -> None:
        if self.page is not None:
            self.page.check_again()
            self.page.read_again()
            self.page.say("Read again")

    def action_theme(self) -> None:
        self.theme = DARK.name if self.theme == LIGHT.name else LIGHT.name

    def action_interrupt(self) -> None:
        if monotonic() - self._interrupted_at < TWICE_S:
            self.exit()
            return
        self._interrupted_at = monotonic()
        if self.page is not None:
            self.page.say("Press ctrl+c again to quit")

    def action_copy(self) -> None:
        page = self.page
        text = page.text_to_copy() if page else ""
        if page is None or not text:
            return
        try:
            way = copy(text, self.copy_to_clipboard)
        except ValueError as error:
            page.say(str(error), bad=True)
        else:
            page.say(f"Copied {text} {way}")

    def leave_run(self, key: int) -> None:
        """Close a run's page and put the table's cursor on that run."""
        self.pop_screen()
        if isinstance(self.screen, RunsScreen):
            self.screen.go_to(key)


def _is_light(colorfgbg: str) -> bool:
    """Return whether a terminal says its background is light (rxvt, Konsole, iTerm2)."""
    background = colorfgbg.rpartition(";")[2]
    return background in ("7", "15")


def run_app(store: Store) -> int:
    """Open the app and return an exit code; in no terminal, say so in one sentence."""
    if os.environ.get("TERM", "") == "dumb" or not (sys.stdin.isatty() and sys.stdout.isatty()):
        print(
            "tt: this is not a terminal that pages can be drawn on; "
            "`tt ls` and `tt show RUN` print the same as text.",
            file=sys.stderr,
        )
        return 2
    # Animations cost frames on slow links and tell nothing.
    os.environ.setdefault("TEXTUAL_ANIMATIONS", "none")
    app = TrackerApp(store)
    app.run()
    return app.return_code or 0
