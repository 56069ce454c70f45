"""Textual's driver of a terminal, with what a person on a bad line needs.

It takes the screen over from `FirstScreen` without clearing it, reports clicks but no mouse
movement, keeps answers of the terminal apart from keys, holds frames back while the link
is full, and ends the app when its terminal is gone.
"""

from __future__ import annotations

import os
import re
import selectors
import signal
import sys
import threading
from codecs import getincrementaldecoder
from time import monotonic, sleep
from types import FrameType
from typing import TYPE_CHECKING, Any, cast

from textual import constants
from textual._xterm_parser import XTermParser
from textual.drivers._writer_thread import WriterThread
from textual.drivers.linux_driver import LinuxDriver
from textual.events import Key, Paste

from tui_tracker.tui.first_screen import ASK_STATUS, FirstScreen, give_back
from tui_tracker.tui.flow import LOST_S, Flow
from tui_tracker.tui.terminal import is_light

if TYPE_CHECKING:
    from tui_tracker.tui.app import TrackerApp

ALTERNATE = "\x1b[?1049h"
HUNG_UP = 128 + signal.SIGHUP
PATIENCE_S = 2.0
"""How long an app that is told to end may take until it is ended."""
HEAR_OUT_S, HEAR_OUT_MOST_S = 0.25, 1.0
ENDING = (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
_ANSWER = re.compile(r"\x1b\]11;([^\x07\x1b]*)(?:\x07|\x1b\\)|\x1b\[0n|\x1b\[\?[\d;]*c")
_BEGUN = re.compile(r"\x1b\](?:1(?:1(?:;[^\x07\x1b]*\x1b?)?)?)?\Z|\x1b\[0?\Z")


class _Writer(WriterThread):
    """Writes in the background; once the terminal is gone it only empties its queue."""

    def __init__(self, driver: TrackerDriver) -> None:
        super().__init__(driver.output)
        self._driver = driver

    def run(self) -> None:
        gone = False
        while (text := self._queue.get()) is not None:
            if gone:
                continue
            try:
                self._file.write(text)
                if self._queue.qsize() == 0:
                    self._file.flush()
            except (OSError, ValueError):
                gone = True
                self._driver.hang_up()


class _Waking(threading.Event):
    """An event that a thread waiting for a file hears too."""

    def __init__(self) -> None:
        super().__init__()
        self.heard, self._said = os.pipe()

    def set(self) -> None:
        super().set()
        os.write(self._said, b"x")

    def clear(self) -> None:
        super().clear()
        os.read(self.heard, 64)


class TrackerDriver(LinuxDriver):
    """One terminal; `TrackerApp.first_screen` is what it is taken over from."""

    def __init__(self, app: Any, **options: Any) -> None:
        super().__init__(app, **options)
        # The person's terminal is standard output: standard error may go to a file.
        self.output = self._file = cast("Any", sys.__stdout__)
        self.exit_event = self._ended = _Waking()
        self._first: FirstScreen | None = self._tracker.first_screen
        self._clear = self._first is None
        self.flow = Flow(self._first.rtt_s if self._first else None)
        late = self._first is not None and self._first.rtt_s is None
        self._asked_at = self._first.asked_at if self._first and late else None
        """When the first screen asked what has not been answered yet."""
        self._handlers: dict[int, Any] = {}
        self._started = False
        self._typed = b""
        """What was typed before there was an app."""

    @property
    def _tracker(self) -> TrackerApp:
        return cast("TrackerApp", self._app)

    # The screen.

    def start_application_mode(self) -> None:
        first, self._first = self._first, None
        if first is not None:
            first.hand_over()
            self._typed = first.typed
        for number in ENDING:
            self._handlers[number] = signal.signal(number, self._end_by_signal)
        super().start_application_mode()  # type: ignore[no-untyped-call]
        if first is not None and first.attributes is not None:
            self.attrs_before = first.attributes
        if self._started:
            # Back from the shell: the terminal has forgotten what stood here.
            self._loop.call_soon_threadsafe(self._tracker.draw_all)
        self._started = True

    def stop_application_mode(self) -> None:
        super().stop_application_mode()
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        self._handlers.clear()

    def _sigcont_application(self, *_: object) -> None:
        if self._auto_restart and self._hears:
            # It was stopped where it could not give the terminal back, as by SIGSTOP. What
            # was made of that meanwhile nobody knows, and to start a second time only would
            # leave two threads that read keys, of which one ends.
            if not self._in_foreground:
                return
            self.suspend_application_mode()
        super()._sigcont_application(*_)

    @property
    def _in_foreground(self) -> bool:
        """Whether the terminal is ours to write to, and not the shell's or another job's."""
        try:
            return os.tcgetpgrp(self.fileno) == os.getpgrp()
        except OSError:
            return False

    def disable_input(self) -> None:
        self._hear_out()
        super().disable_input()

    def _hear_out(self) -> None:
        """Wait a moment for answers under way: the shell would take them for typed words."""
        # An answer over a far link takes longer than a person wants to wait for the shell.
        end = monotonic() + min(HEAR_OUT_MOST_S, max(HEAR_OUT_S, 2 * self.flow.rtt_s))
        while self.flow.unanswered or self._asked_at is not None:
            if not self._hears or monotonic() > end:
                return
            sleep(0.005)

    @property
    def _hears(self) -> bool:
        """Whether an answer would be taken for one, and not for typed words."""
        return self._key_thread is not None and self._key_thread.is_alive()

    def write(self, data: str) -> None:
        if data == ALTERNATE and not self._clear:
            # The first frame stands there already; asking again would clear it.
            self._clear = True
            return
        if self._writer_thread is not None and not isinstance(self._writer_thread, _Writer):
            self._writer_thread.stop()
            self._writer_thread = _Writer(self)
            self._writer_thread.start()
        self.flow.wrote(len(data))
        super().write(data)

    def flush(self) -> None:
        """End a frame; where the link may be full, ask the terminal to say that it came."""
        super().flush()
        if self._writer_thread is not None and self._hears and self.flow.may_ask():
            super().write(ASK_STATUS)
            self._loop.call_soon_threadsafe(
                self._loop.call_later, LOST_S + 0.1, self._tracker.draw_again
            )

    def _enable_mouse_support(self) -> None:
        """Report clicks and the wheel; every mouse movement would cross the link for nothing."""
        if self._mouse:
            self.write("\x1b[?1000h\x1b[?1006h")

    def _disable_mouse_support(self) -> None:
        if self._mouse:
            self.write("\x1b[?1000l\x1b[?1006l")

    # The end.

    def hang_up(self) -> None:
        """End the app because its terminal is gone; may be called from any thread."""
        self._loop.call_soon_threadsafe(self._tracker.end, HUNG_UP)

    def _end_by_signal(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002
        """End the app in good order; where that takes too long, at once."""
        code = 128 + number
        watch = threading.Timer(PATIENCE_S, self._end_at_once, (code,))
        watch.daemon = True
        watch.start()
        signal.signal(number, lambda *_: self._end_at_once(code))
        self._loop.call_soon_threadsafe(self._tracker.end, code)

    def _end_at_once(self, code: int) -> None:
        give_back(self.output.fileno(), self.fileno, cast("Any", self.attrs_before))
        os._exit(code)

    # Keys and answers.

    def run_input_thread(self) -> None:
        """Hand on keys as they come, until the app ends or the terminal is gone."""
        parser = XTermParser(self._debug)
        decode = getincrementaldecoder("utf-8")("replace").decode
        typed, self._typed = self._typed, b""
        waiting = self._feed(parser, decode(typed)) if typed else ""
        selector = selectors.DefaultSelector()
        selector.register(self.fileno, selectors.EVENT_READ)
        selector.register(self._ended.heard, selectors.EVENT_READ)
        try:
            while not self.exit_event.is_set():
                # Half a sequence is an esc that was pressed, unless the rest comes soon.
                unsure = bool(waiting) or parser._timeout_time is not None
                ready = selector.select(constants.ESCAPE_DELAY if unsure else None)
                if not any(key.fd == self.fileno for key, _ in ready):
                    if waiting:
                        self._send(parser, waiting)
                        waiting = ""
                    for event in parser.tick():
                        self.process_message(event)
                    continue
                try:
                    data = os.read(self.fileno, 4096)
                except OSError:
                    data = b""
                if not data:
                    self.hang_up()
                    return
                waiting = self._feed(parser, waiting + decode(data))
        finally:
            selector.close()

    def _feed(self, parser: XTermParser, text: str) -> str:
        """Send keys, act on answers, and return what may be the beginning of an answer."""
        text = _ANSWER.sub(self._take_answer, text)
        begun = _BEGUN.search(text)
        whole = text[: begun.start()] if begun else text
        self._send(parser, whole)
        return text[len(whole) :]

    def _send(self, parser: XTermParser, text: str) -> None:
        found = list(parser.feed(text)) if text else []
        typed = [event for event in found if isinstance(event, (Key, Paste))]
        if len(typed) > 1:
            self.process_message(self._tracker.TypedAtOnce(typed))
        for event in found:
            if len(typed) < 2 or not isinstance(event, (Key, Paste)):
                self.process_message(event)

    def _take_answer(self, answer: re.Match[str]) -> str:
        if answer[0] == "\x1b[0n" and self._asked_at is not None:
            rtt_s, self._asked_at = monotonic() - self._asked_at, None
            self.flow.is_far(rtt_s)
            self._loop.call_soon_threadsafe(self._tracker.take_link_soon, rtt_s)
        elif answer[0] == "\x1b[0n":
            self.flow.answered()
            self._loop.call_soon_threadsafe(self._tracker.draw_again)
        elif answer[1] and (light := is_light(answer[1])) is not None:
            self._loop.call_soon_threadsafe(self._tracker.take_ground_soon, light)
        return ""
