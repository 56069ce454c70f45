"""Reading event files and W&B's records: ours beside the tools' own readers, in one run.

    python benchmarks/imports_events.py PYTHON [--only tensorboard|wandb] [--rounds 5]

PYTHON is an interpreter that has tensorboard, tensorboardX, tbparse and wandb; with them it makes

- a TensorBoard run of 10 scalars x 10,000 steps, which `EventAccumulator`, `tbparse` and our
  reader read whole, each round in a new process, imports not counted;
- a W&B offline run of 20 metrics x 10,000 steps. Our reader is timed from the start of its process
  to the last point of all metrics. `wandb leet` and `tt` are opened on a terminal of 160 x 50, from
  their start to the first dots of a curve, and to the last change of the screen.

All readers have to find the same sum of values. Prints least and median in milliseconds and the
ratios of the medians.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import os
import pty
import select
import signal
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import time
from pathlib import Path

MAKE_EVENTS = """
import math, random, sys
from tensorboardX import SummaryWriter
random.seed(1)
with SummaryWriter(sys.argv[1], max_queue=100_000, flush_secs=1000) as writer:
    for step in range(10_000):
        for n in range(10):
            value = math.exp(-step / 3000) + n * random.random() / 10
            writer.add_scalar(f"group{n % 3}/metric_{n}", value, step)
"""

MAKE_WANDB = """
import math, os, random, sys
os.environ.update(WANDB_MODE="offline", WANDB_SILENT="true", WANDB_DIR=sys.argv[1])
import wandb
random.seed(1)
run = wandb.init(project="bench", name="big", config={"lr": 0.1})
for step in range(10_000):
    run.log({f"g{n % 4}/m{n}": math.exp(-step / 3000) + n * random.random() for n in range(20)})
run.finish()
"""

ACCUMULATOR = """
import math, sys, time
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
begin = time.perf_counter()
found = EventAccumulator(sys.argv[1], size_guidance={"scalars": 0})
found.Reload()
series = [found.Scalars(tag) for tag in found.Tags()["scalars"]]
took = time.perf_counter() - begin
print(took, math.fsum(one.value for some in series for one in some))
"""

TBPARSE = """
import math, sys, time
from tbparse import SummaryReader
begin = time.perf_counter()
table = SummaryReader(sys.argv[1]).scalars
took = time.perf_counter() - begin
print(took, math.fsum(table["value"]))
"""

OURS = """
import math, sys, time
start = float(sys.argv[2]) if len(sys.argv) > 2 else 0
from pathlib import Path
from tui_tracker.importers import find_sources
from tui_tracker.importers.records import Points
list(find_sources(Path(__file__).parent / "nothing"))
begin = start or time.time()
values = []
for source in find_sources(Path(sys.argv[1])):
    for piece in source.open().read():
        if isinstance(piece, Points) and not piece.system:
            values.append(piece.values)
