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
        _record(writer, "code", lambda: _read_status(start), git.find_top(start) is not None)
        _record(writer, "environment", machine.capture_environment)
        _record(writer, "hardware", machine.capture_hardware)
        writer.append(journal.FINISH, {"t": int(time.time() * 1000), "status": "finished"})
    finally:
        writer.close()


def _read_status(start: str) -> dict[str, object]:
    from tui_tracker.capture import worktree  # fails where git is not installed

    return worktree.read_status(start)


def _record(
    writer: JournalWriter, part: str, capture: Callable[[], object], applies: bool = True
) -> None:
    started = time.monotonic()
    facts: object = None
    status, reason = "skipped", "not in a git work tree"
    if applies:
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
