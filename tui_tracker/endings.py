"""How a process ends, so that each run knows whether it finished, failed or was killed.

Installed with the first run: hooks for uncaught exceptions, `sys.exit`, signals and the
interpreter's own end. Every hook calls on to what stood there before. A signal handler
writes one record and lets the process die at once: whoever looks next drains it.
"""

from __future__ import annotations

import atexit
import os
import signal
import sys
import threading

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType, TracebackType

    from tui_tracker.run import Run

_TAIL_LINES = 40

_runs: list[Run] = []
"""Runs of this process that are not finished, oldest first."""
_installed = _hears_signals = False
_exit_code: object = None
_exit_calls = -1
"""How many points the open runs had when `sys.exit` was called."""
_replaced: dict[signal.Signals, tuple[object, object]] = {}
"""Our handler of each signal, and the one that stood before it."""
_forking = threading.local()
"""What the hooks around a fork hand to each other."""
_failure = ""
_signal = 0


_last: list[Callable[[], None]] = []
"""Called once all runs are finished."""


def watch(run: Run) -> None:
    """Finish the run when the process ends, whichever way that is."""
    global _installed, _hears_signals
    _runs.append(run)
    if not _installed:
        _installed = True
        _install()
    # Only the main thread may ask for signals: one that began its run first cannot.
    if not _hears_signals and threading.current_thread() is threading.main_thread():
        _hears_signals = True
        _hook_signals()


def forget(run: Run) -> None:
    if run in _runs:
        _runs.remove(run)


def open_runs() -> list[Run]:
    """Return the runs of this process that are not finished, oldest first."""
    return list(_runs)


def at_exit(action: Callable[[], None]) -> None:
    """Call `action` at the end of the process, after all runs are finished; once."""
    if action not in _last:
        _last.append(action)


def describe(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> str:
    """Return the tail of a traceback."""
    import traceback  # only when something failed

    text = "".join(traceback.format_exception(kind, error, trace)).rstrip()
    return "\n".join(text.splitlines()[-_TAIL_LINES:])


def status_of(error: BaseException) -> str:
    """Return the status that an exception leaves a run in."""
    if isinstance(error, KeyboardInterrupt):
        return "killed"
    if isinstance(error, SystemExit):
        return "finished" if error.code in (None, 0) else "failed"
    return "failed"


def _install() -> None:
    atexit.register(_at_exit)
    _hook_exceptions()
    _hook_exit()
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(
            before=_before_fork, after_in_parent=_after_fork_in_parent, after_in_child=_in_child
        )


def _hook_exceptions() -> None:
    before = sys.excepthook

    def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        global _failure, _signal
        if issubclass(kind, KeyboardInterrupt):
            _signal = signal.SIGINT
        else:
            _failure = describe(kind, error, trace)
        before(kind, error, trace)

    sys.excepthook = hook


def _hook_exit() -> None:
    before: Callable[..., object] = sys.exit

    def exit(code: object = None) -> object:
        global _exit_code, _exit_calls
        _exit_code, _exit_calls = code, _calls()
        return before(code)

    sys.exit = exit  # type: ignore[assignment]


def _hook_signals() -> None:
    for number in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, number):
            _hook_signal(getattr(signal, number))


def _hook_signal(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    if before is signal.SIG_IGN or before is None:
        return  # nohup, or a handler that is not Python's

    def handler(received: int, frame: FrameType | None) -> None:
        global _signal
        _signal = received
        if callable(before):
            before(received, frame)
            return
        for run in reversed(_runs):
            run._end_by_signal(signal.Signals(received).name)
        signal.signal(received, signal.SIG_DFL)
        os.kill(os.getpid(), received)

    signal.signal(number, handler)
    _replaced[number] = (handler, before)


def _calls() -> int:
    return sum(run._step for run in _runs)


def _at_exit() -> None:
    # A SystemExit that somebody caught did not end the script, if it logged since.
    exited = _exit_code not in (None, 0) and _exit_calls == _calls()
    for run in reversed(open_runs()):
        if _failure:
            run.finish("failed", _failure)
        elif _signal:
            run.finish("killed", f"stopped by {signal.Signals(_signal).name}")
        elif exited:
            run.finish("failed", f"the script exited with {_exit_code!r}")
        else:
            run.finish()
    for action in _last:
        action()


def _before_fork() -> None:
    _forking.runs = list(_runs)
    for run in _forking.runs:
        run._before_fork()
    if hasattr(signal, "pthread_sigmask"):
        # A Python handler is deaf in a new child until the interpreter is set up there: a
        # signal that comes meanwhile would be lost, and whoever sent it would wait for ever.
        _forking.mask = signal.pthread_sigmask(signal.SIG_BLOCK, list(_replaced))


def _after_fork_in_parent() -> None:
    for run in _forking.runs:
        run._after_fork()
    _unblock()


def _in_child() -> None:
    for run in _forking.runs:
        run._in_child()
    # The parent's runs are the parent's to finish, and how a child dies is its own affair.
    _runs.clear()
    _last.clear()
    for number, (ours, before) in _replaced.items():
        if signal.getsignal(number) is ours:
            signal.signal(number, before)  # type: ignore[arg-type]
    _replaced.clear()
    _unblock()


def _unblock() -> None:
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_SETMASK, _forking.mask)
