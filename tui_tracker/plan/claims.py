"""Which planned runs somebody is making, told by locked files in the store's folder.

    <store>/plans/<digest of experiment and params>

Between the look at the store and the moment a started run shows there lies a third of a
second, in which another `tt plan run` would start the same one. The lock is handed to the
started process, so it outlives a `tt plan run` that is killed, and no other.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from tui_tracker.plan.plan import Cell, Plan

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

FOLDER = "plans"


@dataclass(frozen=True, slots=True)
class Claim:
    """A planned run that is ours to make."""

    path: Path
    handle: int | None
    """Descriptor to hand to the process that makes it; None where files cannot be locked."""

    def give_up(self) -> None:
        """Let others make it; while a process that got the descriptor lives, it stays ours."""
        if self.handle is not None:
            # Removed while locked: who opened it meanwhile finds that it is gone and makes anew.
            self.path.unlink(missing_ok=True)
            os.close(self.handle)


def take_claim(folder: Path, plan: Plan, cell: Cell) -> Claim | None:
    """Return the claim on a planned run; None where somebody has it."""
    told = repr((plan.experiment, sorted((key, repr(v)) for key, v in cell.params.items())))
    path = folder / FOLDER / hashlib.sha256(told.encode()).hexdigest()[:32]
    if fcntl is None:
        return Claim(path, None)
    while True:
        try:
            path.parent.mkdir(exist_ok=True)
            handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        except OSError:  # nothing can be written here, and so no run either: it will say so
            return Claim(path, None)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            return None
        except OSError:  # a file system without locks: as it was without claims
            os.close(handle)
            return Claim(path, None)
        if _is_there(path, handle):
            return Claim(path, handle)
        os.close(handle)


def _is_there(path: Path, handle: int) -> bool:
    """Whether the file that was locked still has its name."""
    try:
        return os.path.samestat(path.stat(), os.fstat(handle))
    except FileNotFoundError:
        return False
