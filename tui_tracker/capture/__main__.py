"""The helper process that records what `init` cannot wait for.

    python -m tui_tracker.capture STORE_FOLDER RUN_ID START_FOLDER

It writes a journal of its own and leaves draining it to the training process or to
whoever looks next. Each part ends in a status: what could not be told is never
recorded as clean or empty.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable

from tui_tracker import folder as folders
from tui_tracker import journal
from tui_tracker.capture import git, machine
from tui_tracker.journal_writer import JournalWriter


def main(folder: str, run_id: str, start: str) -> None:
    path = os.path.join(folders.journals(folder), f"{run_id}.capture{journal.SUFFIX}")
    writer = JournalWriter(path, {"run": run_id, "writer": "capture"})
    try:
        finish = _record_code(writer, folder, run_id, start)
        _record(writer, "environment", machine.capture_environment)
        _record(writer, "hardware", machine.capture_hardware)
        finish()
        writer.append(journal.FINISH, {"t": int(time.time() * 1000), "status": "finished"})
    finally:
        writer.close()


def _record_code(writer: JournalWriter, folder: str, run_id: str, start: str) -> Callable[[], None]:
    """Record the code; return what is left to do for it, which takes longer."""
    started = time.monotonic()

    def record(status: str, reason: str, facts: dict[str, object]) -> None:
        took_ms = int((time.monotonic() - started) * 1000)
        told = {"part": "code", "status": status, "reason": reason[:500], "took_ms": took_ms}
        writer.append(journal.LINEAGE, {**told, "facts": facts})

    def guarded(work: Callable[[], object]) -> object:
        try:
            return work()
        except Exception as error:  # noqa: BLE001  whatever a machine may do to a capture
            record("failed", f"{type(error).__name__}: {error}", git.read_head(start))
            return None

    def capture() -> object:
        from tui_tracker.capture.announced import read_announced
        from tui_tracker.capture.code import Origin, capture_code

        return capture_code(Origin(folder, start, read_announced(folder, run_id)), record)

    finish = guarded(capture)

    def last() -> None:
        if callable(finish):
            guarded(finish)

    return last


def _record(writer: JournalWriter, part: str, capture: Callable[[], object]) -> None:
    started = time.monotonic()
    facts: object = None
    try:
        facts, status, reason = capture(), "ok", ""
    except Exception as error:  # noqa: BLE001  whatever a machine may do to a capture
        status, reason = "failed", f"{type(error).__name__}: {error}"[:500]
    took_ms = int((time.monotonic() - started) * 1000)
    record = {"part": part, "status": status, "reason": reason, "took_ms": took_ms}
    if facts is not None:
        record["facts"] = facts
    writer.append(journal.LINEAGE, record)


if __name__ == "__main__":
    if hasattr(os, "nice"):
        os.nice(5)  # the training comes first
    main(*sys.argv[1:4])
