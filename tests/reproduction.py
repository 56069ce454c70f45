"""A small real project, trained once, so that tests can lose it and get it again."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

GIT = ("git", "-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false")

HELPER = "def step(w, x):\n    return w - 0.1 * (w - x)\n"
TRAIN = """
import os, random, sys
import tui_tracker as tt
import helper, extra

seed = int(sys.argv[sys.argv.index("--seed") + 1])
shake = float(os.environ.get("SHAKE", "0"))
shift = float(os.environ.get("SHIFT", "0"))
random.seed(seed)
with tt.init("demo", f"seed{seed}", {"seed": seed, "lr": 0.1}) as run:
    tt.log_data("train", "data.csv")
    tt.split(40, test=10, seed=seed)
    values = [float(line) for line in open("data.csv")]
    w = 0.0
    for step in range(30):
        w = helper.step(w, random.choice(values)) + extra.bias()
        w *= 1 + shake
        f1 = 1 / (1 + abs(w - 1)) + shift
        run.log({"loss": (w - 1) ** 2, "val_f1": f1, "step_time": os.times()[4]})
    with open("model.txt", "w") as file:
        file.write(repr(w))
    run.log_artifact("model.txt", kind="model")
    print("trained", w)
"""


class Project:
    """A git repository with a dirty and an untracked module, and the runs that it logged."""

    def __init__(self, folder: Path, store: Path) -> None:
        self.folder, self.store = folder, store
        folder.mkdir()
        self.git("init", "-q")
        self.write("train.py", TRAIN)
        self.write("helper.py", HELPER)
        self.write("data.csv", "1.0\n2.0\n0.5\n1.5\n")
        self.write(".gitignore", "data.csv\nmodel.txt\n")
        self.commit("one")
        self.write("helper.py", HELPER.replace("0.1", "0.2"))
        self.write("extra.py", "def bias():\n    return 1e-3\n")

    def write(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text, encoding="utf-8")

    def git(self, *arguments: str) -> None:
        subprocess.run([*GIT, *arguments], cwd=self.folder, check=True, capture_output=True)

    def commit(self, message: str) -> None:
        self.git("add", ".")
        self.git("commit", "-q", "-m", message)

    def train(self, *arguments: str, python: str = sys.executable, **more: str) -> None:
        """Run the training as its user would."""
        environment = plain_environment(TUI_TRACKER_STORE=str(self.store), **more)
        done = subprocess.run(
            [python, "train.py", *(arguments or ("--seed", "1"))],
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr

    def lose(self) -> None:
        """Discard all changes, commit something else on top, and delete the repository."""
        import shutil

        data = (self.folder / "data.csv").read_bytes()
        self.git("checkout", "-q", ".")
        self.git("clean", "-qfd")
        self.write("train.py", "raise SystemExit('not the code that ran')\n")
        self.commit("two")
        shutil.rmtree(self.folder)
        self.folder.mkdir()
        (self.folder / "data.csv").write_bytes(data)  # git ignored it: it lies where it lay


def plain_environment(**more: str) -> dict[str, str]:
    """Return the variables of a user: what tests switch off is on."""
    off = ("TUI_TRACKER_CAPTURE", "TUI_TRACKER_CONSOLE")
    return {k: v for k, v in os.environ.items() if k not in off} | more


def reproduce(store: Path, *arguments: str, **more: str) -> tuple[int, dict[str, Any], str]:
    """Run `tt reproduce --json`; return exit code, the JSON, and what was told."""
    environment = plain_environment(COLUMNS="100", **more)
    done = subprocess.run(
        [
            *(sys.executable, "-m", "tui_tracker.cli", "--store", str(store)),
            *("reproduce", *arguments, "--json"),
        ],
        capture_output=True,
        text=True,
        env=environment,
        timeout=110,
        cwd=store.parent,
    )
    said = json.loads(done.stdout) if done.stdout else {}
    return done.returncode, said, done.stderr


def tt_json(store: Path, *arguments: str) -> Any:
    """Return what a reading command prints as JSON."""
    done = subprocess.run(
        [sys.executable, "-m", "tui_tracker.cli", "--store", str(store), *arguments, "--json"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return json.loads(done.stdout)


def make_wheel(folder: Path, name: str, version: str, body: str) -> Path:
    """Write a wheel of one module."""
    folder.mkdir(exist_ok=True)
    path = folder / f"{name}-{version}-py3-none-any.whl"
    info = f"{name}-{version}.dist-info"
    files = {
        f"{name}.py": body,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    with zipfile.ZipFile(path, "w") as wheel:
        for inner, text in files.items():
            wheel.writestr(inner, text)
        wheel.writestr(f"{info}/RECORD", "".join(f"{inner},,\n" for inner in files))
    return path
