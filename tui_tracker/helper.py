"""The helper processes of this process's runs: started by each run, awaited at the very end.

A run does not wait for its helper when it finishes: a sweep of short runs in one script
would spend its time on that. The script's own end does, for a few seconds, and a helper
that takes longer ends in its own time: its journal is drained by whoever looks next.

Imported with the first helper, because `subprocess` is.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from importlib.util import find_spec

from tui_tracker import folder as folders
from tui_tracker import journal
from tui_tracker.capture.process import working_folder
from tui_tracker.journal_writer import JournalWriter

_WAIT_S = 5.0

_running: list[tuple[subprocess.Popen[bytes], str, str]] = []
"""Process, store folder and run id."""


def launch(
    folder: str,
    run_id: str,
    *,
    python: str = "",
    environ: Mapping[str, str] | None = None,
    cwd: str = "",
    parts: Sequence[str] = (),
) -> subprocess.Popen[bytes]:
    """Start the process that records code, packages and hardware of a run.

    `python` is the interpreter whose packages are meant (else this one), `parts` are the
    parts to record (else all); `environ` and `cwd` are the training's (else this process's).

    Raises:
        OSError: the machine starts no process, or Python does not know its own program.
    """
    python = python or sys.executable
    if not python:
        raise OSError("this Python does not know where its program is")
    environ = os.environ if environ is None else environ
    start = cwd or working_folder()
    places = [os.path.dirname(os.path.dirname(os.path.abspath(__file__)))]
    if python != sys.executable and (git := find_spec("git")) is not None and git.origin:
        # Another Python lacks what we need, and what we need is plain Python.
        places.append(os.path.dirname(os.path.dirname(git.origin)))
    code = (
        f"import sys; sys.argv.insert(4, str(len(sys.path))); sys.path += {places!r}; "
        "import runpy; "
        "runpy.run_module('tui_tracker.capture', run_name='__main__', alter_sys=True)"
    )
    # -P: a file of the user's called random.py is not ours to import.
    process = subprocess.Popen(
        [python, "-P", "-c", code, folder, run_id, start, *([",".join(parts)] if parts else [])],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        env={name: value for name, value in environ.items() if name != "PYTHONSTARTUP"},
    )
    # Those that ended meanwhile are reaped here, so that none stays behind as a zombie.
    _running[:] = [entry for entry in _running if entry[0].poll() is None]
    _running.append((process, folder, run_id))
    return process


def record_failure(folder: str, run_id: str, part: str, reason: str) -> None:
    """Record that a part of a run that has ended could not be told.

    Raises:
        OSError: nothing can be written there.
    """
    name = f"{run_id}.capture.p{os.getpid()}{journal.SUFFIX}"
    path = os.path.join(folders.journals(folder), name)
    writer = JournalWriter(path, {"run": run_id, "writer": "capture"})
    facts: dict[str, object] = {"part": part, "status": "failed", "reason": reason}
    writer.append(journal.LINEAGE, facts)
    writer.append(journal.FINISH, {"t": int(time.time() * 1000), "status": "finished"})
    writer.close()


def settle(wait_s: float = _WAIT_S) -> None:
    """Wait for the helpers, and bring what they recorded into the store."""
    from tui_tracker import drain
    from tui_tracker.errors import StoreError
    from tui_tracker.store import Store

    deadline = time.monotonic() + wait_s
    while _running:
        process, folder, run_id = _running.pop()
        try:
            process.wait(max(0.0, deadline - time.monotonic()))
            if not os.path.exists(folder):
                continue  # the user removed the store after the run
            with Store.open(folder, wait_s=1.0, upgrade=False) as store:
                drain.recover(store, only=run_id)
        except (subprocess.TimeoutExpired, StoreError, OSError):
            continue  # whoever looks next drains it
