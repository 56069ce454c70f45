"""Runs a command as a run: its arguments, its output, how it ended.

The command is a child of this process. What it prints passes through here, so that it
reaches both the terminal and the run. A script inside that calls `init` joins the run.
Where SIGKILL ends this process, the run is `crashed` at the next look, and the command
lives on until it prints next, which then fails.
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
import time
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tui_tracker import folder as folders
from tui_tracker import journal, start
from tui_tracker.capture import launch, process
from tui_tracker.capture.arguments import read_params, script_stem
from tui_tracker.capture.console import Console
from tui_tracker.capture.redaction import Mask, redact_param
from tui_tracker.errors import CannotRun
from tui_tracker.launcher.command import Command, find_program
from tui_tracker.launcher.passing import Passing, Show
from tui_tracker.launcher.printed_values import PrintedValues, has_joined
from tui_tracker.launcher.signals import Signals
from tui_tracker.live import say
from tui_tracker.parsing.config import read_patterns
from tui_tracker.parsing.patterns import Pattern
from tui_tracker.run import Run, tag_list

_TAIL_LINES = 40
_STOP_S = 10.0
"""How long a command that was told to stop is waited for, before it is killed."""
_FIRST_LOOK_S, _LONGEST_LOOK_S = 0.1, 5.0
"""How often is looked whether the command has begun to run Python."""
_BY_HAND = ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGKILL")
"""Signals that stop a command; the others say that it broke."""


@dataclass(frozen=True, slots=True)
class LaunchResult:
    """How a command ended."""

    run_id: str
    name: str
    exit_code: int
    """As shells tell it: 128 and the signal's number for a command that a signal ended."""
    status: str
    """Of the run: finished, failed or killed."""


def run_command(
    command: Sequence[str],
    *,
    experiment: str | None = None,
    name: str | None = None,
    params: Mapping[str, object] | None = None,
    read_arguments: bool = True,
    tags: Iterable[str] = (),
    note: str = "",
    parent: str | None = None,
    store: str | os.PathLike[str] | None = None,
    environ: Mapping[str, str] | None = None,
    cwd: str | os.PathLike[str] | None = None,
    timeout_s: float | None = None,
    console_to: Show | None = None,
    read_printed: bool = True,
) -> LaunchResult:
    """Run a command to its end, and return how that was; its output is shown and kept.

    `params` win over those that are read from the arguments. `environ` are variables
    beside those of this process. `console_to` gets (stream, bytes) instead of the
    terminal. A command that takes longer than `timeout_s` is stopped. With `read_printed`
    params and metrics are read from what is printed, unless the script logs itself.

    Raises:
        CannotRun: there is no such program, or it cannot be started.
        TrackerError: the run cannot be begun.
    """
    around = {"PYTHONHASHSEED": "0", **os.environ, **(environ or {})}
    folder = os.path.abspath(os.fspath(cwd)) if cwd else process.working_folder()
    program = find_program(command[0], around, folder)
    given = read_params(command) if read_arguments else {}
    given |= {key: redact_param(key, value) for key, value in (params or {}).items()}
    stem = script_stem(command)
    begun = start.prepare(
        experiment=experiment or around.get("TUI_TRACKER_EXPERIMENT") or stem,
        name=name,
        params=given,
        tags=tag_list(tags, {}),
        note=note,
        parent=parent or _outer_run(store),
        resume=None,
        store=store,
        ordinal=0,
        capture=_is_on("TUI_TRACKER_CAPTURE", around),
        joins=False,
    )
    begun.system = _is_on("TUI_TRACKER_SYSTEM", around)
    begun.name = name or f"{stem}-{begun.run_id[-6:]}"
    settled = [key for key, said in (("name", name), ("experiment", experiment)) if said]
    keeps = _is_on("TUI_TRACKER_CONSOLE", around)
    patterns = read_patterns(Path(folder)) if read_printed and keeps else ()
    launched = _Launched(begun, Command(begun, command, folder, around, settled))
    if read_printed and keeps:
        launched.read_printed(patterns)
    passing = Passing(launched.take, console_to) if keeps or console_to else None
    return launched.follow(program, passing, timeout_s)


