"""Run a command to its end: in a group of its own, within a time limit, its words kept.

Whatever ends us ends the group: Ctrl-C is passed on, so that the run ends as `killed`
with all that it logged, and what does not listen is killed.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tui_tracker.formatting import format_duration, printable
from tui_tracker.reproduce.conditions import Command

LEAST_LIMIT_S = 60.0
LIMIT_FACTOR = 3.0
TAIL = 30
_LOOK_S = 0.1
_LISTEN_S = 10.0
_TERM_S = 5.0


@dataclass(frozen=True, slots=True)
class Execution:
    """What came of a command."""

    code: int
    """Exit code; negative for a signal."""
    seconds: float
    timed_out: bool
    tail: tuple[str, ...]
    """The last lines that it printed, both streams in one order."""

    @property
    def failed(self) -> bool:
        return self.code != 0 or self.timed_out


def time_limit(original_s: float, asked_s: float | None) -> float:
    """Return how long a rerun may take: three times the original, a minute at least."""
    return asked_s if asked_s is not None else max(LEAST_LIMIT_S, LIMIT_FACTOR * original_s)


def execute(
    command: Command,
    *,
    log: Path,
    limit_s: float,
    tell: Callable[[str], None],
    what: str = "rerun",
) -> Execution:
    """Run a command; its output goes into the file `log`.

    Raises:
        OSError: the program cannot be started.
        KeyboardInterrupt: passed on, after the whole group has ended.
    """
    started = time.monotonic()
    with log.open("wb") as output:
        process = subprocess.Popen(
            command.argv,
            cwd=command.cwd,
            env=dict(command.environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    timed_out = False
    try:
        while True:
            try:
                process.wait(timeout=_LOOK_S)
                break
            except subprocess.TimeoutExpired:
                pass
            took = time.monotonic() - started
            tell(f"{what:<12} {format_duration(took)}  {_last_line(log)}")
            if took > limit_s:
                timed_out = True
                break
    finally:
        # An end in peace leaves nobody in the group: this is for the others.
        end_group(process, gently=timed_out or process.poll() is None)
    return Execution(
        process.returncode, time.monotonic() - started, timed_out, tuple(read_tail(log))
    )


def end_group(process: subprocess.Popen[bytes], *, gently: bool) -> None:
    """End a process and all that it started: asked first, killed where that does not help."""
    try:
        for number, wait_s in ((signal.SIGINT, _LISTEN_S), (signal.SIGTERM, _TERM_S)):
            if not gently or process.poll() is not None:
                break
            _signal(process, number)
            try:
                process.wait(timeout=wait_s)
            except subprocess.TimeoutExpired:
                continue
    finally:  # also where Ctrl-C was pressed once more
        _signal(process, signal.SIGKILL)
        process.wait()


def read_tail(log: Path, lines: int = TAIL) -> list[str]:
    """Return the last lines of a file, safe to show."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - (64 << 10)))
            text = file.read().decode("utf-8", "replace")
    except OSError:
        return []
    return [printable(line.expandtabs()) for line in deque(text.splitlines(), maxlen=lines)]


def _last_line(log: Path) -> str:
    return next(iter(read_tail(log, 1)), "")


def _signal(process: subprocess.Popen[bytes], number: int) -> None:
    try:
        os.killpg(process.pid, number)
    except (OSError, AttributeError):
        if process.poll() is None:
            process.send_signal(number)
