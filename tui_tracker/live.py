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
from tui_tracker.errors import StoreBusy, StoreError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from tui_tracker.journal_writer import JournalWriter
    from tui_tracker.store import Store

_FIRST_S = 0.25
_TICK_S = 1.0
"""How often journal and console are looked after, whether or not a drain is due."""
_SHORTEST_S = 1.0
_LONGEST_S = 5.0
_BUSY = 100
"""Points of one drain that make a run a busy one."""
_SHARE = 20
"""A drain that took t seconds is followed by a pause of at least 20 t."""
_NETWORK = "the store is on a network file system, where SQLite is unsafe: tt brings this run in"
_HOLD_S = 1.0
_FINISH_WAIT_S = 30.0
"""How long a finished run waits for a store that is locked."""


class LiveDrain:
    """Drains one run's journals while its process lives."""

    def __init__(
        self,
        folder: str,
        run_id: str,
        writer: JournalWriter,
        tick: Callable[[], None],
        *,
        drains: bool = True,
    ) -> None:
        """`drains=False` looks after the journal alone: another process drains the run."""
        self._drains = drains
        self._folder, self._run_id, self._writer = folder, run_id, writer
        self._tick = tick
        self.watch: Callable[[Store | None], None] | None = None
        """Looks at what was logged, after each drain; with the store where it is open."""
        self._stop = threading.Event()
        self._store: Store | None = None
        self._told: set[str] = set()
        self._network = folders.is_network(folder)
        self._moved = 0
        self._locked = False
        self._beat = time.monotonic()
        self._working = threading.Lock()
        """Held while the thread imports, reads or writes: no fork may happen then."""
        self._held = False
        self._thread = threading.Thread(target=self._work, name="tt-drain", daemon=True)
        self._thread.start()

    def finish(self) -> str:
        """End the thread and drain what is left; return why not all of it could be.

        Called after the journal's last record was written and its lock given up.
        """
        self.stop()
        self._network = folders.is_network(self._folder)
        deadline = time.monotonic() + _FINISH_WAIT_S
        try:
            problem = "" if self._network or not self._drains else self._drain()
            while self._locked and time.monotonic() < deadline:
                time.sleep(0.05)
                problem = self._drain()
            self._look_on()
            self._close_store()
        except Exception as error:  # noqa: BLE001  nor may the end of the run
            problem = _unforeseen(error)
        return problem

    def hold(self) -> None:
        """Let the thread come to rest before a fork; a child inherits no lock it holds."""
        self._held = True
        self._held = self._working.acquire(timeout=_HOLD_S)

    def let_go(self) -> None:
        """Let the thread go on after a fork."""
        if self._held:
            self._held = False
            self._working.release()

    def stop(self) -> None:
        self._stop.set()
        if self._thread is not threading.current_thread():
            self._thread.join()

    def say_once(self, problem: str, kept: str = "") -> None:
        """Tell the user of a trouble, each kind once."""
        if problem and problem not in self._told:
            self._told.add(problem)
            kept = kept or f"everything is kept in {self._writer.path}"
            say(f"{problem}. Training goes on, and {kept}.")

    def _work(self) -> None:
        due = time.monotonic() + _FIRST_S
        pause = _SHORTEST_S
        while not self._stop.wait(min(_TICK_S, max(0.0, due - time.monotonic()))):
            started = time.monotonic()
            moved = 0
            try:
                with self._working:
                    moved = self._pass(drain=started >= due)
            except Exception as error:  # noqa: BLE001  this thread may not end training
                self.say_once(_unforeseen(error))
            if started >= due:
                # A busy run is drained each second; a slow one leaves its last block
                # alone for longer, and whoever looks at it drains it for themselves.
                took = time.monotonic() - started
                wanted = _SHORTEST_S if moved > _BUSY else min(pause * 1.5, _LONGEST_S)
                pause = max(wanted, took * _SHARE)
                due = time.monotonic() + pause

    def _pass(self, *, drain: bool) -> int:
        """Do what is due; return how many points were moved."""
        self._look_after()
        moved = 0
        if self._drains and self._network:
            self.say_once(_NETWORK)
        elif self._drains and drain:
            self.say_once(self._drain(breathe=self._breathe))
            moved = self._moved
        if drain:
            self._look_on()
        return moved

    def _look_on(self) -> None:
        if self.watch is not None:
            self.watch(self._store)

    def _look_after(self) -> None:
        """Keep the journal whole and its heartbeat going."""
        self._tick()
        if self._writer.restore():
            self.say_once("somebody deleted the store; it is made anew from what this run has")
            self._close_store()
        if not self._writer.flush():
            problem = f"the journal cannot be written: {self._writer.problem}"
            self.say_once(problem, "what is logged waits in memory")
        now = time.monotonic()
        if now - self._beat > journal.HEARTBEAT_S:
            self._beat = now
            self._writer.touch()
            self._network = folders.is_network(self._folder)

    def _drain(self, *, breathe: Callable[[], None] | None = None) -> str:
        """Bring this run's journals into the store; return why that is not possible."""
        from tui_tracker import drain  # loads SQLite, which the start must not wait for
        from tui_tracker.store import Store

        self._moved, self._locked = 0, False
        try:
            if self._store is not None and not os.path.exists(self._store.path):
                self._close_store()
            if self._store is None:
                self._store = Store.open(self._folder, create=True, wait_s=1.0, upgrade=False)
            done = drain.recover(self._store, only=self._run_id, breathe=breathe)
        except StoreError as error:
            self._close_store()
            self._locked = isinstance(error, StoreBusy)
            return str(error)
        self._moved, self._locked = done.points, done.locked
        return done.problems[0] if done.problems else ""

    def _breathe(self) -> None:
        if not self._stop.is_set() and not self._held:  # else somebody waits for this
            time.sleep(0.0002)

    def _close_store(self) -> None:
        if self._store is not None:
            self._store.close()
            self._store = None


def say(text: str) -> None:
    """Write one line to standard error, if there is one."""
    try:
        sys.stderr.write(f"tui_tracker: {text}\n")
    except (OSError, ValueError, AttributeError):
        pass  # a closed or missing stream is no reason to end a training run


def _unforeseen(error: Exception) -> str:
    return f"the store could not be written ({type(error).__name__}: {error})"
