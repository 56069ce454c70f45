"""Whether a run that left no end record is still at work: its files tell.

A file that grows now has a writer now. One that was left alone for a minute has none, or a
writer so quiet that the next look will tell better; no lock of a foreign tool is asked for.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

from tui_tracker.importers.records import Status

QUIET_S = 60.0
"""After so long without a change a run counts as over."""


def status_without_end(
    path: Path, *paths: Path, now: float | None = None, otherwise: Status = "killed"
) -> Status:
    """Return `running` if one of the files changed within the last minute, else `otherwise`.

    `killed` suits tools that leave an end record unless they are killed; for those that never
    leave one `finished` is said. `now` is a Unix time in seconds. Files that are not there
    count as quiet, and so do times in the future beyond a minute, which say nothing.
    """
    moment = time.time() if now is None else now
    changed = (changed_at(one) for one in (path, *paths))
    return "running" if any(abs(moment - at) < QUIET_S for at in changed) else otherwise


def changed_at(path: Path) -> float:
    """Return when a file changed last as a Unix time in seconds; minus infinity without one."""
    try:
        return os.stat(path).st_mtime
    except OSError:
        return float("-inf")
