"""Files of foreign runs taken into the store, and kept from leading out of it.

What a foreign store calls its artifacts is not trusted: a name that is absolute or climbs
is refused, and a link is followed only inside of what was opened.
"""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path, PurePosixPath

from tui_tracker.artifacts import stored_path, take_in
from tui_tracker.importers.records import ImportedArtifact
from tui_tracker.importers.regular import read_regular

_LINKED_BYTES = 16 << 20
_OUTSIDE = "its file lies outside of what was opened, and was not read"


def safe_name(path: str) -> str | None:
    """Return an artifact's path without `.`; None where it is absolute, climbs or is empty."""
    parts = PurePosixPath(path.replace("\\", "/")).parts
    if (
        not parts
        or "\0" in path
        or path.startswith(("/", "\\"))
        or ".." in parts
        or parts[0][1:2] == ":"
    ):
        return None
    return "/".join(parts)


def modified_ms(artifact: ImportedArtifact) -> int | None:
    """Return when an artifact's file was changed last; None where there is no such file."""
    if artifact.file is None:
        return None
    try:
        return os.stat(artifact.file).st_mtime_ns // 1_000_000
    except OSError:
        return None


def is_inside(file: Path, *roots: Path) -> bool:
    """Return whether a file really lies below one of the roots, links followed."""
    try:
        real = file.resolve(strict=True)
        return any(real.is_relative_to(root.resolve()) for root in roots)
    except (OSError, RuntimeError):
        return False


def artifact_facts(
    artifact: ImportedArtifact, name: str, folder: str, roots: tuple[Path, ...], *, keep: bool
) -> dict[str, object]:
    """Return what the store's row of an artifact says; its bytes are copied where asked.

    Where they are not kept, the store gets a link to a file that is small enough to be hashed
    while somebody waits, so that it can be looked at.
    """
    facts: dict[str, object] = {
        "path": name,
        "kind": "input" if artifact.used else artifact.kind,
        "size": artifact.size_bytes,
        "sha256": artifact.sha256,
        "copied": False,
    }
    if artifact.file is None or not os.path.lexists(artifact.file):
        return {**facts, "problem": "only its name was found, not its bytes"}
    if not is_inside(artifact.file, *roots):
        return {**facts, "problem": _OUTSIDE}
    if not keep:
        return facts | _linked(artifact.file, folder)
    taken = take_in(folder, str(artifact.file), copy=True)
    if artifact.sha256 and taken.get("sha256") not in (None, artifact.sha256.lower()):
        # Another run of the same folder wrote over it: these bytes are not this run's.
        return {**facts, "problem": "its file was changed after the run; its own bytes are gone"}
    return facts | taken


def _linked(file: Path, folder: str) -> dict[str, object]:
    try:
        facts = os.stat(file)
        if not stat.S_ISREG(facts.st_mode):
            return {"problem": "it is no regular file"}
        if facts.st_size > _LINKED_BYTES:
            return {"size": facts.st_size, "problem": "it is large, and was left where it is"}
        digest = hashlib.sha256(read_regular(file)).hexdigest()
        place = Path(stored_path(folder, digest))
        place.parent.mkdir(parents=True, exist_ok=True)
        if not place.is_symlink():
            place.symlink_to(file.resolve())
    except OSError as error:
        return {"problem": f"cannot be read: {error.strerror}"}
    return {"size": facts.st_size, "sha256": digest, "copied": True}
