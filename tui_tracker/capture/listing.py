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

_LEFT_OUT = frozenset((".git", ".tui_tracker"))
_SPECIAL = {stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket"}
_SPECIAL |= {stat.S_IFCHR: "a device", stat.S_IFBLK: "a device"}


class Listing:
    """Files by their path below a folder, and what is no file, each in the order of names."""

    def __init__(self) -> None:
        self.files: list[tuple[bytes, str, os.stat_result]] = []
        """Path below the folder, path, and the state when it was listed."""
        self.odd: list[tuple[bytes, str, str]] = []
        """Path below the folder, what stands for its digest, and why that is a problem."""
        self.bytes = 0

    def settle(self) -> Listing:
        """Bring all into the order in which a manifest has it."""
        self.files.sort(key=lambda file: file[0])
        self.odd.sort()
        self.bytes = sum([file[2].st_size for file in self.files])
        return self


def list_folder(top: str, skip: str = "") -> Listing:
    """Return what a folder holds, but for what lies in `skip`; never raises."""
    listing = Listing()
    _walk(listing, top, b"", _real(skip) if skip else "")
    return listing.settle()


def list_paths(paths: Iterable[str], skip: str = "") -> tuple[str, Listing]:
    """Return the folder that files and folders have in common, and what they hold."""
    full = sorted({os.path.abspath(path) for path in paths})
    try:
        top = os.path.commonpath([os.path.dirname(path) for path in full])
    except ValueError:  # different drives
        top = ""
    listing = Listing()
    for path in full:
        below = os.fsencode(os.path.relpath(path, top) if top else path).replace(_SEP, b"/")
        if os.path.isdir(path):
            _walk(listing, path, below + b"/", _real(skip) if skip else "")
        else:
            _add(listing, path, below)
    return top, listing.settle()


_SEP = os.sep.encode()


def _walk(listing: Listing, top: str, prefix: bytes, skip: str) -> None:
    waiting: list[tuple[str, bytes, tuple[str, ...]]] = [(top, prefix, ())]
    while waiting:
        folder, before, crossed = waiting.pop()
        try:
            with os.scandir(folder) as entries:
                found = list(entries)
        except OSError as error:
            listing.odd.append((before.rstrip(b"/") or b".", *_unread(error)))
            continue
        for entry in found:
            below = before + os.fsencode(entry.name)
            try:
                if entry.is_symlink():
                    inside = _follow(listing, entry.path, below, crossed)
                elif entry.is_dir(follow_symlinks=False):
                    inside = crossed
                else:
                    _take(listing, entry.path, below, entry.stat(follow_symlinks=False))
                    continue
            except OSError as error:
                listing.odd.append((below, *_unread(error)))
                continue
            if inside is None or entry.name in _LEFT_OUT or _is(entry, skip):
                continue
            waiting.append((entry.path, below + b"/", inside))


def _is(entry: os.DirEntry[str], place: str) -> bool:
    # The names first: a path is resolved with a system call for each of its parts.
    return entry.name == os.path.basename(place) and _real(entry.path) == place


def _follow(
    listing: Listing, path: str, below: bytes, crossed: tuple[str, ...]
) -> tuple[str, ...] | None:
    """Take the file that a link means; for a folder return the links crossed to get there."""
    if not os.path.isdir(path):
        _add(listing, path, below)
        return None
    target, here = _real(path), _real(os.path.dirname(path))
    above = (*crossed, here)
    if any(place == target or place.startswith(target + os.sep) for place in above):
        listing.odd.append((below, _link(path), ""))
        return None
    return above


def _add(listing: Listing, path: str, below: bytes) -> None:
    """Take one path that is no folder, whatever it is."""
    try:
        _take(listing, path, below, os.stat(path))
    except FileNotFoundError:
        if os.path.islink(path):
            listing.odd.append((below, _link(path), "a link that leads nowhere"))
        else:
            listing.odd.append((below, "none:missing", "there is no such file"))
    except OSError as error:
        if os.path.islink(path):
            listing.odd.append((below, _link(path), error.strerror or str(error)))
        else:
            listing.odd.append((below, *_unread(error)))


def _take(listing: Listing, path: str, below: bytes, state: os.stat_result) -> None:
    if stat.S_ISREG(state.st_mode):
        listing.files.append((below, path, state))
    else:
        what = _SPECIAL.get(stat.S_IFMT(state.st_mode), "no regular file")
        listing.odd.append((below, f"none:{what}", f"it is {what}"))


def _link(path: str) -> str:
    return "link:" + os.readlink(path).encode("unicode_escape").decode()


def _unread(error: OSError) -> tuple[str, str]:
    reason = error.strerror or str(error)
    return f"none:{reason}", f"cannot be read: {reason}"


def _real(path: str) -> str:
    return os.path.realpath(path)
