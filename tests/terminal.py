"""A program in a pty of its own, for tests of what only a real terminal sees."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios
from time import monotonic, sleep

import pyte

TT = [sys.executable, "-c", "import sys; from tui_tracker.cli import main; sys.exit(main())"]
"""`tt`, as this checkout has it."""
ANSWERS = {b"\x1b[5n": b"\x1b[0n", b"\x1b]11;?\x1b\\": b"\x1b]11;rgb:0000/0000/0000\x1b\\"}
QUIET_S = 0.5


class Terminal:
    """`tt --store FOLDER ARGUMENTS`, and the screen that a person would see."""

    def __init__(
        self,
        folder: object,
        *arguments: str,
        columns: int = 120,
        rows: int = 40,
        command: list[str] | None = None,
        answers: dict[bytes, bytes] | None = None,
        **environment: str,
    ) -> None:
        self.answers = answers or {}
        self.written = b""
        self.screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self.screen)
        program = [*(command or TT), "--store", str(folder), *arguments]
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            self._set_size(0, columns, rows)
            for name in ("NO_COLOR", "TMUX", "COLUMNS", "LINES", "LC_ALL", "LC_CTYPE"):
                os.environ.pop(name, None)
            os.environ.update(TERM="xterm-256color", COLORTERM="truecolor", LANG="C.UTF-8")
            os.environ.update(environment)
            # readline, which pytest loads, sets LINES and COLUMNS behind the back of os.environ.
            os.execve(program[0], program, dict(os.environ))
        self._set_size(self.fd, columns, rows)

    @staticmethod
    def _set_size(fd: int, columns: int, rows: int) -> None:
        fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    # Reading.

    def _read(self, patience_s: float) -> bytes | None:
        """Return what came within a time; b"" for nothing, None when the other side is closed."""
        if not select.select([self.fd], [], [], patience_s)[0]:
            return b""
        try:
            data = os.read(self.fd, 1 << 16)
        except OSError:  # how Linux tells that the other side is closed
            return None
        self.written += data
        self._stream.feed(data.replace(b"\x1b[>25u", b"").replace(b"\x1b[<u", b""))
        for question, answer in self.answers.items():
            for _ in range(data.count(question)):
                os.write(self.fd, answer)
        return data

    def until(self, text: str, patience_s: float = 30.0) -> bytes:
        """Return what was written until a text stands on the screen, and nothing moves."""
        before, end = len(self.written), monotonic() + patience_s
        while monotonic() < end:
            data = self._read(QUIET_S)
            if data is None:
                break
            if not data and text in self.text:
                return self.written[before:]
        raise AssertionError(f"{text!r} never came; the screen is\n{self.text}")

    def until_written(self, data: bytes, patience_s: float = 30.0) -> None:
        """Wait until some bytes were written, without waiting for silence."""
        end = monotonic() + patience_s
        while data not in self.written:
            if monotonic() > end or self._read(0.1) is None:
                raise AssertionError(f"{data!r} never came: {self.written[-500:]!r}")

    @property
    def text(self) -> str:
        """What stands on the screen."""
        return "\n".join(line.rstrip() for line in self.screen.display)

    # Doing.

    def send(self, keys: bytes) -> None:
        os.write(self.fd, keys)

    def press(self, keys: bytes) -> bytes:
        """Return what keys make it write, once nothing moves any more."""
        self.send(keys)
        return self.until("")

    def resize(self, columns: int, rows: int) -> None:
        self.screen.resize(rows, columns)
        self._set_size(self.fd, columns, rows)

    def signal(self, number: int) -> None:
        os.kill(self.pid, number)

    # Ending.

    def ended(self, patience_s: float = 20.0) -> int:
        """Return the exit code; all that was still written is in `written` then."""
        end = monotonic() + patience_s
        while monotonic() < end:
            if self._read(0.1) is None:
                break
        while monotonic() < end:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.pid = 0
                return os.waitstatus_to_exitcode(status)
            sleep(0.01)
        raise AssertionError(f"it did not end; the screen is\n{self.text}")

    def stopped(self, patience_s: float = 20.0) -> bool:
        """Return whether it was stopped, as by Ctrl-Z."""
        end = monotonic() + patience_s
        while monotonic() < end:
            self._read(0.05)
            pid, status = os.waitpid(self.pid, os.WNOHANG | os.WUNTRACED)
            if pid:
                return os.WIFSTOPPED(status)
        return False

    def kill(self) -> None:
        """End it, whatever state it is in."""
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1
        if self.pid:
            try:
                os.kill(self.pid, signal.SIGKILL)
                os.waitpid(self.pid, 0)
            except (ProcessLookupError, ChildProcessError):
                pass
