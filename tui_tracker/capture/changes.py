"""What is changed in a work tree, told in numbers, names and doubts."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence

from tui_tracker.capture.redaction import find_secrets
from tui_tracker.capture.worktree import Change, Deadline, Status
from tui_tracker.code_git import CodeGit, borrowing
from tui_tracker.plumbing import GitFailed, to_text

_MOST_FILES = 1_000
_MOST_SECRETS = 200
_LARGEST_TEXT = 1_000_000
_SCAN_S = 2.0
_MOST_READ = 50_000_000
"""Bytes."""


def change_facts(changes: Sequence[Change]) -> dict[str, object]:
    """Return `dirty`, `changes` and `files`."""
    counts = Status(None, None, None, None, list(changes)).counts()
    named = sorted((change.path, change.letter) for change in changes)
    files = [[letter, to_text(path)] for path, letter in named[:_MOST_FILES]]
    return {"dirty": bool(changes), "changes": counts, "files": files}


def diffstat(
    code: CodeGit,
    snapshot: str,
    base: str | None,
    changed: bool,
    objects: Sequence[str],
    deadline: Deadline,
) -> dict[str, int] | None:
    """Return files, lines added and lines removed; None where that cannot be told.

    Files that differ from HEAD's only by how they were checked out count as well.
    """
    if not changed or base == snapshot:
        return {"files": 0, "added": 0, "removed": 0}
    if base is None:
        return None
    command = ("diff-tree", "-r", "-z", "--numstat", "--no-renames", base, snapshot)
    try:
        out = code.run(*command, environment=borrowing(objects), wait_s=deadline.left(5.0))
    except GitFailed:
        return None
    lines = [entry.split(b"\t", 2) for entry in out.split(b"\0")[:-1]]
    added = sum(int(line[0]) for line in lines if line[0].isdigit())
    removed = sum(int(line[1]) for line in lines if line[1].isdigit())
    return {"files": len(lines), "added": added, "removed": removed}


def scan_secrets(top: str, paths: Iterable[bytes]) -> tuple[list[dict[str, object]], bool]:
    """Return where a changed text file seems to hold a secret, and whether all were read.

    The secret itself is never returned.
    """
    found: list[dict[str, object]] = []
    left, deadline = _MOST_READ, Deadline(_SCAN_S)
    for path in sorted(paths):
        text = _read_text(os.path.join(os.fsencode(top), path))
        left -= len(text)
        if left < 0 or deadline.passed or len(found) >= _MOST_SECRETS:
            return found[:_MOST_SECRETS], False
        name = to_text(path)
        found += [{"path": name, "line": n, "kind": kind} for n, kind in find_secrets(text)]
    return found, True


def _read_text(path: bytes) -> str:
    """Return a file's text; "" for one that is large, binary, a link, or gone."""
    try:
        if os.path.islink(path) or os.path.getsize(path) > _LARGEST_TEXT:
            return ""
        with open(path, "rb") as file:
            data = file.read()
    except OSError:
        return ""
    return "" if b"\0" in data[:8000] else data.decode("utf-8", "replace")
