"""Where the bytes of an artifact lie, or in one sentence why nobody can look at them."""

from __future__ import annotations

import os
import re
import stat

from tui_tracker import folder as folders
from tui_tracker.artifacts import stored_path
from tui_tracker.errors import TrackerError

_SHA256 = re.compile(r"[0-9a-f]{64}")


class Unreadable(TrackerError):
    """A file that cannot be shown."""


def stored_file(store_folder: str, sha256: str | None, *, copied: bool, problem: str = "") -> str:
    """Return the path of an artifact's bytes in the store.

    The name that a run gave to it takes no part in this, so none can lead elsewhere.

    Raises:
        Unreadable: only its name is kept, or what is kept is gone or no file.
    """
    if not copied or sha256 is None:
        why = f": {problem}" if problem else ""
        raise Unreadable(f"only the name of this file was kept, not its content{why}")
    if not _SHA256.fullmatch(sha256):
        raise Unreadable("this file has no hash to find it by")
    path = stored_path(folders.artifacts(store_folder), sha256)
    try:
        mode = os.lstat(path).st_mode
    except OSError as error:
        raise Unreadable(f"the store's copy of this file is gone: {error.strerror}") from error
    if not stat.S_ISREG(mode):
        raise Unreadable("what the store has in the place of this file is no regular file")
    return path
