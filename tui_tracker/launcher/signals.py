"""Signals that reach this process while a command runs in it.

On a terminal Ctrl-C goes to all processes in the foreground, so the command has it
already; this process only waits. A signal that was sent to this process alone is passed on.
"""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from types import FrameType, TracebackType
from typing import Self

from tui_tracker.launcher.passing import Passing

_FROM_KEYS = ("SIGINT", "SIGQUIT")
_PASSED_ON = ("SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2")
_STOPS = ("SIGINT", "SIGQUIT", "SIGTERM", "SIGHUP")


class Signals:
    """Handlers for as long as the block lasts; only the main thread may have any."""

    def __init__(self, child: subprocess.Popen[bytes], passing: Passing | None) -> None:
        self._child, self._passing = child, passing
        self._before: dict[int, object] = {}
        self.seen = ""
        """The name of the last signal that asked to stop, "" where none did."""

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for name in (*_FROM_KEYS, *_PASSED_ON):
                self._hook(name, self._on_signal)
            if self._passing is not None:
                self._hook("SIGWINCH", self._on_resize)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for number, before in self._before.items():
            signal.signal(number, before)  # type: ignore[arg-type]

    def _hook(self, name: str, handler: object) -> None:
        number = getattr(signal, name, None)
        # One that is ignored (nohup, a background job) is ignored by the command too.
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            self._before[number] = signal.signal(number, handler)  # type: ignore[arg-type]

    def _on_signal(self, number: int, _: FrameType | None) -> None:
        name = signal.Signals(number).name
        if name in _STOPS:
            self.seen = name
        if name in _PASSED_ON or not _in_foreground():
            self._send(number)

    def _on_resize(self, number: int, _: FrameType | None) -> None:
        if self._passing is not None:
            self._passing.resize()
            # The terminal told the command before its own terminal had the new size.
            self._send(number)

    def _send(self, number: int) -> None:
        if self._child.poll() is None:
            self._child.send_signal(number)


def _in_foreground() -> bool:
    """Return whether the terminal's keys reach this process."""
    try:
        terminal = os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY)
    except OSError:
        return False
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    except OSError:
        return False
    finally:
        os.close(terminal)
