"""The project's own lock files: what its author meant to install."""

from __future__ import annotations

import os
from hashlib import sha256

from tui_tracker.capture.git import find_top
from tui_tracker.capture.redaction import redact_text

_FORMATS = {
    "uv.lock": "uv",
    "pylock.toml": "pylock",
    "poetry.lock": "poetry",
    "pdm.lock": "pdm",
    "Pipfile.lock": "pipenv",
    "conda-lock.yml": "conda-lock",
    "pixi.lock": "pixi",
    "environment.yml": "conda",
}
"""In the order in which one speaks for the project where there are several."""
_LARGEST_TEXT = 1 << 20
_LARGEST_FILE = 64 << 20


def find_locks(start: str) -> list[dict[str, object]]:
    """Return format, path, sha256 and text of the lock files beside or above a folder.

    The nearest folder that has any counts, up to the work tree's top; outside of one only
    the folder itself. A text of a mebibyte or more is left out. Paths are relative to the
    top, hashes are of the files as they lie there.
    """
    if not start:
        return []
    top = find_top(start) or start
    here = start
    while True:
        if found := [_read(here, name, top) for name in _names(here)]:
            return [lock for lock in found if lock]
        if here == top or os.path.dirname(here) == here:
            return []
        here = os.path.dirname(here)


def _names(folder: str) -> list[str]:
    try:
        there = set(os.listdir(folder))
    except OSError:
        return []
    plain = sorted(
        name for name in there if name.startswith("requirements") and name.endswith(".txt")
    )
    pylocks = sorted(
        name for name in there if name.startswith("pylock.") and name.endswith(".toml")
    )
    order = dict.fromkeys([*_FORMATS, *pylocks, *plain])
    return [name for name in order if name in there]


def _read(folder: str, name: str, top: str) -> dict[str, object]:
    path = os.path.join(folder, name)
    try:
        if not os.path.isfile(path) or os.path.getsize(path) > _LARGEST_FILE:
            return {}
        with open(path, "rb") as file:
            raw = file.read()
    except OSError:
        return {}
    lock: dict[str, object] = {
        "format": _FORMATS.get(name) or ("pylock" if name.endswith(".toml") else "requirements"),
        "path": os.path.relpath(path, top),
        "sha256": sha256(raw).hexdigest(),
    }
    if len(raw) < _LARGEST_TEXT:
        lock["text"] = redact_text(raw.decode("utf-8", "replace"))
    return lock
