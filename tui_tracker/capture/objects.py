"""Git objects written into the store's repository by this program itself.

Not by git: git would refresh the time of every object that the user's repository has
already, since it may write nothing twice, and a capture leaves no mark there. It is also
exact without attributes and settings: a blob is a file's bytes, or where a link points.

Ids come first, bytes later: a state that was kept before is known by its commit's id, and
then nothing is written at all.

Source: git, Documentation/gitformat-loose.txt, and "Git Internals - Git Objects" (trees).
"""

from __future__ import annotations

import hashlib
import os
import stat
import zlib
from binascii import unhexlify
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress

from tui_tracker.code_git import IDENTITY, CodeGit
from tui_tracker.plumbing import LINK, PLAIN, PROGRAM

TREE = b"40000"
_MOST_HELD = 64_000_000
"""Bytes of files that are not read a second time: a log grows while it is looked at."""

Entry = tuple[bytes, bytes]
"""Mode as it stands in a tree, and id in hexadecimal."""


class FileChanged(Exception):
    """A file that was not the same when it was read again to be stored."""

    def __init__(self, path: bytes) -> None:
        self.path = path
        super().__init__(f"{os.fsdecode(path)} did not hold still")


class ObjectWriter:
    """Makes objects, and writes those that the store's repository lacks when told to."""

    def __init__(self, code: CodeGit, hold: Collection[bytes] = ()) -> None:
        """`hold` are files that are being written to, whose bytes are kept from the first."""
        self._code = code
        self._hold = hold
        self._held = 0
        self._made: dict[bytes, tuple[bytes, bytes]] = {}
        """Kind and content of objects, by id."""
        self._read: dict[bytes, bytes] = {}
        """Where a blob's bytes are that were too many to hold, by id."""

    def add_file(self, path: bytes) -> Entry:
        """Return the entry of a file or a link.

        Raises:
            OSError: it cannot be read.
        """
        mode, data = _read(path)
        if path in self._hold or self._held + len(data) <= _MOST_HELD:
            self._held += len(data)
            return mode, self._add(b"blob", data)
        oid = self._id(_raw(b"blob", data))
        self._read[oid] = path
        return mode, oid

    def add_tree(self, entries: Mapping[bytes, Entry], known: Collection[bytes] = ()) -> bytes:
        """Make the trees of files by path; return the top one's id.

        Trees that are `known` to lie elsewhere are not made. An entry may be a tree
        itself.
        """
        folders: dict[bytes, list[tuple[bytes, Entry]]] = {b"": []}
        for path, entry in entries.items():
            folder, _, name = path.rpartition(b"/")
            folders.setdefault(folder, []).append((name, entry))
        levels: list[set[bytes]] = []
        for folder in list(folders):
            _enter(folder, folders, levels)
        oid = b""
        for level in reversed(levels):
            for folder in level:
                oid = self._add_level(folders[folder], known)
                above, _, name = folder.rpartition(b"/")
                if folder:
                    folders[above].append((name, (TREE, oid)))
        return oid

    def add_commit(self, tree: bytes, parents: Sequence[bytes], when: str) -> bytes:
        """Make a commit; equal arguments give equal ids.

        `when` is in git's own form: seconds since 1970 and a time zone.
        """
        who = f"{IDENTITY} {when}".encode()
        above = b"".join(b"parent %s\n" % parent for parent in parents)
        head = b"tree %s\n%sauthor %s\ncommitter %s\n" % (tree, above, who, who)
        return self._add(b"commit", head + b"\nsnapshot\n")

    def flush(self, *, ask_git: bool = True) -> int:
        """Write what the repository lacks; return how many objects that were.

        `ask_git` looks into its packs as well.

        Raises:
            FileChanged: a file is not the same any more; nothing can be made of its id.
            OSError: the repository cannot be written.
        """
        wanted = [oid for oid in (*self._read, *self._made) if not os.path.exists(self._path(oid))]
        if ask_git and wanted:
            wanted = self._code.lacking(wanted)
        self._code.check_room(sum(map(self._size, wanted)))
        for oid in wanted:
            self._write(oid, self._content(oid))
        return len(wanted)

    def _size(self, oid: bytes) -> int:
        if oid in self._made:
            return len(self._made[oid][1])
        try:
            return os.lstat(self._read[oid]).st_size
        except OSError:
            return 0  # removed since: told when it is read

    def _content(self, oid: bytes) -> bytes:
        if oid in self._made:
            return _raw(*self._made[oid])
        raw = _raw(b"blob", _read(self._read[oid])[1])
        if self._id(raw) != oid:
            raise FileChanged(self._read[oid])
        return raw

    def _add(self, kind: bytes, data: bytes, known: Collection[bytes] = ()) -> bytes:
        oid = self._id(_raw(kind, data))
        if oid not in known:
            self._made[oid] = kind, data
        return oid

    def _id(self, raw: bytes) -> bytes:
        name = self._code.object_format
        return hashlib.new(name, raw, usedforsecurity=False).hexdigest().encode()

    def _path(self, oid: bytes) -> str:
        name = oid.decode()
        return os.path.join(self._code.objects, name[:2], name[2:])

    def _write(self, oid: bytes, raw: bytes) -> None:
        path = self._path(oid)
        temporary = f"{path}.{os.getpid()}.new"
        os.makedirs(os.path.dirname(path), exist_ok=True)
        try:
            with open(temporary, "wb") as file:
                file.write(zlib.compress(raw, 1))
            os.chmod(temporary, 0o444)
            os.replace(temporary, path)
        except OSError:
            with suppress(OSError):
                os.unlink(temporary)
            raise

    def _add_level(self, members: Sequence[tuple[bytes, Entry]], known: Collection[bytes]) -> bytes:
        # Git sorts a folder as if its name ended in a slash.
        ordered = sorted(members, key=lambda m: m[0] + b"/" if m[1][0] == TREE else m[0])
        lines = [b"%s %s\0%s" % (mode, name, unhexlify(oid)) for name, (mode, oid) in ordered]
        return self._add(b"tree", b"".join(lines), known)


def _enter(
    folder: bytes, folders: dict[bytes, list[tuple[bytes, Entry]]], levels: list[set[bytes]]
) -> None:
    """Note a folder and those above it by their depth."""
    while True:
        depth = folder.count(b"/") + 1 if folder else 0
        while len(levels) <= depth:
            levels.append(set())
        if folder in levels[depth]:
            return
        levels[depth].add(folder)
        folders.setdefault(folder, [])
        if not folder:
            return
        folder = folder.rpartition(b"/")[0]


def _read(path: bytes) -> tuple[bytes, bytes]:
    """Return a file's mode and bytes; of a link, where it points."""
    mode = os.lstat(path).st_mode
    if stat.S_ISLNK(mode):
        return LINK.encode(), os.readlink(path)
    with open(path, "rb") as file:
        return (PROGRAM if mode & 0o100 else PLAIN).encode(), file.read()


def _raw(kind: bytes, data: bytes) -> bytes:
    return b"%s %d\0%s" % (kind, len(data), data)
