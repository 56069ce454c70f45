"""What only a real terminal shows: bytes, colour codes, and what no terminal gets."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
from collections.abc import Iterator
from time import monotonic

import pytest

OPEN = """
import sys
from tui_tracker.store import Store
from tui_tracker.tui.app import run_app
with Store.open(sys.argv[1]) as store:
    sys.exit(run_app(store))
"""
COLOUR = re.compile(rb"\x1b\[(?:[0-9;]*;)?(?:3[0-8]|4[0-8]|9[0-7]|10[0-7])[0-9;]*m")


class Opened:
    """The app in a pty of its own."""

    def __init__(self, folder, columns: int = 120, rows: int = 40, **environment: str) -> None:
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            size = struct.pack("HHHH", rows, columns, 0, 0)
            fcntl.ioctl(0, termios.TIOCSWINSZ, size)
            os.environ.update(TERM="xterm-256color", COLORTERM="truecolor", **environment)
            os.execv(sys.executable, [sys.executable, "-c", OPEN, str(folder)])

    def read_until(self, text: bytes, patience_s: float = 20.0) -> bytes:
        """Return what was written until a text and then half a second of silence."""
        written, end = b"", monotonic() + patience_s
        while monotonic() < end:
            if not select.select([self.fd], [], [], 0.5)[0]:
                if text in written:
                    return written
                continue
            try:
                written += os.read(self.fd, 1 << 16)
            except OSError:
                break
        raise AssertionError(f"{text!r} never came: {written[-2000:]!r}")

    def press(self, keys: bytes) -> bytes:
        """Return what a key makes the app write."""
        os.write(self.fd, keys)
        return self.read_until(b"")

    def rest(self) -> bytes:
        """Return what is written until the app closes its terminal."""
        written = b""
        while True:
            try:
                data = os.read(self.fd, 1 << 16)
            except OSError:  # how Linux tells that the other side is closed
                return written
            written += data

    def ended(self) -> int:
        """Return the exit code."""
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])

    def kill(self) -> None:
        os.close(self.fd)
        try:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        except (ProcessLookupError, ChildProcessError):
            pass


@pytest.fixture
def full(folder, log_run):
    """A store with more runs than a screen has lines."""
    for number in range(50):
        log_run(f"run_{number:02}", val_loss=[0.9, 0.5], params={"lr": number / 100})
    return folder


@pytest.fixture
def app(full) -> Iterator[Opened]:
    opened = Opened(full)
    yield opened
    opened.kill()


def test_a_cursor_move_costs_two_lines_and_an_idle_page_nothing(app):
    app.read_until(b"run_49")

    move, idle = app.press(b"j"), app.press(b"")

    assert 0 < len(move) <= 500
    assert move.count(b"\n") == 1
    assert idle == b""


def test_going_to_the_end_repaints_at_most_twice(app):
    app.read_until(b"run_49")

    assert len(app.press(b"G")) < 2 * 7_000


def test_q_ends_with_exit_code_0_and_gives_the_screen_back(app):
    app.read_until(b"run_49")
    os.write(app.fd, b"q")
    written = app.rest()

    assert app.ended() == 0
    assert b"\x1b[?1049l" in written


def test_no_color_is_honoured_on_every_page(full):
    app = Opened(full, NO_COLOR="1")
    try:
        written = app.read_until(b"run_49")
        for keys in (b"j", b"\r", b"2", b"\r", b"q", b"?", b"q", b":"):
            written += app.press(keys)
    finally:
        app.kill()

    assert COLOUR.findall(written) == []


@pytest.mark.parametrize("term", ["dumb", "xterm"])
def test_where_no_page_can_be_drawn_one_sentence_says_so(full, term):
    done = subprocess.run(
        [sys.executable, "-c", OPEN, str(full)],
        env={**os.environ, "TERM": term},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 2
    assert done.stdout == ""
    assert "tt ls" in done.stderr
