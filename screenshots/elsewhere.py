"""Pictures of a folder in which wandb, MLflow, TensorBoard and trackio train side by side.

Their packages are looked for in the Python that TOOLS_PYTHON names; without it the pictures
stay as they are.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from terminal import DARK, Terminal

HERE = Path(__file__).resolve().parent
TOOLS = ("wandb", "mlflow", "tensorboard", "trackio")
SECONDS = "100"
STARTED_S = 100


def take_elsewhere(home: Path) -> None:
    """Take the pictures while all four train."""
    python = os.environ.get("TOOLS_PYTHON")
    if not python:
        print("no TOOLS_PYTHON, so elsewhere-*.png stay as they are")
        return
    folder = home / "digits"
    folder.mkdir()
    ours = os.environ.pop("PYTHONPATH", "")
    script = str(HERE / "train_elsewhere.py")
    trainings = [
        subprocess.Popen([python, script, tool, str(folder), str(seed), SECONDS], cwd=folder)
        for seed, tool in enumerate(TOOLS)
    ]
    os.environ["PYTHONPATH"] = ours
    try:
        _wait(folder)
        _look(folder)
    finally:
        for training in trainings:
            training.wait()


def _wait(folder: Path) -> None:
    """Wait until each of the tools has written something that can be seen."""
    tt = [sys.executable, "-m", "tui_tracker.cli"]
    until = time.monotonic() + STARTED_S
    while time.monotonic() < until:
        done = subprocess.run(
            [*tt, "open", str(folder), "ls", "val_f1.count > 8"], capture_output=True, text=True
        )
        if all(f"{tool}-seed" in done.stdout for tool in TOOLS):
            return
        time.sleep(1)
    raise SystemExit(f"not all of {', '.join(TOOLS)} began to train: {done.stdout}{done.stderr}")


def _look(folder: Path) -> None:
    os.environ["TUI_TRACKER_STORE"] = str(folder.parent / "project" / ".tui_tracker")
    terminal = Terminal([sys.executable, "-m", "tui_tracker.cli", str(folder)], 120, 24, DARK)
    try:
        terminal.wait_for("trackio-seed")
        terminal.read(2.0)
        terminal.save(HERE / "elsewhere-120x24.png")
        terminal.press("AC")
        terminal.wait_for("val_f1")
        terminal.read(2.0)
        terminal.save(HERE / "elsewhere-curves-120x24.png")
        terminal.press("qI")
        terminal.wait_for("wandb")
        terminal.read(1.0)
        terminal.save(HERE / "elsewhere-import-120x24.png")
    finally:
        del os.environ["TUI_TRACKER_STORE"]
        terminal.close()
