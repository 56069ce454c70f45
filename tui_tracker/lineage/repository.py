"""What the user's own repository still holds of a recorded commit. Reads only, no network."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Literal

from tui_tracker.plumbing import GitFailed, run_git

_LIMIT_S = 10.0
"""For one question; in a repository of a hundred thousand branches it may take longer."""


@dataclass(frozen=True, slots=True)
class CommitFound:
    """Where a commit is now."""

    state: Literal["reached", "unreached", "absent", "no repository", "unknown"]
    """`unreached`: the commit is there and no branch or tag leads to it, so git may drop it."""
    pushed: bool = False
    """A remote-tracking branch leads to it, as far as this repository knows."""
    why: str = ""


def find_commit(top: str, commit: str) -> CommitFound:
    """Return where a commit is in the repository whose work tree is at `top`."""
    if not top or not os.path.exists(os.path.join(top, ".git")):
        return CommitFound("no repository")
    # What is recorded is text from anywhere, and must never be read as an option.
    if not commit or not all(letter in "0123456789abcdef" for letter in commit):
        return CommitFound("unknown", why="what was recorded is no commit id")
    try:
        return _find(top, commit)
    except GitFailed as error:
        return CommitFound("unknown", why=str(error))


def _find(top: str, commit: str) -> CommitFound:
    try:
        run_git(top, "cat-file", "-e", f"{commit}^{{commit}}", wait_s=_LIMIT_S)
    except GitFailed as error:
        if error.code is None:
            raise
        return CommitFound("absent")
    if _holders(top, commit, "refs/remotes"):
        return CommitFound("reached", pushed=True)
    reached = _holders(top, commit) or _is_head(top, commit)
    return CommitFound("reached" if reached else "unreached")


def _holders(top: str, commit: str, *below: str) -> bool:
    question = ("for-each-ref", "--count=1", "--format=%(refname)", f"--contains={commit}", *below)
    return bool(run_git(top, *question, wait_s=_LIMIT_S).strip())


def _is_head(top: str, commit: str) -> bool:
    """Return whether a detached head leads to the commit."""
    try:
        run_git(top, "merge-base", "--is-ancestor", commit, "HEAD", wait_s=_LIMIT_S)
    except GitFailed:
        return False
    return True
