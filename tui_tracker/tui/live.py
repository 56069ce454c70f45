"""What moves by itself: the watch over the store, alerts, and when nothing should move.

The store is looked at in a thread: dead runs are brought in once a second, so that a death
is seen within two. Nothing is repainted while live is switched off or the terminal says
that it is not in front; alerts reach the person all the same, by bell, notification,
webhook and a line in the footer, as the settings say. Of several open apps one posts to the
webhook (`alerts.claim`).
"""

from __future__ import annotations

import threading
import time
from collections import deque
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING

from textual.message import Message

from tui_tracker.errors import InvalidArgument, TrackerError
from tui_tracker.queries.watched import newest_run
from tui_tracker.remembered import State
from tui_tracker.settings import Settings
from tui_tracker.tui.copying_app import CopyingApp
from tui_tracker.tui.screens.base import words_of
from tui_tracker.tui.terminal import Terminal

if TYPE_CHECKING:
    from tui_tracker.alerts import Event, Watch
    from tui_tracker.alerts.claim import Claim
    from tui_tracker.alerts.sending import Sender
    from tui_tracker.store import Store

POLL_S, POLL_MOST_S = 0.25, 1.0
"""How often the store is looked at: soon after a change, less often while idle."""
FRAME_S = 1.0
"""What a live run changes is shown at most this often."""
SLOW_FRAME_S = 5.0
"""The same on a slow link."""
RECOVER_S = 1.0
"""How often journals of running and dead runs are moved into the store."""
PULSE_S = 5.0
"""How often rules are asked about what time alone changes."""
CALL_S = 5.0
"""A sweep of short runs must not ring all day: one call in this time."""
NEWS_KEPT = 500
LAST_POST_S = 2.0
"""How long an app that is closed waits for what is being posted."""


