"""Which files go into a snapshot, and what is said about those that do not.

Left out and only counted: what every run makes anew (caches, the store itself) and what
a lock file rebuilds (virtual environments); a snapshot of those would never be shared by
two runs. Skipped and named: what is too large.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

MB = 1_000_000
_CACHES = frozenset(
    b"__pycache__ .ipynb_checkpoints .mypy_cache .pytest_cache .ruff_cache .hypothesis .tox .nox "
    b".cache .eggs .pytype .pyre node_modules".split()
)
_OTHER_TRACKERS = frozenset(b"wandb mlruns .guild lightning_logs".split())
_SOURCES = frozenset(
    b".py .pyi .pyx .ipynb .sh .yaml .yml .toml .json .cfg .ini .txt .md .rst .c .cc .cpp .cu .h "
    b".hpp .rs .go .r .jl .sql .js .ts .html .css".split()
)
_MOST_HASHED = 1_000 * MB
MOST_NAMED = 1_000
_UNITS = {"kb": 1_000, "mb": MB, "gb": 1_000 * MB, "b": 1}


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of what git does not have goes into a snapshot."""

    max_file: int = 5 * MB
    """Bytes."""
    max_untracked: int = 100 * MB
    """Bytes of all untracked files together."""
    max_files: int = 20_000


@dataclass(frozen=True, slots=True)
class Skipped:
    """A path that is not in the snapshot."""

    path: bytes
    why: str
    size: int | None = None
    """In bytes; None where no file was read."""
    sha256: str | None = None

    @property
    def is_loss(self) -> bool:
        """Whether the work tree held a file there."""
        return self.size is not None


