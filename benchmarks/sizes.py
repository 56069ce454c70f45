"""Bytes a point on disk after finish: random doubles, and values that are float32.

python benchmarks/sizes.py [--calls 20000]
"""

from __future__ import annotations

import argparse
import json
import os
import random
import tempfile
from array import array

import tui_tracker as tt

NAMES = ("train/loss", "train/acc", "val/loss", "val/acc", "lr")


def measure(calls, values):
    """Return all bytes of a store that holds one run, by its points."""
    with tempfile.TemporaryDirectory() as folder:
        with tt.init("bench", store=folder, console=False, capture=False) as run:
            for step in range(calls):
                run.log({name: next(values) for name in NAMES}, step)
        size = sum(
            os.path.getsize(os.path.join(root, name))
            for root, _, names in os.walk(folder)
            for name in names
        )
    return round(size / (calls * len(NAMES)), 2)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=20_000)
    calls = parser.parse_args().calls
    source = random.Random(1)
    doubles = iter(lambda: source.gauss(0, 1), None)
    singles = iter(lambda: array("f", [source.gauss(0, 1)])[0], None)
    row = {
        "points": calls * len(NAMES),
        "random doubles, bytes a point": measure(calls, doubles),
        "float32 values, bytes a point": measure(calls, singles),
    }
    print(json.dumps(row))


if __name__ == "__main__":
    main()
