"""How readers find what is theirs in a folder: a listing goes in, claims come out.

Each module of a format has `TOOL`, `find_claims(listing)` and `open_reader(claim)`. Formats
are asked in the order of `importers.FORMATS`, the ones that are sure of themselves first; what one
has claimed no other one sees, and folders that were claimed are not looked into.
Looking never writes, and follows no link to a folder.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from tui_tracker.importers.records import Reader, Unread
from tui_tracker.importers.regular import open_regular

HEAD_BYTES = 1 << 16
"""A format knows its file by these first bytes at most."""
_DEEPEST = 32
_NEVER = frozenset((".git", ".hg", ".svn", "__pycache__", "node_modules", ".tui_tracker"))
"""Folders in which no tool keeps runs, and our own store, which needs no reader."""
_STORES = frozenset(
    "wandb mlruns mlflow.db lightning_logs .aim .exptrack swanlog tlog dvclive".split()
)
"""What tools call their stores when nobody tells them another name."""
_ENVIRONMENT = "pyvenv.cfg"
"""Beside it are packages, thousands of files of them."""


@dataclass(frozen=True, slots=True)
class Claim:
    """Something that one format can open."""

    tool: str
    path: Path
    """The file or folder."""
    root: Path
    """What the user asked to open: names of runs without a name are told from here."""
    takes: frozenset[str] = frozenset()
    """Names in the listing that belong to it; `path` itself need not be among them."""


@dataclass(slots=True)
class Listing:
    """The entries of one folder that no format has claimed yet."""

    folder: Path
    root: Path
    files: set[str] = field(default_factory=set)
    folders: set[str] = field(default_factory=set)
    """Without links."""
    given: bool = False
    """The user named this very file: a format need not be as sure as in a folder full of files."""
    unreadable: dict[str, str] = field(default_factory=dict)
    """Files whose beginning was asked for in vain, and why it cannot be read."""
    _heads: dict[str, bytes] = field(default_factory=dict)

    def head(self, name: str) -> bytes:
        """Return the first bytes of a file, b"" where it cannot be read."""
        if name not in self._heads:
            self._heads[name] = self._read_head(name)
        return self._heads[name]

    def _read_head(self, name: str) -> bytes:
        try:
            with open_regular(self.folder / name) as file:
                return file.read(HEAD_BYTES)
        except FileNotFoundError:
            return b""  # it was just removed
        except OSError as error:
            self.unreadable[name] = error.strerror or str(error)
            return b""

    def claim(self, tool: str, name: str, *others: str) -> Claim:
        """Return a claim on an entry; `others` belong to it."""
        return Claim(tool, self.folder / name, self.root, frozenset((name, *others)))

    def claim_all(self, tool: str) -> Claim:
        """Return a claim on the folder as a whole, but for what is plainly another tool's."""
        names = (self.files | self.folders) - _STORES
        return Claim(tool, self.folder, self.root, frozenset(names))


class Format(Protocol):
    """What the module of a format offers."""

    TOOL: str

    def find_claims(self, listing: Listing) -> Iterator[Claim]: ...

    def open_reader(self, claim: Claim) -> Reader: ...


Find = Callable[[Listing], Iterator[Claim]]


def list_claims(
    path: Path, finds: list[Find], tell: Callable[[Unread], None]
) -> Iterator[tuple[int, Claim]]:
    """Yield what can be opened at or below a path, with the number of the format it is of.

    In order of their paths. `tell` hears of what cannot be looked into.
    """
    if os.path.isdir(path):
        yield from _below(path, path, finds, tell, 0)
        return
    if not os.path.isfile(path):
        # Who opens a pipe waits for its writer, maybe for ever.
        tell(Unread(path, "", "is a pipe or a device and was not opened", skipped=True))
        return
    listing = Listing(path.parent, path.parent, {path.name}, given=True)
    yield from _ask(listing, finds, tell)


def _below(
    folder: Path, root: Path, finds: list[Find], tell: Callable[[Unread], None], depth: int
) -> Iterator[tuple[int, Claim]]:
    try:
        listing = _list(folder, root)
    except OSError as error:
        tell(Unread(folder, "", f"cannot be looked into: {error.strerror}", skipped=True))
        return
    if _ENVIRONMENT in listing.files:
        return
    yield from _ask(listing, finds, tell)
    if depth >= _DEEPEST:
        tell(Unread(folder, "", f"is {_DEEPEST} folders deep; what is below was not looked at"))
        return
    for name in sorted(listing.folders):
        yield from _below(folder / name, root, finds, tell, depth + 1)


def _list(folder: Path, root: Path) -> Listing:
    listing = Listing(folder, root)
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                if entry.name not in _NEVER:
                    listing.folders.add(entry.name)
            elif _is_file(entry):
                listing.files.add(entry.name)
    return listing


def _is_file(entry: os.DirEntry[str]) -> bool:
    """Return whether it is a file or a link to one; a pipe or a device is read by nobody."""
    try:
        return entry.is_file()
    except OSError:
        return False  # a link to itself, or into a folder that nobody may enter


def _ask(
    listing: Listing, finds: list[Find], tell: Callable[[Unread], None]
) -> Iterator[tuple[int, Claim]]:
    found: list[tuple[int, Claim]] = []
    for number, find in enumerate(finds):
        if not listing.files and not listing.folders:
            break  # formats are loaded when they are asked
        try:
            claims = list(find(listing))
        except OSError as error:
            place = Path(error.filename or listing.folder)
            tell(Unread(place, "", f"cannot be looked into: {error.strerror}", skipped=True))
            continue
        for claim in claims:
            listing.files -= claim.takes
            listing.folders -= claim.takes
            found.append((number, claim))
    for name, why in listing.unreadable.items():
        if name in listing.files:
            tell(Unread(listing.folder / name, "", f"cannot be read: {why}", skipped=True))
    yield from sorted(found, key=lambda pair: str(pair[1].path))
