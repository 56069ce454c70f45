"""Train something from a dirty work tree, lose all of it, and get the run again.

    python examples/lost_and_found.py [FOLDER]

A git repository with an edited and an untracked module is trained; then every change is
discarded, something else is committed on top, and the repository is deleted. `tt
reproduce` rebuilds the run from the store alone; once more under a disturbance of the
last digits, and once with one changed data file. Needs git, no network, half a minute.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

MODEL = "def step(w, x):\n    return w - 0.1 * (w - x)\n"
TRAIN = """
import os, random
import tui_tracker as tt
import model, schedule

random.seed(1)
with tt.init("lost", "baseline", {"seed": 1, "lr": 0.1}) as run:
    tt.log_data("prices", "prices.csv")
    values = [float(line) for line in open("prices.csv")]
    w = 0.0
    for step in range(100):
        w = model.step(w, random.choice(values)) * schedule.factor(step)
        w *= 1 + float(os.environ.get("DISTURB", "0"))
        run.log({"val_loss": (w - 1) ** 2})
"""


def make(project: Path) -> None:
    """Make a repository with an edited and an untracked module."""
    project.mkdir(parents=True)
    git(project, "init", "-q")
    (project / "train.py").write_text(TRAIN)
    (project / "model.py").write_text(MODEL)
    (project / ".gitignore").write_text("prices.csv\n")
    (project / "prices.csv").write_text("1.0\n2.0\n0.5\n1.5\n")
    commit(project, "begin")
    (project / "model.py").write_text(MODEL.replace("0.1", "0.2"))
    (project / "schedule.py").write_text("def factor(step):\n    return 1 - step / 1e4\n")


def main(folder: Path) -> int:
    project, store = folder / "project", folder / "store"
    make(project)

    say("train, with an edited and an untracked module")
    run(store, project, sys.executable, "train.py")

    say("discard every change, commit on top, delete the repository")
    git(project, "checkout", "-q", ".")
    git(project, "clean", "-qfd")
    (project / "train.py").write_text("print('something else')\n")
    commit(project, "go on")
    shutil.rmtree(project / ".git")
    for path in project.glob("*.py"):
        path.unlink()

    tt = (sys.executable, "-m", "tui_tracker.cli", "--store", str(store), "reproduce", "baseline")
    codes = []
    for text, arguments in (
        ("from the store alone", ()),
        ("with the last digits disturbed", ("--set", "DISTURB=1e-12")),
        ("with one changed data file", ()),
    ):
        say(f"tt reproduce, {text}")
        if "changed" in text:
            (project / "prices.csv").write_text("1.0\n2.0\n0.5\n1.6\n")
        codes.append(run(store, project, *tt, *arguments))
    say(f"exit codes {codes}, and 0, 0, 5 were to be expected")
    return int(codes != [0, 0, 5])


def run(store: Path, folder: Path, *command: str) -> int:
    environment = {**os.environ, "TUI_TRACKER_STORE": str(store)}
    return subprocess.run(command, cwd=folder, env=environment, check=False).returncode


def git(folder: Path, *arguments: str) -> None:
    name = ("-c", "user.name=example", "-c", "user.email=example@example.org")
    subprocess.run(("git", *name, *arguments), cwd=folder, check=True, stdout=subprocess.DEVNULL)


def commit(folder: Path, message: str) -> None:
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", message)


def say(text: str) -> None:
    print(f"\n== {text}", flush=True)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        sys.exit(main(Path(sys.argv[1]).absolute()))
    with tempfile.TemporaryDirectory() as temporary:
        sys.exit(main(Path(temporary)))
