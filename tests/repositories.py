"""Real git repositories for tests, and looks at what a capture made of them."""

from __future__ import annotations

import hashlib
import os
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tui_tracker.capture.code import Origin, capture_code
from tui_tracker.code_store import CodeStore

_WHO = "-c user.name=T -c user.email=t@example.org -c commit.gpgsign=false".split()
_WHO += ["-c", "protocol.file.allow=always", "-c", "init.defaultBranch=trunk"]


def git(folder: Path, *arguments: str | bytes, feed: bytes | None = None) -> str:
    """Run git in a folder; return what it printed."""
    done = subprocess.run(
        ["git", *_WHO, *arguments], cwd=folder, input=feed, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    return done.stdout.decode(errors="replace").strip()


def make_repository(folder: Path, *options: str) -> Path:
    """Make a repository with one commit of three files on branch `trunk`."""
    folder.mkdir(parents=True, exist_ok=True)
    git(folder, "init", "-q", *options)
    (folder / "train.py").write_text("print(1)\n")
    (folder / "src").mkdir()
    (folder / "src/model.py").write_text("x = 1\ny = 2\n")
    (folder / "run.sh").write_text("#!/bin/sh\n")
    (folder / "run.sh").chmod(0o755)
    commit_all(folder)
    return folder


def commit_all(folder: Path, message: str = "Go on") -> str:
    """Commit everything; return the commit."""
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", message)
    return git(folder, "rev-parse", "HEAD")


@dataclass(frozen=True)
class Captured:
    """The last record of a capture."""

    status: str
    reason: str
    facts: dict[str, object]
    records: int
    store: CodeStore

    @property
    def snapshot(self) -> dict[str, object]:
        found = self.facts["snapshot"]
        assert isinstance(found, dict)
        return found

    @property
    def commit(self) -> str:
        return str(self.snapshot["commit"])

    def skipped(self) -> dict[str, str]:
        """Return why each path is not in the snapshot."""
        entries = self.snapshot["skipped"]
        assert isinstance(entries, list)
        return {entry["path"]: entry["why"] for entry in entries}


def capture(
    folder: Path, store: Path, announced: dict[str, dict[str, object]] | None = None
) -> Captured:
    """Take the snapshot of a folder as the helper process does."""
    store.mkdir(exist_ok=True)
    records: list[tuple[str, str, dict[str, object]]] = []
    origin = Origin(str(store), str(folder), announced or {})
    capture_code(origin, lambda *record: records.append(record))()
    status, reason, facts = records[-1]
    commit = str(facts["snapshot"]["commit"])  # type: ignore[index]
    return Captured(status, reason, facts, len(records), CodeStore.holding(str(store), commit))


Contents = dict[bytes, tuple[str, bytes]]


def contents(folder: Path) -> Contents:
    """Return every file below a folder (kind, bytes); no repository's own files."""
    found: Contents = {}
    top = os.fsencode(folder)
    for here, folders, names in os.walk(top):
        folders[:] = [name for name in folders if name != b".git"]
        links = [name for name in folders if os.path.islink(os.path.join(here, name))]
        for name in (*names, *links):
            path = os.path.join(here, name)
            if name != b".git":
                found[os.path.relpath(path, top)] = _content(path)
    return found


def _content(path: bytes) -> tuple[str, bytes]:
    mode = os.lstat(path).st_mode
    if stat.S_ISLNK(mode):
        return "link", os.readlink(path)
    with open(path, "rb") as file:
        return ("program" if mode & 0o100 else "file"), file.read()


def rebuilt(captured: Captured, folder: Path) -> Contents:
    """Write a snapshot to a new folder and return what lies there."""
    captured.store.write_out(captured.commit, str(folder))
    return contents(folder)


def fingerprint(folder: Path) -> dict[str, tuple[str, int, int]]:
    """Return content, mode and time of everything in all repositories below a folder."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if ".git" in path.parts:
            entry = path.lstat()
            data = path.read_bytes() if path.is_file() else b""
            digest = hashlib.sha256(data).hexdigest()
            found[str(path)] = (digest, entry.st_mode, entry.st_mtime_ns)
    return found


def objects(store: Path, name: str = "code.git") -> tuple[int, int]:
    """Return how many object files and how many refs a store's repository has."""
    place = store / name
    files = sum(1 for path in (place / "objects").rglob("*") if path.is_file())
    return files, sum(1 for path in (place / "refs").rglob("*") if path.is_file())
