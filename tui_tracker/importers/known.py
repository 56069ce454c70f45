"""What a store already has of runs that are imported again, and how far it goes.

A series that is read again is compared with the stored one, point by point as far as that
goes, and only what comes after is new. Where they differ the source was rewritten, and the
stored series is replaced by what is read.
"""

from __future__ import annotations

import hashlib
import sqlite3
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tui_tracker import blocks

_UUID_TIME = 6
"""Bytes of a run's id that tell when it began; the others tell which run it is."""

Label = tuple[int, str, str]
"""Kind, name and context of a series."""
if TYPE_CHECKING:
    # An array takes no type of what it holds while the program runs.
    Columns = tuple[array[int], array[int], array[float]]
    """Steps, Unix milliseconds and values of points."""


@dataclass(slots=True)
class Position:
    """How far a series was read, against what is stored of it."""

    seen: int = 0
    stored: int = 0
    """Points in the store when this reading began to look at them."""
    steps: array[int] | None = None
    values: array[float] | None = None
    """What is stored, while it is being compared; None before and after."""


@dataclass(slots=True)
class KnownRun:
    """One run of the source and its row, for as long as the source is read."""

    uuid: bytes
    row: int = 0
    """0 until it is written."""
    was_there: bool = False
    changed: bool = False
    state: str = ""
    """Of all that is known of it but points and lines, as it was written last."""
    lines_seen: int = 0
    lines_stored: int = 0
    positions: dict[Label, Position] = field(default_factory=dict)


def known_ids(connection: sqlite3.Connection) -> dict[bytes, bytes]:
    """Return the ids of the imported runs by what tells which run they are."""
    rows = connection.execute("SELECT uuid FROM run WHERE source IS NOT NULL")
    return {uuid[_UUID_TIME:]: uuid for (uuid,) in rows}


def identity(tool: str, key: str) -> bytes:
    """Return the part of a run's id that tells which run it is, equal on every machine."""
    digest = bytearray(hashlib.sha256(f"{tool}\0{key}".encode("utf-8", "replace")).digest()[:10])
    digest[0] = 0x70 | digest[0] & 0x0F  # version 7
    digest[2] = 0x80 | digest[2] & 0x3F  # the variant of RFC 9562
    return bytes(digest)


def new_uuid(part: bytes, started_ms: int) -> bytes:
    """Return a run's id: UUIDv7, ordered by its start, the rest told by its identity."""
    return min(max(started_ms, 0), 2**48 - 1).to_bytes(_UUID_TIME, "big") + part


def is_another(
    connection: sqlite3.Connection, row: int, first: Mapping[Label, tuple[int, float]]
) -> bool:
    """Return whether the stored run began otherwise than the one that is read.

    `first` has the first step and value of series. A file that a new training wrote over the
    old one's is no later state of it.
    """
    for (kind, name, context), (step, value) in first.items():
        stored = connection.execute(
            "SELECT m.first_step, m.first FROM main.metric AS m JOIN main.key AS k ON k.id=m.key "
            "WHERE m.run=? AND k.kind=? AND k.name=? AND k.context=?",
            (row, kind, name, context),
        ).fetchone()
        if stored is None:
            continue
        same = stored[1] == value or (stored[1] is None and value != value)
        if stored[0] != step or not same:
            return True
    return False


def advance(
    connection: sqlite3.Connection,
    place: tuple[int, int],
    position: Position,
    steps: Sequence[int],
    values: Sequence[float],
) -> int | None:
    """Return how many of these points are stored already; None where stored ones differ.

    `place` is run and metric. Times are not compared: where a source has none they are
    spread evenly, and move as it grows.
    """
    if position.seen >= position.stored:
        position.seen += len(steps)
        return 0
    if position.steps is None:
        position.steps, _, position.values = _load(connection, *place)
        position.stored = len(position.steps)
    assert position.values is not None
    end = min(position.seen + len(steps), position.stored)
    count = max(0, end - position.seen)
    stored = position.values[position.seen : end]
    # By their bytes: NaN is not equal to itself.
    same = array("d", values[:count]).tobytes() == stored.tobytes()
    if not same or array("q", steps[:count]) != position.steps[position.seen : end]:
        return None
    position.seen += len(steps)
    if position.seen >= position.stored:
        position.steps = position.values = None
    return count


def rewind(connection: sqlite3.Connection, place: tuple[int, int], position: Position) -> Columns:
    """Forget the stored series; return its points up to where the reading is."""
    columns = _load(connection, *place)
    forget_series(connection, *place)
    position.stored, position.steps, position.values = 0, None, None
    seen = position.seen
    return columns[0][:seen], columns[1][:seen], columns[2][:seen]


def forget_series(connection: sqlite3.Connection, run: int, metric: int) -> None:
    """Remove a series, its blocks and what it came to."""
    where = (run, metric)
    connection.execute(
        "DELETE FROM block WHERE id IN (SELECT data FROM series_block WHERE run=? AND metric=?)",
        where,
    )
    connection.execute("DELETE FROM series_block WHERE run=? AND metric=?", where)
    connection.execute("DELETE FROM metric WHERE run=? AND key=?", where)


def _load(connection: sqlite3.Connection, run: int, metric: int) -> Columns:
    steps, times, values = array("q"), array("q"), array("d")
    rows = connection.execute(
        "SELECT b.data FROM series_block AS s JOIN block AS b ON b.id=s.data "
        "WHERE s.run=? AND s.metric=? ORDER BY s.seq",
        (run, metric),
    )
    for (data,) in rows:
        some_steps, some_times = blocks.decode_axis(data)
        steps.extend(some_steps)
        times.extend(some_times)
        values.extend(blocks.decode_values(data))
    return steps, times, values
