"""What a recorded lineage is checked against: this machine, its files, this store. No network."""

from __future__ import annotations

import hashlib
import os
import platform
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from tui_tracker import folder as folders
from tui_tracker.artifacts import stored_path
from tui_tracker.facts import word
from tui_tracker.formatting import format_size
from tui_tracker.lineage.tree import Mark, Progress
from tui_tracker.queries import LineagePart, RunDetail
from tui_tracker.store import Store

if TYPE_CHECKING:
    from tui_tracker.facts import Facts

_CHUNK = 1 << 20
SMALL = 4 << 20
"""A file of at most so many bytes is hashed at once; that takes less than it takes to ask."""

Check = tuple[Mark, str]
"""A mark and its reason."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """What is recorded of one run, by part."""

    run: RunDetail
    parts: Mapping[str, LineagePart]

    def facts(self, part: str) -> Facts:
        return self.parts[part].facts if part in self.parts else {}

    def named(self, prefix: str) -> Sequence[LineagePart]:
        """Return the parts `prefix`, `prefix:a`, `prefix:b` ..., by name."""
        return [
            part
            for name, part in sorted(self.parts.items())
            if name == prefix or name.startswith((f"{prefix}:", f"{prefix}."))
        ]

    def path(self, path: str) -> str:
        """Return the path of a file as this machine would open it."""
        cwd = word(self.facts("process"), "cwd")
        return os.path.join(os.path.expanduser(cwd), os.path.expanduser(path))


class Present:
    """This machine and this store, asked as seldom as can be."""

    def __init__(self, store: Store, *, deep: bool, progress: Progress | None) -> None:
        self.store = store
        self.deep = deep
        self._progress = progress or (lambda *_: None)
        self.artifacts = folders.artifacts(store.folder)

    @property
    def host(self) -> str:
        return platform.node()

    @property
    def python(self) -> str:
        return platform.python_version()

    @property
    def executable(self) -> str:
        return sys.executable

    @cached_property
    def packages(self) -> dict[str, str]:
        """Versions of what is installed for this interpreter, by normalised name."""
        from importlib import metadata

        found: dict[str, str] = {}
        for distribution in metadata.distributions():
            name = distribution.metadata["Name"]
            if name:
                found.setdefault(normalised(name), distribution.version)
        return found

    def told(self, what: str, done: int, total: int) -> None:
        self._progress(what, done, total)

    def check_file(self, path: str, digest: str, size: int | None) -> Check:
        """Compare a file with its recorded SHA-256 (`sha256:<hex>` or bare hex) and size."""
        try:
            facts = os.stat(path)
        except (OSError, ValueError) as error:
            return "missing", reason_of(error)
        if size is not None and facts.st_size != size:
            return "changed", f"{format_size(size)}, now {sized(facts.st_size, size)}"
        if not is_sha256(digest):
            return "recorded", "no SHA-256 of it was recorded; it is there"
        if not self.deep and facts.st_size > SMALL:
            return "recorded", "it is there in the right size; a deep check reads it"
        return self.check_content(path, digest, facts.st_size)

    def check_content(self, path: str, digest: str, size: int) -> Check:
        """Read a file and compare its SHA-256."""
        try:
            found = self.hash_file(path, size)
        except OSError as error:
            return "missing", reason_of(error)
        wanted = digest.rpartition(":")[2]
        if found == wanted:
            return "verified", "its hash is right"
        return "changed", f"sha256:{wanted[:12]}, now sha256:{found[:12]}"

    def hash_file(self, path: str, size: int) -> str:
        digest, done = hashlib.sha256(), 0
        with open(path, "rb") as file:
            while data := file.read(_CHUNK):
                digest.update(data)
                done += len(data)
                self.told(path, done, size)
        return digest.hexdigest()

    def check_kept(self, sha256: str, size: int | None) -> Check:
        """Check a file of the store's artifacts: there, whole, and deep down what it says."""
        if not is_sha256(sha256):
            return "not recorded", "it has no hash"
        path = stored_path(self.artifacts, sha256.rpartition(":")[2])
        if not os.path.isfile(path):
            return "missing", "it is no longer in the store"
        mark, why = self.check_file(path, sha256, size)
        if mark == "recorded":  # the store names files by their content
            return "verified", "kept in the store, in the right size"
        return mark, "kept in the store, its hash is right" if mark == "verified" else why


def normalised(name: str) -> str:
    """Return the name of a distribution as PEP 503 compares them."""
    return "-".join(part for part in name.lower().replace("_", "-").replace(".", "-").split("-"))


def reason_of(error: OSError | ValueError) -> str:
    if isinstance(error, FileNotFoundError):
        return "it is not there any more"
    return f"it cannot be read: {getattr(error, 'strerror', None) or error}"


def sized(now: int, before: int) -> str:
    """Return a size so that it reads unlike another that it differs from."""
    return format_size(now) if format_size(now) != format_size(before) else f"{now:,} bytes"


def is_sha256(digest: str) -> bool:
    algorithm, _, digits = digest.rpartition(":")
    hexadecimal = len(digits) == 64 and all(c in "0123456789abcdef" for c in digits)
    return hexadecimal and algorithm in ("", "sha256")
