"""Git objects written into the store's repository by this program itself.

Not by git: git would refresh the time of every object that the user's repository has
already, since it may write nothing twice, and a capture leaves no mark there. It is also
exact without attributes and settings: a blob is a file's bytes, or where a link points.

Source: git, Documentation/gitformat-loose.txt, and "Git Internals - Git Objects" (trees).
"""

from __future__ import annotations

import hashlib
import os
import stat
import zlib
from binascii import unhexlify
from collections.abc import Collection, Mapping, Sequence

from tui_tracker.plumbing import IDENTITY_LINE, LINK, PLAIN, PROGRAM, CodeGit

TREE = b"40000"

Entry = tuple[bytes, bytes]
"""Mode as it stands in a tree, and id in hexadecimal."""


class ObjectWriter:
    """Writes loose objects, each only where the store's repository has no such file."""

    def __init__(self, code: CodeGit) -> None:
        self._code = code

    def write_file(self, path: bytes) -> Entry:
        """Store a file or a link; return its entry.

        Raises:
            OSError: it cannot be read, or the store cannot be written.
        """
        mode = os.lstat(path).st_mode
        if stat.S_ISLNK(mode):
            return LINK.encode(), self.write(b"blob", os.readlink(path))
        with open(path, "rb") as file:
            oid = self.write(b"blob", file.read())
        return (PROGRAM if mode & 0o100 else PLAIN).encode(), oid

    def write_tree(self, entries: Mapping[bytes, Entry], known: Collection[bytes] = ()) -> bytes:
        """Store the trees of files by path; return the top one's id.

        Trees that are `known` to lie elsewhere are not written. An entry may be a tree
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
                oid = self._write_level(folders[folder], known)
                above, _, name = folder.rpartition(b"/")
                if folder:
                    folders[above].append((name, (TREE, oid)))
        return oid

    def write_commit(self, tree: bytes, parents: Sequence[bytes], when: str) -> bytes:
        """Store a commit; equal arguments give equal ids.

        `when` is in git's own form: seconds since 1970 and a time zone.
        """
        who = f"{IDENTITY_LINE} {when}".encode()
        above = b"".join(b"parent %s\n" % parent for parent in parents)
        head = b"tree %s\n%sauthor %s\ncommitter %s\n" % (tree, above, who, who)
        return self.write(b"commit", head + b"\nsnapshot\n")

    def write(self, kind: bytes, data: bytes, known: Collection[bytes] = ()) -> bytes:
        """Store one object; return its id."""
        raw = b"%s %d\0%s" % (kind, len(data), data)
        oid = hashlib.new(self._code.object_format, raw, usedforsecurity=False).hexdigest()
        path = os.path.join(self._code.objects, oid[:2], oid[2:])
        if oid.encode() in known or os.path.exists(path):
            return oid.encode()
        temporary = f"{path}.{os.getpid()}.new"
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(temporary, "wb") as file:
            file.write(zlib.compress(raw, 1))
        os.chmod(temporary, 0o444)
        os.replace(temporary, path)
        return oid.encode()

    def _write_level(
        self, members: Sequence[tuple[bytes, Entry]], known: Collection[bytes]
    ) -> bytes:
        # Git sorts a folder as if its name ended in a slash.
        ordered = sorted(members, key=lambda m: m[0] + b"/" if m[1][0] == TREE else m[0])
        lines = [b"%s %s\0%s" % (mode, name, unhexlify(oid)) for name, (mode, oid) in ordered]
        return self.write(b"tree", b"".join(lines), known)


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
