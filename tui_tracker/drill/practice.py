"""A practice: a small project with its history, and runs of which something was taken away.

    OUT/project       a repository with two commits, data and a lock file
    OUT/store         the runs; each was whole before gaps were planted
    OUT/.answers.json what was taken from which run, for the score

Everything is real: the commit, the files and their times, the reflog. So the ways to find a
gap's value are those of any record.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import tui_tracker as tt
from tui_tracker import folder as folders
from tui_tracker import journal
from tui_tracker.drain import recover
from tui_tracker.drill.planting import KINDS, Draft
from tui_tracker.errors import InvalidArgument
from tui_tracker.journal_writer import JournalWriter
from tui_tracker.plumbing import run_git
from tui_tracker.store import Store

RUNS = 20
ANSWERS = ".answers.json"
OWNER = "Ada Byron"
_QUIET = {f"TUI_TRACKER_{name}": "off" for name in ("CAPTURE", "CONSOLE", "SYSTEM", "NAMES")}
_TRAIN = '''"""Train a classifier of digits."""

import argparse

from model import build
from sklearn.model_selection import train_test_split

parser = argparse.ArgumentParser()
parser.add_argument("--data", default="data/train.csv")
parser.add_argument("--batch-size", type=int, default=64)
parser.add_argument("--epochs", type=int)
parser.add_argument("--lr", type=float, default=0.01)
parser.add_argument("--monitor", default="val_f1_macro")
args = parser.parse_args()

X, y = build(args.data)
X_train, X_val, y_train, y_val = train_test_split(X, y, test_size=0.2, stratify=y)
'''
_MODEL = "def build(path):\n    return [], []\n"
_LOCK = """version = 1

[[package]]
name = "numpy"
version = "2.1.3"
source = { registry = "https://pypi.org/simple" }

[[package]]
name = "scikit-learn"
version = "1.5.2"
source = { registry = "https://pypi.org/simple" }

