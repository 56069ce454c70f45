"""Training scripts that tests run in processes of their own, and looks at what they left."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import time
from pathlib import Path

from tui_tracker import queries
from tui_tracker.drain import Recovered, recover
from tui_tracker.queries import RunDetail
from tui_tracker.store import Store

_PRELUDE = """
import os, sys, time
import tui_tracker as tt
folder = os.environ["TUI_TRACKER_STORE"]
def ready():
    print("ready", flush=True)
def wait():
    while True:
        time.sleep(0.01)
"""


def start(
    folder: Path, script: str, *, isolated: bool = True, **environment: str
) -> subprocess.Popen[str]:
    """Start a script that logs to the store in `folder`."""
    code = (_PRELUDE if isolated else "") + textwrap.dedent(script)
    flags = ["-W", "ignore::DeprecationWarning"]  # Python 3.12 warns of forks with threads
    return subprocess.Popen(
        [sys.executable, *flags, "-c", code],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "TUI_TRACKER_STORE": str(folder), **environment},
    )


def run(
    folder: Path, script: str, *, wait_s: float = 60.0, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run a script to its end; its output is in the answer."""
    process = start(folder, script, **environment)
    out, err = process.communicate(timeout=wait_s)
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


def wait_for_line(process: subprocess.Popen[str], wanted: str = "ready") -> None:
    """Wait until the script printed a line."""
    assert process.stdout is not None
    for line in process.stdout:
        if line.strip() == wanted:
            return
    assert process.stderr is not None
    raise AssertionError(f"the script ended early: {process.stderr.read()}")


def wait_until(condition: object, wait_s: float = 20.0) -> None:
    """Wait until a callable returns something true."""
    assert callable(condition)
    deadline = time.monotonic() + wait_s
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.005)


def end(process: subprocess.Popen[str]) -> tuple[str, str]:
    """Wait for the end of a script; return what it printed."""
    return process.communicate(timeout=60)


def look(folder: Path) -> tuple[Recovered, list[RunDetail]]:
    """Do what every reader does first, and return all runs, oldest first."""
    with Store.open(folder) as store:
        found = recover(store)
        keys = sorted(queries.list_run_keys(store))
        return found, [queries.get_run(store, key) for key in keys]


def the_run(folder: Path) -> RunDetail:
    """Return the store's only run, after the look of a reader."""
    _, runs = look(folder)
    (run,) = runs
    return run


def points(folder: Path, metric: str, run: int = 0) -> list[tuple[int, float]]:
    """Return (step, value) of a metric, in log order, of the only or the `run`-th run."""
    with Store.open(folder) as store:
        keys = sorted(queries.list_run_keys(store))
        detail = queries.get_run(store, keys[run])
        summary = queries.find_metric(detail, metric)
        series = queries.read_series(store, keys[run], summary.key)
        return list(zip(series.steps, series.values, strict=True))


def waiting_journals(folder: Path) -> list[str]:
    """Return the names of the journals that lie in the store."""
    return sorted(path.name for path in (folder / "journals").glob("*.journal"))
