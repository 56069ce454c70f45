"""The framing of records in LevelDB logs, as W&B writes them, and in TFRecord files.

A log of W&B begins with `:W&B`, the magic 0xBEE1 (little-endian) and a version, 0. Those 7
bytes belong to the first block. The file is a row of blocks of 32 KiB, a block a row of chunks:

    <checksum, 4> <length, 2> <type, 1> <length bytes>          all little-endian

Type 1 is a whole record, 2, 3 and 4 are its first, a middle and its last part. A chunk ends
within its block; the last bytes of a block that hold no head are zero. The checksum covers
type and payload: CRC-32 in all files that W&B wrote itself, the masked CRC-32C of LevelDB where
a library wrote it with its defaults.

A TFRecord file is a row of

    <length, 8> <masked CRC-32C of these 8> <payload> <masked CRC-32C of the payload>

Damage costs the record it is in: the next place where head and checksum fit is looked for, in
the same block of a log. What ends within a record is not there yet. Payloads of TFRecords are
verified up to 4 KiB, side by side (see `checksums.py`: 1 microsecond a record); above, there are
only pictures, histograms and graphs, where a flipped bit moves no number of ours.

Source: github.com/google/leveldb, doc/log_format.md; wandb/wandb, core/pkg/leveldb/record.go;
tensorflow.org/tutorials/load_data/tfrecord.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from tui_tracker.importers.appended import AppendedFile
from tui_tracker.importers.checksums import find_damaged, masked_crc32c

LOG_HEAD = b":W&B\xe1\xbe"
_LOG_HEAD_BYTES = 7
_BLOCK = 1 << 15
_CHUNK_HEAD = struct.Struct("<IHB")
_WHOLE, _FIRST, _MIDDLE, _LAST = 1, 2, 3, 4
_WINDOW = 1 << 20
_LONGEST_RECORD = 1 << 28
_VERIFIED_BYTES = 4096
_MANY_LENGTHS = 10_000


Record = tuple[int, bytes]
"""The place of a record in its file, and its payload."""


@dataclass(frozen=True, slots=True)
class Damage:
    """A place where there should have been a record."""

    at: int
    """The byte in the file."""
    problem: str


# -- logs of W&B


class BlockLog(AppendedFile):
    """A log in blocks, read from where the last reading stopped."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.offset = _LOG_HEAD_BYTES
        self._masked: bool | None = None
        """Whether checksums are CRC-32C; None until one fitted."""
        self._parts: list[bytes] = []
        self._seeking = False
        """After damage: parts of a record whose beginning is lost are passed over in silence."""

    @property
    def torn_bytes(self) -> int:
        """Bytes at the end that are no whole record, as of the last reading."""
        return max(0, self.size - self.offset)

    def read(self) -> Iterator[bytes | Damage]:
        """Yield the whole records that were added.

        Raises:
            OSError: the file cannot be read.
        """
        self._parts = []
        with self.opened() as file:
            place = self.offset
            while place < self.size:
                start = place - place % _BLOCK
                file.seek(start)
                window = file.read(_WINDOW)
                stop = place
                for kind, payload, begin, stop in self._chunks(window, start, place):
                    found = self._take(kind, payload, begin)
                    if not self._parts:
                        self.offset = stop
                    if found is not None:
                        yield found
                if start + len(window) >= self.size or stop == place:
                    return
                place = start + len(window)

    def _chunks(
        self, window: bytes, start: int, place: int
    ) -> Iterator[tuple[int, bytes, int, int]]:
        """Yield type, payload, beginning and end of each chunk; type 0 is damage, or padding."""
        at, total = place - start, len(window)
        while at < total:
            limit = at - at % _BLOCK + _BLOCK
            end = at + _CHUNK_HEAD.size
            if limit < end:  # too little is left of the block for a head
                if limit > total:
                    return
                at = limit
                yield _WHOLE, b"", start + at, start + at
                continue
            if end > total:
                return
            checksum, size, kind = _CHUNK_HEAD.unpack_from(window, at)
            end += size
            if total < end <= limit:
                return
            if end <= limit and _WHOLE <= kind <= _LAST and self._fits(window, at, end, checksum):
                yield kind, window[at + _CHUNK_HEAD.size : end], start + at, start + end
                at = end
                continue
            if limit > total and not any(window[at:]):
                return  # room that was made before it is written
            begin, at = at, self._next_chunk(window, at, min(limit, total))
            yield 0, window[begin:at], start + begin, start + at

    def _fits(self, window: bytes, at: int, end: int, checksum: int) -> bool:
        covered = window[at + 6 : end]
        if not self._masked and zlib.crc32(covered) == checksum:
            self._masked = False
            return True
        if self._masked is False or masked_crc32c(covered) != checksum:
            return False
        self._masked = True
        return True

    def _next_chunk(self, window: bytes, at: int, limit: int) -> int:
        """Return where the next chunk of this block fits, else the end of the block."""
        for place in range(at + 1, limit - _CHUNK_HEAD.size + 1):
            if not _WHOLE <= window[place + 6] <= _LAST:
                continue
            checksum, size, _ = _CHUNK_HEAD.unpack_from(window, place)
            end = place + _CHUNK_HEAD.size + size
            # Only by the checksum that is known to fit: the slow one is too slow to guess with.
            if end <= limit and zlib.crc32(window[place + 6 : end]) == checksum:
                return place
        return limit

    def _take(self, kind: int, payload: bytes, begin: int) -> bytes | Damage | None:
        """Return the record that a chunk completes, or what is wrong with it."""
        if kind == 0:
            was_seeking, self._seeking, self._parts = self._seeking, True, []
            if not any(payload) or was_seeking:
                self._seeking = was_seeking
                return None
            return Damage(begin, "a damaged record was passed over")
        if kind == _WHOLE:
            if payload:
                self._seeking, self._parts = False, []
            return payload or None
        if kind == _FIRST:
            self._seeking, self._parts = False, [payload]
            return None
        return self._continue(kind, payload, begin)

    def _continue(self, kind: int, payload: bytes, begin: int) -> bytes | Damage | None:
        if not self._parts:
            told, self._seeking = self._seeking, True
            return None if told else Damage(begin, "a part of a record has no beginning")
        self._parts.append(payload)
        if kind == _MIDDLE:
            return None
        record = b"".join(self._parts)
        self._parts = []
        return record


