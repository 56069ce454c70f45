"""The work tree as it lies on disk, turned into a tree of git objects in the store.

    1. what git tracks, from `ls-files`, but for what is gone or must be looked at anew
    2. the trees of submodules and of repositories that lie inside, taken the same way
    3. read from disk: what is changed, untracked, or not as git stored it (`conversions.py`)

Git is only asked. What it answers with are ids of objects that lie in the user's
repository; those read from disk are made by `objects.py`, and `pinning.py` copies the
others afterwards.

Source: git, Documentation/git-ls-files.txt, git-ls-tree.txt.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from tui_tracker.capture.conversions import find_converted
from tui_tracker.capture.objects import TREE, Entry, ObjectWriter
from tui_tracker.capture.selection import Selection
from tui_tracker.capture.worktree import (
    Deadline,
    Place,
    Status,
    Tracked,
    list_tracked,
    read_place,
    read_status,
)
from tui_tracker.code_git import CodeGit
from tui_tracker.plumbing import GITLINK, GitFailed, run_git

_DEEPEST = 8


@dataclass(frozen=True, slots=True)
class Submodule:
    """A submodule, with the commit that its own repository is at."""

    path: bytes
    commit: str | None
    dirty: bool


@dataclass(slots=True)
class Taken:
    """What one work tree came to."""

    tree: str = ""
    read: list[bytes] = field(default_factory=list)
    """Changed and untracked files that went in, for those who look into them."""
    filters: list[str] = field(default_factory=list)
    submodules: list[Submodule] = field(default_factory=list)
    embedded: list[bytes] = field(default_factory=list)
    ignored: list[bytes] = field(default_factory=list)
    """Files that git ignores and that went in because the process imported them."""
    objects: list[str] = field(default_factory=list)
    """Object folders of all repositories that took part."""


class Taker:
    """Takes work trees, each with those that lie within it; `writer` has what they need."""

    def __init__(
        self,
        code: CodeGit,
        selection: Selection,
        deadline: Deadline,
        unsteady: Collection[bytes] = (),
    ) -> None:
        self.code = code
        self.selection = selection
        self.deadline = deadline
        self.writer = ObjectWriter(code, unsteady)
        self.empty_tree = hashlib.new(code.object_format, b"tree 0\0").hexdigest()

    def take(self, place: Place, status: Status, extra: Collection[bytes] = ()) -> Taken:
        """Write the tree of a work tree; `extra` are ignored files that belong to it.

        Raises:
            GitFailed: git cannot read the repository or took too long.
        """
        return _WorkTree(self, place, status, b"", 0).take(extra)


class _WorkTree:
    """One work tree while it is taken."""

    def __init__(
        self, taker: Taker, place: Place, status: Status, prefix: bytes, depth: int
    ) -> None:
        self._taker, self._selection = taker, taker.selection
        self._place, self._status = place, status
        self._top = os.fsencode(place.top)
        self._prefix, self._depth = prefix, depth
        self._taken = Taken(objects=[place.objects])
        self._entries: dict[bytes, Entry] = {}
        self._feed: list[bytes] = []
        """Paths to be read from disk."""
        self._extra: list[bytes] = []
        self._inner: list[bytes] = []
        """Where submodules are."""
        self._odd = False
        """The tree is not HEAD's own even where git sees no change."""

    def take(self, extra: Collection[bytes] = ()) -> Taken:
        self._extra = list(extra)
        tracked = list_tracked(self._place, self._taker.deadline)
        taker = self._taker
        converted, filters = find_converted(self._place, tracked, taker.code, taker.deadline)
        self._taken.filters = filters
        self._add_tracked(tracked, converted)
        self._add_changed()
        for folder in self._status.closed:
            self._selection.skip(self._prefix + folder, "a folder that may not be read", 0)
        self._add_untracked({entry.path for entry in tracked})
        self._taken.tree = self._write_tree()
        return self._taken

    def _add_tracked(self, tracked: Sequence[Tracked], converted: Collection[bytes]) -> None:
        changed = {change.path for change in self._status.changes}
        for entry in tracked:
            if entry.mode == GITLINK.encode():
                self._add_submodule(entry)
            elif entry.path in changed:
                continue
            elif not (entry.hidden or entry.path in converted):
                self._entries[entry.path] = (entry.mode, entry.oid)
            else:
                self._odd = True
                if _is_there(self._top, entry.path) and self._fits(entry.path):
                    self._feed.append(entry.path)

    def _add_changed(self) -> None:
        for change in self._status.changes:
            if change.letter in "?S" or change.gone:
                continue
            if change.letter == "U" and _is_repository(self._top, change.path):
                self._add_inner(change.path, "")
            elif self._fits(change.path):
                self._feed.append(change.path)
                self._taken.read.append(self._prefix + change.path)

    def _add_untracked(self, tracked: Collection[bytes]) -> None:
        untracked = [change.path for change in self._status.changes if change.letter == "?"]
        for path in untracked:
            if path.endswith(b"/") and not self._selection.leave_out(self._top, path):
                self._add_inner(path[:-1], None)
        files = {path for path in untracked if not path.endswith(b"/")}
        inner = [*self._inner, *(path[:-1] for path in untracked if path.endswith(b"/"))]
        ignored = {
            path
            for path in self._extra
            if path not in tracked and not any(path.startswith(f + b"/") for f in inner)
        } - files
        self._taken.ignored += sorted(self._prefix + path for path in ignored)
        files |= ignored
        self._read_untracked(files)

    def _read_untracked(self, files: Iterable[bytes]) -> None:
        chosen = list(self._selection.take_untracked(self._top, files, self._prefix))
        self._odd = self._odd or bool(chosen)
        self._feed += chosen
        self._taken.read += [self._prefix + path for path in chosen]

    def _fits(self, path: bytes) -> bool:
        return self._selection.take(self._top, path, self._prefix + path)

    # -- repositories that lie inside

    def _add_submodule(self, entry: Tracked) -> None:
        self._odd = True
        self._inner.append(entry.path)
        folder = os.path.join(self._top, entry.path)
        if _is_repository(self._top, entry.path):
            self._add_inner(entry.path, entry.oid.decode())
        elif os.path.isdir(folder) and not os.path.islink(folder):
            self._selection.skip(self._prefix + entry.path, "a submodule that is not checked out")
            self._read_untracked(_walk(self._top, entry.path))

    def _add_inner(self, path: bytes, wanted: str | None) -> None:
        """Take a repository that lies inside; `wanted` is the commit a submodule stands for."""
        name, taken = self._prefix + path, self._taken
        try:
            place = self._place_of(path)
            status = read_status(place, self._taker.deadline)
            work_tree = _WorkTree(self._taker, place, status, name + b"/", self._depth + 1)
            inner = work_tree.take(self._below(path))
            if inner.tree != self._taker.empty_tree:
                self._entries[path] = (TREE, inner.tree.encode())
        except GitFailed:
            if self._taker.deadline.passed:
                raise
            # Git does not read it: its files are still there to be read.
            status = Status(None, None, None, None)
            inner = Taken()
            self._read_untracked(_walk(self._top, path))
        if wanted is None:
            taken.embedded.append(name)
        else:
            dirty = bool(status.changes) or status.commit != wanted
            taken.submodules.append(Submodule(name, status.commit, dirty))
        taken.submodules += inner.submodules
        taken.embedded += inner.embedded
        taken.ignored += inner.ignored
        taken.objects += inner.objects
        taken.read += inner.read

    def _below(self, path: bytes) -> list[bytes]:
        return [e[len(path) + 1 :] for e in self._extra if e.startswith(path + b"/")]

    def _place_of(self, path: bytes) -> Place:
        folder = os.fsdecode(os.path.join(self._top, path))
        place = read_place(folder, self._taker.deadline)
        # With a broken `.git` git looks further up, and finds the repository around it.
        if not os.path.samefile(place.top, folder) or self._depth >= _DEEPEST:
            raise GitFailed("rev-parse", "not a repository of its own")
        if place.object_format != self._taker.code.object_format:
            raise GitFailed("rev-parse", "its ids are of another kind")
        return place

    # -- the tree

    def _write_tree(self) -> str:
        head = self._status.commit
        if head and not (self._status.changes or self._odd):
            return self._ask("rev-parse", f"{head}^{{tree}}").decode().strip()
        for path in dict.fromkeys(self._feed):
            self._read(path)
        known: set[bytes] = set()
        if head:
            # As `mode tree ID TAB path`; these need not be written, they will be copied.
            listed = self._ask("ls-tree", "-r", "-d", "-z", "--full-tree", head)
            known = {line.split(b"\t", 1)[0].rsplit(b" ", 1)[-1] for line in listed.split(b"\0")}
        return self._taker.writer.add_tree(self._entries, known).decode()

    def _read(self, path: bytes) -> None:
        """Put a file into the store; one that cannot be read is named."""
        try:
            self._entries[path] = self._taker.writer.add_file(os.path.join(self._top, path))
        except (FileNotFoundError, NotADirectoryError):
            pass  # removed since git saw it
        except OSError as error:
            self._selection.skip(self._prefix + path, f"cannot be read ({error.strerror})", 0)
        if self._taker.deadline.passed:
            raise GitFailed("snapshot", "the files could not be read in time")

    def _ask(self, *command: str) -> bytes:
        return run_git(self._place.top, *command, wait_s=self._taker.deadline.left())


def _is_repository(top: bytes, path: bytes) -> bool:
    folder = os.path.join(top, path)
    return not os.path.islink(folder) and os.path.lexists(os.path.join(folder, b".git"))


def _is_there(top: bytes, path: bytes) -> bool:
    """Return whether a file lies there, and not behind a link that took a folder's place."""
    here = top
    *folders, _ = path.split(b"/")
    for folder in folders:
        here = os.path.join(here, folder)
        if os.path.islink(here):
            return False
    return os.path.lexists(os.path.join(top, path))


def _walk(top: bytes, path: bytes) -> Iterator[bytes]:
    """Yield the files below a folder, relative to `top`; no repository's own."""
    for here, folders, names in os.walk(os.path.join(top, path)):
        folders[:] = [name for name in folders if name != b".git"]
        links = [name for name in folders if os.path.islink(os.path.join(here, name))]
        for name in (*names, *links):
            if name != b".git":
                yield os.path.relpath(os.path.join(here, name), top)
