"""How fast printed logs are parsed, and in how much memory: `python benchmarks/parsing.py [MB]`.

Three logs are made: lines of values at a step, what servers and builds print, and bars. Each is
parsed in a process of its own, which holds no more of the log than a chunk.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from random import Random


def _values(number: int, random: Random) -> str:
    return (
        f"[2026-11-23 06:{number // 60 % 60:02}:{number % 60:02}] INFO step {number} "
        f"loss {random.random() * 3:.4f} val/acc {random.random():.4f}\n"
    )


def _prose(number: int, random: Random) -> str:
    kinds = (
        f'10.0.{random.randrange(256)}.{random.randrange(256)} - - "GET /item/{number} HTTP/1.1" '
        f"200 {random.randrange(9999)}\n",
        f"Collecting package-{random.randrange(999)}==1.{random.randrange(99)}\n",
        f"[{number % 97}/97] Building CXX object src/part{random.randrange(999)}.o\n",
        f"Processed {number} records of shard {random.randrange(64)} in {random.random():.2f} s\n",
    )
    return kinds[number % 4]


def _bars(number: int, random: Random) -> str:
    epoch, batch = divmod(number, 100)
    end = "\n" if batch == 99 else ""
    return (
        f"\rEpoch {epoch}: {batch + 1}%|{'#' * (batch // 10):<10}| {batch + 1}/100 "
        f"[00:{batch % 60:02}<00:01, 52.50it/s, loss={random.random():.4f}]{end}"
    )


MAKERS = {"values": _values, "prose": _prose, "bars": _bars}


def make(path: Path, kind: str, size_mb: int) -> None:
    random = Random(0)
    left = size_mb << 20
    number = 0
    with path.open("w") as file:
        while left > 0:
            line = MAKERS[kind](number, random)
            left -= len(line)
            number += 1
            file.write(line)


def measure(path: Path) -> None:
    """Parse a log and print megabytes a second, peak memory and what came of it."""
    from tui_tracker.parsing.events import Values
    from tui_tracker.parsing.parser import LogParser

    parser = LogParser()
    size = path.stat().st_size / (1 << 20)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.process_time()
    values = 0
    with path.open("rb") as file:
        while chunk := file.read(1 << 18):
            values += sum(len(e.values) for e in parser.feed(chunk) if isinstance(e, Values))
    values += sum(len(e.values) for e in parser.finish() if isinstance(e, Values))
    took = time.process_time() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(
        f"{path.stem:8} {size:5.0f} MB {took:6.2f} s CPU {size / took:6.1f} MB/s, "
        f"memory {before >> 10} to {peak >> 10} MB, {values:,} values"
    )


def main() -> None:
    if sys.argv[1:2] == ["--measure"]:
        measure(Path(sys.argv[2]))
        return
    size_mb = int(sys.argv[1]) if len(sys.argv) > 1 else 50
    with tempfile.TemporaryDirectory() as folder:
        for kind in MAKERS:
            path = Path(folder) / f"{kind}.log"
            make(path, kind, size_mb)
            subprocess.run([sys.executable, __file__, "--measure", str(path)], check=True)


if __name__ == "__main__":
    main()
