"""Which differences nobody asked for: globs over names, from the command line and the project.

    seed            any name `seed`, of whatever kind
    param:seed      the param alone
    metric:*time*   metrics with `time` in their names
    code:docs/*     files of the code

A project's own are in its `pyproject.toml`:

    [tool.tui_tracker.diff]
    ignore = ["metric:*time*"]
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterable
from fnmatch import fnmatchcase

from tui_tracker.compare.values import KINDS, Kind
from tui_tracker.errors import InvalidArgument


class Ignored:
    """Patterns of names; `hides` tells whether one of them means a name."""

    def __init__(self, patterns: Iterable[str] = ()) -> None:
        self._patterns = [_split(pattern) for pattern in patterns]

    def hides(self, kind: Kind, name: str) -> bool:
        return any(
            wanted in (None, kind) and (fnmatchcase(name, glob)) for wanted, glob in self._patterns
        )


def _split(pattern: str) -> tuple[Kind | None, str]:
    """Return the kind that a pattern is about and its glob; a kind may be in the singular."""
    head, colon, glob = pattern.partition(":")
    for kind in KINDS:
        if colon and head and head in (kind, kind.removesuffix("s"), f"{kind}s"):
            return kind, glob
    return None, pattern


def project_patterns(start: str) -> list[str]:
    """Return what the nearest `pyproject.toml` at or above a folder says to ignore.

    Raises:
        InvalidArgument: its `ignore` is no list of texts, or it is no TOML.
    """
    here = os.path.abspath(start)
    while not os.path.isfile(path := os.path.join(here, "pyproject.toml")):
        above = os.path.dirname(here)
        if above == here:
            return []
        here = above
    try:
        with open(path, "rb") as file:
            facts = tomllib.load(file)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidArgument(f"{path} cannot be read: {error}") from error
    said: object = facts
    for name in ("tool", "tui_tracker", "diff"):
        said = said.get(name, {}) if isinstance(said, dict) else None
    patterns = said.get("ignore", []) if isinstance(said, dict) else None
    if not isinstance(patterns, list) or not all(isinstance(item, str) for item in patterns):
        raise InvalidArgument(f"{path}: [tool.tui_tracker.diff] ignore is a list of texts")
    return patterns
