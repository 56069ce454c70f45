"""What judging costs on a large store: the audit kept in it, seed groups, and a decision.

    python benchmarks/make_store.py FOLDER --runs 10000
    python benchmarks/judging.py FOLDER

CPU of a process of its own each, the least and the median of the rounds, with the store in
the page cache. Works on a copy of the store: an audit is kept in it, and one tag is added.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

STEPS = {
    "audit of all runs, and kept": """
from tui_tracker.audit.cache import refresh_here
def ask(): refresh_here(store)
""",
    "the same after one changed run": """
from tui_tracker.audit.cache import refresh_here
from tui_tracker.edits import tag
from tui_tracker.queries import list_run_keys
tag(store, list_run_keys(store)[5:6], [f"seen-{time.time_ns()}"])
def ask(): refresh_here(store)
""",
    "all but the seed: groups of one metric": """
from tui_tracker.queries import group_runs
def ask(): group_runs(store, metrics=["metric:val/loss"])
""",
    "decision over the runs of one data version": """
from tui_tracker.decide.asking import decide_for, find_asked
from tui_tracker.decide.parse import parse_rule
rule = parse_rule("highest mean val/acc with std <= 0.5; tie-break by val/f1")
keys = find_asked(store, "data.version = v1")
def ask(): decide_for(store, keys, rule)
""",
}
FRAME = """
import sys, time
from tui_tracker.store import Store
with Store.open(sys.argv[1]) as store:
{}
    started = time.process_time()
    ask()
    print(time.process_time() - started)
"""


def measure(folder: str, step: str) -> float:
    """Return the CPU seconds of a step in a fresh process."""
    body = "\n".join(f"    {line}" for line in step.strip().splitlines())
    command = [sys.executable, "-c", FRAME.format(body), folder]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder")
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        copies = [str(shutil.copytree(args.folder, Path(scratch, str(n)))) for n in range(2)]
        for name, step in STEPS.items():
            taken = []
            for _ in range(args.rounds):
                if name.startswith("audit"):  # each time from the beginning
                    shutil.rmtree(copies[0])
                    shutil.copytree(copies[1], copies[0])
                taken.append(measure(copies[0], step))
            print(f"{name:<42} {min(taken):8.3f} {statistics.median(taken):8.3f} s", flush=True)


if __name__ == "__main__":
    main()