class LiveApp(CopyingApp, inherit_bindings=False):
    """An app that follows its store."""

    @dataclass
    class StoreChanged(Message):
        """Something was written to the store."""

    @dataclass
    class Happened(Message):
        """Rules of alerts were met."""

        events: list[Event]

    @dataclass
    class Lagging(Message):
        """What runs log cannot be brought into the store or read; "" where it can again."""

        why: str

    @dataclass
    class WebhookTold(Message):
        """Something is wrong with the webhook, or is right again."""

        words: str

    def __init__(self, store: Store, settings: Settings, state: State, terminal: Terminal) -> None:
        super().__init__(settings, state, terminal)
        self.store = store
        self.live = True
        """What changes is shown; `R` switches it."""
        self.news: deque[Event] = deque(maxlen=NEWS_KEPT)
        """What happened since the app was opened, oldest first."""
        self.rule_texts: tuple[str, ...] = ()
        """The rules in force; those of the settings, or the usual ones."""
        self.rule_trouble = ""
        self.claim: Claim | None = None
        """The right to post to the webhook; None without one."""
        # Before the first page is read, so that no change falls between the two.
        self._version = store.data_version()
        self._newest = newest_run(store)
        self.lag = ""
        """Why what runs log is not brought into the store; "" where it is."""
        self._lag_told = ""
        self._stop_watching = threading.Event()
        self._missed = False
        self._focus_told = False
        """The terminal tells whether it is in front; many do not."""
        self._called_at = -CALL_S

    @property
    def moving(self) -> bool:
        """Whether what changes is to be shown now."""
        return self.live and self.app_focus

    @property
    def pause_words(self) -> str:
        """What the footer says while nothing moves."""
        if not self.live:
            return "paused: R goes on"
        if self.lag:
            return "not up to date"
        return "" if self.app_focus else "waits while not in front"

    # Watching the store.

    def watch_store(self) -> None:
        """Look after the store in a thread until the app ends."""
        self.run_worker(self._watch_soon, thread=True, group="watch", exit_on_error=False)

    def stop_watching(self) -> None:
        self._stop_watching.set()

    def _watch_soon(self) -> None:
        # What watching imports would take the interpreter from the first page.
        if not self._stop_watching.wait(POLL_S):
            self._watch_store()

    def _watch_store(self) -> None:
        """Post `StoreChanged` whenever the store is not what it was, `Happened` with events."""
        alerts = _Alerts(self.store, self._make_watch(), self._make_sender())
        try:
            self._watch_with(alerts)
        finally:
            alerts.end()
            if self.claim is not None:
                self.claim.release()

    def _watch_with(self, alerts: _Alerts) -> None:
        seen, wait_s, told_at = self._version, POLL_S, -FRAME_S
        recovery = _Recovery(self.store)
        while not self._stop_watching.wait(wait_s):
            version = self._look(alerts, recovery)
            if version is None:
                wait_s = POLL_MOST_S
            elif seen == version:
                wait_s = min(POLL_MOST_S, wait_s * 1.5)
            elif monotonic() - told_at >= (SLOW_FRAME_S if self.terminal.slow else FRAME_S):
                self.post_message(self.StoreChanged())
                seen, told_at, wait_s = version, monotonic(), POLL_S

    def _look(self, alerts: _Alerts, recovery: _Recovery) -> int | None:
        """Look at the store, tell what there is to tell, and return its version.

        None where that failed: a store that is busy or gone is looked at again later. What
        was read of one that is gone can be read on, so no page would tell it.
        """
        version: int | None = None
        try:
            why = recovery.look()
            version = self.store.data_version()
            if events := alerts.look(version):
                self.post_message(self.Happened(events))
        except TrackerError as error:
            version, why = None, words_of(error)
        except Exception as error:  # noqa: BLE001 - the app outlives its watcher
            self.log(error)
            return None
        if why != self._lag_told:
            self._lag_told = why
            self.post_message(self.Lagging(why))
        return version

    def _make_watch(self) -> Watch:
        from tui_tracker.alerts import DEFAULT_RULES, Watch, parse_rules

        texts = self.settings.alerts.rules or DEFAULT_RULES
        try:
            rules = parse_rules(texts)
        except TrackerError as error:
            self.rule_trouble = str(error)
            rules = parse_rules(DEFAULT_RULES)
            self.call_from_thread(self.say, f"Settings: {error}", bad=True)
        self.rule_texts = tuple(rule.text for rule in rules)
        return Watch(rules, after=self._newest)

    def _make_sender(self) -> Sender | None:
        """Return what posts to the webhook of the settings; None where there is none."""
        if not self.settings.alerts.webhook:
            return None
        from tui_tracker.alerts.claim import Claim
        from tui_tracker.alerts.sending import Sender, check_address

        try:
            address = check_address(self.settings.alerts.webhook)
        except InvalidArgument as error:
            self.post_message(self.WebhookTold(f"Settings: {error}"))
            return None
        self.claim = claim = Claim(self.store.folder, address)

        def told(words: str) -> None:
            self.post_message(self.WebhookTold(words))

        return Sender(told, webhook=address, may_post=claim.held)

    def on_live_app_store_changed(self) -> None:
        if not self.moving:
            self._missed = True
        else:
            self.read_pages(self.page)

    # Live or paused.

    def action_live(self) -> None:
        self.live = not self.live
        self._show_pause()
        words = "Live again" if self.live else "Paused: nothing moves until R is pressed again"
        self.say(words)

    def _watch_app_focus(self, focus: bool) -> None:
        # In place of Textual's own, which takes the focus away from whatever has it: the
        # cursor's line would change twice each time the person looks elsewhere.
        if not focus:
            self._focus_told = True
        self._show_pause()

    def _show_pause(self) -> None:
        if not self.is_running or not self.screen_stack:
            return
        if self.page is not None:
            self.page.show_hints()
        if self.moving and self._missed:
            self._missed = False
            self.read_pages(self.page)

    # Alerts.

    def on_live_app_happened(self, event: LiveApp.Happened) -> None:
        self.news.extend(event.events)
        # The worst of several is told; the others stand on the page of news.
        told = next((one for one in event.events if one.bad), event.events[-1])
        others = len(event.events) - 1
        more = f" (and {others} more: : news)" if others else ""
        self.say(told.sentence + more, bad=told.bad)
        self._call(told)

    def on_live_app_lagging(self, event: LiveApp.Lagging) -> None:
        self.lag = event.why
        self._show_pause()
        if event.why:
            # The paths before it are told by the page of news.
            self.say(f"Not up to date: {event.why.rpartition(': ')[2]}", bad=True)

    def on_live_app_webhook_told(self, event: LiveApp.WebhookTold) -> None:
        self.say(event.words, bad=True)

    def _call(self, told: Event) -> None:
        """Ring and notify, unless the person sees good news by themselves."""
        seen = self._focus_told and self.app_focus and not told.bad
        if seen or monotonic() - self._called_at < CALL_S:
            return
        from tui_tracker.alerts.telling import BELL, notification

        wanted = self.settings.alerts
        sequence = notification(told.sentence) if wanted.notify else ""
        sequence += BELL if wanted.bell else ""
        if sequence:
            self._called_at = monotonic()
            self.write_to_terminal(sequence)

    def write_to_terminal(self, sequence: str) -> None:
        """Write a sequence that moves no cursor, between two frames."""
        if self._driver is not None and not self.is_headless:
            self._driver.write(sequence)

    def action_news(self) -> None:
        from tui_tracker.tui.screens.news import NewsScreen

        if self.page is not None and not isinstance(self.page, NewsScreen):
            self.push_screen(NewsScreen())

    def say(self, text: str, *, bad: bool = False) -> None:
        """Tell something in the last line of the page in front, for a moment."""
        if self.page is not None:
            self.page.say(text, bad=bad)


class _Recovery:
    """Brings what runs logged into the store now and then, and knows why it cannot."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._done_at = -RECOVER_S
        self._why = ""
        self._locked = False
        """Another process had the store's lock at the last look."""

    def look(self) -> str:
        """Return why it cannot, "" where it can.

        A lock is often held for a moment, and is told at the second look.
        """
        if self._store.read_only or monotonic() - self._done_at < RECOVER_S:
            return self._why
        from tui_tracker.drain import recover

        done = recover(self._store)
        self._done_at = monotonic()
        if not done.locked or self._locked:
            self._why = done.problems[0] if done.problems else ""
        self._locked = done.locked
        return self._why


class _Alerts:
    """A watch that is asked when the store changed, and now and then; it posts what it finds."""

    def __init__(self, store: Store, watch: Watch, sender: Sender | None) -> None:
        self._store, self._watch, self._sender = store, watch, sender
        self._timed = any(rule.kind in ("silence", "health") for rule in watch.rules)
        self._version, self._looked_at = -1, -PULSE_S

    def look(self, version: int) -> list[Event]:
        due = self._timed and monotonic() - self._looked_at >= PULSE_S
        if version == self._version and not due:
            return []
        events = self._watch.look(self._store, int(time.time() * 1000))
        self._version, self._looked_at = version, monotonic()
        if self._sender is not None:
            for event in events:
                self._sender.send(event)
        return events

    def end(self) -> None:
        if self._sender is not None:
            self._sender.finish(LAST_POST_S)
