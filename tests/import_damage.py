"""Damage done to a foreign store, one file at a time, and what a reader may make of it."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

from tests.import_truth import Found, age, gather
from tui_tracker.errors import ImportFailed
from tui_tracker.importers import find_sources
from tui_tracker.importers.records import Piece


def read_damaged(path: Path, *, tool: str = "") -> Found | ImportFailed:
    """Return what is found at or below a path, or the one error that a reader may raise."""
    pieces: list[Piece] = []
    try:
        for source in find_sources(path, tool=tool):
            reader = source.open()
            pieces += reader.read()
            pieces += reader.read()
            reader.close()
    except ImportFailed as error:
        return error
    return gather(pieces)


def damaged(path: Path, seed: int, count: int) -> Iterator[str]:
    """Write a file `count` times as it would be cut or with bytes changed; restore it at the end.

    Yields what was done, each time.
    """
    chance = random.Random(seed)
    whole = path.read_bytes()
    for number in range(count):
        content = bytearray(whole)
        if number % 3 == 0 or not content:
            done = f"cut at {(cut := chance.randrange(len(content) + 1))}"
            del content[cut:]
        elif number % 3 == 1:
            place, byte = chance.randrange(len(content)), chance.randrange(256)
            content[place] = byte
            done = f"byte {place} is {byte}"
        else:
            place = chance.randrange(len(content))
            some = bytes(chance.randrange(256) for _ in range(chance.randrange(40)))
            content[place : place + chance.randrange(40)] = some
            done = f"{some!r} at {place}"
        path.unlink()
        path.write_bytes(content)
        age(path)
        yield f"{path.name}: {done}"
    path.unlink()
    path.write_bytes(whole)
    age(path)
