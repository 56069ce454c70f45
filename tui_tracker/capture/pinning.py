"""Snapshots made to last: every object of theirs in the store's own repository.

Afterwards a snapshot outlives a rebase, `git gc --prune=now` and the removal of the
user's repository. Objects go from pack to pack as they are, so a repository of 50,000
files takes a fifth of a second; one whose objects lie loose has to be read file by file.

Source: git, Documentation/git-pack-objects.txt, git-rev-list.txt, git-cat-file.txt.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

from tui_tracker.capture.worktree import Deadline
from tui_tracker.code_git import REFS, CodeGit, borrowing
from tui_tracker.plumbing import GitFailed

MOST_BYTES = 2_000_000_000
"""As stored: a repository of more is left to its owner."""
_MANY = 1_000


def pin(
    code: CodeGit, snapshot: str, objects: Sequence[str], written: int, deadline: Deadline
) -> None:
    """Copy what the snapshot needs and the store lacks; then, and only then, write its ref.

    `written` is how many objects of it were written one by one.

    Raises:
        GitFailed: an object is missing, there are too many bytes, or it took too long.
        OSError: the disk has too little room.
    """
    with code.locked(deadline.left()):
        if code.has_ref(snapshot):
            return
        there = borrowing(objects)
        command = ("rev-list", "--objects", "--no-object-names", snapshot, "--not")
        kept = f"--glob={REFS}*"
        out = code.run(*command, kept, environment=there, wait_s=deadline.left())
        lacking = code.lacking(out.splitlines(), deadline.left())
        if lacking:
            _refuse_too_many(code, lacking, there, deadline)
            _copy(code, lacking, there, deadline)
        code.keep(snapshot)
        if written > _MANY:
            # What was read from disk lies loose: a block of the disk for each object.
            code.run("repack", "-d", "-l", "-q", wait_s=deadline.left())


def is_whole(code: CodeGit, tree: str, objects: Sequence[str], deadline: Deadline) -> bool:
    """Return whether all objects of a tree can be had without asking a server."""
    command = ("rev-list", "--objects", "--quiet", tree)
    try:
        code.run(*command, environment=borrowing(objects), wait_s=deadline.left())
    except GitFailed:
        return False
    return True


def _refuse_too_many(
    code: CodeGit, lacking: Sequence[bytes], there: dict[str, str], deadline: Deadline
) -> None:
    command = ("cat-file", "--batch-check=%(objectsize:disk)", "--buffer")
    feed = b"\n".join([*lacking, b""])
    out = code.run(*command, feed=feed, environment=there, wait_s=deadline.left())
    total = sum(int(size) for size in out.split() if size.isdigit())
    if total > MOST_BYTES:
        raise GitFailed("pack-objects", f"{total / 1e9:.1f} GB are too much to copy")
    code.check_room(total)


def _copy(
    code: CodeGit, lacking: Sequence[bytes], there: dict[str, str], deadline: Deadline
) -> None:
    target = os.path.join(code.objects, "pack", "pack")
    feed = b"\n".join([*lacking, b""])
    command = ("pack-objects", "-q", "--window=0", "--delta-base-offset", target)
    code.run(*command, feed=feed, environment=there, wait_s=deadline.left())
