"""Which rank of a distributed run this process is, and how its processes find one run.

Rank 0 makes the run and leaves its id in a small file named after the launch; the
others read it there. The file counts only while rank 0 holds its journal, so that one
left by a launch that died is never taken for this one's. Under `tt run` the id stands in
the variable `TUI_TRACKER_RUN`; a process joins that run once, with its first `init`.
"""

from __future__ import annotations

import os
import time
from zlib import crc32

from tui_tracker import journal

_RANK = ("RANK", "SLURM_PROCID", "OMPI_COMM_WORLD_RANK", "PMI_RANK", "PMIX_RANK")
_SIZE = ("WORLD_SIZE", "SLURM_NTASKS", "OMPI_COMM_WORLD_SIZE", "PMI_SIZE")
_LOCAL_RANK = ("LOCAL_RANK", "SLURM_LOCALID", "OMPI_COMM_WORLD_LOCAL_RANK")
_LAUNCH = (
    "TORCHELASTIC_RUN_ID",
    "TORCHELASTIC_RESTART_COUNT",
    "MASTER_ADDR",
    "MASTER_PORT",
    "SLURM_JOB_ID",
    "SLURM_STEP_ID",
    "SLURM_RESTART_COUNT",
    "OMPI_MCA_ess_base_jobid",
    "PMIX_NAMESPACE",
)


RUN = "TUI_TRACKER_RUN"
"""`id,attempt,settled,name`: settled is what the command line said of name and experiment."""


class Joined:
    """The run that `tt run` began and this process belongs to."""

    done = False
    """This process has joined, so that its next `init` begins a run of its own."""

    def __init__(self, run_id: str, attempt: int, settled: str, name: str) -> None:
        self.run_id, self.attempt, self.settled, self.name = run_id, attempt, settled, name


def find_joined(folder: str) -> Joined | None:
    """Return the run that this process is to join; None where it begins its own.

    A run counts only while somebody writes its journals in this folder: a service that
    a run of long ago started has outlived it.
    """
    said = os.environ.get(RUN, "")
    run_id, _, rest = said.partition(",")
    attempt, _, rest = rest.partition(",")
    if Joined.done or not run_id or not attempt.isdecimal():
        return None
    if not any(journal.is_live(path) for path in journal.list_journals(folder, run_id)):
        return None
    settled, _, name = rest.partition(",")
    return Joined(run_id, int(attempt), settled, name)


def read_rank() -> int:
    """Return this process's rank, 0 where it is on its own."""
    return max(0, _first_number(_RANK, 0)) if _first_number(_SIZE, 2) > 1 else 0


def read_local_rank() -> int:
    """Return this process's rank on its own machine, -1 where nobody says."""
    return _first_number(_LOCAL_RANK, -1)


def read_world_size() -> int:
    """Return how many processes this one was launched with, 1 where it is on its own."""
    return max(1, _first_number(_SIZE, 1))


def leave_id(folder: str, ordinal: int, run_id: str, attempt: int) -> None:
    """Tell the other ranks of this launch the id and attempt of its `ordinal`-th run."""
    path = _meeting_place(folder, ordinal)
    if path is None:
        return
    temporary = f"{path}.{os.getpid()}"
    try:
        with open(temporary, "w", encoding="ascii") as file:
            file.write(f"{run_id} {attempt}")
        os.replace(temporary, path)
    except OSError:
        pass  # the other ranks say so when they log runs of their own


def meet(folder: str, ordinal: int, wait_s: float) -> tuple[str, int] | None:
    """Return what rank 0 left for the `ordinal`-th run, None if it did not come."""
    path = _meeting_place(folder, ordinal)
    deadline = time.monotonic() + wait_s
    while path is not None:
        try:
            with open(path, encoding="ascii") as file:
                run_id, attempt = file.read().split()
        except (OSError, ValueError):
            run_id, attempt = "", ""
        if run_id and any(journal.is_live(p) for p in journal.list_journals(folder, run_id)):
            return run_id, int(attempt)
        if time.monotonic() > deadline:
            break
        time.sleep(0.02)
    return None


def clear(folder: str, ordinal: int) -> None:
    """Take back what `leave_id` left."""
    path = _meeting_place(folder, ordinal)
    if path is not None:
        try:
            os.unlink(path)
        except OSError:
            pass  # another launch of the same name took it over


def _meeting_place(folder: str, ordinal: int) -> str | None:
    """Return the file where the ranks meet; None for a process on its own."""
    launch = [f"{name}={os.environ[name]}" for name in _LAUNCH if name in os.environ]
    if not launch or _first_number(_SIZE, 1) < 2:
        return None
    return os.path.join(folder, f"launch-{crc32(';'.join(launch).encode()):08x}-{ordinal}")


def _first_number(names: tuple[str, ...], default: int) -> int:
    for name in names:
        value = os.environ.get(name, "")
        if value.isdecimal():
            return int(value)
    return default
