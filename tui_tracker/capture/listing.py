"""The files of a data set, found with one system call each.

A link to a file is that file, a link to a folder is looked into. One that leads back to a
folder above it, as its target stands in the file system, is not, so that no walk is endless.
"""

from __future__ import annotations

import os
import stat

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    File = tuple[bytes, int, int, int, int, int]
    """Path below the folder, device, inode, size, and both times in nanoseconds: a plain tuple,
    because there may be millions of them and a `stat_result` takes three times the memory."""

_LEFT_OUT = frozenset((b".git", b".tui_tracker"))
_SPECIAL = {stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket"}
_SPECIAL |= {stat.S_IFCHR: "a device", stat.S_IFBLK: "a device"}


class Listing:
    """Files by their path below a folder, and what is no file, each in the order of names."""

    def __init__(self, top: str) -> None:
        self.top = top
        """The folder."""
        self.files: list[File] = []
        self.odd: list[tuple[bytes, str, str]] = []
        """Path below the folder, what stands for its digest, and why that is a problem."""
        self.bytes = 0

    def settle(self) -> Listing:
        """Bring all into the order in which a manifest has it."""
        self.files.sort()
        self.odd.sort()
        self.bytes = sum([file[3] for file in self.files])
        return self

    def path(self, file: File) -> str:
        return os.path.join(self.top, os.fsdecode(file[0]))


def list_folder(top: str, skip: str = "") -> Listing:
    """Return what a folder holds, but for what lies in `skip`; never raises."""
    listing = Listing(top)
    _walk(listing, os.fsencode(top), b"", _place(skip))
    return listing.settle()


def list_paths(paths: Iterable[str], skip: str = "") -> Listing:
    """Return what files and folders hold, below the folder that they have in common."""
    full = sorted({os.path.abspath(path) for path in paths})
    try:
        top = os.path.commonpath([os.path.dirname(path) for path in full])
    except ValueError:  # different drives
        top = ""
    listing = Listing(top)
    for path in full:
        below = os.fsencode(os.path.relpath(path, top) if top else path).replace(_SEP, b"/")
        if os.path.isdir(path):
            _walk(listing, os.fsencode(path), below + b"/", _place(skip))
        else:
            _add(listing, os.fsencode(path), below)
    return listing.settle()


_SEP = os.fsencode(os.sep)


def _place(folder: str) -> bytes:
    return os.path.realpath(os.fsencode(folder)) if folder else b""


def _walk(listing: Listing, top: bytes, prefix: bytes, skip: bytes) -> None:
    waiting: list[tuple[bytes, bytes, tuple[bytes, ...]]] = [(top, prefix, ())]
    while waiting:
        folder, before, crossed = waiting.pop()
        for entry in _take_files(listing, folder, before):
            below = before + entry.name
            inside: tuple[bytes, ...] | None = crossed
            if entry.is_symlink():
                inside = _follow(listing, entry.path, below, crossed)
            elif not entry.is_dir(follow_symlinks=False):
                _add(listing, entry.path, below)
                continue
            if inside is not None and entry.name not in _LEFT_OUT and not _is(entry, skip):
                waiting.append((entry.path, below + b"/", inside))


def _take_files(listing: Listing, folder: bytes, before: bytes) -> list[os.DirEntry[bytes]]:
    """Take the files right in a folder; return what else is there."""
    # Names as bytes: they are what a manifest holds, and nothing has to be encoded.
    others = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.is_file(follow_symlinks=False):
                    listing.files.append(as_file(before + entry.name, entry.stat()))
                else:
                    others.append(entry)
    except OSError as error:
        listing.odd.append((before.rstrip(b"/") or b".", *_unread(error)))
    return others


def as_file(below: bytes, state: os.stat_result) -> File:
    """Return what is remembered of a file whose path below a folder is `below`."""
    times = state.st_mtime_ns, state.st_ctime_ns
    return below, state.st_dev, state.st_ino, state.st_size, *times


def _is(entry: os.DirEntry[bytes], place: bytes) -> bool:
    # The names first: a path is resolved with a system call for each of its parts.
    return entry.name == os.path.basename(place) and os.path.realpath(entry.path) == place


def _follow(
    listing: Listing, path: bytes, below: bytes, crossed: tuple[bytes, ...]
) -> tuple[bytes, ...] | None:
    """Take the file that a link means; for a folder return the links crossed to get there."""
    if not os.path.isdir(path):
        _add(listing, path, below)
        return None
    target, here = os.path.realpath(path), os.path.realpath(os.path.dirname(path))
    above = (*crossed, here)
    if any(place == target or place.startswith(target + _SEP) for place in above):
        listing.odd.append((below, _link(path), ""))
        return None
    return above


def _add(listing: Listing, path: bytes, below: bytes) -> None:
    """Take one path that is no folder, whatever it is."""
    try:
        state = os.stat(path)
        if stat.S_ISREG(state.st_mode):
            listing.files.append(as_file(below, state))
        else:
            what = _SPECIAL.get(stat.S_IFMT(state.st_mode), "no regular file")
            listing.odd.append((below, f"none:{what}", f"it is {what}"))
    except OSError as error:
        missing = isinstance(error, FileNotFoundError)
        if os.path.islink(path):
            why = "a link that leads nowhere" if missing else error.strerror or str(error)
            listing.odd.append((below, _link(path), why))
        elif missing:
            listing.odd.append((below, "none:missing", "there is no such file"))
        else:
            listing.odd.append((below, *_unread(error)))


def _link(path: bytes) -> str:
    return "link:" + os.fsdecode(os.readlink(path)).encode("unicode_escape").decode()


def _unread(error: OSError) -> tuple[str, str]:
    reason = error.strerror or str(error)
    return f"none:{reason}", f"cannot be read: {reason}"
