"""The code of a script that lies in no repository, or in one that git does not read.

The entry file, what lies beside and below it and looks like code, and the modules that
the process imported. It works without git. What is kept is a choice, never the whole folder.
"""

from __future__ import annotations

import os
import stat
import tempfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tui_tracker.capture.objects import Entry, ObjectWriter
from tui_tracker.capture.selection import Selection
from tui_tracker.code_git import NO_DATE, CodeGit

_SUFFIXES = frozenset(b".py .ipynb .yaml .yml .toml .json .cfg .ini .sh".split())
_MOST_BYTES = 1_000_000
_MOST_FILES = 2_000
_MOST_FOLDERS = 2_000
_DEEPEST = 6
_WALK_S = 3.0
_NOT_THEIRS = ("site-packages", "dist-packages")


@dataclass(frozen=True, slots=True)
class PlainTree:
    """A snapshot of chosen files."""

    tree: str
    commit: str
    files: int
    whole: bool
    """The walk came to its end, so nothing that would be chosen is left out."""


def find_root(start: str, entry: str | None) -> str:
    """Return the folder whose code belongs to a script that was started in `start`."""
    if entry is None or any(part in entry for part in _NOT_THEIRS) or _in_venv(entry):
        return start
    # From the folder of a project its own scripts are called; from a home folder, any.
    if not is_broad(os.fsencode(start)) and entry.startswith(os.path.join(start, "")):
        return start
    return os.path.dirname(entry)


def is_broad(folder: bytes) -> bool:
    """Return whether a folder holds many things that have nothing to do with each other."""
    home = os.path.expanduser("~")
    return os.fsdecode(folder) in (os.sep, home, os.path.dirname(home), tempfile.gettempdir())


def _in_venv(path: str) -> bool:
    above = os.path.dirname(os.path.dirname(path))
    return os.path.exists(os.path.join(above, "pyvenv.cfg"))


def take_plain(code: CodeGit, root: str, wanted: Iterable[str], selection: Selection) -> PlainTree:
    """Store the files below `root` that look like code, and `wanted` ones whatever they are.

    `wanted` are the entry file and imported modules, relative to `root`.

    Raises:
        OSError: the store cannot be written.
    """
    code.make()
    writer = ObjectWriter(code)
    top = os.fsencode(root)
    walk = _Walk(top, selection)
    files: dict[bytes, Entry] = {}
    for path in dict.fromkeys([*map(os.fsencode, wanted), *walk.find()]):
        if len(files) >= _MOST_FILES:
            walk.whole = False
            break
        entry = _store(writer, top, path, selection)
        if entry:
            files[path] = entry
    tree = writer.add_tree(files)
    commit = writer.add_commit(tree, (), NO_DATE).decode()
    writer.flush(ask_git=False)
    code.keep(commit)
    return PlainTree(tree.decode(), commit, len(files), walk.whole)


class _Walk:
    """Looks for code below a folder, for a while and not too deep."""

    def __init__(self, top: bytes, selection: Selection) -> None:
        self._top, self._selection = top, selection
        self.whole = True

    def find(self) -> Iterator[bytes]:
        deadline = time.monotonic() + _WALK_S
        for folders, (here, inner, names) in enumerate(os.walk(self._top), start=1):
            relative = os.path.relpath(here, self._top)
            depth = 0 if relative == b"." else relative.count(b"/") + 1
            inner[:] = self._inner(here, inner) if self._may_go_below(depth) else []
            for name in sorted(names):
                if _looks_like_code(name):
                    yield os.path.relpath(os.path.join(here, name), self._top)
            if folders >= _MOST_FOLDERS or time.monotonic() > deadline:
                self.whole = False
                return

    def _may_go_below(self, depth: int) -> bool:
        # A script in a home folder does not make all of it a project.
        if depth >= _DEEPEST:
            self.whole = False
        return not is_broad(self._top) and depth < _DEEPEST

    def _inner(self, here: bytes, names: list[bytes]) -> list[bytes]:
        kept = []
        for name in sorted(names):
            path = os.path.relpath(os.path.join(here, name, b"x"), self._top)
            if not name.startswith(b".") and not self._selection.leave_out(self._top, path):
                kept.append(name)
        return kept


def _looks_like_code(name: bytes) -> bool:
    suffix = os.path.splitext(name)[1].lower()
    if suffix == b".txt":
        return b"requirements" in name.lower()
    return suffix in _SUFFIXES and not name.startswith(b".")


def _store(writer: ObjectWriter, top: bytes, path: bytes, selection: Selection) -> Entry | None:
    place = os.path.join(top, path)
    try:
        found = os.lstat(place)
        if not (stat.S_ISREG(found.st_mode) or stat.S_ISLNK(found.st_mode)):
            return None
        if found.st_size > _MOST_BYTES:
            selection.skip(path, "larger than 1 MB", found.st_size)
            return None
        return writer.add_file(place)
    except OSError as error:
        selection.skip(path, f"cannot be read ({error.strerror})", 0)
        return None
