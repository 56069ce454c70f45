"""Where a store lives: one folder with database, journals and artifacts.

    <folder>/store.db         the SQLite database
    <folder>/journals/        one append-only file a writing process
    <folder>/artifacts/xx/    copied files by their SHA-256

Nothing here opens SQLite: the logger asks these questions before training starts and
must not pay for more than a few system calls.
"""

from __future__ import annotations

import os
import sys

from tui_tracker.errors import NotAStore, StoreError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

NAME = ".tui_tracker"
DATABASE = "store.db"
APPLICATION_ID = 0x74745452
"""Stands in the head of the database, so that a foreign SQLite file is told apart."""

_NETWORK = frozenset(
    "nfs nfs4 cifs smb3 smbfs fuse.sshfs lustre gpfs beegfs ceph fuse.ceph glusterfs "
    "fuse.glusterfs afs 9p panfs fuse.s3fs fuse.gcsfuse pvfs2 orangefs".split()
)


def locate(wanted: str | os.PathLike[str] | None = None) -> str:
    """Return the absolute path of the store folder to use, whether or not it exists.

    `wanted`, else `TUI_TRACKER_STORE`, else the nearest `.tui_tracker/` here or
    above, else one at the top of the git work tree, else one here. A named folder
    that only contains a `.tui_tracker/` means that one.

    Raises:
        NotAStore: the path is a file that is no store.
    """
    named = os.fspath(wanted) if wanted else os.environ.get("TUI_TRACKER_STORE")
    if named:
        return _named(os.path.abspath(os.path.expanduser(named)))
    here = os.getcwd()
    nearest = _upwards(here, NAME, os.path.isdir)
    top = nearest or _upwards(here, ".git", os.path.exists) or here
    return os.path.join(top, NAME)


def exists(folder: str) -> bool:
    """Return whether anything of a store is in the folder."""
    return os.path.exists(database(folder)) or os.path.isdir(journals(folder))


def make(folder: str) -> bool:
    """Make the folder's own folders; return whether the store is new.

    Raises:
        StoreError: the folder cannot be made or written.
    """
    new = not exists(folder)
    try:
        os.makedirs(journals(folder), exist_ok=True)
        if new:
            # A store inside a work tree must not show up as untracked files.
            ignore = os.path.join(folder, ".gitignore")
            if not os.path.exists(ignore):
                with open(ignore, "w", encoding="utf-8") as file:
                    file.write("*\n")
    except OSError as error:
        raise StoreError(
            folder,
            f"no store can be made here ({error.strerror}): "
            "name a folder that you may write with store= or TUI_TRACKER_STORE.",
        ) from error
    return new


def database(folder: str) -> str:
    return os.path.join(folder, DATABASE)


def journals(folder: str) -> str:
    return os.path.join(folder, "journals")


def artifacts(folder: str) -> str:
    return os.path.join(folder, "artifacts")


def schema_version(path: str) -> int | None:
    """Return the schema version in a database file's head; None where there is no file.

    A new file that nothing was written to yet reads as 0.

    Raises:
        NotAStore: the file is not SQLite, or not ours.
    """
    try:
        with open(path, "rb") as file:
            head = file.read(100)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StoreError(path, f"the store cannot be read ({error.strerror}).") from error
    if not head:
        return 0
    if len(head) < 100 or not head.startswith(b"SQLite format 3\0"):
        raise NotAStore(path, "this file is no SQLite database: move it away or name another store")
    application = int.from_bytes(head[68:72], "big")
    if application != APPLICATION_ID:
        raise NotAStore(path, "this database belongs to another program: name another store")
    return int.from_bytes(head[60:64], "big")


def is_network(folder: str) -> bool:
    """Return whether the folder lies on a network file system.

    SQLite's write-ahead log is unsafe there. `TUI_TRACKER_NETWORK=1` or `0` overrides
    what is read from the system; where it cannot be told, the answer is no.
    """
    said = os.environ.get("TUI_TRACKER_NETWORK")
    if said:
        return said != "0"
    if not sys.platform.startswith("linux"):
        return False
    try:
        device = os.stat(folder).st_dev
        wanted = f"{os.major(device)}:{os.minor(device)}"
        with open("/proc/self/mountinfo", encoding="utf-8", errors="replace") as file:
            for line in file:
                fields = line.split(" ")
                if fields[2] == wanted:
                    return fields[fields.index("-") + 1] in _NETWORK
    except (OSError, ValueError, IndexError):
        pass
    return False


def _named(path: str) -> str:
    if os.path.isfile(path):
        if os.path.basename(path) == DATABASE and schema_version(path) is not None:
            return os.path.dirname(path)
        raise NotAStore(path, "a store is a folder, and this is a file")
    inner = os.path.join(path, NAME)
    return inner if not exists(path) and os.path.isdir(inner) else path


def _upwards(start: str, name: str, test: Callable[[str], bool]) -> str | None:
    """Return the nearest folder at or above `start` in which `name` passes the test."""
    here = start
    while True:
        if test(os.path.join(here, name)):
            return here
        above = os.path.dirname(here)
        if above == here:
            return None
        here = above
