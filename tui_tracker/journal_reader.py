"""Read the whole records of a journal, and name what is damaged.

Most journals are long stretches of one kind of record, so those are checked many at a
time; anything else is read record by record. Nothing that fails its CRC-32 is taken.
"""

from __future__ import annotations

import os
from zlib import crc32

from tui_tracker.errors import JournalDamaged
from tui_tracker.journal import (
    CHUNK,
    FRAME,
    HEAD,
    KEYSET_ID,
    LARGEST,
    MAGIC,
    METRICS,
    OVERHEAD,
    RESIDUE,
    VERSION,
)

_ALIKE = 64
"""Records of one key set that are checked at once."""


class Batch:
    """What one read of a journal found."""

    __slots__ = ("damages", "end", "frames", "positions", "records", "torn")

    def __init__(self, offset: int) -> None:
        self.end = offset
        """Where the next read begins."""
        self.records: list[tuple[int, int, bytes]] = []
        """(place, kind, payload) of all records but metrics, in file order."""
        self.frames: dict[int, list[bytes]] = {}
        """Whole metric records by key set, in file order."""
        self.positions: dict[int, list[int]] = {}
        """The place of each of `frames`."""
        self.damages: list[tuple[int, int]] = []
        """(first byte, first byte after it) of what was passed over."""
        self.torn = False
        """The file ends inside a record."""

    def __bool__(self) -> bool:
        return bool(self.records or self.frames or self.damages)


def read_batch(file: int, offset: int, *, path: str, final: bool, limit: int = CHUNK) -> Batch:
    """Return the whole records from `offset` on, about `limit` bytes of them.

    `final` says that nobody writes any more: an incomplete end is then torn, and
    passed over, where it is otherwise left for the next read.

    Raises:
        JournalDamaged: the file is of a later version.
        OSError: the file cannot be read.
    """
    batch = Batch(offset)
    if offset == 0:
        batch.end = _read_head(os.pread(file, HEAD.size, 0), batch, path)
        if batch.end == 0:
            return batch
    while True:
        data = os.pread(file, limit, batch.end)
        size = os.fstat(file).st_size
        at_end = batch.end + len(data) >= size
        wanted = _scan(data, batch, at_end=at_end, final=final)
        if at_end or wanted == 0 or batch:
            return batch
        limit = max(wanted, limit * 2)  # one record is larger than the window


def _read_head(head: bytes, batch: Batch, path: str) -> int:
    """Return where the records begin; 0 while the head is not written yet."""
    if len(head) < HEAD.size:
        return 0
    magic, version, _, checksum = HEAD.unpack(head)
    whole = crc32(head[:-4]) == checksum
    if whole and magic == MAGIC and version > VERSION:
        raise JournalDamaged(path, f"journal version {version} is later than {VERSION}: upgrade.")
    if not whole or magic != MAGIC:
        batch.damages.append((0, HEAD.size))
    return HEAD.size


def _scan(data: bytes, batch: Batch, *, at_end: bool, final: bool) -> int:
    """Take the whole records of `data` into the batch.

    Return how many bytes are needed from the batch's new end to get on, 0 if none.
    """
    base, pos, size = batch.end, 0, len(data)
    shapes: dict[bytes, tuple[int, list[bytes], list[int]]] = {}
    while pos < size:
        shape = shapes.get(data[pos : pos + 9])
        if shape is not None and (taken := _take_alike(data, pos, base, shape)):
            pos += taken
            continue
        total = _whole(data, pos)
        if total > 0:
            _take(data, pos, total, base, batch, shapes)
            pos += total
            continue
        if not at_end and total < 0 and -total < LARGEST:
            break  # perhaps whole once more of the file is read
        after = _resync(data, pos + 1)
        if after < 0:
            if not at_end:
                break
            if final:
                batch.torn = True
                batch.damages.append((base + pos, base + size))
                pos = size
            break
        batch.damages.append((base + pos, base + after))
        pos = after
    batch.end = base + pos
    return 0 if pos == size else max(-_whole(data, pos), OVERHEAD)


def _take_alike(data: bytes, pos: int, base: int, shape: tuple[int, list[bytes], list[int]]) -> int:
    """Take records of one key set that follow each other; return their bytes.

    Most journals are long stretches of these, so they are checked many at a time.
    """
    total, frames, places = shape
    prefix = data[pos : pos + 9]
    end = min(len(data), pos + total * _ALIKE)
    starts = range(pos, end - total + 1, total)
    found = [data[start : start + total] for start in starts]
    good = len(found)
    if [frame[:9] for frame in found].count(prefix) < good:
        good = next(i for i, frame in enumerate(found) if frame[:9] != prefix)
    checks = list(map(crc32, found[:good]))
    if checks.count(RESIDUE) < good:
        good = next(i for i, check in enumerate(checks) if check != RESIDUE)
    frames += found[:good]
    places += [base + start for start in starts[:good]]
    return good * total


def _whole(data: bytes, pos: int) -> int:
    """Return the size of the whole record at `pos`, 0 if damaged.

    Negative: the record seems to need as many bytes, more than there are.
    """
    if pos + OVERHEAD > len(data):
        return -OVERHEAD
    length, kind = FRAME.unpack_from(data, pos)
    total = int(length) + OVERHEAD
    if kind == 0 or total >= LARGEST:
        return 0
    if pos + total > len(data):
        return -total
    return total if crc32(data[pos : pos + total]) == RESIDUE else 0


def _take(
    data: bytes,
    pos: int,
    total: int,
    base: int,
    batch: Batch,
    shapes: dict[bytes, tuple[int, list[bytes], list[int]]],
) -> None:
    kind = data[pos + 4]
    payload = data[pos + FRAME.size : pos + total - 4]
    if kind != METRICS or len(payload) < KEYSET_ID.size:
        batch.records.append((base + pos, kind, payload))
        return
    (number,) = KEYSET_ID.unpack_from(payload)
    frames = batch.frames.setdefault(number, [])
    places = batch.positions.setdefault(number, [])
    frames.append(data[pos : pos + total])
    places.append(base + pos)
    shapes[data[pos : pos + 9]] = (total, frames, places)


def _resync(data: bytes, start: int) -> int:
    """Return where the next whole record begins at or after `start`, -1 if none does."""
    # The fourth byte of every record is NUL, and texts have none: few places are tried.
    pos = data.find(b"\0", start)
    while pos >= 0:
        begin = pos - 3
        if begin >= start and _whole(data, begin) > 0:
            return begin
        pos = data.find(b"\0", pos + 1)
    return -1
