"""The terminal app: what opens it, what every page can do, and what watches the store."""

from __future__ import annotations

import os
import sys
from functools import partial
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, ClassVar, cast

from textual.screen import Screen

from tui_tracker.errors import TrackerError
from tui_tracker.remembered import State
from tui_tracker.settings import Settings, read_settings
from tui_tracker.tui.clipboard import copy
from tui_tracker.tui.keymap import lay_over
from tui_tracker.tui.keys import bindings, use_keys
from tui_tracker.tui.live import LiveApp
from tui_tracker.tui.opening import short_path
from tui_tracker.tui.palettes import LOOKS
from tui_tracker.tui.screens.runs import RunsScreen
from tui_tracker.tui.terminal import Terminal, after_asking, describe, is_light

if TYPE_CHECKING:
    from textual.driver import Driver

    from tui_tracker.store import Store
    from tui_tracker.tui.first_screen import FirstScreen

TWICE_S = 2.0
REMEMBER_S = 1.0


class TrackerApp(LiveApp, inherit_bindings=False):
    """`tt` without arguments: pages over one store."""

    CSS_PATH: ClassVar[Path] = Path(__file__).with_name("app.tcss")
    BINDINGS = bindings("everywhere")
    ENABLE_COMMAND_PALETTE = False
    TITLE = "tui_tracker"

    def __init__(
        self,
        store: Store,
        *,
        settings: Settings | None = None,
        state: State | None = None,
        terminal: Terminal | None = None,
        first: FirstScreen | None = None,
        place: str = "",
    ) -> None:
        settings = settings or read_settings()
        self.first_screen = first
        self._opening = place
        state = state or State(store.folder)
        super().__init__(store, settings, state, terminal or describe(settings))
        self.state.on_change = self._remember_soon
        self._remembering = False
        keymap = lay_over(settings.keys)
        use_keys(keymap.keys)
        self.set_keymap(keymap.changes())
        self._problems = (*settings.problems, *keymap.problems, *self.state.problems)
        self._interrupted_at = -TWICE_S

    @property
    def store_name(self) -> str:
        """The store's folder, short: home is `~`."""
        return short_path(str(self.store.folder))

    # The terminal and the end.

    def get_driver_class(self) -> type[Driver]:
        if os.environ.get("TEXTUAL_DRIVER") or sys.platform == "win32":
            return super().get_driver_class()
        from tui_tracker.tui.driver import TrackerDriver

        return TrackerDriver

    @property
    def held(self) -> bool:
        """Whether no frame should be drawn now, because the link is full."""
        flow = getattr(self._driver, "flow", None)
        return flow is not None and flow.held

    def draw_again(self) -> None:
        """Draw what was held back."""
        if self.is_running and self.screen_stack:
            self.screen.check_idle()

    def take_ground_soon(self, light: bool) -> None:
        """Take over what the terminal said of its ground, in the app's own context."""
        self.call_later(self.take_ground, light=light)

    def end(self, code: int) -> None:
        """End the app from outside: a signal came, or the terminal is gone."""
        self.exit(return_code=code)

    def _fatal_error(self) -> None:
        """Keep the traceback in a file and leave one sentence: a page of it helps nobody."""
        from tui_tracker.tui.crash import keep_traceback

        self._return_code = 2
        self._exit_renderables.append(keep_traceback(self._exception))
        self._close_messages_no_wait()

    def get_default_screen(self) -> Screen[object]:
        return cast("Screen[object]", RunsScreen())

    # Watching the store.

    def on_mount(self) -> None:
        self.watch_store()

    def first_frame_shown(self) -> None:
        """Tell what is wrong with the settings, once there is a page to tell it on."""
        if not self._problems:
            return
        (first, *others), self._problems = self._problems, ()
        more = f" (and {len(others)} more: tt config, tt keys)" if others else ""
        if self.page is not None:
            self.page.say(first + more, bad=True)

    def on_unmount(self) -> None:
        self.stop_watching()
        self.state.save()

    def _remember_soon(self) -> None:
        """Write what is remembered in a moment: a held key changes a width many times."""
        if not self._remembering:
            self._remembering = True
            self.set_timer(REMEMBER_S, self._remember)

    def _remember(self) -> None:
        self._remembering = False
        self.run_worker(self.state.save, thread=True, group="state", exit_on_error=False)

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
        self.keep_look(self.next_look())
        if self.page is not None:
            self.page.say(self.look_words())

    def action_choose_theme(self) -> None:
        """Let a person look through the themes; esc brings back the one before."""
        from tui_tracker.tui.screens.chooser import ChooserScreen

        looks, before = list(LOOKS), self.look

        def done(chosen: int | None) -> None:
            if chosen is None:
                self.show_look(before)
                return
            self.keep_look(looks[chosen])
            if self.page is not None:
                self.page.say(self.look_words())

        self.push_screen(
            ChooserScreen(
                "Theme",
                list(LOOKS.items()),
                looks.index(self.shown_look) if self.shown_look in looks else 0,
                lambda index: self.show_look(looks[index]),
            ),
            done,
        )

    def action_interrupt(self) -> None:
        if monotonic() - self._interrupted_at < TWICE_S:
            self.exit()
            return
        self._interrupted_at = monotonic()
        if self.page is not None:
            self.page.say("Press ctrl+c again to quit")

    def action_copy(self) -> None:
        page = self.page
        if page is not None and (text := page.text_to_copy()):
            self.copy_text(text, text)

    def action_copy_as(self) -> None:
        """Copy the runs that the page is about in a way to be chosen."""
        from tui_tracker.tui.copying import WAYS, copied
        from tui_tracker.tui.screens.chooser import ChooserScreen

        keys = self.page.runs_to_copy() if self.page else []
        if not keys:
            return

        def work(way: int) -> None:
            try:
                found = copied(self.store, keys, way)
            except TrackerError as error:
                self.call_from_thread(self._say, str(error), bad=True)
            else:
                self._copy(found.text, found.words)

        def done(way: int | None) -> None:
            if way is not None:
                self.run_worker(partial(work, way), thread=True, exit_on_error=False)

        self.push_screen(ChooserScreen("Copy as", WAYS), done)

    def copy_text(self, text: str, words: str) -> None:
        """Copy a text and say by which way it went; `words` are what it is."""
        self.run_worker(partial(self._copy, text, words), thread=True, exit_on_error=False)

    def _copy(self, text: str, words: str) -> None:
        """Copy and say so; runs in a thread, for a program of the desktop may take its time."""
        try:
            way = copy(text, self._write_raw)
        except OSError as error:
            self.call_from_thread(self._say, f"Not copied: {error}", bad=True)
        else:
            # What a text field here pastes.
            self._clipboard = text
            self.call_from_thread(self._say, f"Copied {words} {way}")

    def _write_raw(self, sequence: str) -> None:
        if self._driver is not None:
            self._driver.write(sequence)

    def _say(self, text: str, *, bad: bool = False) -> None:
        if self.page is not None:
            self.page.say(text, bad=bad)

    def leave_run(self, key: int) -> None:
        """Close a run's page and put the table's cursor on that run."""
        self.pop_screen()
        if isinstance(self.screen, RunsScreen):
            self.screen.go_to(key)


def run_app(
    store: Store,
    *,
    settings: Settings | None = None,
    terminal: Terminal | None = None,
    first: FirstScreen | None = None,
    place: str = "",
) -> int:
    """Open the app and return an exit code; in no terminal, say so in one sentence."""
    if os.environ.get("TERM", "") == "dumb" or not (sys.stdin.isatty() and sys.stdout.isatty()):
        print(
            "tt: this is not a terminal that pages can be drawn on; "
            "`tt ls` and `tt show RUN` print the same as text.",
            file=sys.stderr,
        )
        return 2
    settings = settings or read_settings()
    terminal = terminal or describe(settings)
    if first is not None:
        light = is_light(first.ground)
        terminal = after_asking(terminal, settings, light=light, rtt_s=first.rtt_s)
    app = TrackerApp(store, settings=settings, terminal=terminal, first=first, place=place)
    app.run(mouse=terminal.mouse)
    return app.return_code or 0
