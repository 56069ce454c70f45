"""Processes that start at once in one store: errors, points lost, points a second.

    python benchmarks/many.py NAME=PYTHON:ADAPTER.py [NAME=PYTHON:ADAPTER.py ...]

An adapter has `start(folder, params, name)`, `log(step, metrics)`, `finish()` and
`count_points(folder)`, as in `benchmarks/adapters`. All processes import first and then
begin together in a folder that holds no store yet. Peers take turns; what counts is the
ratio of a round.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

NAMES = ("train/loss", "train/acc", "val/loss", "val/acc", "lr")


def load(path):
    spec = importlib.util.spec_from_file_location("adapter", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.VARIANT = ""
    return module


def work(path, folder, number, calls):
    """Be one of the processes: say ready, wait for the word, log."""
    adapter = load(path)
    source = random.Random(number)
    rows = [{name: source.gauss(0, 1) for name in NAMES} for _ in range(calls)]
    adapter.import_package()
    print("ready", flush=True)
    sys.stdin.readline()
    adapter.start(folder, {"seed": number}, name=f"process{number}")
    log = adapter.log
    for step, row in enumerate(rows):
        log(step, row)
    adapter.finish()


def once(python, path, processes, calls):
    """Return seconds, errors and points lost of one round."""
    folder = tempfile.mkdtemp(prefix="many-")
    command = [python, __file__, "--work", path, folder]
    running = [
        subprocess.Popen(
            [*command, str(number), str(calls)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(processes)
    ]
    for process in running:
        process.stdout.readline()
    began = time.perf_counter()
    for process in running:
        process.stdin.write("go\n")
        process.stdin.close()
    errors = sum(process.wait() != 0 for process in running)
    took = time.perf_counter() - began
    counted = subprocess.run(
        [python, __file__, "--count", path, folder], capture_output=True, text=True, check=True
    )
    shutil.rmtree(folder)
    lost = processes * calls * len(NAMES) - int(counted.stdout)
    return took, errors, lost


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("peers", nargs="+", metavar="NAME=PYTHON:ADAPTER")
    parser.add_argument("--processes", type=int, default=16)
    parser.add_argument("--calls", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    peers = {}
    for peer in args.peers:
        name, _, rest = peer.partition("=")
        python, _, path = rest.partition(":")
        peers[name] = (python, os.path.abspath(path))
    seen = {name: [] for name in peers}
    for _ in range(args.rounds):
        for name, (python, path) in peers.items():
            seen[name].append(once(python, path, args.processes, args.calls))
    base = next(iter(seen.values()))
    points = args.processes * args.calls * len(NAMES)
    for name, rounds in seen.items():
        ratio = statistics.median(b[0] / r[0] for b, r in zip(base, rounds, strict=True))
        row = {
            "peer": name,
            "k points/s": round(points / statistics.median(r[0] for r in rounds) / 1e3),
            "times the first peer": round(ratio, 2),
            "errors": sum(r[1] for r in rounds),
            "lost": sum(r[2] for r in rounds),
        }
        print(json.dumps(row))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--work"]:
        work(sys.argv[2], sys.argv[3], int(sys.argv[4]), int(sys.argv[5]))
    elif sys.argv[1:2] == ["--count"]:
        print(load(sys.argv[2]).count_points(sys.argv[3]))
    else:
        main()
