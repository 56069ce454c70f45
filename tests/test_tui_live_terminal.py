"""What a live run makes the app write to a real terminal."""

from __future__ import annotations

import os
import select

import pytest
from processes import end, start, wait_for_line
from terminal import Terminal

TRAINING = """
run = tt.init("live", "victim", console=False)
step = 0
ready()
while True:
    run.log({"level": 0.5 + step % 7 / 100}, step=step)
    step += 1
    time.sleep(0.05)
"""
FRAMES = 6


@pytest.fixture
def victim(folder):
    """A training in a process of its own."""
    process = start(folder, TRAINING)
    wait_for_line(process)
    yield process
    process.kill()
    end(process)


@pytest.fixture
def app(folder, victim, log_run):  # noqa: ARG001 - the store is made by the run
    log_run("old", level=[1.0])
    opened = Terminal(folder)
    yield opened
    opened.kill()


def read_frames(app: Terminal, count: int, patience_s: float = 20.0) -> bytes:
    """Return what so many writes of the app came to, each apart from the one before."""
    written = b""
    for _ in range(count):
        assert select.select([app.fd], [], [], patience_s)[0], "no frame came"
        while select.select([app.fd], [], [], 0.05)[0]:
            written += os.read(app.fd, 1 << 16)
    return written


def read_until(app: Terminal, text: bytes) -> bytes:
    written = b""
    while text not in written:
        assert select.select([app.fd], [], [], 20.0)[0], f"{text!r} never came"
        written += os.read(app.fd, 1 << 16)
    return written


def test_a_page_with_a_live_run_writes_little_a_frame(app):
    read_until(app, b"victim")
    read_frames(app, 4)

    written = read_frames(app, FRAMES)

    # One frame a second at most: 5 kB in ten seconds.
    assert len(written) <= 500 * FRAMES


def test_a_death_is_written_told_and_rung(app, victim):
    read_until(app, b"victim")
    read_frames(app, 2)
    victim.kill()

    written = read_until(app, b"\a")

    assert b"\x1b]9;tui_tracker: victim: crashed after" in written


def test_a_terminal_that_says_it_is_not_in_front_is_left_alone(app):
    read_until(app, b"victim")
    os.write(app.fd, b"\x1b[O")
    read_until(app, b"waits while not in front")
    while select.select([app.fd], [], [], 0.5)[0]:
        os.read(app.fd, 1 << 16)

    quiet = not select.select([app.fd], [], [], 3.0)[0]
    os.write(app.fd, b"\x1b[I")

    assert quiet
    read_frames(app, 2)
