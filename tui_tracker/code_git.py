"""The repository of our own that snapshots of code are kept in.

    <store>/code.git             bare; refs/snapshots/<commit>, one ref a snapshot
    <store>/code-sha256.git      the same for repositories whose ids are SHA-256

Nobody's settings hold in it, and its attributes overrule those of any tree: no line end
is converted and no filter runs, so a blob is a file's bytes.

Source: git, Documentation/gitrepository-layout.txt, gitattributes.txt.
"""

from __future__ import annotations

import errno
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from tui_tracker.plumbing import WAIT_S, run_git

REFS = "refs/snapshots/"
IDENTITY = "tui_tracker <snapshot@localhost>"
NO_DATE = "946684800 +0000"
"""Stands where no commit tells a date: equal states are to give equal ids."""
_ATTRIBUTES = b"* -text !eol -ident -filter -working-tree-encoding !diff !merge\n"
_CONFIG = """[core]
\trepositoryformatversion = {version}
\tfilemode = true
\tbare = true
\tsymlinks = true
\tignorecase = false
\tautocrlf = false
\tsafecrlf = false
\tprotectNTFS = false
\tprotectHFS = false
\tattributesFile = /dev/null
\tlogAllRefUpdates = false
[gc]
\tauto = 0
[pack]
\twriteReverseIndex = false
"""
_SHA256_DIGITS = 64
_EXTENSION = "[extensions]\n\tobjectFormat = sha256\n"


RESERVE = 32_000_000
"""Bytes of the disk that no snapshot takes."""


class CodeGit:
    """Our own bare repository of one object format, and git run in it."""

    def __init__(self, store_folder: str, object_format: str = "sha1") -> None:
        self.store_folder = store_folder
        self.object_format = object_format
        name = "code.git" if object_format == "sha1" else f"code-{object_format}.git"
        self.path = os.path.join(store_folder, name)
        self.objects = os.path.join(self.path, "objects")

    @classmethod
    def holding(cls, store_folder: str, snapshot: str) -> CodeGit:
        """Return the one that an id of this length lies in."""
        return cls(store_folder, "sha256" if len(snapshot) == _SHA256_DIGITS else "sha1")

    @property
    def exists(self) -> bool:
        return os.path.isfile(os.path.join(self.path, "HEAD"))

    def make(self) -> None:
        """Make the repository where it is not there yet; without git, in milliseconds."""
        if self.exists:
            return
        for inner in ("objects/info", "objects/pack", "refs/heads", REFS, "info"):
            os.makedirs(os.path.join(self.path, inner), exist_ok=True)
        sha256 = self.object_format != "sha1"
        config = _CONFIG.format(version=int(sha256)) + (_EXTENSION if sha256 else "")
        self._put("config", config.encode())
        self._put("info/attributes", _ATTRIBUTES)
        self._put("HEAD", b"ref: refs/heads/none\n")  # last: `exists` looks for it

    def run(
        self,
        *arguments: str,
        feed: bytes | None = None,
        environment: Mapping[str, str] | None = None,
        wait_s: float = WAIT_S,
        accept: Sequence[int] = (0,),
    ) -> bytes:
        """Return what a git command wrote that ran in this repository.

        Raises:
            GitFailed: see `run_git`.
        """
        env = {**self.environment, **(environment or {})}
        return run_git(None, *arguments, feed=feed, environment=env, wait_s=wait_s, accept=accept)

    @property
    def environment(self) -> dict[str, str]:
        """The variables with which git works in this repository and reads no other settings."""
        return {
            "GIT_DIR": self.path,
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_SYSTEM": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_COUNT": "0",
            "GIT_ATTR_NOSYSTEM": "1",
            "GIT_LITERAL_PATHSPECS": "1",
            "XDG_CONFIG_HOME": os.devnull,
        }

    @contextmanager
    def locked(self, wait_s: float) -> Iterator[bool]:
        """Hold the repository against other captures and sweeps; yield whether that worked.

        Nothing is harmed where it did not: at worst two processes do the same work.
        """
        try:
            import fcntl
        except ImportError:
            yield False
            return
        file = os.open(os.path.join(self.path, "tui_tracker.lock"), os.O_RDWR | os.O_CREAT, 0o666)
        try:
            yield _take(lambda: fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB), wait_s)
        finally:
            os.close(file)

    def lacking(self, oids: Iterable[bytes], wait_s: float = WAIT_S) -> list[bytes]:
        """Return those of the objects that are not in this repository itself."""
        command = ("cat-file", "--batch-check=%(objectname)", "--buffer")
        out = self.run(*command, feed=b"\n".join([*oids, b""]), wait_s=wait_s)
        return [line.split(b" ", 1)[0] for line in out.splitlines() if line.endswith(b" missing")]

    def check_room(self, size_bytes: int) -> None:
        """Raise OSError where so many bytes would leave too little of the disk.

        Journals and database lie there as well: no run may lose its numbers to its code.
        """
        free = shutil.disk_usage(self.store_folder).free
        if free - size_bytes < RESERVE:
            raise OSError(errno.ENOSPC, "the disk has too little room for the code")

    def has_ref(self, snapshot: str) -> bool:
        """Return whether the snapshot was kept whole; the ref is written last."""
        if os.path.exists(os.path.join(self.path, REFS, snapshot)):
            return True
        found = self.run("for-each-ref", "--format=%(objectname)", REFS + snapshot)
        return bool(found.strip())

    def list_refs(self) -> list[str]:
        """Return the ids of all snapshots that are kept."""
        if not self.exists:
            return []
        return self.run("for-each-ref", "--format=%(objectname)", REFS).decode().split()

    def keep(self, snapshot: str) -> None:
        """Write the ref of a snapshot, or say that it was used again: a sweep spares those.

        Another process may be writing the same one.
        """
        path = os.path.join(self.path, REFS, snapshot)
        try:
            os.utime(path)
            return
        except OSError:
            pass  # there is none yet, or git has packed it
        os.makedirs(os.path.dirname(path), exist_ok=True)
        # Not update-ref: of two that write the same ref at once, one fails on its lock.
        self._put(REFS + snapshot, snapshot.encode() + b"\n")

    def _put(self, name: str, data: bytes) -> None:
        path = os.path.join(self.path, name)
        temporary = f"{path}.{os.getpid()}-{threading.get_ident()}.new"
        with open(temporary, "wb") as file:
            file.write(data)
        os.replace(temporary, path)


def borrowing(folders: Iterable[str]) -> dict[str, str]:
    """Return the variable that lets git read objects of other repositories as well."""
    special = frozenset(':"\\\n')
    quoted = (_quote(folder) if special & set(folder) else folder for folder in folders)
    return {"GIT_ALTERNATE_OBJECT_DIRECTORIES": os.pathsep.join(quoted)}


def _quote(folder: str) -> str:
    escaped = folder.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def _take(lock: Callable[[], None], wait_s: float) -> bool:
    deadline = time.monotonic() + wait_s
    while True:
        try:
            lock()
            return True
        except BlockingIOError:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.02)
        except OSError:
            return False  # a file system that has no locks
