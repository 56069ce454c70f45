"""The command line as a process: what it loads, and how it ends."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import tui_tracker as tt
from tui_tracker.formatting import strip_ansi

LogRun = Callable[..., tt.Run]

TT = [sys.executable, "-m", "tui_tracker.cli"]
HEAVY = ("textual", "sqlmodel", "sqlalchemy", "pydantic", "git", "plotext", "numpy")


def loaded(folder: Path, *arguments: str) -> set[str]:
    """Return the modules that a command leaves loaded."""
    script = (
        "import sys; from tui_tracker.cli import main; main(sys.argv[1:]); "
        "print(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, "--store", str(folder), *arguments],
        capture_output=True,
        text=True,
        check=True,
    )
    return set(done.stderr.split())


def test_a_list_for_scripts_loads_neither_rich_nor_any_heavy_library(
    folder: Path, log_run: LogRun
) -> None:
    log_run("a", params={"lr": 0.1}, loss=[1.0])

    modules = loaded(folder, "ls", "--json")

    assert not modules.intersection((*HEAVY, "rich", "dataclasses", "asyncio"))


@pytest.mark.parametrize("arguments", [["ls"], ["show", "a"], ["tag", "a", "x"], ["store"]])
def test_no_command_for_a_pipe_loads_a_heavy_library(
    folder: Path, log_run: LogRun, arguments: list[str]
) -> None:
    log_run("a", loss=[1.0])

    modules = loaded(folder, *arguments)

    assert not modules.intersection((*HEAVY, "rich"))


def test_help_and_version_open_no_store(tmp_path: Path) -> None:
    nowhere = tmp_path / "none"

    modules = loaded(nowhere, "--help") | loaded(nowhere, "--version")

    assert "sqlite3" not in modules
    assert not nowhere.exists()


def test_a_closed_pipe_ends_quietly(folder: Path, log_run: LogRun) -> None:
    for name in range(30):
        log_run(f"run-{name}", params={"text": "x" * 500}, loss=[1.0])
    reading, writing = os.pipe()
    os.close(reading)

    done = subprocess.run(
        [*TT, "--store", str(folder), "ls", "--json"],
        stdout=writing,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )

    os.close(writing)
    assert (done.returncode, done.stderr) == (0, "")


def test_ctrl_c_ends_quietly(folder: Path, log_run: LogRun) -> None:
    log_run("a")
    waiting = subprocess.Popen(
        [*TT, "--store", str(folder), "note", "a", "-"],
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    # It reads standard input before anything else: one line proves that it is there.
    assert waiting.stdin is not None
    waiting.stdin.write("words\n")
    waiting.stdin.flush()
    _until_it_sleeps(waiting.pid)

    waiting.send_signal(signal.SIGINT)

    _, said = waiting.communicate(timeout=10)
    assert (waiting.returncode, said) == (130, "")


def _until_it_sleeps(pid: int) -> None:
    """Wait until the process waits in a read of its pipe."""
    for _ in range(1000):
        with open(f"/proc/{pid}/wchan", encoding="ascii") as file:
            if "pipe" in file.read():
                return
        os.sched_yield()
        signal.sigtimedwait([], 0.01)


def test_a_killed_run_is_crashed_at_the_next_look_with_all_its_points(folder: Path) -> None:
    script = (
        "import os, signal, sys, tui_tracker as tt\n"
        "run = tt.init('e', 'victim', store=sys.argv[1])\n"
        "for step in range(500): run.log({'loss': float(step)}, step=step)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    subprocess.run([sys.executable, "-c", script, str(folder)], check=False)

    done = subprocess.run(
        [*TT, "--store", str(folder), "ls", "--json"], capture_output=True, text=True, check=True
    )

    (run,) = json.loads(done.stdout)
    assert run["status"] == "crashed"
    assert run["metrics"]["loss"]["count"] == 500


def on_a_terminal(*arguments: str, columns: int = 80, **environment: str) -> str:
    """Return what a command writes to a terminal of that width."""
    master, slave = pty.openpty()
    env = {**os.environ, "COLUMNS": str(columns), "LINES": "24", "TERM": "xterm-256color"}
    env.pop("NO_COLOR", None)
    process = subprocess.Popen(
        [*TT, *arguments], stdin=subprocess.DEVNULL, stdout=slave, env={**env, **environment}
    )
    os.close(slave)
    output = b""
    while True:
        try:
            piece = os.read(master, 65536)
        except OSError:  # the terminal's other end is closed
            break
        if not piece:
            break
        output += piece
    os.close(master)
    assert process.wait(timeout=10) == 0
    return output.decode().replace("\r\n", "\n")


@pytest.fixture
def wide(log_run: LogRun) -> None:
    """Runs with more params, metrics and words than a terminal has room for."""
    for number in range(3):
        params: dict[str, object] = {f"param_{n}": number + n for n in range(8)}
        metrics = {f"val_loss_{n}": [1.0 / (number + 1)] for n in range(6)}
        log_run(f"[/] a rather long name of a run, the {number}th", params=params, **metrics)


@pytest.mark.usefixtures("wide")
@pytest.mark.parametrize("columns", [30, 80, 120, 200])
def test_a_table_fits_the_terminal(folder: Path, columns: int) -> None:
    shown = on_a_terminal("--store", str(folder), "ls", columns=columns, NO_COLOR="1")

    lines = strip_ansi(shown).splitlines()
    assert len(lines) == 4
    assert max(len(line) for line in lines) <= columns
    assert "finished" in lines[1]
    assert "[/] a" in lines[1]


@pytest.mark.usefixtures("wide")
def test_colour_is_for_terminals_that_want_it(folder: Path) -> None:
    coloured = on_a_terminal("--store", str(folder), "ls")
    plain = on_a_terminal("--store", str(folder), "ls", NO_COLOR="1")

    assert "\x1b[" in coloured
    assert "\x1b[3" not in plain


def test_a_chart_on_a_terminal_has_colours_unless_told_not_to(
    folder: Path, log_run: LogRun
) -> None:
    log_run("a", loss=[1.0, 0.5, 0.7])

    coloured = on_a_terminal("--store", str(folder), "curve", "a", "loss")
    plain = on_a_terminal("--store", str(folder), "curve", "a", "loss", NO_COLOR="1")

    assert "\x1b[38;5;12m" in coloured
    assert "\x1b[" not in plain
    assert max(map(len, plain.splitlines())) <= 80
