"""What the app takes while a run goes on: one run on the start screen, and six charts of it.

    python benchmarks/live.py PROBE [--noise 0.5]

A training logs six metrics of noise five times a second, with 3,000 steps behind it. PROBE is
the program that `benchmarks/app.py` is given. Printed are bytes and processor seconds of ten
seconds without a key, the median of the rounds.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

TRAINING = """
import random, sys, time
import tui_tracker as tt
noise = float(sys.argv[2])
with tt.init("debug_live", "live-run", store=sys.argv[1]) as run:
    for step in range(1_000_000):
        trend = 1 / (1 + step / 500)
        run.log({f"val_m{k}": trend + noise * random.random() for k in range(6)}, step=step)
        if step > 3_000:
            time.sleep(0.2)
"""
PAGES = {
    "start screen": "sleep:2,idle:10",
    "six charts": "sleep:1,enter,sleep:1,2,sleep:2,idle:10",
}


def idle(probe: str, store: str, keys: str) -> tuple[int, float]:
    """Return bytes and processor seconds of ten seconds in which nobody presses a key."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder, "out.json")
        environ = {**os.environ, "XDG_STATE_HOME": folder, "XDG_CONFIG_HOME": folder}
        environ.pop("PYTHONDONTWRITEBYTECODE", None)
        command = [sys.executable, probe, "--size", "120x40", "--ready", "live-run"]
        command += ["--json", str(out), "--keys", keys, "--"]
        command += [sys.executable, "-m", "tui_tracker.cli", "--store", store]
        subprocess.run(command, env=environ, capture_output=True, check=False)
        found = json.loads(out.read_text())["runs"][0]["idle"][0]
    return int(found["bytes"]), float(found["cpu_used_s"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("probe")
    parser.add_argument("--noise", default="0.5")
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as store:
        training = subprocess.Popen([sys.executable, "-c", TRAINING, store, args.noise])
        try:
            for name, keys in PAGES.items():
                rounds = [idle(args.probe, store, keys) for _ in range(args.rounds)]
                size = statistics.median(size for size, _ in rounds)
                taken = statistics.median(taken for _, taken in rounds)
                print(f"{name:<14} {size:6.0f} B {taken:6.2f} s", flush=True)
        finally:
            training.terminate()
            training.wait()


if __name__ == "__main__":
    main()