[[package]]
name = "digits"
version = "0.1.0"
source = { editable = "." }
"""
PACKAGES = {"numpy": "2.1.3", "scikit-learn": "1.5.2"}
_CONFIG = "model:\n  model_type: mlp\ntraining:\n  epochs: 12\n"


@dataclass(frozen=True, slots=True)
class Practice:
    """What was made."""

    store: Path
    runs: int
    gaps: int


@dataclass(frozen=True, slots=True)
class Project:
    """The project that all runs of a practice come from."""

    folder: Path
    commit: str
    hashes: Mapping[str, str]
    """SHA-256 by path."""


def make_practice(folder: Path, *, seed: int = 0) -> Practice:
    """Make project, store and answers in a folder that holds nothing yet.

    Raises:
        InvalidArgument: the folder is there and not empty.
        GitFailed: there is no git.
    """
    if folder.exists() and any(folder.iterdir()):
        raise InvalidArgument(f"{str(folder)!r} is not empty: give another with --out")
    folder.mkdir(parents=True, exist_ok=True)
    project = make_project(folder / "project")
    draw = random.Random(seed)
    place = folder / "store"
    answers: dict[str, list[dict[str, object]]] = {}
    with _nothing_captured():
        first = _whole_draft(project, 0, draw)
        _log(place, first)
        for number, kind in enumerate(draw.sample(KINDS, RUNS - 1), start=1):
            draft = _whole_draft(project, number, draw)
            planted = [kind(draft)]
            second = draw.choice(KINDS)
            if draw.random() < 0.5 and not (second.touches & kind.touches):
                planted.append(second(draft))
            _log(place, draft)
            answers[draft.id] = [gap.shape() for gap in planted]
    time.sleep(0.05)
    # What was read was replaced since, which is why its bytes cannot be told any more.
    (project.folder / "data/new.csv").write_text("x,y\n9,9\n", encoding="utf-8")
    sheet = {"seed": seed, "runs": answers}
    (folder / ANSWERS).write_text(json.dumps(sheet, indent=1), encoding="utf-8")
    return Practice(place, RUNS, sum(map(len, answers.values())))


def make_project(folder: Path) -> Project:
    """Make the repository: two commits, so that the history has something to choose from."""
    (folder / "data").mkdir(parents=True)
    files = {
        "train.py": _TRAIN, "model.py": _MODEL, "uv.lock": _LOCK, "config.yaml": _CONFIG,
        "data/train.csv": "x,y\n" + "".join(f"{n},{n % 3}\n" for n in range(100)),
        "data/new.csv": "x,y\n1,2\n", ".gitignore": "models/\n",
    }  # fmt: skip
    top = str(folder)
    who = ("-c", f"user.name={OWNER}", "-c", "user.email=ada@example.org")
    run_git(None, "init", "-q", "-b", "ML-42-digits", top)
    for number in range(2):
        told = {**files, "train.py": files["train.py"] if number else "print('draft')\n"}
        for path, text in told.items():
            (folder / path).write_text(text, encoding="utf-8")
        run_git(top, "add", "-A")
        message = "Train with a split" if number else "Begin"
        run_git(top, *who, "-c", "commit.gpgsign=false", "commit", "-qm", message)
    venv = folder.parent / "env"
    (venv / "bin").mkdir(parents=True)
    (venv / "pyvenv.cfg").write_text("home = /usr/bin\nversion = 3.11.9\n", encoding="utf-8")
    commit = run_git(top, "rev-parse", "HEAD").decode().strip()
    hashes = {path: hashlib.sha256(text.encode()).hexdigest() for path, text in files.items()}
    time.sleep(1.1)  # git's times are whole seconds, and these precede the first run
    return Project(folder, commit, hashes)


@contextmanager
def _nothing_captured() -> Iterator[None]:
    """Let runs be logged without a look at this machine, and without a word on their names."""
    before = {name: os.environ.get(name) for name in _QUIET}
    os.environ.update(_QUIET)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _whole_draft(project: Project, number: int, draw: random.Random) -> Draft:
    """Return a run that leaves nothing in doubt."""
    top, hashes = str(project.folder), project.hashes
    script = {"kind": "script", "path": "train.py", "sha256": hashes["train.py"]}
    data = f"sha256:{hashes['data/train.csv']}"
    size = (project.folder / "data/train.csv").stat().st_size
    argv = ["python", "train.py", "--data", "data/train.csv", "--batch-size", "64"]
    argv += ["--config", "config.yaml", "--lr", "0.02", "--monitor", "score"]
    parts: dict[str, dict[str, object]] = {
        "code": {
            "vcs": "git", "top": top, "commit": project.commit, "dirty": False, "pushed": True,
            "branch": "ML-42-digits", "entry": script, "submodules": [], "secrets": [],
        },
        "environment": {
            "python": {"version": "3.11.9"}, "packages": dict(PACKAGES), "origins": {},
            "system": {"name": "Linux"},
        },
        "hardware": {"cpu": "AMD EPYC", "cores": 8, "threads": {"openblas": 2}},
        "modules": {
            "modules": [
                {"name": "__main__", "path": "train.py", "sha256": hashes["train.py"]},
                {"name": "model", "path": "model.py", "sha256": hashes["model.py"]},
            ],
            "changed": [], "entry": script, "distributions": {"numpy": "2.1.3"},
        },
        "process": {
            "argv": argv, "script": "train.py", "cwd": top, "python": "3.11.9",
            "executable": str(project.folder.parent / "env/bin/python"),
        },
        "seeds": {
            "params": {"seed": number}, "applied": [{"library": "numpy", "seed": number}],
        },
        "data:train": {
            "name": "train", "path": "data/train.csv", "version": "v2026-05-01", "bytes": size,
            "digest": data, "full": True, "kind": "file", "licence": "CC0", "role": "input",
        },
        "split:train": {
            "name": "train", "splitter": "tui_tracker.split", "strategy": "random", "seed": number,
            "arguments": {"n": 100, "test": 0.2, "val": 0.0}, "n": {"train": 80, "test": 20},
            "indices": "", "hash": "",
        },
        "resources": {"wall_s": 1.0},
    }  # fmt: skip
    return Draft(
        number=number,
        project=project.folder,
        commit=project.commit,
        owner=OWNER,
        parts=parts,
        params={
            "model_type": "mlp",
            "learning_rate": 0.02,
            "batch_size": 64,
            "epochs": 12,
            "seed": number,
        },
        metrics={"train_loss": 0.9, "val_f1_macro": round(0.7 + draw.random() / 5, 4)},
        tags={"purpose": "baseline", "owner": "ada", "ticket": "ML-42"},
    )


def _log(place: Path, draft: Draft) -> None:
    """Log a run, its lineage as a helper process does, and leave its files."""
    tags = [f"{key}:{value}" for key, value in draft.tags.items()]
    run = tt.init(draft.experiment, draft.name, draft.params, tags=tags, store=place)
    for step in range(3):
        run.log({name: value / (step + 1) if "loss" in name else value
                 for name, value in draft.metrics.items()}, step=step)  # fmt: skip
    model = draft.project / "models" / f"{draft.name}.pt"
    model.parent.mkdir(exist_ok=True)
    model.write_bytes(b"weights of %d" % draft.number)
    if draft.keeps_model:
        run.log_artifact(model, kind="model")
    for path in draft.inputs:
        run.log_artifact(path, kind="input")
    time.sleep(0.01)  # the file's time is before the end on a coarse clock, too
    run.finish()
    draft.id = run.id
    with Store.open(place, create=True) as store:
        recover(store)
    _append(place, draft)
    with Store.open(place) as store:
        recover(store)
        if draft.nobody:
            with store.write() as connection:
                uuid = bytes.fromhex(run.id.replace("-", ""))
                connection.execute("UPDATE run SET user='' WHERE uuid=?", (uuid,))


def _append(place: Path, draft: Draft) -> None:
    path = os.path.join(folders.journals(str(place)), f"{draft.id}.capture{journal.SUFFIX}")
    writer = JournalWriter(path, {"run": draft.id, "writer": "capture"})
    for part, facts in draft.parts.items():
        told = {"part": part, "status": "ok", "reason": "", "took_ms": 1, "facts": facts}
        writer.append(journal.LINEAGE, told)
    at_ms = time.time_ns() // 1_000_000
    for line in draft.printed:
        writer.append(journal.CONSOLE, {"t": at_ms, "stream": "out", "text": line})
    writer.append(journal.FINISH, {"t": 1, "status": "finished"})
    writer.close()


__all__ = ["ANSWERS", "OWNER", "PACKAGES", "RUNS", "Practice", "make_practice"]
