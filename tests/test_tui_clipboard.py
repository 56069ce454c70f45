from __future__ import annotations

import shutil
import subprocess
from base64 import b64decode

import pytest
from tui_pilot import opened, see

from tui_tracker.tui.clipboard import MOST_BYTES, copy

BARE = {"PATH": "/nowhere", "TERM": "xterm-256color", "SSH_TTY": "/dev/pts/1"}
"""A login from elsewhere, in no multiplexer."""


def fake_tmux(folder, *, works: bool) -> dict[str, str]:
    """Put a `tmux` on the path that keeps what it is given, or fails; return the environment."""
    program = folder / "tmux"
    program.write_text(f"#!/bin/sh\ncat > {folder}/copied\nexit {0 if works else 1}\n")
    program.chmod(0o755)
    return {**BARE, "PATH": f"{folder}:/usr/bin:/bin", "TMUX": "/tmp/tmux-0/default,1,0"}


def test_inside_tmux_the_text_goes_through_its_buffer(tmp_path):
    environ = fake_tmux(tmp_path, works=True)
    asked: list[str] = []

    way = copy("id-1", asked.append, environ)

    assert (way, (tmp_path / "copied").read_text(), asked) == ("through tmux", "id-1", [])


def test_a_tmux_that_fails_leaves_it_to_the_terminal_and_says_so(tmp_path):
    asked: list[str] = []

    way = copy("id-1", asked.append, fake_tmux(tmp_path, works=False))

    assert "may keep it" in way
    assert asked[0].startswith("\x1b]52;c;aWQtMQ==\a\x1bPtmux;\x1b\x1b]52;c;")


def test_elsewhere_the_terminal_is_asked():
    asked: list[str] = []

    way = copy("id-1 é", asked.append, BARE)

    assert way == "by asking the terminal (OSC 52)"
    assert b64decode(asked[0].removeprefix("\x1b]52;c;").removesuffix("\a")).decode() == "id-1 é"


def test_screen_gets_it_in_strings_that_it_can_hold():
    asked: list[str] = []

    copy("x" * 3000, asked.append, {**BARE, "STY": "1.pts-0"})

    parts = asked[0].split("\x1b\\")[:-1]
    assert len(parts) > 1
    assert all(part.startswith("\x1bP") and len(part) < 768 for part in parts)
    whole = "".join(part.removeprefix("\x1bP") for part in parts)
    assert b64decode(whole.removeprefix("\x1b]52;c;").removesuffix("\a")) == b"x" * 3000


@pytest.mark.parametrize(
    ("text", "environ", "reason"),
    [("x" * (MOST_BYTES + 1), {}, "too long"), ("x", {"TERM": "linux"}, "no clipboard")],
)
def test_what_no_terminal_takes_is_saved_to_a_file_that_is_named(tmp_path, text, environ, reason):
    asked: list[str] = []

    way = copy(text, asked.append, {**BARE, **environ})

    (path,) = (tmp_path / "state" / "tui_tracker").glob("copied-*.txt")
    assert reason in way
    assert str(path) in way
    assert (path.read_text(), asked) == (text, [])


def test_on_ones_own_desktop_its_program_is_asked_first(tmp_path):
    program = tmp_path / "xclip"
    program.write_text(f"#!/bin/sh\ncat > {tmp_path}/copied\n")
    program.chmod(0o755)
    asked: list[str] = []

    environ = {"PATH": f"{tmp_path}:/usr/bin:/bin", "DISPLAY": ":0", "TERM": "xterm"}
    way = copy("id-1", asked.append, environ)

    assert (way, (tmp_path / "copied").read_text(), asked) == (
        "to the clipboard (xclip)",
        "id-1",
        [],
    )


@pytest.mark.skipif(shutil.which("tmux") is None, reason="there is no tmux here")
def test_a_real_tmux_holds_the_text_afterwards(tmp_path):
    def tmux(*arguments: str) -> str:
        command = ["tmux", "-S", str(tmp_path / "socket"), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    tmux("-f", "/dev/null", "new-session", "-d", "sleep 60")
    try:
        inside = {"TMUX": f"{tmp_path}/socket,1,0", "PATH": "/usr/bin:/bin:/usr/local/bin"}

        way = copy("id-1", lambda _: None, {**BARE, **inside})

        assert (way, tmux("show-buffer")) == ("through tmux", "id-1")
    finally:
        tmux("kill-server")


@pytest.mark.parametrize(
    ("downs", "words"),
    [
        *((0, "1 run as TSV"), (1, "1 run as JSON"), (2, "1 run as command")),
        *((3, "1 run as Markdown"), (4, "1 run as LaTeX")),
    ],
)
async def test_a_run_is_copied_as_what_was_chosen(store, log_run, monkeypatch, downs, words):
    log_run("one", loss=[0.5, 0.25], params={"lr": 0.1})
    monkeypatch.setenv("SSH_TTY", "/dev/pts/1")
    monkeypatch.delenv("TMUX", raising=False)
    async with opened(store) as pilot:
        await pilot.press("Y")
        await see(pilot, "Copy as")
        await pilot.press(*["down"] * downs, "enter")

        await see(pilot, f"Copied {words} by asking")
