"""The terminal app: what opens it, what every page can do, and what watches the store."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, ClassVar, cast

from textual import events
from textual.binding import Binding
from textual.css.query import NoMatches
from textual.message import Message
from textual.screen import Screen

from tui_tracker.formatting import printable
from tui_tracker.remembered import State
from tui_tracker.settings import Settings, read_settings
from tui_tracker.tui.changing import Changing
from tui_tracker.tui.keymap import lay_over
from tui_tracker.tui.keys import bindings, moves, use_keys
from tui_tracker.tui.live import LiveApp
from tui_tracker.tui.opening import short_path
from tui_tracker.tui.places import Opening, find_opening
from tui_tracker.tui.resizing import Resizing
from tui_tracker.tui.screens.base import TrackerScreen
from tui_tracker.tui.screens.runs import RunsScreen
from tui_tracker.tui.terminal import Terminal, after_asking, describe, is_light
from tui_tracker.tui.typed import LONGEST_S, TypedKeys, opens, when_done

if TYPE_CHECKING:
    from textual.driver import Driver

    from tui_tracker.importers.opening import OpenedInPlace
    from tui_tracker.store import Store
    from tui_tracker.tui.ahead import Ahead
    from tui_tracker.tui.first_screen import FirstScreen

TWICE_S = 2.0
DRAFT = "draft"
"""What the words of a note that was not stored are remembered as."""
REMEMBER_S = 1.0


class TrackerApp(LiveApp, Changing, inherit_bindings=False):
    """`tt` without arguments: pages over one store."""

    CSS_PATH: ClassVar[Path] = Path(__file__).with_name("app.tcss")
    # Not in the table of keys: it is the shell's key, and does what the shell does with it.
    BINDINGS = [
        *bindings("everywhere"),
        Binding("ctrl+z", "suspend_process", show=False, priority=True),
    ]
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
        ahead: Ahead | None = None,
        opening: Opening | None = None,
        opened: OpenedInPlace | None = None,
    ) -> None:
        settings = settings or read_settings()
        self.opened = opened
        """The reader of another tool's files, where it is those that are shown."""
        self.first_screen = first
        self._ahead, self._ahead_taken, self._opening = ahead, False, opening
        state = state or State(store.foreign or store.folder)
        super().__init__(store, settings, state, terminal or describe(settings))
        if ahead is not None and ahead.version is not None:
            self._version = ahead.version
        self._resizing = Resizing(self)
        self._typed = TypedKeys()
        self._moves = moves()
        self.state.on_change = self._remember_soon
        self._remembering = False
        keymap = lay_over(settings.keys)
        use_keys(keymap.keys)
        self.set_keymap(keymap.changes())
        self.keep_draft(self.state.get(DRAFT, ""))
        lost = ("A note of before was not stored: n begins with it",) if self.draft else ()
        self._problems = (*lost, *settings.problems, *keymap.problems, *self.state.problems)
        self._interrupted_at = -TWICE_S

    @property
    def store_name(self) -> str:
        """The store's folder, or what is shown in its place, short: home is `~`."""
        if self.store.foreign:
            return f"in place: {short_path(self.store.foreign)}"
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

    def draw_all(self) -> None:
        """Draw the whole screen, because the terminal has lost it."""
        self.frame.forget()
        if self.is_running and self.screen_stack:
            self.screen.refresh()

    def take_ground_soon(self, light: bool) -> None:
        """Take over what the terminal said of its ground, in the app's own context."""
        self.call_later(self.take_ground, light=light)

    def take_link_soon(self, rtt_s: float) -> None:
        """Take over how far away the terminal is, in the app's own context."""
        self.call_later(self.take_link, rtt_s)

    def end(self, code: int) -> None:
        """End the app from outside: a signal came, or the terminal is gone."""
        self.exit(return_code=code)

    def _handle_exception(self, error: Exception) -> None:
        # An app that ends takes its pages apart, also one that is just being put together.
        if not (self._exit and isinstance(error, NoMatches)):
            super()._handle_exception(error)

    def _fatal_error(self) -> None:
        """Keep the traceback in a file and leave one sentence: a page of it helps nobody."""
        from tui_tracker.tui.crash import keep_traceback

        self.keep_what_is_written()
        self._return_code = 2
        self._exit_renderables.append(keep_traceback(self._exception))
        self._close_messages_no_wait()

    def get_default_screen(self) -> Screen[object]:
        return cast("Screen[object]", RunsScreen())

    def on_resize(self, event: events.Resize) -> None:
        # Terminals move lines about when their width changes, each in its own way.
        self.frame.forget()
        if self._resizing.changed(event.size) and self.page is not None:
            self.page.make_room(event.size.width)

    # What is typed before the first page stands, or at once.

    @dataclass
    class NextKey(Message):
        """What was typed next can be done."""

    @dataclass
    class TypedAtOnce(Message):
        """Several keys came in one piece."""

        events: list[events.Key | events.Paste]

    async def on_event(self, event: events.Event) -> None:
        if not self._typed.keep(event):
            await super().on_event(event)

    def on_tracker_app_typed_at_once(self, message: TrackerApp.TypedAtOnce) -> None:
        for event in message.events:
            if isinstance(event, events.Key) and event.key == "ctrl+c":
                self.action_interrupt()
        under_way = self._typed.waiting
        self._typed.keep_all(message.events)
        if not under_way:
            self.next_key()

    async def on_tracker_app_next_key(self) -> None:
        while not self._typed.opening:
            letters = getattr(self.focused, "TAKES_LETTERS", False)
            event = self._typed.take(letters=letters)
            if event is None:
                return
            self._typed.opening = opens(self, event, self._moves)
            await super().on_event(event)
            if self._typed.opening:
                when_done(self, self._opened_by_key)

    def _opened_by_key(self) -> None:
        self._typed.opening = False
        self.next_key()

    def next_key(self) -> None:
        """Do what was typed so far, and from then on everything at once."""
        if self._typed.waiting:
            self.post_message(self.NextKey())

    # Watching the store.

    def on_mount(self) -> None:
        self.set_timer(LONGEST_S, self.next_key)
        self.watch_store()
        if self._opening is not None and (
            self._opening.run or self._opening.page in ("audit", "plan")
        ):
            self.call_later(self._open, self._opening)

    def _open(self, opening: Opening) -> None:
        """Go to the page that was named at the start."""
        if opening.page == "audit":
            from tui_tracker.tui.screens.audit import AuditScreen

            self.push_screen(AuditScreen([opening.run] if opening.run is not None else []))
        elif opening.page == "plan":
            from tui_tracker.tui.screens.plan import PlanScreen

            self.push_screen(PlanScreen())
        elif opening.run is not None:
            from tui_tracker.tui.screens.run import TABS, RunScreen

            tabs = [tab.lower() for tab in TABS]
            screen = RunScreen([opening.run], 0)
            self.push_screen(screen)
            if opening.page in tabs:
                self.call_after_refresh(screen.action_tab, tabs.index(opening.page))

    def take_ahead(self) -> Ahead | None:
        """Return what was read while the app was loaded; the first time only."""
        taken, self._ahead_taken = self._ahead_taken, True
        return None if taken else self._ahead

    def first_frame_shown(self) -> None:
        """Tell what is wrong with the settings, once there is a page to tell it on."""
        opening, self._opening = self._opening, None
        if opening is not None and opening.page == "help":
            self.action_help()
        if not self._problems:
            return
        (first, *others), self._problems = self._problems, ()
        more = f" (and {len(others)} more: tt config, tt keys)" if others else ""
        if self.page is not None:
            self.page.say(first + more, bad=True)

    def on_unmount(self) -> None:
        if self._ahead is not None:
            self._ahead.give_up()  # a thread may wait for it, and the end for that thread
        self.stop_watching()
        self.state.save()

    def tell_draft(self) -> None:
        """Remember words that were not stored, and print them: nothing on a page can any more."""
        self.state.on_change = None
        self.state.put(DRAFT, self.draft or None)
        self.state.save()
        if self.draft:
            lines = "\n".join(map(printable, self.draft.splitlines()))
            with suppress(OSError):  # the terminal is gone
                print(
                    f"tt: a note was not stored; the next one begins with it:\n{lines}",
                    file=sys.stderr,
                )

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
        if self.page is not None and self.page.stands:
            # Also what another program has written over the screen is put right.
            self.draw_all()
            self.page.check_again()
            self.page.read_again()
            self.page.say("Read again")

    def action_interrupt(self) -> None:
        if monotonic() - self._interrupted_at < TWICE_S:
            self.exit()
            return
        self._interrupted_at = monotonic()
        if self.page is not None:
            self.page.say("Press ctrl+c again to quit")

    def leave_run(self, key: int) -> None:
        """Close a run's page and put the cursor below it on that run."""
        self.pop_screen()
        if isinstance(self.screen, TrackerScreen):
            self.screen.go_to(key)


def run_app(
    store: Store,
    *,
    settings: Settings | None = None,
    state: State | None = None,
    terminal: Terminal | None = None,
    first: FirstScreen | None = None,
    ahead: Ahead | None = None,
    place: str = "",
    opened: OpenedInPlace | None = None,
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
    app = TrackerApp(
        store,
        settings=settings,
        state=state,
        terminal=terminal,
        first=first,
        ahead=ahead,
        opening=find_opening(store, place) if place else None,
        opened=opened,
    )
    app.run(mouse=terminal.mouse)
    app.tell_draft()
    return app.return_code or 0