took = time.time() - begin
print(took, math.fsum(value for some in values for value in some))
"""


def timed(python: str, code: str, *arguments: str) -> tuple[float, float]:
    """Return the seconds that a script says it took, and the sum that it found."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "nothing").mkdir()
        script = Path(folder) / "script.py"
        script.write_text(code)
        command = [python, str(script), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    took, total = done.stdout.split()[-2:]
    return float(took), float(total)


def report(name: str, seconds: list[float], beside: float | None = None) -> float:
    """Print a line of figures; return the median."""
    median = statistics.median(seconds)
    ratio = f"{beside / median:8.1f} x" if beside is not None else ""
    print(f"{name:<34}{min(seconds) * 1e3:9.0f}{median * 1e3:9.0f}{ratio}")
    return median


def compare_tensorboard(python: str, folder: str, rounds: int) -> None:
    subprocess.run([python, "-c", MAKE_EVENTS, folder], check=True)
    found: dict[str, list[float]] = {"ours": [], "EventAccumulator": [], "tbparse": []}
    for _ in range(rounds):
        results = {
            "ours": timed(sys.executable, OURS, folder),
            "EventAccumulator": timed(python, ACCUMULATOR, folder),
            "tbparse": timed(python, TBPARSE, folder),
        }
        sums = {round(total, 6) for _, total in results.values()}
        assert len(sums) == 1, f"not the same values: {results}"
        for name, (took, _) in results.items():
            found[name].append(took)
    print("TensorBoard, 100,000 scalars        least   median   of it to ours")
    ours = statistics.median(found["ours"])
    for name, seconds in found.items():
        report(name, seconds)
        if name != "ours":
            print(f"{'':<34}{statistics.median(seconds) / ours:18.1f} x")


def compare_wandb(python: str, folder: str, rounds: int) -> None:
    subprocess.run([python, "-c", MAKE_WANDB, folder], check=True, capture_output=True)
    [run] = Path(folder, "wandb").glob("offline-run-*")
    leet = [str(Path(python).with_name("wandb")), "leet", str(run)]
    tt = [sys.executable, "-m", "tui_tracker.cli", str(run)]
    reader = [timed(sys.executable, OURS, str(run), str(time.time()))[0] for _ in range(rounds)]
    theirs = [on_a_terminal(leet) for _ in range(rounds)]
    ours = [on_a_terminal(tt) for _ in range(rounds)]
    print("W&B, 20 metrics x 10,000 steps      least   median   leet's dots to it")
    dots = statistics.median(first for first, _ in theirs)
    report("our reader, process and all", reader, dots)
    report("wandb leet, first dots of a curve", [first for first, _ in theirs])
    report("wandb leet, screen at rest", [last for _, last in theirs])
    if all(first < float("inf") for first, _ in ours):
        report("tt, first dots of a curve", [first for first, _ in ours], dots)
        report("tt, screen at rest", [last for _, last in ours])


def on_a_terminal(command: list[str]) -> tuple[float, float]:
    """Return after how many seconds a program first drew dots, and last changed the screen.

    What it writes is only stamped while it runs, and looked at afterwards.
    """
    chunks = list(_output(command))
    first = next((at for at, data in chunks if _has_dots(data)), float("inf"))
    return first, chunks[-1][0] if chunks else 0.0


def _output(command: list[str], quiet_s: float = 2.0, limit_s: float = 30.0):
    main, side = pty.openpty()
    fcntl.ioctl(side, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 160, 0, 0))
    environment = {**os.environ, "TERM": "xterm-256color"}
    begin = last = time.perf_counter()
    process = subprocess.Popen(
        command, stdin=side, stdout=side, stderr=side, env=environment, start_new_session=True
    )
    os.close(side)
    drawn = False
    while (now := time.perf_counter()) - begin < limit_s and not (drawn and now - last > quiet_s):
        if not select.select([main], [], [], 0.05)[0]:
            continue
        try:
            data = os.read(main, 1 << 16)
        except OSError:
            break
        last = time.perf_counter()
        drawn |= _has_dots(data)
        _answer(main, data)
        yield last - begin, data
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    os.close(main)


def _answer(terminal: int, data: bytes) -> None:
    """Answer what programs ask a terminal for before they draw."""
    for question, answer in (
        (b"\x1b[c", b"\x1b[?62c"),
        (b"\x1b]11;?", b"\x1b]11;rgb:0000/0000/0000\x07"),
        (b"\x1b[6n", b"\x1b[1;1R"),
    ):
        if question in data:
            os.write(terminal, answer)


def _has_dots(data: bytes) -> bool:
    # U+2801 to U+28FF, the patterns of dots, begin with these bytes in UTF-8.
    return any(bytes((0xE2, second)) in data for second in range(0xA0, 0xA4))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("python", metavar="PYTHON")
    parser.add_argument("--only", choices=("tensorboard", "wandb"))
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    for name, compare in (("tensorboard", compare_tensorboard), ("wandb", compare_wandb)):
        if given.only in (None, name):
            with tempfile.TemporaryDirectory() as folder:
                compare(given.python, folder, given.rounds)


if __name__ == "__main__":
    main()
