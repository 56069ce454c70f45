"""The thread that keeps a run's journal and store in step while training goes on.

It begins a moment after `init` returned, so that start pays for none of it, loads
SQLite itself, and works in small pieces with pauses between, because while it holds
the interpreter the training script does not. Nothing that happens here reaches the
training script but one sentence on standard error.
"""

from __future__ import annotations

import os
import sys
import threading
import time

from tui_tracker import folder as folders
from tui_tracker import journal
from tui_tracker.errors import StoreError, StoreTooNew

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from tui_tracker.journal import JournalWriter
    from tui_tracker.store import Store

_FIRST_S = 0.25
_SHORTEST_S = 1.0
_LONGEST_S = 5.0
_SHARE = 20
"""A drain that took t seconds is followed by a pause of at least 20 t."""
_FINISH_WAIT_S = 30.0


class LiveDrain:
    """Drains one run's journals while its process lives."""

    def __init__(
        self, folder: str, run_id: str, writer: JournalWriter, tick: Callable[[], None]
    ) -> None:
        self._folder, self._run_id, self._writer = folder, run_id, writer
        self._tick = tick
        self._stop = threading.Event()
        self._store: Store | None = None
        self._told: set[str] = set()
        self._network = False
        self._thread = threading.Thread(target=self._work, name="tt-drain", daemon=True)
        self._thread.start()

    def finish(self, wait_s: float = _FINISH_WAIT_S) -> str:
        """End the thread and drain what is left; return why not all of it could be.

        Called after the journal's last record was written and its lock given up.
        """
        self.stop()
        self._network = folders.is_network(self._folder)
        problem = ""
        deadline = time.monotonic() + wait_s
        while not self._network:
            problem = self._drain(only=self._run_id)
            if not problem or time.monotonic() > deadline:
                break
            time.sleep(0.05)
        if self._store is not None:
            self._store.close()
        return problem

    def stop(self) -> None:
        self._stop.set()
        if self._thread is not threading.current_thread():
            self._thread.join()

    def say_once(self, problem: str) -> None:
        """Tell the user of a trouble, each kind once."""
        if problem and problem not in self._told:
            self._told.add(problem)
            say(f"{problem}. Training goes on, and everything is kept in {self._writer.path}.")

    def _work(self) -> None:
        pause = _FIRST_S
        beat = time.monotonic()
        while not self._stop.wait(pause):
            started = time.monotonic()
            try:
                moved = self._once()
            except Exception as error:  # noqa: BLE001  this thread may not end training
                moved = 0
                self.say_once(f"the store could not be written ({type(error).__name__}: {error})")
            if started - beat > journal.HEARTBEAT_S:
                beat = started
                self._writer.touch()
            took = time.monotonic() - started
            # A busy run is drained each second; a slow one leaves its last block alone
            # for longer, and whoever looks at it drains it for themselves.
            wanted = _SHORTEST_S if moved > 100 else min(pause * 1.5, _LONGEST_S)
            pause = max(wanted, _SHORTEST_S, took * _SHARE)

    def _once(self) -> int:
        self._tick()
        if self._writer.restore():
            self.say_once("somebody deleted the store; it is made anew from what this run has")
            self._close_store()
        if not self._writer.flush():
            self.say_once(f"the journal cannot be written: {self._writer.problem}")
        if self._store is None:
            self._network = folders.is_network(self._folder)
        if self._network:
            return 0
        self.say_once(self._drain(only=self._run_id, live=True))
        return self._moved

    def _drain(self, *, only: str, live: bool = False) -> str:
        from tui_tracker import drain  # loads SQLite, which the start must not wait for
        from tui_tracker.store import Store

        self._moved = 0
        try:
            if self._store is not None and not os.path.exists(self._store.path):
                self._close_store()
            if self._store is None:
                self._store = Store.open(self._folder, create=True, wait_s=1.0, upgrade=False)
            breathe = _breathe if live else None
            done = drain.recover(self._store, only=only, breathe=breathe)
        except StoreTooNew as error:
            return str(error)
        except StoreError as error:
            self._close_store()
            return str(error)
        self._moved = done.points
        return done.problems[0] if done.problems else ""

    def _close_store(self) -> None:
        if self._store is not None:
            self._store.close()
            self._store = None

    _moved = 0


def say(text: str) -> None:
    """Write one line to standard error, if there is one."""
    try:
        sys.stderr.write(f"tui_tracker: {text}\n")
    except (OSError, ValueError, AttributeError):
        pass  # a closed or missing stream is no reason to end a training run


def _breathe() -> None:
    time.sleep(0.0002)
