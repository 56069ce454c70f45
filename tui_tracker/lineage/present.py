"""What a recorded lineage is checked against: this machine, its files, this store. No network."""

from __future__ import annotations

import hashlib
import os
import platform
import stat
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from tui_tracker import folder as folders
from tui_tracker.artifacts import stored_path
from tui_tracker.capture.data_cache import HashCache
from tui_tracker.capture.manifest import digest_path
from tui_tracker.facts import word
from tui_tracker.formatting import format_size
from tui_tracker.lineage.tree import Mark, Progress
from tui_tracker.lineage.words import short_digest
from tui_tracker.queries import LineagePart, RunDetail
from tui_tracker.store import Store

if TYPE_CHECKING:
    from tui_tracker.capture.listing import File
    from tui_tracker.facts import Facts

_CHUNK = 1 << 20
_KEPT_AT_ONCE = 5_000
SMALL = 4 << 20
"""A file of at most so many bytes is hashed at once; that takes less than it takes to ask."""

UNASKED = 64 << 20
"""Of all files together at most so many bytes are read without a deep check."""

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
        self._cache = HashCache()
        self._known: dict[tuple[int, ...], str] = {}
        """Hashes by device, inode, size and times; "" where none is known."""
        self._fresh: list[tuple[File, int, str]] = []
        self._unasked_left = UNASKED

    def close(self) -> None:
        self._keep()
        self._cache.close()

    def _keep(self) -> None:
        # Each transaction waits for the disk, so not one a file.
        if self._fresh:
            self._cache.keep(self._fresh, "sha256")
            self._fresh = []

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
        """Compare a file with its recorded SHA-256 (`sha256:<hex>` or bare hex) and size.

        A large file is read only by a deep check; else its hash is taken from those that
        are known of files that did not change since.
        """
        try:
            facts = os.stat(path)
        except (OSError, ValueError) as error:
            return "missing", reason_of(error)
        if size is not None and facts.st_size != size:
            return "changed", f"{format_size(size)}, now {sized(facts.st_size, size)}"
        if not is_sha256(digest):
            return self._check_other(path, digest)
        if not stat.S_ISREG(facts.st_mode):
            return "changed", "it is no regular file now"
        if not self.deep:
            if known := self.known_hash(facts):
                return _compared(digest, known, "its hash is right, and it did not change since")
            if facts.st_size > min(SMALL, self._unasked_left):
                return "recorded", "it is there in the right size; a deep check reads it"
            self._unasked_left -= facts.st_size
        return self._check_content(path, digest, facts)

    def _check_other(self, path: str, digest: str) -> Check:
        """Compare a file with a digest that is not the SHA-256 of its bytes."""
        kind = digest.partition(":")[0]
        if kind not in ("sample", "lfs"):
            return "recorded", "it is there; no digest of its bytes was recorded"
        if not self.deep:
            return "recorded", "it is there in the right size; a deep check reads it"
        found = digest_path(path, limit=0 if kind == "sample" else None).digest
        if found != digest:
            return "changed", f"{short_digest(digest)}, now {short_digest(found)}"
        return "verified", "the sample of it is right" if kind == "sample" else "the same pointer"

    def learn(self, files: Sequence[File]) -> None:
        """Ask for the hashes of many files at once."""
        found = self._cache.find(files, "sha256")
        self._known |= {file[1:]: found.get((file[1], file[2]), "") for file in files}

    def known_hash(self, facts: os.stat_result) -> str:
        """Return the SHA-256 of a file that did not change since it was hashed; "" else."""
        file = _as_file(facts)
        if file[1:] not in self._known:
            self.learn([file])
        return self._known[file[1:]]

    def _check_content(self, path: str, digest: str, facts: os.stat_result) -> Check:
        at_ns = time.time_ns()
        try:
            found = f"sha256:{self.hash_file(path, facts.st_size)}"
        except OSError as error:
            return "missing", reason_of(error)
        self._fresh.append((_as_file(facts), at_ns, found))
        if len(self._fresh) >= _KEPT_AT_ONCE:
            self._keep()
        return _compared(digest, found, "its hash is right")

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


def _as_file(facts: os.stat_result) -> File:
    times = facts.st_mtime_ns, facts.st_ctime_ns
    return b"", facts.st_dev, facts.st_ino, facts.st_size, *times


def _compared(wanted: str, found: str, right: str) -> Check:
    wanted, found = wanted.rpartition(":")[2], found.rpartition(":")[2]
    if found == wanted:
        return "verified", right
    return "changed", f"sha256:{wanted[:12]}, now sha256:{found[:12]}"


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
