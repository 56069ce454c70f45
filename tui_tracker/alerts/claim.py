"""Who posts: of all that follow a store by the same settings, one.

An open app and a `tt watch` see the same events, and a webhook wants each of them once. The
right to post is a lock on a file in the user's state folder: it goes with its process,
however that ends, and whoever asks next has it.
"""

from __future__ import annotations

import os
from hashlib import sha256
from pathlib import Path
from threading import Lock

from tui_tracker.remembered import state_folder

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]


class Claim:
    """The right to post to one address what happens in one store. Safe for threads."""

    def __init__(self, folder: str | os.PathLike[str], address: str) -> None:
        # The address may hold a secret, so it is in the name by its hash alone.
        told = f"{os.path.realpath(folder)}\0{address}"
        name = f"webhook-{sha256(os.fsencode(told)).hexdigest()[:16]}.lock"
        self._path: Path = state_folder() / name
        self._file: int | None = None
        self._asking = Lock()

    def held(self) -> bool:
        """Return whether it is ours, taking it where nobody has it.

        Where it cannot be told it is ours: an event that is posted twice is better than
        one that is not.
        """
        with self._asking:
            if self._file is not None or fcntl is None:
                return True
            try:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            except OSError:
                return True
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(file)
                return False
            except OSError:  # a file system without locks
                os.close(file)
                return True
            self._file = file
            return True

    def release(self) -> None:
        """Leave it to whoever asks next."""
        with self._asking:
            if self._file is not None:
                os.close(self._file)
                self._file = None
