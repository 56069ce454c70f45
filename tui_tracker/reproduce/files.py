"""The artifacts of two runs, compared by content.

Archives note when they were written: of two that differ in bytes, what is in them is
compared. Our own reports and logs, pictures and printed output are no results.
"""

from __future__ import annotations

import gzip
import hashlib
import zipfile
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tui_tracker import folder as folders
from tui_tracker.artifacts import stored_path
from tui_tracker.queries import Artifact
from tui_tracker.store import Store

_NO_RESULTS = frozenset(
    "report manifest split notebook input dataset data plot figure image log console config".split()
)
_PICTURES = frozenset(".png .jpg .jpeg .svg .pdf .gif .html .log".split())


@dataclass(frozen=True, slots=True)
class FileVerdict:
    """What became of one artifact."""

    path: str
    verdict: Literal["identical", "same content", "different", "missing", "unknown"]
    sha256: str | None
    rerun_sha256: str | None


def compare_files(
    store: Store, originals: Iterable[Artifact], reruns: Iterable[Artifact]
) -> list[FileVerdict]:
    """Return the verdict on each result file of the run, by path."""
    latest = {artifact.path: artifact for artifact in reruns}
    wanted = {a.path: a for a in originals if is_result(a)}
    return [_compare(store, one, latest.get(path)) for path, one in sorted(wanted.items())]


def is_result(artifact: Artifact) -> bool:
    """Return whether a file is what the run was for, and should come out again."""
    kind, suffix = artifact.kind.lower(), Path(artifact.path).suffix.lower()
    return kind not in _NO_RESULTS and suffix not in _PICTURES


def stored_file(store: Store, artifact: Artifact) -> Path | None:
    """Return where the bytes of an artifact are kept; None where they are not."""
    if not artifact.copied or artifact.sha256 is None:
        return None
    path = Path(stored_path(folders.artifacts(store.folder), artifact.sha256))
    return path if path.is_file() else None


def _compare(store: Store, one: Artifact, other: Artifact | None) -> FileVerdict:
    if other is None or other.sha256 is None:
        return FileVerdict(one.path, "missing", one.sha256, None)
    if one.sha256 is None:
        return FileVerdict(one.path, "unknown", None, other.sha256)
    if one.sha256 == other.sha256:
        return FileVerdict(one.path, "identical", one.sha256, other.sha256)
    first, second = stored_file(store, one), stored_file(store, other)
    inside = _content(first) if first else None
    same = inside is not None and second is not None and inside == _content(second)
    return FileVerdict(one.path, "same content" if same else "different", one.sha256, other.sha256)


def _content(path: Path) -> object:
    """Return what is in an archive, without times; None where the file is none."""
    try:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                # A checkpoint's folder in the archive is named after its file.
                return [
                    (info.filename.partition("/")[2] or info.filename, info.file_size, info.CRC)
                    for info in archive.infolist()
                ]
        with path.open("rb") as file:
            if file.read(2) != b"\x1f\x8b":
                return None
        digest = hashlib.sha256()
        with gzip.open(path) as packed:
            while data := packed.read(1 << 20):
                digest.update(data)
        return digest.hexdigest()
    except (OSError, EOFError, zipfile.BadZipFile, zlib.error):
        return None
