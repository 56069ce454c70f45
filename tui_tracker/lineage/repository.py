"""What the user's own repository still holds of a recorded commit. Reads only, no network."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Literal

LIMIT_S = 10.0


@dataclass(frozen=True, slots=True)
class CommitFound:
    """Where a commit is now."""

    state: Literal["reached", "unreached", "absent", "no repository", "unknown"]
    """`unreached`: the commit is there and no branch or tag leads to it, so git may drop it."""
    pushed: bool
    """A remote-tracking branch holds it, as far as this repository knows."""
    why: str = ""


def find_commit(top: str, commit: str) -> CommitFound:
    """Return where a commit is in the repository whose work tree is at `top`."""
    if not os.path.isdir(top):
        return CommitFound("no repository", False)
    try:
        return _find(top, commit)
    except Unanswered as error:
        return CommitFound("unknown", False, str(error))
