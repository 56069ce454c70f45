"""How soon the first full curve of a W&B file stands: `tt FILE` beside `wandb leet FILE`.

    python benchmarks/first_curve.py PYTHON [ROUNDS]

PYTHON is one that has wandb. It logs a run of 20 metrics x 10,000 steps offline; then both
programs open it in turns, in a terminal of 160 x 45. A curve is full when its axis reaches the last
steps (leet draws while it reads), and for us when the exact last value stands over it.
"""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Callable, Sequence
from pathlib import Path

METRICS, STEPS = 20, 10_000
COLUMNS, ROWS = 160, 45
LIMIT_S = 60.0
LOG = f"""
import os, random, wandb
os.environ.update(WANDB_MODE="offline", WANDB_SILENT="true")
random.seed(0)
run = wandb.init(project="speed", mode="offline")
for step in range({STEPS}):
    row = {{f"m{{number}}": random.random() for number in range({METRICS})}}
    run.log(row, step=step)
run.finish()
print(*(f"{{name}}={{row[name]!r}}" for name in row))
"""
_CONTROL = re.compile(rb"\x1b\[[0-9;?<>=]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)")
_ANSWERS = (
    (b"\x1b[6n", b"\x1b[1;1R"),
    (b"\x1b]11;?", b"\x1b]11;rgb:0000/0000/0000\x07"),
    (b"\x1b[c", b"\x1b[?62c"),
)
_LEET_FULL = re.compile("2k +4k +6k +8k")


def seconds_until(
    command: Sequence[str], keys: Sequence[tuple[str, str]], done: Callable[[str], object]
) -> float:
    """Return how long a program takes until its screen's text is `done`.

    `keys` are typed one after another, each once its text stands there. The text is what was
    written last, not a screen: a terminal in Python would hold up a program that draws much.
    """
    pid, terminal = pty.fork()
    if pid == 0:
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        os.environ.update(TERM="xterm-256color", COLORTERM="truecolor")
        os.execvp(command[0], list(command))
    began, written, waiting = time.monotonic(), b"", list(keys)
    try:
        while time.monotonic() - began < LIMIT_S:
            if not select.select([terminal], [], [], 0.02)[0]:
                continue
            data = os.read(terminal, 1 << 20)
            for question, answer in _ANSWERS:
                if question in data:
                    os.write(terminal, answer)
            written = (written + data)[-200_000:]
            text = _CONTROL.sub(b" ", written).decode("utf-8", "replace")
            if waiting and waiting[0][0] in text:
                os.write(terminal, waiting.pop(0)[1].encode())
            elif not waiting and done(text):
                return time.monotonic() - began
        raise SystemExit(f"{command[0]} showed no full curve in {LIMIT_S:.0f} s")
    finally:
        os.kill(pid, 9)
        os.waitpid(pid, 0)
        os.close(terminal)


def main(python: str, rounds: str = "5") -> None:
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run([python, "-c", LOG], cwd=folder, capture_output=True, text=True)
        values = dict(pair.split("=") for pair in done.stdout.strip().splitlines()[-1].split())
        lasts = [f"last {float(value):.4g}" for value in values.values()]
        (run,) = Path(folder).glob("wandb/offline-run-*")
        tt = [sys.executable, "-m", "tui_tracker.cli", str(run)]
        leet = [str(Path(python).with_name("wandb")), "leet", str(run)]
        ours, theirs = [], []
        for number in range(int(rounds)):
            ours.append(
                seconds_until(
                    tt,
                    [("finished", "\r"), ("Overview", "2")],
                    lambda text: any(last in text for last in lasts) and _dots(text) > 300,
                )
            )
            theirs.append(seconds_until(leet, [], _LEET_FULL.search))
            print(f"round {number + 1}: tt {ours[-1]:.2f} s, leet {theirs[-1]:.2f} s")
        print(
            f"least: tt {min(ours):.2f} s, leet {min(theirs):.2f} s, "
            f"{min(theirs) / min(ours):.1f} x"
        )


def _dots(text: str) -> int:
    return sum(0x2801 <= ord(sign) <= 0x28FF for sign in text)


if __name__ == "__main__":
    main(*sys.argv[1:])