# -- TFRecord files


class RecordFile(AppendedFile):
    """A TFRecord file, read from where the last reading stopped."""

    def __init__(self, path: Path, window: int = _WINDOW) -> None:
        super().__init__(path)
        self._window = window
        self._sizes: dict[bytes, int] = {}
        """Heads whose checksum fits, so that each length is verified once."""

    @property
    def torn_bytes(self) -> int:
        """Bytes at the end that are no whole record, as of the last reading."""
        return max(0, self.size - self.offset)

    def read(self) -> Iterator[list[Record] | Damage]:
        """Yield batches of the whole records that were added, each with its place.

        Raises:
            OSError: the file cannot be read.
        """
        with self.opened() as file:
            wanted = self._window
            while self.offset < self.size:
                file.seek(self.offset)
                window = file.read(wanted)
                records, checksums, stop, needed = self._split(window)
                yield from _sound(records, checksums)
                self.offset += stop
                if needed > self.size - self.offset:
                    return
                if needed > _LONGEST_RECORD:
                    yield Damage(self.offset, f"a record of {needed} bytes was passed over")
                    self.offset, needed = self.offset + needed, 0
                elif not needed and stop < len(window):
                    yield Damage(self.offset, "a damaged record was passed over")
                    self._skip_damage(file)
                wanted = max(self._window, needed)

    def _split(self, window: bytes) -> tuple[list[Record], list[bytes], int, int]:
        """Return records, their checksums, where the next one begins, and its size.

        The size is 0 where all was taken, or where the head of the next one is damaged.
        """
        records: list[Record] = []
        checksums: list[bytes] = []
        sizes, offset, at, total = self._sizes, self.offset, 0, len(window)
        while at < total:
            begin = at + 12
            if begin > total:
                return records, checksums, at, 16
            head = window[at:begin]
            size = sizes.get(head)
            if size is None:
                size = self._learn(head)
                if size is None:
                    return records, checksums, at, 0
            end = begin + size
            if end + 4 > total:
                return records, checksums, at, 16 + size
            records.append((offset + at, window[begin:end]))
            at = end + 4
            checksums.append(window[end:at])
        return records, checksums, at, 0

    def _learn(self, head: bytes) -> int | None:
        size, checksum = struct.unpack("<QI", head)
        if masked_crc32c(head[:8]) != checksum:
            return None
        if len(self._sizes) < _MANY_LENGTHS:
            self._sizes[head] = size
        return int(size)

    def _skip_damage(self, file: BinaryIO) -> None:
        """Go to the next place where a head's checksum fits, or to the end."""
        at = self.offset + 1
        while at < self.size:
            file.seek(at)
            window = file.read(_WINDOW)
            for match in _HEAD.finditer(window):
                if self._learn(window[match.start() : match.start() + 12]) is not None:
                    self.offset = at + match.start()
                    return
            if len(window) < _WINDOW:
                break
            at += len(window) - 11
        self.offset = self.size


def _sound(records: list[Record], checksums: list[bytes]) -> Iterator[list[Record] | Damage]:
    """Yield the damaged ones of some records, then all sound ones."""
    alike: dict[int, list[int]] = {}
    for number, (_, payload) in enumerate(records):
        size = len(payload)
        if size in alike:
            alike[size].append(number)
        else:
            alike[size] = [number]
    bad: set[int] = set()
    for size, numbers in alike.items():
        if size <= _VERIFIED_BYTES:
            payloads = [records[number][1] for number in numbers]
            found = find_damaged(payloads, [checksums[number] for number in numbers])
            bad.update(numbers[one] for one in found)
    for number in sorted(bad):
        yield Damage(records[number][0], "a damaged record was passed over")
    yield [one for number, one in enumerate(records) if number not in bad] if bad else records


_HEAD = re.compile(rb"(?=...[\x00-\x0f]\x00{4}(?!\x00{4})....)", re.DOTALL)
"""What may be a head: a length below 2**28 and a checksum that is not 0."""
