"""Our JSON lines, one after the other, whatever else a file may hold."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, BinaryIO

MOST_BYTES = 1 << 26
"""Of one line; 1,024 points take less than a thousandth of it."""


@dataclass(slots=True)
class Read:
    """One line, or why it is none."""

    number: int
    """From 1."""
    value: dict[str, Any] = field(default_factory=dict)
    problem: str = ""
    size_bytes: int = 0


def read_lines(file: BinaryIO, first: int = 1) -> Iterator[Read]:
    """Yield the lines of an opened file; a last one without its end is not there yet."""
    number = first
    while raw := file.readline(MOST_BYTES):
        if not raw.endswith(b"\n"):
            if len(raw) < MOST_BYTES:
                return
            while raw and not raw.endswith(b"\n"):
                raw = file.readline(MOST_BYTES)
            yield Read(number, problem="is longer than any line of such a file")
        else:
            yield _parsed(number, raw)
        number += 1


def _parsed(number: int, raw: bytes) -> Read:
    try:
        value = json.loads(raw)
    except (ValueError, RecursionError):
        return Read(number, problem="is no JSON", size_bytes=len(raw))
    if not isinstance(value, dict):
        return Read(number, problem="is no object", size_bytes=len(raw))
    return Read(number, value, size_bytes=len(raw))
