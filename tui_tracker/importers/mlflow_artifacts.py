"""Where the artifacts of MLflow runs and models lie now, though the store may have been moved.

A location is a folder, plain or as `file:` URI, or `mlflow-artifacts:/0/<run>/artifacts` for what
a server kept (in `mlartifacts` beside its database, unless told otherwise), or one of an object
store, whose files are not here. It is looked for below the folder of the database and
below what the user opened: as told, else by its last parts, the longest first. Never outside of
these, and through no link that leads out.

Source: mlflow/mlflow, mlflow/store/artifact/artifact_repository_registry.py.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

from tui_tracker.importers.files import is_inside
from tui_tracker.importers.records import ImportedArtifact

_MOST = 100_000
_SERVED = ("mlartifacts", "mlruns")
_LOCAL = ("", "file", "mlflow-artifacts")


def is_elsewhere(location: str) -> bool:
    """Return whether a location is one of an object store."""
    scheme = urlsplit(location).scheme if "://" in location else location.partition(":/")[0]
    return len(scheme) > 1 and "/" not in scheme and scheme not in _LOCAL


def find_folder(location: str, *bases: Path) -> Path | None:
    """Return the folder of a location below one of the bases; None where it is not there."""
    if not location or is_elsewhere(location):
        return None
    parts = _parts(location)
    told = Path("/", *parts)
    for base in bases:
        if told.is_relative_to(base.absolute()) and is_inside(told, base) and os.path.isdir(told):
            return told
    # A name alone would fit any folder: the run's or model's id and `artifacts` are needed.
    for start in range(max(len(parts) - 1, 0)):
        for base in bases:
            for below in ("", *_SERVED):
                folder = base.joinpath(below, *parts[start:])
                if os.path.isdir(folder) and is_inside(folder, base):
                    return folder
    return None


def list_files(
    folder: Path, base: Path, *, kind: str = "", under: str = "", used: bool = False
) -> Iterator[ImportedArtifact]:
    """Yield an artifact folder's files in order of names; `under` is put before their paths."""
    count = 0
    for top, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            file = Path(top, name)
            if file.is_symlink() and not is_inside(file, base):
                continue
            if not os.path.isfile(file) or count >= _MOST:
                continue
            count += 1
            path = f"{under}{file.relative_to(folder).as_posix()}"
            size = file.stat().st_size
            yield ImportedArtifact(path, file, kind=kind, size_bytes=size, used=used)


def top_folder(location: str, listed: set[str]) -> str:
    """Return which of the folders beside a database a location leads into, "" for none."""
    if is_elsewhere(location):
        return ""
    return next((part for part in _parts(location) if part in listed), "")


def _parts(location: str) -> list[str]:
    path = location
    if ":" in location.partition("/")[0]:
        path = unquote(urlsplit(location).path)
    return [part for part in path.replace("\\", "/").split("/") if part not in ("", ".", "..")]
