"""Names as a target allows them, so written that they can be read back.

What is not allowed becomes `~` and the two hexadecimal digits of each of its bytes in
UTF-8, as does `~` itself: `loss@val` is `loss~40val`. Where `~` is not allowed either, it is
`_x40_`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

LONGEST = 200
"""Bytes of a file's name that every file system takes, with room for an ending."""
_FILE = re.compile(r"[^\w.\- +=,@()]|^[.\- ]|[. ]$", re.ASCII)
_MLFLOW = re.compile(r"[^\w.\- /:]|^/|/$|/(?=/)|(?<![^/])\.{1,2}(?![^/])|_x(?=[0-9A-F]{2}_)")


@dataclass(slots=True)
class Spelling:
    """Names and what they became; only those that had to change are remembered."""

    write: Callable[[str], str]
    changed: dict[str, str] = field(default_factory=dict)

    def __call__(self, name: str) -> str:
        made = self.write(name)
        if made != name:
            self.changed[name] = made
        return made


def file_name(name: str) -> str:
    """Return a name that may be a file's or a folder's on any system."""
    made = _FILE.sub(lambda found: _tilde(found[0]), name) or "~"
    raw = made.encode()
    # What is too long loses its end and gets its hash: that alone cannot be read back.
    return made if len(raw) <= LONGEST else f"{made[: LONGEST - 18]}~~{_hash(name)}"


def mlflow_name(name: str) -> str:
    """Return a name that MLflow takes for a param, a metric or a tag; `/` makes folders."""
    made = _MLFLOW.sub(lambda found: _underscored(found[0]), name) or "_x_"
    return made if len(made.encode()) <= 250 else f"{made[:220]}_x_{_hash(name)}"


def read_mlflow_name(made: str) -> str:
    """Return the name that `mlflow_name` was given, but for one that was too long."""
    pieces = re.split(r"_x((?:[0-9A-F]{2})+)_", made)
    return "".join(
        bytes.fromhex(piece).decode("utf-8", "replace") if place % 2 else piece
        for place, piece in enumerate("" if made == "_x_" else p for p in pieces)
    )


def read_file_name(made: str) -> str:
    """Return the name that `file_name` was given, but for one that was too long."""
    if made == "~":
        return ""
    return re.sub(
        r"(?:~[0-9A-F]{2})+",
        lambda found: bytes.fromhex(found[0].replace("~", "")).decode("utf-8", "replace"),
        made,
    )


def _tilde(text: str) -> str:
    return "".join(f"~{byte:02X}" for byte in text.encode("utf-8", "surrogatepass"))


def _underscored(text: str) -> str:
    return f"_x{text.encode('utf-8', 'surrogatepass').hex().upper()}_"


def _hash(name: str) -> str:
    import hashlib

    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:16]
