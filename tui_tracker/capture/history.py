"""Where a work tree stands in its repository's history, and who else has that."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from tui_tracker.capture.redaction import redact_text
from tui_tracker.capture.worktree import Deadline, Place, Status, hide_password
from tui_tracker.code_git import NO_DATE
from tui_tracker.plumbing import GitFailed, run_git

_LONG_HISTORY_S = 2.0
"""A question that walks the history is given up after this."""


@dataclass(frozen=True, slots=True)
class Head:
    """The commit that a work tree is at."""

    tree: str | None
    """Id of its files; None before the first commit."""
    when: str
    """Its date in git's own form, in UTC."""
    facts: dict[str, object]
    """What is recorded. What could not be told is left out."""


def read_head(place: Place, status: Status, deadline: Deadline) -> Head:
    """Return the commit, its date, its branch, and whether a remote has it.

    Raises:
        GitFailed: the commit itself cannot be read.
    """
    facts: dict[str, object] = {"branch": status.branch, "detached": status.branch is None}
    if status.commit is None:
        return Head(None, NO_DATE, {"commit": None, **facts})
    command = ("log", "-1", "--no-show-signature", "--format=%T %ct", status.commit)
    out = run_git(place.top, *command, wait_s=deadline.left())
    tree, seconds = out.decode().split()[-2:]
    facts |= {
        "commit": status.commit,
        "commit_time": datetime.fromtimestamp(int(seconds), UTC).isoformat(),
        **_distance(status),
        **_asked("pushed", lambda wait_s: _is_pushed(place, status.commit or "", wait_s), deadline),
    }
    if not place.shallow:
        # A shallow clone ends where it was cut, not where the project began.
        facts |= _asked("repository", lambda wait_s: _first_commit(place, wait_s), deadline)
    return Head(tree, f"{seconds} +0000", facts)


def remote_url(place: Place, status: Status) -> str | None:
    """Return the remote's address without user name and password."""
    own = place.settings.get(f"branch.{status.branch}.remote", "")
    urls = {
        key.split(".", 1)[1].removesuffix(".url"): url
        for key, url in place.settings.items()
        if key.startswith("remote.") and key.endswith(".url")
    }
    url = urls.get("origin") or urls.get(own) or next(iter(urls.values()), "")
    return redact_text(hide_password(url)) or None


def _distance(status: Status) -> dict[str, object]:
    if status.ahead is None:
        return {}
    return {"ahead": status.ahead, "behind": status.behind}


def _asked(name: str, ask: Callable[[float], object], deadline: Deadline) -> dict[str, object]:
    try:
        return {name: ask(deadline.left(_LONG_HISTORY_S))}
    except GitFailed:
        return {}


def _is_pushed(place: Place, commit: str, wait_s: float) -> bool:
    command = ("for-each-ref", "--count=1", "--contains", commit, "refs/remotes")
    return bool(run_git(place.top, *command, wait_s=wait_s).strip())


def _first_commit(place: Place, wait_s: float) -> str:
    """Return the first of the commits without parents; a repository may have several."""
    command = ("rev-list", "--max-parents=0", "HEAD")
    return min(os.fsdecode(run_git(place.top, *command, wait_s=wait_s)).split())
