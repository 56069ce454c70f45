"""The code of runs, as it lay on disk: listed, rebuilt, verified, compared, handed on.

A snapshot is a commit in the store's own repository (`plumbing.py`) whose tree is the
work tree byte for byte, taken by `capture/snapshot.py`. Its parent, where it has one,
holds the files of the commit that the work tree was at.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tui_tracker import code_files, code_pack
from tui_tracker.code_files import CodeFile, CodeUnavailable, ask
from tui_tracker.code_git import CodeGit
from tui_tracker.plumbing import GitFailed, to_bytes, to_text

__all__ = ["CodeChange", "CodeFile", "CodeStore", "CodeUnavailable"]

State = Literal["A", "M", "D", "R", "T"]
_LONG_S = 60.0
_KEY_LINES = re.compile(r"^(?:[ +-][A-Za-z0-9+/]{60,80}={0,2}\n?){2,}", re.MULTILINE)
"""A patch may show the middle of a private key, without the lines that name it."""


@dataclass(frozen=True, slots=True)
class CodeChange:
    """What happened to one file between two snapshots."""

    state: State
    """Added, modified, deleted, renamed, or of another type (a link, a file)."""
    path: str
    old_path: str
    """Where a renamed file lay; the same as `path` otherwise."""
    added: int | None
    removed: int | None
    """Lines; None for a binary file."""


class CodeStore:
    """Reads the snapshots of one store.

    All methods raise CodeUnavailable where git is missing or the snapshot is not here.
    """

    def __init__(self, store_folder: str, object_format: str = "sha1") -> None:
        self._code = CodeGit(store_folder, object_format)

    @classmethod
    def holding(cls, store_folder: str, snapshot: str) -> CodeStore:
        """Return the one that an id of this length lies in."""
        return cls(store_folder, CodeGit.holding(store_folder, snapshot).object_format)

    def has(self, snapshot: str) -> bool:
        """Return whether the commit and its whole tree are here."""
        try:
            tree = self.tree_of(snapshot)
            ask(self._code, snapshot, "rev-list", "--objects", "--quiet", tree, wait_s=_LONG_S)
        except CodeUnavailable:
            return False
        return True

    def tree_of(self, snapshot: str) -> str:
        """Return the id of a snapshot's tree."""
        return self._resolve(snapshot, f"{snapshot}^{{tree}}")

    def base_of(self, snapshot: str) -> str | None:
        """Return the parentless commit of HEAD's files; None where the snapshot is that one."""
        self.tree_of(snapshot)
        command = ("rev-parse", "--verify", "--quiet", f"{snapshot}^")
        try:
            return self._code.run(*command).decode().strip() or None
        except GitFailed:
            return None

    def list_files(self, snapshot: str) -> list[CodeFile]:
        """Return the files in git's order."""
        return code_files.list_files(self._code, snapshot)

    def read_file(self, snapshot: str, path: str) -> bytes:
        """Return a file's bytes; of a symbolic link, where it points."""
        out = ask(self._code, snapshot, "ls-tree", "-z", "--full-tree", snapshot, "--", path)
        for line in out.split(b"\0")[:-1]:
            facts, _, found = line.partition(b"\t")
            _, kind, oid = facts.decode().split()
            if found == to_bytes(path) and kind == "blob":
                return ask(self._code, snapshot, "cat-file", "blob", oid)
        raise CodeUnavailable(f"snapshot {snapshot:.12} holds no file {path!r}")

    def write_out(
        self,
        snapshot: str,
        folder: str,
        *,
        progress: Callable[[int, int], None] | None = None,
        as_repository: bool = False,
    ) -> int:
        """Write the exact work tree into a folder; return how many files that were.

        What else lies there stays. `progress` is told files written and files in all.
        `as_repository` leaves a `.git` whose HEAD is the snapshot and whose objects are
        borrowed from the store.

        Raises:
            CodeUnavailable: a path of the snapshot is hostile, or a link is in the way.
        """
        files = self.list_files(snapshot)
        count = code_files.write_out(self._code, files, folder, progress)
        if as_repository:
            code_pack.make_repository(self._code, snapshot, folder)
        return count

    def verify(self, snapshot: str, folder: str) -> list[tuple[str, str]]:
        """Return (path, "missing" or "changed"); empty where all files are byte-identical.

        What lies in the folder beside the snapshot's files is not looked at.
        """
        return code_files.verify(self._code, self.list_files(snapshot), os.path.abspath(folder))

    def diff(self, old: str, new: str, *, redact: bool = True) -> str:
        """Return what changed as a unified text; binary files are named only.

        `redact` replaces what looks like a secret.
        """
        options = ("--no-ext-diff", "--no-textconv", "--no-color", "--full-index", "-M")
        self.tree_of(new)
        out = ask(self._code, old, "diff", *options, old, new, "--", wait_s=_LONG_S)
        text = out.decode("utf-8", "replace")
        if not redact:
            return text
        from tui_tracker.capture.redaction import redact_text

        return _KEY_LINES.sub(_hide_lines, redact_text(text))

    def changes(self, old: str, new: str) -> list[CodeChange]:
        """Return which files differ, by path."""
        self.tree_of(new)
        command = ("diff-tree", "-r", "-M", "-z", "--raw", "--numstat", "--no-ext-diff")
        return parse_changes(ask(self._code, old, *command, old, new, "--", wait_s=_LONG_S))

    def pack(
        self, snapshots: Sequence[str], target: Path, *, leave_out: Collection[str] = ()
    ) -> dict[str, str]:
        """Write a git bundle of the snapshots with all their objects.

        Where a path of `leave_out` is in a snapshot, a notice takes the place of its
        bytes, and the snapshot gets another id. Return that id for each of `snapshots`.
        """
        return code_pack.pack(self._code, snapshots, target, leave_out)

    def unpack(self, source: Path) -> list[str]:
        """Take the snapshots of a bundle in; return their ids."""
        return code_pack.unpack(self._code, source)

    def _resolve(self, snapshot: str, name: str) -> str:
        return ask(self._code, snapshot, "rev-parse", "--verify", "--quiet", name).decode().strip()


def _hide_lines(match: re.Match[str]) -> str:
    return re.sub(r"(?m)^([ +-]).+$", r"\1***", match[0])


def parse_changes(out: bytes) -> list[CodeChange]:
    """Return the changes in the output of `git diff-tree -z --raw --numstat`."""
    fields = iter(out.split(b"\0"))
    states: dict[bytes, State] = {}
    found = []
    for field in fields:
        if field.startswith(b":"):
            state = field.rsplit(b" ", 1)[-1][:1].decode()
            path = next(fields)
            if state in "RC":
                path = next(fields)
            states[path] = state if state in "AMDRT" else "M"  # type: ignore[assignment]
        elif b"\t" in field:
            added, removed, path = field.split(b"\t", 2)
            old = path or next(fields)
            path = path or next(fields)
            counts = [None if count == b"-" else int(count) for count in (added, removed)]
            change = (to_text(path), to_text(old), counts[0], counts[1])
            found.append(CodeChange(states.get(path, "M"), *change))
    return sorted(found, key=lambda change: change.path)
