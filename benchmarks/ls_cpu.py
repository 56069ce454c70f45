"""Processor time of `tt ls --json` on 1,000 runs, in fresh processes.

    python benchmarks/ls_cpu.py [--runs 1000] [--times 21]

Prints least and median beside the bare interpreter's, and which heavy modules were
loaded (none should be).
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile

HEAVY = ("textual", "rich", "sqlalchemy", "sqlmodel", "pydantic", "plotext", "git")


def cpu_ms(command, times):
    """Return the least and the median of user and system time of a command, in milliseconds."""
    spent = []
    # Users' machines keep compiled modules; the first process writes them.
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    for _ in range(times + 1):
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, env=environment)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        assert process.returncode == 0, command
        spent.append((usage.ru_utime + usage.ru_stime) * 1e3)
    return [round(min(spent[1:]), 1), round(statistics.median(spent[1:]), 1)]


def fill(folder, runs):
    import tui_tracker as tt

    for number in range(runs):
        params = {f"param_{key}": number * 0.5 + key for key in range(12)}
        with tt.init(
            "bench", f"run{number}", params, store=folder, console=False, capture=False
        ) as run:
            for step in range(10):
                run.log({f"metric_{key}": step / (key + 1) for key in range(8)}, step)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--times", type=int, default=21)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        fill(folder, args.runs)
        command = [sys.executable, "-m", "tui_tracker.cli", "--store", folder, "ls", "--json"]
        check = (
            "import sys; from tui_tracker.cli import main; "
            f"sys.stdout = open('/dev/null', 'w'); main(['--store', {folder!r}, 'ls', '--json']); "
            f"sys.stderr.write(' '.join(m for m in {HEAVY!r} if m in sys.modules))"
        )
        loaded = subprocess.run(
            [sys.executable, "-c", check], stderr=subprocess.PIPE, text=True, check=True
        )
        row = {
            "runs": args.runs,
            "tt ls --json, cpu ms [least, median]": cpu_ms(command, args.times),
            "bare interpreter, cpu ms [least, median]": cpu_ms(
                [sys.executable, "-c", "pass"], args.times
            ),
            "heavy modules": loaded.stderr,
        }
        print(json.dumps(row))


if __name__ == "__main__":
    main()
