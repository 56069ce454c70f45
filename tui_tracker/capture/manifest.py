r"""Files and folders by content.

A file's digest is the SHA-256 of its bytes, as `sha256sum` has it. A folder's is that of its
manifest: one entry a file, in the order of the paths' bytes,

    <path below the folder, parted by "/"> NUL <size in bytes> NUL <digest> LF

where a digest is `sha256:<hex>`, `sample:<hex>` in a folder beyond the limit, `lfs:<oid>` of
a git-LFS pointer, `link:<target>` of a link that leads nowhere or back to a folder above
it, or `none:<why>` of what could not be read; those have the size 0. Empty folders, modes
and times are left out, and so are `.git` and stores of ours.

Beyond the limit, 20 GB in all, only blocks of 16 KB are read: the first, the last, and between
them at even distances one for each MB, 2 to 4,096 of a file. A digest of those is told
apart from a whole one by its name.
"""

from __future__ import annotations

import hashlib
import os
import time

from tui_tracker.capture.listing import Listing, list_folder, list_paths

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from io import FileIO

    from tui_tracker.capture.data_cache import HashCache
    from tui_tracker.capture.listing import File

    _Result = tuple[str, int, str]
    """Digest, size in bytes, and why those cannot be relied on."""

FULL_LIMIT = 20 * 10**9
_UNITS = {"K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}
_CHUNK = 1 << 20
_BLOCK, _MOST_BLOCKS = 16 << 10, 4096
_TRIES = 3
_KEEP_EVERY_S = 5.0
_LFS = b"version https://git-lfs.github.com/spec/"
_LFS_LONGEST = 1024
_TOLD = 5


class PathDigest:
    """What came of reading a file, a folder, or several of them."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        """`file`, `folder` or `pointer`."""
        self.digest = ""
        """Of all content; "" where none could be had."""
        self.full = True
        """Every byte is in the digest."""
        self.bytes = self.files = 0
        self.manifest = b""
        """Of a folder; its SHA-256 is the digest."""
        self.problems: list[tuple[str, str]] = []
        """Path and reason of each file that is not in the digest."""
        self.left_out: list[str] = []
        """Links that lead back to a folder above them."""
        self.pointer: dict[str, object] = {}
        """What another tool says of the content, where that is what the digest is."""
        self.reason = ""
        """Why the digest does not say all, in one sentence."""
        self.listing: Listing | None = None
        """The files as they were just before they were read."""

    @property
    def status(self) -> str:
        return "failed" if not self.digest else "partial" if self.reason else "ok"


def full_limit() -> int:
    """Return the bytes beyond which only samples are read: TUI_TRACKER_FULL_HASH_LIMIT."""
    said = os.environ.get("TUI_TRACKER_FULL_HASH_LIMIT", "").strip().upper().rstrip("B")
    try:
        return int(float(said.rstrip("KMGT ")) * _UNITS.get(said[-1:], 1))
    except ValueError:
        return FULL_LIMIT


def digest_path(
    path: str, *, cache: HashCache | None = None, limit: int | None = None, skip: str = ""
) -> PathDigest:
    """Return the digest of a file or a folder; never raises for what lies there.

    `skip` is a folder below that is not looked into. Without a `cache` every byte is read.
    """
    limit = full_limit() if limit is None else limit
    if os.path.isdir(path):
        return digest_listing(list_folder(path, skip), cache=cache, limit=limit)
    listing = list_paths([path])
    found = PathDigest("file")
    _fill(found, listing, cache, limit)
    if listing.files and not found.problems:
        found.digest = found.manifest.rstrip(b"\n").rpartition(b"\0")[2].decode()
    found.manifest = b""
    if found.problems:
        found.reason = found.problems[0][1]
    return found


def digest_paths(
    paths: Sequence[str],
    *,
    cache: HashCache | None = None,
    limit: int | None = None,
    skip: str = "",
) -> PathDigest:
    """Return the digest of several files and folders, as that of a folder that holds them."""
    limit = full_limit() if limit is None else limit
    return digest_listing(list_paths(paths, skip), cache=cache, limit=limit)


def digest_listing(listing: Listing, *, cache: HashCache | None, limit: int) -> PathDigest:
    """Return the digest of a listed folder."""
    found = PathDigest("folder")
    _fill(found, listing, cache, limit)
    kind = "sha256" if found.full else "sample"
    found.digest = f"{kind}:{hashlib.sha256(found.manifest).hexdigest()}"
    if not listing.files and not found.problems:
        found.reason = "the folder holds no file"
    elif found.problems:
        told = "; ".join(f"{path}: {why}" for path, why in found.problems[:_TOLD])
        more = f"; and {len(found.problems) - _TOLD} more" if len(found.problems) > _TOLD else ""
        found.reason = f"{told}{more}"
    elif found.pointer:
        count = found.pointer["files"]
        found.reason = f"{count} of its files are git-LFS pointers, their content is not here"
    return found


def md5_files(listing: Listing, cache: HashCache | None) -> list[str]:
    """Return the MD5 of each listed file in hexadecimal; "" where it cannot be read."""
    return [digest.partition(":")[2] for digest, _, _ in _digests(listing, cache, "md5")]


def _fill(found: PathDigest, listing: Listing, cache: HashCache | None, limit: int) -> None:
    """Hash what was listed, and put the manifest together."""
    found.listing = listing
    found.full = listing.bytes <= limit
    found.bytes, found.files = listing.bytes, len(listing.files)
    algo = "sha256" if found.full else "sample"
    key = cache.folder_key(listing.files, algo) if cache and not listing.odd else b""
    found.manifest = cache.find_folder(key) if cache and key else b""
    if not found.manifest:
        began_ns = time.time_ns()
        _write_manifest(found, listing, _digests(listing, cache, algo))
        if cache and key and not found.problems:
            cache.keep_folder(key, found.manifest, listing.files, began_ns)
    if pointers := found.manifest.count(b"\0lfs:"):
        found.pointer = {"kind": "git-lfs", "files": pointers}


def _write_manifest(found: PathDigest, listing: Listing, results: list[_Result]) -> None:
    lines = []
    for file, (digest, size, why) in zip(listing.files, results, strict=True):
        lines.append(b"%b\0%d\0%b\n" % (file[0], size, digest.encode()))
        if why:
            found.problems.append((_shown(file[0]), why))
    for below, instead, why in listing.odd:
        lines.append(b"%b\0%d\0%b\n" % (below, 0, instead.encode("utf-8", "backslashreplace")))
        if why:
            found.problems.append((_shown(below), why))
        else:
            found.left_out.append(_shown(below))
    lines.sort()  # as the paths are: NUL comes before all that a path may go on with
    found.manifest = b"".join(lines)


def _digests(listing: Listing, cache: HashCache | None, algo: str) -> list[_Result]:
    """Return digest, size and problem of each listed file."""
    known = cache.find(listing.files, algo) if cache else {}
    found: list[_Result] = []
    fresh: list[tuple[File, int, str]] = []
    due = time.monotonic() + _KEEP_EVERY_S
    for file in listing.files:
        digest = known.get((file[1], file[2]))
        if digest is not None:
            found.append((digest, file[3], ""))
            continue
        at_ns = time.time_ns()
        result = _hash_file(listing.path(file), algo)
        found.append(result)
        if not result[2]:
            fresh.append((file, at_ns, result[0]))
        if cache and time.monotonic() > due:
            # A run that is killed has not read all of it for nothing.
            cache.keep(fresh, algo)
            fresh, due = [], time.monotonic() + _KEEP_EVERY_S
    if cache:
        cache.keep(fresh, algo)
    return found


def _hash_file(path: str, algo: str) -> _Result:
    """Return a file's digest and size, and why they cannot be relied on."""
    try:
        for attempt in range(_TRIES):
            if attempt:
                time.sleep(0.05 * attempt)
            digest, size, changed = _hash_once(path, algo)
            if not changed:
                return digest, size, ""
    except OSError as error:
        reason = error.strerror or str(error)
        return f"none:{reason}", 0, f"cannot be read: {reason}"
    return digest, size, "it changed while it was read"


def _hash_once(path: str, algo: str) -> tuple[str, int, bool]:
    """Return digest and size, and whether the file changed meanwhile."""
    with open(path, "rb", buffering=0) as file:
        before = os.fstat(file.fileno())
        digest = _sample(file, before.st_size) if algo == "sample" else _whole(file, algo)
        after = os.stat(path)
    return digest, before.st_size, _state(before) != _state(after)


def _whole(file: FileIO, algo: str) -> str:
    first = file.read(_CHUNK)
    if len(first) < _LFS_LONGEST and first.startswith(_LFS) and algo == "sha256":
        return f"lfs:{lfs_oid(first)}"
    new = hashlib.new(algo, first, usedforsecurity=False)
    while data := file.read(_CHUNK) if first else b"":
        new.update(data)
    return f"{algo}:{new.hexdigest()}"


def _sample(file: FileIO, size: int) -> str:
    new = hashlib.sha256(b"%d\0" % size)
    blocks = min(max(2, size // _CHUNK), _MOST_BLOCKS)
    for number in range(blocks):
        file.seek((size - _BLOCK) * number // (blocks - 1) if size > _BLOCK else 0)
        new.update(file.read(_BLOCK))
    return f"sample:{new.hexdigest()}"


def lfs_oid(text: bytes) -> str:
    """Return the SHA-256 that a git-LFS pointer names, "" where it names none."""
    for line in text.split(b"\n"):
        if line.startswith(b"oid sha256:"):
            return line.partition(b":")[2].strip().decode("ascii", "replace")
    return ""


def _state(file: os.stat_result) -> tuple[int, int, int, int]:
    return file.st_mtime_ns, file.st_ctime_ns, file.st_size, file.st_ino


def _shown(below: bytes) -> str:
    return below.decode("utf-8", "backslashreplace")
