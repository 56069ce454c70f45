"""What only a real terminal shows: bytes, colour codes, signals, and what no terminal gets."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import termios
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest
from terminal import ANSWERS, TT, Terminal

COLOUR = re.compile(rb"\x1b\[(?:[0-9;]*;)?(?:3[0-8]|4[0-8]|9[0-7]|10[0-7])[0-9;]*m")
RICH = re.compile(rb"\x1b\[[0-9;]*[34]8;[25];")
RESTORED = (
    b"\x1b[?1049l",
    b"\x1b[?25h",
    b"\x1b[?1000l",
    b"\x1b[?2004l",
    b"\x1b[<u",
    b"\x1b[?1004l",
)
BREAKING = """
import sys
from tui_tracker.cli import main
from tui_tracker.tui.lean import import_textual
import_textual()
{}
sys.exit(main())
"""


@pytest.fixture
def full(folder, log_run):
    """A store with more runs than a screen has lines."""
    for number in range(50):
        log_run(f"run_{number:02}", val_loss=[0.9, 0.5], params={"lr": number / 100})
    return folder


@pytest.fixture
def opened(full, monkeypatch) -> Iterator[Callable[..., Terminal]]:
    """Open the app in a terminal; everything opened is ended."""
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
    terminals: list[Terminal] = []

    def open_one(*arguments: str, store: object = full, **options: object) -> Terminal:
        terminals.append(Terminal(store, "tui", *arguments, **options))
        return terminals[-1]

    yield open_one
    for terminal in terminals:
        terminal.kill()


# The start.


def test_the_first_frame_stands_before_anything_is_loaded_and_nothing_is_cleared_after_it(opened):
    app = opened(answers=ANSWERS)

    app.until("run_49")

    head = app.written[:400]
    assert b"tui_tracker" in head
    assert b"reading" in head
    assert app.written.count(b"\x1b[?1049h") == 1
    assert app.written.count(b"\x1b[2J") == 1
    assert app.written.count(b"run_49") == 1
    assert len(app.written) <= 16_000


def test_the_name_of_the_store_does_nothing_to_the_terminal(full, opened):
    hostile = full.parent / "ev\x1b[31mil \u202e模型"
    full.rename(hostile)
    app = opened(store=hostile)
    app.until("run_49")

    assert b"\x1b[31m" not in app.written
    assert "\u202e".encode() not in app.written


def test_sixteen_colours_are_the_terminals_own_and_cost_fewer_bytes(opened):
    app = opened("--colors", "16")

    app.until("run_49")

    assert RICH.findall(app.written) == []
    assert COLOUR.findall(app.written) != []
    assert len(app.written) <= 10_000


def test_of_the_mouse_only_clicks_are_asked_for_and_without_it_nothing(opened):
    with_mouse, without = opened(), opened("--no-mouse")
    with_mouse.until("run_49")
    without.until("run_49")

    assert b"\x1b[?1000h" in with_mouse.written
    assert b"\x1b[?1003h" not in with_mouse.written
    assert not re.search(rb"\x1b\[\?100[0-36]h|\x1b\[\?101[56]h", without.written)


def test_keys_that_were_typed_while_it_was_loading_are_not_lost(opened):
    app = opened()
    app.until_written(b"reading")
    app.send(b"jjj?")

    app.until("Keys: Table of runs")


def test_ctrl_c_while_it_is_loading_gives_the_terminal_back(opened):
    app = opened()
    app.until_written(b"reading")
    app.send(b"\x03")

    assert app.ended() == 130
    assert b"\x1b[?1049l" in app.written


def test_an_answer_that_comes_late_is_no_key(opened):
    app = opened()
    app.until("run_49")

    written = app.press(b"\x1b[0n\x1b]11;rgb:ffff/ffff/ffff\x07")

    assert "run_49" in app.text
    # The ground is light: the colours change, and nothing else.
    assert 1 <= written.count(b"run_49") <= 2


@pytest.mark.parametrize(
    ("place", "words"),
    [("help", "Keys: Table of runs"), ("params:run_07", "0.07"), ("run:run_07", "run_07")],
)
def test_a_page_is_opened_by_its_name(opened, place, words):
    app = opened("--open", place)

    app.until(words)


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ("curvs:run_07", b"did you mean 'curves'"),
        ("run:nobody", b"no run named 'nobody'"),
        ("curves", b"say which"),
    ],
)
def test_a_page_that_is_none_is_one_sentence_on_the_terminal_as_it_was(opened, place, words):
    app = opened("--open", place)

    assert app.ended() == 2
    assert words in app.written.partition(b"\x1b[?1049l")[2]


def test_a_terminal_that_answers_late_is_far_away_and_drawn_for_with_less(opened):
    app = opened()
    app.until("run_49")

    app.press(b"\x1b[0n")  # to the question of the first screen, half a second ago
    app.written = b""
    app.press(b"G")

    assert COLOUR.findall(app.written) != []
    assert RICH.findall(app.written) == []


@pytest.mark.parametrize("arguments", [("--link", "slow"), ("--link", "slow", "--colors", "256")])
def test_a_slow_link_means_sixteen_colours_unless_others_are_asked_for(opened, arguments):
    app = opened(*arguments)
    app.until("run_49")

    assert (RICH.findall(app.written) != []) is ("256" in arguments)


# Moving.


def test_a_cursor_move_costs_two_lines_and_an_idle_page_nothing(opened):
    app = opened()
    app.until("run_49")

    move, idle = app.press(b"j"), app.press(b"")

    assert 0 < len(move) <= 400
    assert {row for row in re.findall(rb"\x1b\[(\d+);\d+H", move) if row != b"1"} == {b"4", b"5"}
    assert idle == b""


def test_scrolling_by_a_line_writes_what_differs_between_lines(opened):
    app = opened(rows=24)
    app.until("run_49")
    for _ in range(20):
        app.press(b"j")

    scrolled = [app.press(b"j") for _ in range(5)]

    assert all(0 < len(written) <= 2_500 for written in scrolled)


def test_going_to_the_end_repaints_at_most_twice(opened):
    app = opened()
    app.until("run_49")

    assert len(app.press(b"G")) < 2 * 7_000


def test_a_terminal_that_answers_is_asked_behind_frames_and_one_that_does_not_never(opened):
    answering, silent = opened(answers=ANSWERS), opened()
    answering.until("run_49")
    silent.until("run_49")

    assert b"\x1b[5n" in answering.press(b"G")
    assert b"\x1b[5n" not in silent.press(b"G")


def test_nothing_is_asked_that_the_shell_would_have_to_answer(opened):
    app = opened(answers=ANSWERS)
    app.until("run_49")
    # So much is drawn behind the last question that leaving the screen is worth the next one.
    app.press(b"m")
    since_asked = 0
    while not 140 < since_asked < 200:
        app.press(b"x")
        since_asked = len(app.written.rpartition(b"\x1b[5n")[2])
    app.signal(signal.SIGTERM)

    assert app.ended() == 128 + signal.SIGTERM
    assert b"\x1b[5n" not in app.written.rpartition(b"\x1b[?1049l")[2]


# Kinds of terminals.


def test_no_color_is_honoured_on_every_page(opened):
    app = opened(NO_COLOR="1")
    app.until("run_49")
    for keys in (b"j", b"\r", b"2", b"\r", b"q", b"?", b"q", b":"):
        app.press(keys)

    assert COLOUR.findall(app.written) == []


@pytest.mark.parametrize("how", [("--ascii",), ()])
def test_where_only_ascii_can_be_shown_all_signs_are_ascii(opened, how):
    app = opened(*how, LANG="C.UTF-8" if how else "de_DE.ISO-8859-1")
    app.until("run_49")
    assert "+ finished" in app.text
    for keys in (b"j", b"\r", b"2", b"\r", b"q", b"?"):
        app.press(keys)
        assert app.text.isascii()


def test_a_small_terminal_gets_the_page_and_a_tiny_one_a_line(opened):
    small, tiny = opened(columns=80, rows=24), opened(columns=40, rows=10)
    small.until("run_49")

    tiny.until("Make this window at least")
    tiny.press(b"jj\r\x1b")
    tiny.resize(80, 24)

    tiny.until("run_49")


def test_a_storm_of_resizes_is_painted_a_few_times_and_ends_right(opened):
    app = opened()
    app.until("run_49")
    before = len(app.written)
    for step in range(40):
        app.resize(119 - step, 39 - step // 4)
    app.resize(100, 30)

    # Of the wider footer that end is cut off, so the last size is painted once it is there.
    app.until("? more")

    assert "run_49" in app.text
    assert "? more" in app.text.splitlines()[-1]
    assert len(app.written) - before < 12 * 8_000


def test_a_paste_goes_into_a_text_field_and_does_nothing_elsewhere(opened):
    app = opened()
    app.until("run_49")

    assert b"run_48" not in app.press(b"\x1b[200~qqq\r\x1b[201~")
    app.press(b"/")
    app.press(b"\x1b[200~run_07\x1b[201~")

    app.until("1 of 50 runs")


@pytest.mark.parametrize("term", ["dumb", "xterm"])
def test_where_no_page_can_be_drawn_the_table_is_printed(full, term):
    done = subprocess.run(
        [*TT, "--store", str(full)],
        env={**os.environ, "TERM": term},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0
    assert "run_49" in done.stdout
    assert "\x1b" not in done.stdout


# The end.


def test_q_ends_with_exit_code_0_and_gives_the_screen_back(opened):
    app = opened()
    app.until("run_49")
    app.send(b"q")

    assert app.ended() == 0
    assert all(sequence in app.written for sequence in RESTORED)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT])
def test_a_signal_ends_it_in_good_order(opened, number):
    app = opened()
    app.until("run_49")
    app.signal(number)

    assert app.ended() == 128 + number
    assert all(sequence in app.written for sequence in RESTORED)


def test_a_note_that_is_being_written_outlives_the_app(opened):
    app = opened()
    app.until("run_49")
    app.press(b"n")
    app.press(b"precious")
    app.signal(signal.SIGHUP)

    assert app.ended() == 128 + signal.SIGHUP
    assert b"precious" in app.written.rpartition(b"\x1b[?1049l")[2]
    again = opened()
    again.until("A note of before was not stored")
    again.send(b"n")
    again.until("precious")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGQUIT])
def test_a_signal_while_it_is_loading_gives_the_terminal_back(opened, number):
    app = opened()
    app.until_written(b"reading")
    app.signal(number)

    assert app.ended() in (-number, 128 + number)
    assert b"\x1b[?1049l" in app.written


def test_a_terminal_that_goes_away_ends_it(opened):
    app = opened()
    app.until("run_49")
    os.close(app.fd)
    app.fd = -1

    pid = app.pid
    with suppress(ChildProcessError):
        done, _ = os.waitpid(pid, 0)
        assert done == pid
    app.pid = 0


def test_it_can_be_stopped_and_comes_back(opened):
    app = opened()
    app.until("run_49")
    app.send(b"\x1a")

    assert app.stopped()
    assert b"\x1b[?1049l" in app.written
    app.written = b""
    app.signal(signal.SIGCONT)
    app.until_written(b"\x1b[?1049h")
    app.until_written(b"run_49")


def test_one_that_was_stopped_without_warning_goes_on_and_ends(opened):
    app = opened()
    before = termios.tcgetattr(app.fd)
    app.until("run_49")
    for _ in range(2):
        app.signal(signal.SIGSTOP)
        assert app.stopped()
        app.written = b""
        app.signal(signal.SIGCONT)
        app.until_written(b"\x1b[?1049h")
        app.until("run_49")

    app.press(b"G")
    assert "run_00" in app.text
    app.send(b"q")

    assert app.ended() == 0
    assert termios.tcgetattr(app.fd) == before


@pytest.mark.parametrize(
    "breaking",
    [
        # in a key's handler, in a worker, and in what draws a line
        "from tui_tracker.tui.widgets.virtual_list import VirtualList as V\n"
        "def broken(self, *a): raise RuntimeError('planted')\nV.action_move = broken",
        "from tui_tracker.tui.app import TrackerApp as T\n"
        "def broken(self): raise RuntimeError('planted')\n"
        "T.action_refresh = lambda self: self.run_worker(lambda: broken(self), thread=True)",
        "from tui_tracker.tui.widgets.footer import Footer as F\n"
        "old = F.render_line\n"
        "def broken(self, y):\n"
        "    if self.message[0]: raise RuntimeError('planted')\n"
        "    return old(self, y)\n"
        "F.render_line = broken",
    ],
)
def test_an_exception_gives_the_terminal_back_and_names_the_log(opened, tmp_path, breaking):
    app = opened(command=[sys.executable, "-c", BREAKING.format(breaking)])
    app.until("run_49")
    app.send(b"jr")

    assert app.ended() == 2
    assert all(sequence in app.written for sequence in RESTORED)
    (log,) = (tmp_path / "state" / "tui_tracker").glob("crash-*.log")
    said = app.written.rpartition(b"\x1b[?1004l")[2].decode().replace("\r\n", "")
    assert "RuntimeError: planted" in said
    assert log.name in said
    assert "Traceback" in log.read_text()


def test_keys_that_come_in_one_piece_are_meant_for_what_the_ones_before_open(folder, log_run):
    for number in range(30):
        log_run(f"run_{number:02}", loss=[0.5])
    app = Terminal(folder)
    app.until("run_29")

    app.press(b"/run_1\r")
    app.until("10 of 30 runs")
    app.press(b"jjtslow\r")
    app.until("1 run tagged")
    app.press(b"/\x15run_07\r")
    app.until("1 of 30 runs")
    app.press(b"\r5")
    app.until("No artifacts")
    app.kill()
