"""Watches a script that knows nothing of us, from inside its process, for `tt run`.

The bootstrap begins it before the script runs. What it sees goes into a side journal of
the run. Nothing that goes wrong here may reach the script. Where the script begins to
log by itself, its own run sees to all of this and the observer stands back.
"""

from __future__ import annotations

import atexit
import os
import sys
import threading
import time

from tui_tracker import folder as folders
from tui_tracker import journal
from tui_tracker.capture import inside, launch, seeds
from tui_tracker.journal_writer import JournalWriter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

_FIRST_S, _TICK_S = 0.1, 1.0
"""The first look comes early: libraries are imported then, and seeded at once."""

_observer: Observer | None = None


class Observer:
    """One watched process and its side journal."""

    def __init__(self, folder: str, joined: launch.Joined, params: Mapping[str, object]) -> None:
        self._inside = inside.Inside(folder, params)
        attempt = f".a{joined.attempt}" if joined.attempt > 1 else ""
        name = f"{joined.run_id}{attempt}.s{os.getpid()}-{time.time_ns():x}{journal.SUFFIX}"
        first = {"run": joined.run_id, "writer": "join", "attempt": joined.attempt}
        self._writer = JournalWriter(
            os.path.join(folders.journals(folder), name), {**first, "lineage": self._inside.parts}
        )
        self._over = threading.Event()
        self._pid = os.getpid()
        os.register_at_fork(after_in_child=self._in_child)
        self._inside.watch()
        self._known = 0
        sys.addaudithook(self._hear)
        atexit.register(self.end)
        threading.Thread(target=self._work, name="tt-observer", daemon=True).start()

    def end(self) -> None:
        """Ask everything once more, and close the journal."""
        if self._over.is_set() or os.getpid() != self._pid:
            return
        self._over.set()
        try:
            self._inside.end(self._log)
        except Exception:  # noqa: BLE001  the script ended well, whatever happens here
            pass
        self._finish()

    def stand_back(self) -> None:
        """Leave the rest to the run that the script begins by itself."""
        if not self._over.is_set():
            self._over.set()
            self._inside.drop()
            self._finish()

    def _finish(self) -> None:
        facts: dict[str, object] = {"t": int(time.time() * 1000), "status": "finished"}
        self._writer.append(journal.FINISH, facts)
        self._writer.close()

    def _log(self, part: Mapping[str, object]) -> None:
        self._writer.append(journal.LINEAGE, part)

    def _in_child(self) -> None:
        # A journal that a child holds open would look alive for ever.
        self._over.set()
        self._writer.forget()

    def _hear(self, *_: object) -> None:
        """Listen to the generators of a library as soon as it is there.

        Called for all that happens in the process; only what was imported counts.
        """
        if len(sys.modules) == self._known or self._over.is_set():
            return
        self._known = len(sys.modules)
        try:
            seeds.watch()
        except Exception:  # noqa: BLE001  an error here would be one of the script's
            pass

    def _work(self) -> None:
        pause = _FIRST_S
        while not self._over.wait(pause):
            pause = min(pause * 2, _TICK_S)
            try:
                self._inside.tick(self._log)
                self._writer.touch()
            except Exception:  # noqa: BLE001  a thread of ours may not print into the script
                return


def begin(params: str) -> None:
    """Begin to watch this process, if a `tt run` lives that it belongs to.

    `params` is the file with what was read from the command: seeds among it are looked for.

    Raises:
        Exception: whatever a machine may do; the bootstrap keeps it to itself.
    """
    global _observer
    folder = folders.locate()
    joined = launch.find_joined(folders.journals(folder))
    if joined is not None and _observer is None:
        import json

        with open(params, encoding="utf-8") as file:
            _observer = Observer(folder, joined, json.load(file))


def stand_back() -> None:
    """Stop watching, where this process is watched."""
    if _observer is not None:
        _observer.stand_back()