class _Launched:
    """A run, and the command that is running in it."""

    def __init__(self, begun: start.Start, command: Command) -> None:
        # Console and helper are seen to here, and what this process does is no training.
        begun.console = begun.capture = begun.watched = False
        self._begun, self._command = begun, command
        self.run = Run(begun)
        self.console = Console(self._log_line, wrap=False)
        self.run._console = self.console
        self.run._mask = Mask(command.words, command.environ)
        self._tail: deque[str] = deque(maxlen=_TAIL_LINES)
        self._values: PrintedValues | None = None
        self._complains = "err"
        """The stream whose last lines say why the command failed."""

    def read_printed(self, patterns: Sequence[Pattern]) -> None:
        """Read params and metrics from what the command prints."""
        run, begun = self.run, self._begun
        journals = folders.journals(begun.folder)

        def joined() -> bool:
            return has_joined(journals, run.id)

        self._values = PrintedValues(run, patterns, joined, begun.params)

    def take(self, stream: str, text: str) -> None:
        """Take what the command printed."""
        self.console.take(stream, text)
        if self._values is not None:
            self._values.take(stream, text)

    def follow(
        self, program: str, passing: Passing | None, timeout_s: float | None
    ) -> LaunchResult:
        """Start the command, wait for its end, and end the run as it did."""
        if passing is not None and passing.is_one:
            self._complains = "out"
        try:
            child = self._spawn(program, passing)
        except OSError as error:
            problem = CannotRun(self._command.words[0], str(error.strerror or error), 126)
            self.run.finish("failed", str(problem))
            self._command.close()
            raise problem from error
        with Signals(child, passing) as signals:
            if passing is not None:
                passing.begin()
            timed_out = self._wait(child, timeout_s)
            if passing is not None and not passing.finish():
                say("a process that the command left behind still holds its output")
            self._command.end(self._log_part)
            self.console.flush()
            self._end_values()
            code = child.returncode
            said = f"stopped after {timeout_s:g} s" if timed_out and timeout_s else signals.seen
            status, why = self._judge(code, said)
            self.run.finish(status, why)  # type: ignore[arg-type]
        self._command.settle(self.run.id, self._begun.folder)
        exit_code = 128 - code if code < 0 else code
        return LaunchResult(self.run.id, self.run.name, exit_code, status)

    def _spawn(self, program: str, passing: Passing | None) -> subprocess.Popen[bytes]:
        out, err = passing.ends if passing is not None else (None, None)
        child = subprocess.Popen(
            self._command.words,
            executable=program,
            cwd=self._command.cwd or None,
            env=self._command.child_environ(),
            stdout=out,
            stderr=err,
        )
        self._command.began(child.pid, program, self._log_part)
        return child

    def _wait(self, child: subprocess.Popen[bytes], timeout_s: float | None) -> bool:
        """Return at the command's end whether it had to be stopped."""
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        stopped = False
        pause = _FIRST_LOOK_S
        while True:
            left = _LONGEST_LOOK_S if deadline is None else deadline - time.monotonic()
            if _has_ended(child, max(0.0, min(pause, left))):
                return stopped
            pause = min(pause * 1.5, _LONGEST_LOOK_S)
            self._command.look(self._log_part)
            if deadline is not None and time.monotonic() >= deadline:
                child.kill() if stopped else child.terminate()
                stopped, deadline = True, time.monotonic() + _STOP_S

    def _judge(self, code: int, said: str) -> tuple[str, str]:
        """Return the run's status by an exit code, and what ended it."""
        tail = "\n".join(self._tail).strip()
        if code < 0:
            name = _signal_name(-code)
            if name in _BY_HAND:
                return "killed", said if said.startswith("stopped after") else f"stopped by {name}"
            return "failed", f"{tail}\nended by {name}".strip()
        if code and said:
            return "killed", said if said.startswith("stopped") else f"stopped by {said}"
        return ("failed", tail or f"the command exited with {code}") if code else ("finished", "")

    def _log_line(self, stream: str, text: str, partial: bool) -> None:
        if stream == self._complains and not partial:
            self._tail.append(self.run.masked(text))
        self.run._log_console(stream, text, partial)

    def _end_values(self) -> None:
        if self._values is not None and (found := self._values.finish()) is not None:
            self._log_part({"part": "printed", "status": "ok", "facts": found})

    def _log_part(self, part: Mapping[str, object]) -> None:
        self.run._journal.append(journal.LINEAGE, part)


def _has_ended(child: subprocess.Popen[bytes], wait_s: float) -> bool:
    """Return whether a process ended within the time; nothing wakes up meanwhile."""
    if not hasattr(os, "pidfd_open"):
        try:
            child.wait(wait_s)
        except subprocess.TimeoutExpired:
            return False
        return True
    try:
        handle = os.pidfd_open(child.pid)
    except OSError:
        child.wait()
        return True
    try:
        poll = select.poll()
        poll.register(handle, select.POLLIN)
        if not poll.poll(wait_s * 1000):
            return False
    finally:
        os.close(handle)
    child.wait()
    return True


def _outer_run(store: str | os.PathLike[str] | None) -> str | None:
    """Return the run of the `tt run` that this one is inside of."""
    outer = launch.find_joined(folders.journals(folders.locate(store)))
    return outer.run_id if outer is not None else None


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _is_on(variable: str, environ: Mapping[str, str]) -> bool:
    return environ.get(variable, "").lower() not in ("0", "off", "no", "false")
