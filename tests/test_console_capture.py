"""What a run prints is kept with it, and still reaches whoever reads the streams."""

from __future__ import annotations

import io
import sys
import threading
from pathlib import Path

import pytest
from processes import run, the_run

from tui_tracker import queries
from tui_tracker.capture.console import Console
from tui_tracker.queries import ConsoleLine
from tui_tracker.store import Store

Said = list[tuple[str, str, bool]]


@pytest.fixture
def said() -> Said:
    """What a console told of."""
    return []


class Plain(io.StringIO):
    """A stream that lets itself be wrapped, as the real ones do."""


def listen(said: Said, **options: int) -> Console:
    """Wrap streams of this test's own; pytest puts its own back after each test."""
    sys.stdout, sys.stderr = Plain(), Plain()
    return Console(lambda *told: said.append(told), **options)


def lines(folder: Path) -> list[ConsoleLine]:
    with Store.open(folder) as store:
        (key,) = queries.list_run_keys(store)
        return queries.read_console(store, key)


def test_each_finished_line_is_told_with_its_stream(said):
    console = listen(said)
    print("one\ntwo")
    print("three", file=sys.stderr)
    console.release()

    assert said == [("out", "one", False), ("out", "two", False), ("err", "three", False)]
    assert sys.stdout.getvalue() == "one\ntwo\n"  # type: ignore[attr-defined]


def test_a_progress_bar_is_its_last_state(said):
    console = listen(said)
    for percent in range(0, 101, 25):
        sys.stderr.write(f"\r{percent:3}%")
        if percent == 50:
            console.tick()
            console.tick()
    sys.stderr.write("\n")
    console.release()

    assert said == [("err", " 50%", True), ("err", "100%", False)]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("a\r\nb\r\n", ["a", "b"]),
        ("a\rb\rc", ["c"]),
        ("a\r", ["a"]),
        ("\n\n", ["", ""]),
        ("\x1b[31mred\x1b[0m\n", ["\x1b[31mred\x1b[0m"]),
        ("nul\0[bold]\u202e😀\n", ["nul\0[bold]\u202e😀"]),
        ("lone \udcff\n", ["lone \udcff"]),
        ("", []),
    ],
)
def test_texts_of_any_kind_are_lines(said, text, wanted):
    console = listen(said)
    sys.stdout.write(text)
    console.release()

    assert [line for _, line, _ in said] == wanted


def test_a_line_without_an_end_keeps_its_newest_part_and_little_memory(said):
    console = listen(said)
    for _ in range(100):
        sys.stdout.write("x" * 10_000)
    sys.stdout.write("end")
    console.release()

    assert sum(len(line) for _, line, _ in said) <= 1_000_003
    assert said[-1][1].endswith("end")


def test_beyond_the_limit_only_a_count_is_kept(said):
    console = listen(said, limit_bytes=100)
    for number in range(100):
        print(f"line {number:04}")
    console.release()

    assert len(said) < 20
    assert "more bytes were printed and not kept" in said[-1][1]
    assert len(sys.stdout.getvalue().splitlines()) == 100  # type: ignore[attr-defined]


def test_a_listener_that_fails_never_fails_the_print(said):
    def fail(*_: object) -> None:
        raise OSError("the disk is full")

    sys.stdout = Plain()
    console = Console(fail)
    print("printed")
    console._emit = lambda *told: said.append(told)
    print("told")
    console.release()

    assert [line for _, line, _ in said][-1] == "told"


def test_a_listener_that_prints_does_not_hear_itself(said):
    def echo(stream: str, text: str, partial: bool) -> None:
        said.append((stream, text, partial))
        print("echo")

    sys.stdout = Plain()
    console = Console(echo)
    print("one")
    console.release()

    assert said == [("out", "one", False)]


def test_streams_are_given_back_unless_somebody_wrapped_them_since(said):
    console = listen(said)
    wrapped = sys.stdout.write
    sys.stderr.write = lambda text: len(text)  # type: ignore[method-assign]
    theirs = sys.stderr.write
    console.release()

    assert sys.stdout.write != wrapped
    assert sys.stderr.write is theirs


def test_streams_that_are_missing_or_closed_are_no_trouble(monkeypatch):
    monkeypatch.setattr(sys, "stdout", None)
    closed = Plain()
    closed.close()
    monkeypatch.setattr(sys, "stderr", closed)

    told: Said = []

    console = Console(lambda *line: told.append(line))
    console.tick()
    console.release()

    assert told == []
    assert sys.stdout is None


def test_lines_of_many_threads_are_all_told(said):
    console = listen(said)

    def work(number: int) -> None:
        for step in range(200):
            sys.stdout.write(f"{number}:{step}\n")

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    console.release()

    assert sorted(line for _, line, _ in said) == sorted(
        f"{number}:{step}" for number in range(4) for step in range(200)
    )


def test_what_a_run_prints_is_kept_and_still_printed(folder):
    done = run(
        folder,
        """
        import logging
        logging.basicConfig(format="%(message)s")
        with tt.init("e") as r:
            print("hello")
            print("trouble", file=sys.stderr)
            logging.warning("warned")
            os.write(1, b"not by Python\\n")
            print("no end", end="")
        print("after")
        """,
        TUI_TRACKER_CONSOLE="on",
    )

    assert sorted(done.stdout.splitlines()) == ["hello", "no endafter", "not by Python"]
    assert [(line.stream, line.text) for line in lines(folder)] == [
        ("out", "hello"),
        ("err", "trouble"),
        ("err", "warned"),
        ("out", "no end"),
    ]


def test_what_was_printed_before_a_kill_is_kept(folder):
    run(
        folder,
        """
        import signal
        r = tt.init("e")
        for number in range(1500):
            print("line", number)
        os.kill(os.getpid(), signal.SIGKILL)
        """,
        TUI_TRACKER_CONSOLE="on",
    )

    one = the_run(folder)
    found = lines(folder)
    assert one.console_lines == 1500
    assert [line.text for line in found] == [f"line {number}" for number in range(1000)]
    assert [line.number for line in found] == list(range(1000))


def test_the_last_words_before_a_stop_signal_are_kept(folder):
    run(
        folder,
        """
        import signal
        r = tt.init("e")
        print("half a line", end="")
        os.kill(os.getpid(), signal.SIGTERM)
        """,
        TUI_TRACKER_CONSOLE="on",
    )

    the_run(folder)
    assert [line.text for line in lines(folder)] == ["half a line"]


def test_what_a_forked_child_prints_is_kept_once(folder):
    run(
        folder,
        """
        with tt.init("e") as r:
            print("parent's half", end=" ", flush=True)
            pid = os.fork()
            if pid == 0:
                print("child", flush=True)
                os._exit(0)
            os.waitpid(pid, 0)
            print("and rest")
        """,
        TUI_TRACKER_CONSOLE="on",
    )

    the_run(folder)
    assert sorted(line.text for line in lines(folder)) == ["child", "parent's half and rest"]


def test_switched_off_nothing_printed_is_kept(folder):
    run(folder, 'with tt.init("e", console=False):\n    print("hello")', TUI_TRACKER_CONSOLE="on")

    assert the_run(folder).console_lines == 0