class Selection:
    """What was decided about the files of one snapshot, its submodules' included."""

    def __init__(self, limits: Limits, store_folder: str) -> None:
        self.limits = limits
        self.skipped: list[Skipped] = []
        self.losses = 0
        """How many of `skipped` are files that lay in the work tree."""
        self._roots: set[tuple[str, bytes]] = set()
        self._store = os.fsencode(os.path.realpath(store_folder))
        self._bytes = self._files = self._hashed = 0
        self._kinds: dict[bytes, tuple[str, bytes]] = {}

    @property
    def left_out(self) -> dict[str, int]:
        """Return how many folders were left out, by kind.

        Not how many files: those are more after every run, and no two runs would be alike.
        """
        return dict(sorted(Counter(kind for kind, _ in self._roots).items()))

    def take(self, top: bytes, path: bytes, name: bytes) -> bool:
        """Return whether a tracked file that changed goes in; one that is too large is named.

        `name` is the path as the snapshot has it, below a submodule's own.
        """
        try:
            found = os.lstat(os.path.join(top, path))
        except OSError:
            return False
        if stat.S_ISDIR(found.st_mode):
            return False  # what lies in it is untracked and comes by itself
        return self._fits(top, path, name, found)

    def take_untracked(self, top: bytes, paths: Iterable[bytes], prefix: bytes) -> Iterator[bytes]:
        """Yield the untracked files that go in, small source files first."""
        sized = []
        for path in paths:
            if self.leave_out(top, path):
                continue
            try:
                found = os.lstat(os.path.join(top, path))
            except OSError:
                continue  # it was there a moment ago
            sized.append((not is_source(path), found.st_size, path, found))
        for _, size, path, found in sorted(sized, key=lambda entry: entry[:3]):
            if not self._fits(top, path, prefix + path, found):
                continue
            if self._files >= self.limits.max_files:
                self._skip(top, path, prefix + path, size, "too many untracked files")
            elif self._bytes + size > self.limits.max_untracked:
                self._skip(top, path, prefix + path, size, "too many bytes in untracked files")
            else:
                self._files += 1
                self._bytes += size
                yield path

    def leave_out(self, top: bytes, path: bytes) -> bool:
        """Return whether an untracked path is left out without being named, and count it."""
        kind, root = self._kind_of(top, os.path.dirname(path))
        if not kind and path.endswith((b".pyc", b".pyo")):
            kind, root = "caches", os.path.join(top, os.path.dirname(path))
        if kind:
            self._roots.add((kind, root))
        return bool(kind)

    def skip(self, path: bytes, why: str, size: int | None = None) -> None:
        """Name a path that cannot go in."""
        skipped = Skipped(path, why, size)
        self.losses += skipped.is_loss
        self.skipped.append(skipped)

    def _kind_of(self, top: bytes, folder: bytes) -> tuple[str, bytes]:
        """Return the kind of a folder that is left out, and the highest folder of it."""
        place = os.path.join(top, folder)
        if place not in self._kinds:
            above = self._kind_of(top, os.path.dirname(folder)) if folder else ("", b"")
            own = "" if above[0] else self._folder_kind(top, folder)
            self._kinds[place] = above if above[0] else (own, place)
        return self._kinds[place]

    def _folder_kind(self, top: bytes, folder: bytes) -> str:
        name, place = os.path.basename(folder), os.path.join(top, folder)
        if name in _CACHES:
            return "caches"
        if name in _OTHER_TRACKERS:
            return "other trackers"
        if name == b".tui_tracker" or (folder and os.path.realpath(place) == self._store):
            return "store"
        venv = (b"pyvenv.cfg", b"conda-meta")
        if folder and any(os.path.exists(os.path.join(place, mark)) for mark in venv):
            return "virtual environments"
        return ""

    def _fits(self, top: bytes, path: bytes, name: bytes, found: os.stat_result) -> bool:
        if not (stat.S_ISREG(found.st_mode) or stat.S_ISLNK(found.st_mode)):
            self.skip(name, "not a file", 0)
        elif found.st_size > self.limits.max_file:
            limit = f"{self.limits.max_file / MB:g} MB"
            self._skip(top, path, name, found.st_size, f"larger than {limit}")
        elif stat.S_ISREG(found.st_mode) and not os.access(os.path.join(top, path), os.R_OK):
            self.skip(name, "may not be read", found.st_size)
        else:
            return True
        return False

    def _skip(self, top: bytes, path: bytes, name: bytes, size: int, why: str) -> None:
        digest = None
        if len(self.skipped) >= MOST_NAMED:
            pass  # it will only be counted
        elif self._hashed + size > _MOST_HASHED:
            why += "; not hashed, too much was hashed before it"
        else:
            self._hashed += size
            digest = _sha256(os.path.join(top, path))
        self.losses += 1
        self.skipped.append(Skipped(name, why, size, digest))


def is_source(path: bytes) -> bool:
    return os.path.splitext(path)[1].lower() in _SOURCES


def read_limits(top: str) -> Limits:
    """Return the limits that `[tool.tui_tracker.snapshot]` of pyproject.toml sets.

    A value that cannot be read is passed over.
    """
    import tomllib

    try:
        with open(os.path.join(top, "pyproject.toml"), "rb") as file:
            document: object = tomllib.load(file)
    except (OSError, ValueError):
        return Limits()
    for key in ("tool", "tui_tracker", "snapshot"):
        document = document.get(key) if isinstance(document, dict) else None
    said = document if isinstance(document, dict) else {}
    usual = Limits()
    return Limits(
        parse_size(said.get("max_file")) or usual.max_file,
        parse_size(said.get("max_untracked")) or usual.max_untracked,
    )


def parse_size(value: object) -> int | None:
    """Return the bytes in `"5MB"`, `"0.5 GB"` or a plain number; None where it is neither."""
    text = str(value).lower().replace(" ", "").replace("_", "")
    unit = next((unit for unit in _UNITS if text.endswith(unit)), "")
    try:
        size = float(text.removesuffix(unit)) * _UNITS.get(unit, 1)
    except ValueError:
        return None
    return int(size) if 0 < size < 1e18 else None


def _sha256(path: bytes) -> str | None:
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None
