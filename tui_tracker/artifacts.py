"""Files of a run: hashed, and stored once by their content, off the training thread.

    <store>/artifacts/ab/abcdef...      a file under its SHA-256

A copy is hashed while it is read, so what is stored is always what its name says. A
file that changes meanwhile is read again, and noted where it never held still.
"""

from __future__ import annotations

import os
import stat
import threading
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from queue import SimpleQueue

_CHUNK = 1 << 20
_TRIES = 3
_MOST_FILES = 100_000


class ArtifactWorker:
    """The thread that takes files in; `report` gets the facts of each."""

    def __init__(self, folder: str, report: Callable[[dict[str, object]], None]) -> None:
        self._folder = folder
        self._report = report
        self._queue: SimpleQueue[tuple[str, dict[str, object], bool] | None] | None = None
        self._thread: threading.Thread | None = None
        self._waiting = 0

    def submit(self, path: str, facts: dict[str, object], *, copy: bool) -> None:
        """Take one file in later; `facts` name it, and the result is added to them."""
        # Written at once, so that a killed process leaves at least the name.
        self._report({**facts, "problem": "the run ended before this file was read"})
        self._waiting += 1
        if self._queue is None:
            from queue import SimpleQueue  # most runs log no artifact while they import

            self._queue = SimpleQueue()
        self._queue.put((path, facts, copy))
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="tt-artifacts", daemon=True)
            self._thread.start()

    def finish(self) -> None:
        """Wait until all files are in."""
        if self._queue is not None and self._thread is not None and self._thread.is_alive():
            self._queue.put(None)
            self._thread.join()
        self._thread = None

    @property
    def waiting(self) -> int:
        return self._waiting

    def _work(self) -> None:
        assert self._queue is not None
        while (item := self._queue.get()) is not None:
            path, facts, copy = item
            self._report({**facts, **take_in(self._folder, path, copy=copy)})
            self._waiting -= 1


def list_files(path: str) -> Iterator[tuple[str, str]]:
    """Yield (path, name below `path`) of a file, or of all files in a folder, in order.

    Links to folders are not followed, so that no loop is; a link to a file is a file.
    """
    if not os.path.isdir(path):
        yield path, ""
        return
    found = 0
    for root, folders, names in os.walk(path):
        folders.sort()
        for name in sorted(names):
            full = os.path.join(root, name)
            found += 1
            if found > _MOST_FILES:
                return
            yield full, os.path.relpath(full, path)


def take_in(folder: str, path: str, *, copy: bool) -> dict[str, object]:
    """Hash a file, store it if asked, and return `size`, `sha256`, `copied`, `problem`.

    Never raises: what went wrong is the `problem`.
    """
    changed = False
    for attempt in range(_TRIES):
        if attempt:
            time.sleep(0.05 * attempt)
        try:
            size, digest, changed = _take_once(folder, path, copy=copy)
        except OSError as error:
            return _without_copy(folder, path, error.strerror or str(error), copy=copy)
        except ValueError as error:
            return {"problem": str(error)}
        if not changed:
            break
    problem = "it changed while it was read; this is how it was last" if changed else ""
    return {"size": size, "sha256": digest, "copied": copy, "problem": problem}


def _without_copy(folder: str, path: str, reason: str, *, copy: bool) -> dict[str, object]:
    """Return what can still be told of a file that could not be read or kept."""
    # A full disk takes no copy, and yet the file can be known by its hash.
    facts = take_in(folder, path, copy=False) if copy else {}
    if "sha256" in facts:
        return {**facts, "problem": f"cannot be kept: {reason}"}
    return {"problem": f"cannot be read: {reason}"}


def _take_once(folder: str, path: str, *, copy: bool) -> tuple[int, str, bool]:
    """Return size, hash, and whether the file changed while it was read."""
    import hashlib  # not at import: it costs the logger a millisecond

    before = os.stat(path)
    if not stat.S_ISREG(before.st_mode):
        raise ValueError("it is no regular file")
    temporary = ""
    if copy:
        os.makedirs(folder, exist_ok=True)
        temporary = os.path.join(folder, f".{os.getpid()}-{threading.get_ident()}.new")
    digest = hashlib.sha256()
    try:
        size = _read_through(path, temporary or os.devnull, digest.update)
        after = os.stat(path)
        if copy:
            _place(temporary, folder, digest.hexdigest())
    finally:
        if temporary and os.path.exists(temporary):
            os.unlink(temporary)
    return size, digest.hexdigest(), _identity(before) != _identity(after)


def put_bytes(folder: str, data: bytes) -> str:
    """Store bytes under their hash; return it.

    Raises:
        OSError: they cannot be written.
    """
    import hashlib

    os.makedirs(folder, exist_ok=True)
    temporary = os.path.join(folder, f".{os.getpid()}-{threading.get_ident()}.new")
    sha256 = hashlib.sha256(data).hexdigest()
    try:
        with open(temporary, "wb") as sink:
            sink.write(data)
        _place(temporary, folder, sha256)
    finally:
        if os.path.exists(temporary):
            os.unlink(temporary)
    return sha256


def _read_through(path: str, target: str, update: Callable[[bytes], None]) -> int:
    size = 0
    with open(path, "rb") as source, open(target, "wb") as sink:
        while data := source.read(_CHUNK):
            update(data)
            sink.write(data)
            size += len(data)
    return size


def _identity(facts: os.stat_result) -> tuple[int, int, int]:
    return facts.st_mtime_ns, facts.st_size, facts.st_ino


def stored_path(folder: str, sha256: str) -> str:
    """Return where the artifact of this hash lies in the artifacts folder."""
    return os.path.join(folder, sha256[:2], sha256)


def _place(temporary: str, folder: str, sha256: str) -> None:
    path = stored_path(folder, sha256)
    if os.path.exists(path):
        try:
            os.utime(path)  # its age tells a sweep that somebody is about to name this file
        except OSError:
            pass  # another user's file
        return
    os.makedirs(os.path.dirname(path), exist_ok=True)
    os.replace(temporary, path)


def put_pieces(folder: str, pieces: Iterable[bytes]) -> str:
    """Store bytes that come in pieces, under their hash; return it.

    Raises:
        OSError: they cannot be written.
    """
    import hashlib

    os.makedirs(folder, exist_ok=True)
    temporary = os.path.join(folder, f".{os.getpid()}-{threading.get_ident()}.new")
    digest = hashlib.sha256()
    try:
        with open(temporary, "wb") as sink:
            for piece in pieces:
                digest.update(piece)
                sink.write(piece)
        _place(temporary, folder, digest.hexdigest())
    finally:
        if os.path.exists(temporary):
            os.unlink(temporary)
    return digest.hexdigest()
