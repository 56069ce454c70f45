"""What a repository tells of the past: where HEAD was, who holds a file, who wrote it.

Reads only, through `plumbing`, each question bounded in time and in commits.
"""

from __future__ import annotations

import hashlib
import os
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property

from tui_tracker.capture.git import find_top
from tui_tracker.plumbing import GitFailed, run_git, to_bytes, to_text

MOST_COMMITS = 5_000
"""The newest before the run that are looked through."""
_MOST_BLOBS = 300
_WAIT_S = 10.0
_FORMAT = "--format=%H%x00%ct%x00%an <%ae>%x00%s%x1e"


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit, as far as it matters here."""

    id: str
    at: datetime
    author: str
    subject: str


@dataclass(frozen=True, slots=True)
class HeadEntry:
    """A line of the reflog: since when HEAD was at a commit."""

    commit: str
    since: datetime


def open_repository(folder: str) -> Repository | None:
    """Return the repository that a folder lies in; None where there is none."""
    try:
        top = find_top(os.path.abspath(os.path.expanduser(folder))) if folder else None
    except (OSError, ValueError):
        return None
    return Repository(top) if top else None


class Repository:
    """A work tree and its history. What git refuses to tell counts as nothing told."""

    def __init__(self, top: str) -> None:
        self.top = top

    def _ask(self, *question: str, feed: bytes | None = None) -> bytes:
        try:
            return run_git(self.top, *question, feed=feed, wait_s=_WAIT_S)
        except GitFailed:
            return b""

    @cached_property
    def reflog(self) -> list[HeadEntry]:
        """Where HEAD was, oldest first; [] where no reflog is kept."""
        out = self._ask("log", "-g", "--date=unix", "--format=%H%x00%gd", "HEAD", "--")
        found = []
        for line in out.decode("ascii", "replace").splitlines():
            commit, _, name = line.partition("\0")
            digits = name.partition("@{")[2].rstrip("}")
            if digits.isdigit():
                found.append(HeadEntry(commit, datetime.fromtimestamp(int(digits), UTC)))
        return sorted(reversed(found), key=lambda entry: entry.since)

    def head_at(self, moment: datetime) -> HeadEntry | None:
        """Return where HEAD was; None where the reflog does not reach back so far."""
        at = bisect_right(self.reflog, moment, key=lambda entry: entry.since)
        return self.reflog[at - 1] if at else None

    def commits_before(self, moment: datetime) -> list[Commit]:
        """Return the commits of all branches and reflogs, newest first."""
        until = f"--until={int(moment.timestamp())}"
        return self._commits("--all", "--reflog", until, f"--max-count={MOST_COMMITS}")

    def introduced(self, blob: str) -> list[Commit]:
        """Return the commits that brought or took a file of this id, newest first."""
        return self._commits("--all", "--reflog", f"--find-object={blob}", "--max-count=20")

    def find(self, commit: str) -> Commit | None:
        """Return a commit that this repository has."""
        if not commit or not all(letter in "0123456789abcdef" for letter in commit):
            return None
        found = self._commits("--no-walk", commit)
        return found[0] if found else None

    def _commits(self, *which: str) -> list[Commit]:
        out = to_text(self._ask("log", _FORMAT, *which, "--"))
        found = []
        for text in out.split("\x1e"):
            fields = text.strip("\n").split("\0")
            if len(fields) == 4 and fields[1].isdigit():
                at = datetime.fromtimestamp(int(fields[1]), UTC)
                found.append(Commit(fields[0], at, fields[2], fields[3]))
        return found

    def blobs(self, commits: Sequence[str], path: str) -> dict[str, str]:
        """Return the id of a file's content in each of these commits that has the file."""
        if "\n" in path:
            return {}
        feed = b"".join(b"%b:%b\n" % (commit.encode(), to_bytes(path)) for commit in commits)
        out = self._ask("cat-file", "--batch-check=%(objecttype) %(objectname)", feed=feed)
        lines = out.decode("ascii", "replace").splitlines()
        found = {}
        for commit, line in zip(commits, lines, strict=False):
            kind, _, name = line.partition(" ")
            if kind == "blob":
                found[commit] = name
        return found

    def holding(self, commits: Sequence[str], path: str, sha256: str) -> dict[str, str]:
        """Return those commits whose file has this SHA-256, with the id of its content."""
        by_commit = self.blobs(commits, path)
        wanted = sha256.rpartition(":")[2]
        right = {
            blob
            for blob in list(dict.fromkeys(by_commit.values()))[:_MOST_BLOBS]
            if hashlib.sha256(self._ask("cat-file", "blob", blob)).hexdigest() == wanted
        }
        return {commit: blob for commit, blob in by_commit.items() if blob in right}

    def read(self, commit: str, path: str) -> bytes | None:
        """Return a file of a commit; None where it has none of that path."""
        blob = self.blobs([commit], path).get(commit)
        return self._ask("cat-file", "blob", blob) if blob else None

    def files(self, commit: str) -> list[str]:
        """Return the paths of a commit's files."""
        out = self._ask("ls-tree", "-r", "-z", "--name-only", "--full-tree", commit)
        return [to_text(path) for path in out.split(b"\0") if path]
