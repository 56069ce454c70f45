"""Notes in the person's own editor and pasted ones, in a real terminal."""

from __future__ import annotations

import termios
from collections.abc import Iterator
from pathlib import Path
from time import monotonic, sleep

import pytest
from terminal import ANSWERS, Terminal

from tui_tracker.drain import recover
from tui_tracker.queries import find_run, get_run
from tui_tracker.store import Store

PASTE = b"\x1b[200~%s\x1b[201~"
PATIENCE_S = 20.0


@pytest.fixture
def one_run(folder, log_run) -> Path:
    log_run("the_run", val_loss=[0.9, 0.5])
    with Store.open(folder) as store:
        recover(store)
    return folder


def script(path: Path, lines: str) -> str:
    path.write_text(f"#!/bin/sh\n{lines}\n")
    path.chmod(0o755)
    return str(path)


def open_app(folder: Path, editor: str = "") -> Terminal:
    app = Terminal(folder, "tui", answers=ANSWERS, VISUAL="", EDITOR=editor)
    try:
        app.until("the_run")
    except BaseException:
        app.kill()
        raise
    return app


@pytest.fixture
def terminal(one_run) -> Iterator[Terminal]:
    opened = open_app(one_run)
    yield opened
    opened.kill()


def notes(folder: Path) -> list[str]:
    with Store.open(folder) as store:
        return [note.text for note in get_run(store, find_run(store, "the_run")).notes]


def wait_for_notes(folder: Path) -> list[str]:
    end = monotonic() + PATIENCE_S
    while not (found := notes(folder)) and monotonic() < end:
        sleep(0.05)
    return found


def test_the_editor_gets_the_terminal_and_gives_it_back(one_run, tmp_path):
    modes = tmp_path / "modes"
    editor = script(
        tmp_path / "editor.sh",
        f'stty -a < /dev/tty > {modes}\nprintf "EDITING HERE"\n'
        'printf "line one\\nline [/] two\\n" >> "$1"',
    )
    app = open_app(one_run, editor)
    try:
        before, start = termios.tcgetattr(app.fd), len(app.written)
        app.send(b"e")
        app.until("noted")
        after, written = termios.tcgetattr(app.fd), app.written[start:]
        app.send(b"H")
        app.until("line [/] two")
        app.send(b"qq")
        code = app.ended()
    finally:
        app.kill()

    # The alternate screen is left for the editor, and taken again.
    left = written.index(b"\x1b[?1049l")
    assert left < written.index(b"EDITING HERE") < written.index(b"\x1b[?1049h", left)
    assert " icanon " in modes.read_text()
    assert after[:4] == before[:4]
    assert code == 0
    assert wait_for_notes(one_run) == ["line one\nline [/] two"]


@pytest.mark.parametrize(
    ("editor", "words"),
    [
        ("", "no editor is set"),
        ("no-such-editor", "cannot be started"),
        ("false", "ended with exit code 1: nothing was changed"),
        ("true", "Nothing was written"),
    ],
)
def test_an_editor_that_does_not_work_is_one_sentence(one_run, editor, words):
    app = open_app(one_run, editor)
    try:
        app.send(b"e")
        app.until(words)
        app.send(b"H")
        app.until("Nobody changed anything")
    finally:
        app.kill()

    assert notes(one_run) == []


def test_a_paste_of_many_lines_is_one_note(terminal, one_run):
    terminal.press(b"n")

    terminal.press(PASTE % b"first\rsecond [/] red\rthird")
    terminal.press(b"\rtyped\x04")

    assert wait_for_notes(one_run) == ["first\nsecond [/] red\nthird\ntyped"]


def test_a_paste_into_a_field_of_one_line_keeps_all_words(terminal, one_run):
    terminal.press(b"t")

    terminal.press(PASTE % b"best,\rpurpose:x")
    terminal.press(b"\r")

    with Store.open(one_run) as store:
        end = monotonic() + PATIENCE_S
        while not (found := store.read("SELECT tag FROM tag")) and monotonic() < end:
            sleep(0.05)
    assert found == [("best",), ("purpose:x",)]


def test_no_window_has_a_cursor_that_blinks(terminal):
    for keys in (b"t", b"\x1b", b"n", b"\x1b", b"m"):
        terminal.press(keys)
        if keys != b"\x1b":
            terminal.press(b"a")
            assert terminal.press(b"") == b""
