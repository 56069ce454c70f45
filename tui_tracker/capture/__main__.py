"""The helper process that records what `init` cannot wait for.

    python -m tui_tracker.capture STORE_FOLDER RUN_ID START_FOLDER [SEARCHED [PARTS]]

It writes a journal of its own and leaves draining it to the training process or to
whoever looks next. Each part ends in a status: what could not be told is never
recorded as clean or empty. SEARCHED is how many entries of `sys.path` are the
training's own, PARTS the parts to record, with commas.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable
from functools import partial

from tui_tracker import folder as folders
from tui_tracker import journal
from tui_tracker.capture import environment, git, hardware, locks
from tui_tracker.capture.limits import TimedOut, time_limit
from tui_tracker.capture.redaction import redact_text
from tui_tracker.journal_writer import JournalWriter

_ALL_S = 15.0
"""What all parts together may take."""
_ONE_S = 9.0
"""What one part may take, so that one that hangs leaves time for the others."""

Captured = tuple[object, str]
"""Facts, and why they are not complete ("" where they are)."""


class Recorder:
    """Writes each part with its status, and gives up the rest when the time is over."""

    def __init__(self, folder: str, run_id: str, wanted: frozenset[str]) -> None:
        # Of `tt run` two helpers may write at once, each of another Python.
        name = f"{run_id}.capture.p{os.getpid()}{journal.SUFFIX}"
        path = os.path.join(folders.journals(folder), name)
        self._writer = JournalWriter(path, {"run": run_id, "writer": "capture"})
        self._wanted = wanted
        self._deadline = time.monotonic() + _ALL_S
        self._left: list[str] = []
        # A limit by signal does not reach a call that hangs in the kernel.
        self._watch = threading.Timer(_ALL_S + 1, self._give_up)
        self._watch.daemon = True
        self._watch.start()

    def announce(self, *parts: str) -> None:
        """Say which parts come, in their order."""
        self._left = [part for part in parts if part in self._wanted]

    def record(self, part: str, capture: Callable[[], object], *, skip: str = "") -> None:
        """Record what `capture` returns: facts, or facts and why they are not complete."""
        if part not in self._wanted:
            return
        started = time.monotonic()
        facts: object = None
        status, reason = "skipped", skip
        if not skip:
            facts, status, reason = self._run(capture)
        self._write(part, status, reason, facts, started)
        self._left = [name for name in self._left if name != part]

    def record_code(self, folder: str, run_id: str, start: str) -> Callable[[], None]:
        """Record the code; return what is left to do for it, which takes longer."""
        if "code" not in self._wanted:
            return _nothing
        started = time.monotonic()

        def record(status: str, reason: str, facts: dict[str, object]) -> None:
            self._write("code", status, reason, facts, started)

        def capture() -> Callable[[], None]:
            from tui_tracker.capture.announced import read_announced
            from tui_tracker.capture.code import Origin, capture_code

            return capture_code(Origin(folder, start, read_announced(folder, run_id)), record)

        finish, status, reason = self._run(capture)
        if status == "failed":
            record(status, reason, git.read_head(start))
        self._left = [name for name in self._left if name != "code"]
        return finish if callable(finish) else _nothing

    def finish(self) -> None:
        self._watch.cancel()
        facts = {"t": int(time.time() * 1000), "status": "finished"}
        self._writer.append(journal.FINISH, facts)
        self._writer.close()

    def _run(self, capture: Callable[[], object]) -> tuple[object, str, str]:
        seconds = min(_ONE_S, max(0.1, self._deadline - time.monotonic()))
        try:
            with time_limit(seconds):
                found = capture()
        except TimedOut as error:
            return None, "failed", str(error)
        except Exception as error:  # noqa: BLE001  whatever a machine may do to a capture
            return None, "failed", f"{type(error).__name__}: {error}"
        facts, reason = found if isinstance(found, tuple) else (found, "")
        return facts, "partial" if reason else "ok", reason

    def _write(
        self, part: str, status: str, reason: str, facts: object, started: float | None = None
    ) -> None:
        record: dict[str, object] = {"part": part, "status": status}
        record["reason"] = redact_text(reason)[:500]
        if started is not None:
            record["took_ms"] = int((time.monotonic() - started) * 1000)
        if facts is not None:
            record["facts"] = facts
        self._writer.append(journal.LINEAGE, record)

    def _give_up(self) -> None:
        for part in self._left:
            self._write(part, "failed", f"not done within {_ALL_S:.0f} s", None)
        self.finish()
        os._exit(1)


def main(folder: str, run_id: str, start: str, searched: str = "", wanted: str = "") -> None:
    search = sys.path[: int(searched)] if searched else sys.path
    parts = frozenset(wanted.split(",")) if wanted else frozenset(PARTS)
    recorder = Recorder(folder, run_id, parts)
    recorder.announce(*PARTS)
    try:
        finish = recorder.record_code(folder, run_id, start)
        snapshot = partial(snapshot_editable, store=folder)
        recorder.record(
            "environment", partial(environment.capture_environment, start, search, snapshot)
        )
        none = "" if locks.find_locks(start) else "the project has no lock file"
        recorder.record("lock", partial(environment.capture_locks, start), skip=none)
        recorder.record("hardware", hardware.capture_hardware)
        finish()
    finally:
        recorder.finish()


PARTS = ("code", "environment", "lock", "hardware")


def snapshot_editable(path: str, *, store: str) -> dict[str, object] | None:
    """Return `tree` and `commit` of the state that a package in place is in; None without."""
    from tui_tracker.capture.code import take_snapshot

    snapshot = take_snapshot(store, path)[2].get("snapshot")
    if not isinstance(snapshot, dict):
        return None
    return {key: snapshot[key] for key in ("tree", "commit", "complete") if key in snapshot}


def _nothing() -> None:
    """Nothing is left to do."""


if __name__ == "__main__":
    if hasattr(os, "nice"):
        os.nice(5)  # the training comes first
    main(*sys.argv[1:6])
