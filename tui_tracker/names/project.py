"""Where a project speaks of its names: looked for at every start, so it imports nothing."""

from __future__ import annotations

import os

_SAID = b"tool.tui_tracker"


def project_file(start: str) -> str:
    """Return the nearest `pyproject.toml` from a folder upwards, "" where it says nothing to us."""
    folder = os.path.abspath(start)
    while True:
        path = os.path.join(folder, "pyproject.toml")
        try:
            with open(path, "rb") as file:
                return path if _SAID in file.read() else ""
        except OSError:
            above = os.path.dirname(folder)
            if above == folder:
                return ""
            folder = above
