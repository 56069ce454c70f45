"""Unchanged files whose bytes on disk are not those that git stored.

Git turns line ends, encodings and `$Id$` when a file is checked out, and runs filters
(Git LFS). Such a file is clean to git, and its blob is not what the training read.
Every conversion but two changes the length, so lengths are compared; filters and
encodings, which may keep it, are asked for by attribute.

Source: git, Documentation/gitattributes.txt (Effects), git-check-attr.txt.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator, Sequence

from tui_tracker.capture.worktree import Deadline, Place, Tracked
from tui_tracker.code_git import CodeGit, borrowing
from tui_tracker.plumbing import LINK, PROGRAM, run_git

_FEW = 20_000
"""Up to so many files lengths are compared in any case: settings may have been others once."""
_TURNED = ("text", "eol", "crlf", "ident", "autocrlf", "binary")
_RESHAPED = ("filter", "working-tree-encoding")
_UNSET = (b"unspecified", b"unset")


def find_converted(
    place: Place, tracked: Sequence[Tracked], code: CodeGit, deadline: Deadline
) -> tuple[set[bytes], list[str]]:
    """Return the paths to be read from disk, and the filters that are in use.

    Raises:
        GitFailed: git cannot tell.
    """
    words = _words_of_attributes(place, tracked)
    reshaped: dict[bytes, bytes] = {}
    if any(word in words for word in _RESHAPED):
        reshaped = _ask_attributes(place, tracked, deadline)
    found = set(reshaped)
    said = place.settings
    turned = any(word in words for word in _TURNED) or "core.eol" in said
    turned = turned or said.get("core.autocrlf", "false").lower() not in ("false", "no", "off", "0")
    # A partial clone may lack a blob whose file was there before: it is read from disk.
    if turned or place.is_partial or len(tracked) <= _FEW:
        found.update(_of_other_length(place, tracked, code, deadline))
    if not (place.is_on("core.filemode", True) and place.is_on("core.symlinks", True)):
        found.update(_of_other_mode(place, tracked))
    return found, sorted({os.fsdecode(name) for name in reshaped.values() if name})


def _words_of_attributes(place: Place, tracked: Sequence[Tracked]) -> str:
    """Return all that any file of attributes says which git would read here."""
    top = os.fsencode(place.top)
    config = os.environ.get("XDG_CONFIG_HOME") or os.path.expanduser("~/.config")
    named = place.settings.get("core.attributesfile") or os.path.join(config, "git/attributes")
    common = os.path.dirname(place.objects)
    files = [
        os.fsencode(os.path.join(common, "info/attributes")),
        os.fsencode(os.path.join(place.git_folder, "info/attributes")),
        os.fsencode(os.path.expanduser(named)),
        b"/etc/gitattributes",
        os.path.join(top, b".gitattributes"),
    ]
    ending = b"/.gitattributes"
    files += [os.path.join(top, e.path) for e in tracked if e.path.endswith(ending)]
    # One that is not tracked counts as well where its folder holds tracked files.
    return "\n".join(_read(path) for path in files)


def _ask_attributes(
    place: Place, tracked: Sequence[Tracked], deadline: Deadline
) -> dict[bytes, bytes]:
    """Return the files that have a filter or an encoding, with the filter's name or b""."""
    feed = b"\0".join([*(entry.path for entry in tracked), b""])
    command = ("check-attr", "-z", "--stdin", *_RESHAPED)
    out = run_git(place.top, *command, feed=feed, wait_s=deadline.left()).split(b"\0")
    found: dict[bytes, bytes] = {}
    for path, name, value in zip(out[::3], out[1::3], out[2::3], strict=False):
        if value not in _UNSET:
            found[path] = value if name == b"filter" else found.get(path, b"")
    return found


def _of_other_length(
    place: Place, tracked: Sequence[Tracked], code: CodeGit, deadline: Deadline
) -> Iterator[bytes]:
    """Yield the files that are longer or shorter on disk than their blobs."""
    # Asked in our repository: in the user's, git would fetch what a partial clone lacks.
    top = os.fsencode(place.top)
    files = [entry for entry in tracked if entry.mode.startswith(b"100")]
    feed = b"\n".join([*(entry.oid for entry in files), b""])
    command = ("cat-file", "--batch-check=%(objectsize)", "--buffer")
    there = borrowing([place.objects])
    out = code.run(*command, feed=feed, environment=there, wait_s=deadline.left())
    sizes = out.split(b"\n")
    for entry, size in zip(files, sizes, strict=False):
        try:
            found = os.lstat(os.path.join(top, entry.path))
        except OSError:
            continue  # removed, as `git status` says
        if not size.isdigit() or found.st_size != int(size):
            yield entry.path


def _of_other_mode(place: Place, tracked: Iterable[Tracked]) -> Iterator[bytes]:
    """Yield the files whose mode on disk is not the one git keeps for them."""
    top = os.fsencode(place.top)
    for entry in tracked:
        try:
            mode = os.lstat(os.path.join(top, entry.path)).st_mode
        except OSError:
            continue
        kind = LINK if stat.S_ISLNK(mode) else PROGRAM if mode & 0o100 else "100644"
        if not stat.S_ISDIR(mode) and kind.encode() != entry.mode:
            yield entry.path


def _read(path: bytes) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read(1 << 20)
    except OSError:
        return ""
