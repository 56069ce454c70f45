"""Git without its surprises: no prompt, hook, pager, file-system monitor or lock.

It is run by GitPython, and without the variables of the caller that point it elsewhere.
Every command has a time limit, and ends with all that it started.

Source: git, Documentation/git.txt (Environment Variables).
"""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from tui_tracker.errors import TrackerError

# GitPython looks for the program when it is imported, and refuses to be where it is absent.
os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")

WAIT_S = 15.0
"""For one command where the caller says nothing else."""
LINK = "120000"
GITLINK = "160000"
PLAIN = "100644"
PROGRAM = "100755"

_QUIET = ("-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "--no-pager")
_OFFLINE = ("-c", "protocol.allow=never")
"""For the user's repository: a partial clone would fetch from a server whatever is asked for."""
_KEPT = ("GIT_PYTHON_", "GIT_EXEC_PATH", "GIT_CEILING_", "GIT_DISCOVERY_", "GIT_CONFIG_")
_PASSED_BY_GIT = "GIT_CONFIG_PARAMETERS"
"""What `git -c` leaves to its children; the rest of GIT_CONFIG_ people set on purpose."""
_spawning = threading.Lock()


class GitFailed(TrackerError):
    """A git command that could not be started, took too long, or refused."""

    def __init__(self, what: str, problem: str, code: int | None = None) -> None:
        self.what, self.problem, self.code = what, problem, code
        """`code` is None where git is missing or took too long."""
        super().__init__(f"git {what}: {problem}")


def run_git(
    folder: str | None,
    *arguments: str,
    feed: bytes | None = None,
    environment: Mapping[str, str] | None = None,
    wait_s: float = WAIT_S,
    accept: Sequence[int] = (0,),
    warnings: list[str] | None = None,
) -> bytes:
    """Return what one git command wrote to standard output; `feed` is its standard input.

    What it wrote to standard error is added to `warnings`, line by line.

    Raises:
        GitFailed: there is no git, it took longer than `wait_s`, or its exit code is
            not in `accept`.
    """
    what = _name(arguments)
    process = _start(folder, arguments, environment, piped=feed is not None)
    try:
        out, err = process.communicate(feed, timeout=wait_s)
    except subprocess.TimeoutExpired:
        _end(process)
        raise GitFailed(what, f"took longer than {wait_s:.3g} s") from None
    except BaseException:
        _end(process)
        raise
    if process.returncode not in accept:
        said = os.fsdecode(err).strip() or f"exit code {process.returncode}"
        raise GitFailed(what, said[:2000], process.returncode)
    if warnings is not None:
        warnings += os.fsdecode(err).splitlines()
    return bytes(out)


@contextmanager
def talk_to_git(
    folder: str | None, *arguments: str, environment: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Yield a git process whose input and output are open, and end it afterwards."""
    process = _start(folder, arguments, environment, piped=True)
    try:
        yield process
    finally:
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream is not None:
                try:
                    stream.close()
                except OSError:
                    pass  # git went before all was said
        try:
            process.wait(1.0)
        except subprocess.TimeoutExpired:
            _end(process)


def _start(
    folder: str | None,
    arguments: Sequence[str],
    environment: Mapping[str, str] | None,
    *,
    piped: bool,
) -> subprocess.Popen[bytes]:
    from git.cmd import Git  # GitPython costs a tenth of a second
    from git.exc import GitCommandNotFound

    command = [Git.GIT_PYTHON_GIT_EXECUTABLE or "git", *_QUIET, *arguments]
    if folder is not None:
        command[1:1] = _OFFLINE
    ours = {"GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "GIT_NO_LAZY_FETCH": "1"}
    ours |= {"GIT_ASKPASS": "true", "SSH_ASKPASS": "true", "GIT_ADVICE": "0"}
    try:
        with _without_callers_variables():
            wrapped = Git(folder).execute(
                command,
                istream=subprocess.PIPE if piped else None,
                as_process=True,
                env={**ours, **(environment or {})},
                start_new_session=True,
            )
    except (GitCommandNotFound, OSError) as error:
        raise GitFailed(_name(arguments), "git is not installed or cannot be started") from error
    process, wrapped.proc = wrapped.proc, None  # it would be ended together with its wrapper
    assert process is not None
    return process


@contextmanager
def _without_callers_variables() -> Iterator[None]:
    """Hide GIT_DIR and its like while a process is started: GitPython hands all of them on."""
    with _spawning:
        hidden = {
            name: value
            for name, value in os.environ.items()
            if name == _PASSED_BY_GIT or (name.startswith("GIT_") and not name.startswith(_KEPT))
        }
        for name in hidden:
            del os.environ[name]
        try:
            yield
        finally:
            os.environ.update(hidden)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a command together with what it started: filters, helpers of submodules."""
    try:
        os.killpg(process.pid, 9)
    except (OSError, AttributeError):
        process.kill()
    process.wait()
    for stream in (process.stdin, process.stdout, process.stderr):
        if stream is not None:
            try:
                stream.close()
            except OSError:
                pass


def _name(arguments: Sequence[str]) -> str:
    words = list(arguments)
    while words and words[0].startswith("-"):
        del words[: 2 if words[0] == "-c" else 1]
    return words[0] if words else ""


def to_text(path: bytes) -> str:
    """Return a path as text; bytes that are no UTF-8 become lone surrogates."""
    return path.decode("utf-8", "surrogateescape")


def to_bytes(path: str) -> bytes:
    return path.encode("utf-8", "surrogateescape")
