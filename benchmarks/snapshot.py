"""What the snapshot of a large work tree costs the helper process.

    python benchmarks/snapshot.py [FILES]

Prints the seconds until the code is recorded, and until every object of it is in the
store, for a repository of FILES files (50,000) whose objects are packed and one whose
objects lie loose: the first capture, the same state again, and a dirty one.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tui_tracker.capture.code import Origin, capture_code

_WHO = ("-c", "user.name=B", "-c", "user.email=b@example.org", "-c", "gc.auto=0")


def main(count: int) -> None:
    warm_up = tempfile.mkdtemp()
    measure(make(Path(warm_up, "small"), 10), Path(warm_up, "store"))  # loads GitPython
    with tempfile.TemporaryDirectory() as folder:
        for kind in ("packed", "loose"):
            top = make(Path(folder, kind), count)
            if kind == "packed":
                git(top, "repack", "-adq")
            run(kind, top, Path(folder, f"{kind}-store"))


def run(kind: str, top: Path, store: Path) -> None:
    show(kind, "clean, first", top, store)
    show(kind, "clean, again", top, store)
    for number in range(100):
        (top / f"pkg{number % 50:02}" / f"new{number}.py").write_text(f"new {number}\n")
        (top / f"pkg{number % 50:02}" / "mod00" / f"file{number % 50}.py").write_text("x\n")
    show(kind, "dirty, first", top, store)
    show(kind, "dirty, again", top, store)
    size = sum(path.stat().st_size for path in store.rglob("*") if path.is_file())
    print(f"{kind:<8}{'store':<14}{size / 1e6:6.1f} MB")


def show(kind: str, what: str, top: Path, store: Path) -> None:
    recorded, whole = measure(top, store)
    print(f"{kind:<8}{what:<14}{recorded:6.2f} s recorded{whole:6.2f} s whole")


def measure(top: Path, store: Path) -> tuple[float, float]:
    """Return the seconds until the first record and until the last."""
    store.mkdir(exist_ok=True)
    started, times = time.perf_counter(), []

    def record(status: str, reason: str, facts: dict[str, object]) -> None:
        del facts
        times.append((time.perf_counter() - started, status, reason))

    capture_code(Origin(str(store), str(top), {}), record)()
    assert times[-1][1] == "ok", times
    return times[0][0], times[-1][0]


def make(top: Path, count: int) -> Path:
    """Make a repository of so many files in up to 2,000 folders."""
    top.mkdir()
    git(top, "init", "-q")
    for number in range(count):
        folder = top / f"pkg{number % 50:02}" / f"mod{number // 50 % 40:02}"
        folder.mkdir(parents=True, exist_ok=True)
        text = f"# file {number}\n" + f"x{number} = {number}\n" * 20
        (folder / f"file{number}.py").write_text(text)
    git(top, "add", ".")
    git(top, "commit", "-qm", "Begin")
    return top


def git(top: Path, *arguments: str) -> None:
    subprocess.run(["git", *_WHO, *arguments], cwd=top, check=True, env=os.environ)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 50_000)
