"""Read a RocksDB folder as one mapping, without RocksDB, without its lock and without a write.

A folder holds tables (`000009.sst`), which never change, and logs (`000008.log`), which grow. All
numbers are little-endian, a varint has 7 bits a byte, low ones first.

Table. The last 53 bytes are the footer: the kind of checksum (1 byte), two block handles (offset
and size as varints: the meta index and the index), zeros, the format version (4) and the magic
0x88e241b785f4cff7 (8). A block is `size` bytes, followed by its compression (1 byte: 0 none,
1 Snappy) and a checksum (4; of kind 1 it is the masked CRC-32C). In it are entries

    <shared varint> <rest varint> <value size varint> <rest of the key> <value>

where `shared` bytes are those of the key before; the last 4 bytes are the number of restarts, as
many 4-byte offsets before it. The index has a key and a handle a data block. Where its
properties say so, its keys lack the 8 bytes at the end, and its values lack their sizes
and are, behind an entry that shares nothing, the difference of sizes alone (zigzag).
Keys of data blocks end in 8 bytes: sequence number times 256 plus type. The block
`rocksdb.range_del` of the meta index has ranges that were deleted, from key to value.

Log. Blocks of 32 KiB with chunks: checksum (4), length (2), type (1: whole, 2: first, 3: middle,
4: last, or those plus 4 with a log number of 4 bytes), payload. A record is a write batch: sequence
number (8), count (4), then operations: type (1), [column family,] key, [value], each as varint
length and bytes; each takes the next sequence number. A torn end is not there yet.

Types: 0 delete, 1 value, 2 merge, 3 note, 7 single delete, 15 delete range; 4, 5, 8, 14 are 0, 1,
7, 15 in a column family; 13 is nothing. The highest sequence number counts. Tables that were
replaced lie about only for moments, with nothing in them that would be wrong.

Source: github.com/facebook/rocksdb, wiki pages "Rocksdb BlockBasedTable Format" and "Write Ahead
Log File Format", db/dbformat.h, db/write_batch.cc, table/format.cc.
Checked with the RocksDB of aimrocks 0.5 (format versions 2 to 5).
"""

from __future__ import annotations

import bisect
import struct
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tui_tracker.importers.checksums import masked_crc32c
from tui_tracker.importers.regular import open_regular, read_regular
from tui_tracker.importers.snappy import NotSnappy, decompress, varint

_MAGIC = 0x88E241B785F4CFF7
_FOOTER = 53
_TRAILER = 5
_CRC32C = 1
_LOG_BLOCK = 1 << 15
_LONGEST_FILE = 1 << 30
_TRIES = 20
_WAIT_S = 0.01
_MOST_STEPS = 50_000_000
_VALUE, _RANGE = 1, 15
_PLAIN = {0: 0, 1: 1, 2: 2, 7: 7, 15: 15, 4: 0, 5: 1, 6: 2, 8: 7, 14: 15}
"""Types of operations, those of column families as plain ones."""
_FAMILIES = frozenset({4, 5, 6, 8, 14})
_NOTE, _NOTHING = 3, 13
_INDEX_VALUE_IS_SHORT = b"rocksdb.index.value.is.delta.encoded"
_INDEX_TYPE = b"rocksdb.block.based.table.index.type"

Entry = tuple[bytes, bytes]


class Unreadable(Exception):
    """A file of a folder is damaged, or of a form that is not known here."""


@dataclass(slots=True)
class Contents:
    """What the files of a folder say together."""

    problems: list[tuple[Path, str]] = field(default_factory=list)
    _latest: dict[bytes, tuple[int, int, bytes]] = field(default_factory=dict)
    """Sequence number, type and value by key."""
    _ranges: list[tuple[bytes, bytes, int]] = field(default_factory=list)

    def put(self, key: bytes, sequence: int, kind: int, value: bytes) -> None:
        if kind == _RANGE:
            self._ranges.append((key, value, sequence))
            return
        known = self._latest.get(key)
        if known is None or known[0] <= sequence:
            self._latest[key] = (sequence, kind, value)

    def items(self) -> dict[bytes, bytes]:
        """Return what is there by now, in order of keys."""
        keys = sorted(self._latest)
        gone = set()
        steps = 0
        for begin, end, sequence in self._ranges:
            for place in range(bisect.bisect_left(keys, begin), bisect.bisect_left(keys, end)):
                steps += 1
                if self._latest[keys[place]][0] < sequence:
                    gone.add(keys[place])
            if steps > _MOST_STEPS:
                raise Unreadable("it deletes more ranges than can be followed")
        return {
            key: self._latest[key][2]
            for key in keys
            if key not in gone and self._latest[key][1] == _VALUE
        }


class Folder:
    """A folder that is read again and again: tables once, logs from where they were read to."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.contents = Contents()
        self._tables: set[str] = set()
        self._read_to: dict[str, int] = {}
        """By the name of a log."""

    def read(self) -> Contents:
        """Return what all tables and logs say by now; damage of a file is told in `problems`.

        Raises:
            OSError: the folder or a file of it cannot be read.
        """
        self.contents.problems.clear()
        for attempt in range(_TRIES):
            if attempt:
                time.sleep(_WAIT_S)
            if self._read_all():
                return self.contents
        raise FileNotFoundError(f"the files of {self.path} are replaced faster than they are read")

    def _read_all(self) -> bool:
        """Return whether all files were there until they were read; a flush replaces some."""
        # Logs first: what is moved to a table meanwhile is then found in both.
        for path in sorted(self.path.glob("*.log")) + sorted(self.path.glob("*.sst")):
            try:
                if path.stat().st_size > _LONGEST_FILE:
                    raise Unreadable("it is larger than 1 GB")
                self._read_file(path)
            except FileNotFoundError:
                return False
            except (Unreadable, NotSnappy, IndexError, struct.error) as error:
                known = isinstance(error, (Unreadable, NotSnappy))
                self.contents.problems.append((path, str(error) if known else "it is cut off"))
        return True

    def _read_file(self, path: Path) -> None:
        if path.suffix == ".log":
            self._read_log(path)
        elif path.name not in self._tables:
            _read_table(read_regular(path), self.contents)
            self._tables.add(path.name)

    def _read_log(self, path: Path) -> None:
        offset = self._read_to.get(path.name, 0)
        base = offset - offset % _LOG_BLOCK
        with open_regular(path) as file:
            file.seek(base)
            data = file.read()
        for record, end in _records(data, offset - base):
            _read_batch(record, self.contents)
            self._read_to[path.name] = base + end


# -- tables


def _read_table(data: bytes, contents: Contents) -> None:
    kind, meta, index = _ends(data)
    properties = _block_of(data, meta.get(b"rocksdb.properties"), kind)
    if properties.get(_INDEX_TYPE, bytes(4)) != bytes(4):
        raise Unreadable("its index is of an unknown kind")
    short = properties.get(_INDEX_VALUE_IS_SHORT, b"\0") == b"\x01"
    for offset, length in _index(index, short_values=short):
        for key, value in _entries(_block(data, offset, length, kind)):
            _put(contents, key, value)
    if ranges := meta.get(b"rocksdb.range_del"):
        offset, length, _ = _handle(ranges, 0)
        for key, value in _entries(_block(data, offset, length, kind)):
            _put(contents, key, value)


def _ends(data: bytes) -> tuple[int, dict[bytes, bytes], bytes]:
    """Return what the footer leads to: the kind of checksums, the meta index and the index."""
    if len(data) < _FOOTER:
        raise Unreadable("it is cut off")
    footer = data[-_FOOTER:]
    version, magic = struct.unpack("<IQ", footer[-12:])
    if magic != _MAGIC:
        raise Unreadable("it does not end as a table does")
    if not 1 <= version <= 5:
        raise Unreadable(f"it has the unknown format version {version}")
    kind = footer[0]
    place, size, at = _handle(footer, 1)
    meta = dict(_entries(_block(data, place, size, kind)))
    place, size, _ = _handle(footer, at)
    return kind, meta, _block(data, place, size, kind)


def _block_of(data: bytes, handle: bytes | None, kind: int) -> dict[bytes, bytes]:
    if handle is None:
        return {}
    offset, length, _ = _handle(handle, 0)
    return dict(_entries(_block(data, offset, length, kind)))


def _put(contents: Contents, key: bytes, value: bytes) -> None:
    if len(key) < 8:
        raise Unreadable("a key is cut off")
    (tail,) = struct.unpack("<Q", key[-8:])
    contents.put(key[:-8], tail >> 8, _PLAIN.get(tail & 0xFF, -1), value)


def _handle(data: bytes, at: int) -> tuple[int, int, int]:
    offset, at = varint(data, at)
    size, at = varint(data, at)
    return offset, size, at


def _block(data: bytes, offset: int, size: int, kind: int) -> bytes:
    end = offset + size
    if end + _TRAILER > len(data):
        raise Unreadable("a block lies beyond its end")
    if kind == _CRC32C:
        (checksum,) = struct.unpack_from("<I", data, end + 1)
        if masked_crc32c(data[offset : end + 1]) != checksum:
            raise Unreadable(f"the block at byte {offset} is damaged")
    compression = data[end]
    if compression == 1:
        return decompress(data[offset:end])
    if compression:
        raise Unreadable(f"it is compressed in the unknown way {compression}")
    return data[offset:end]


def _bounds(block: bytes) -> int:
    """Return where the entries of a block end."""
    restarts = int.from_bytes(block[-4:], "little")
    # The highest bit tells of a hash index behind the restarts, whose last bytes are its size.
    if restarts >> 31:
        raise Unreadable("a block has an index of its own, which is not known here")
    end = len(block) - 4 - 4 * restarts
    if end < 0:
        raise Unreadable("a block has no room for what it should hold")
    return end


def _entries(block: bytes) -> Iterator[Entry]:
    at, end, key = 0, _bounds(block), b""
    while at < end:
        shared, at = varint(block, at)
        rest, at = varint(block, at)
        size, at = varint(block, at)
        if shared > len(key) or at + rest + size > end:
            raise Unreadable("a block is damaged")
        key = key[:shared] + block[at : at + rest]
        at += rest
        yield key, block[at : at + size]
        at += size


def _index(block: bytes, *, short_values: bool) -> Iterator[tuple[int, int]]:
    """Yield the handles of all data blocks."""
    if not short_values:
        for _, value in _entries(block):
            offset, size, _ = _handle(value, 0)
            yield offset, size
        return
    at, end = 0, _bounds(block)
    offset = size = 0
    while at < end:
        shared, at = varint(block, at)
        rest, at = varint(block, at)
        at += rest
        if shared == 0:
            offset, size, at = _handle(block, at)
        else:
            change, at = varint(block, at)
            offset += size + _TRAILER
            size += (change >> 1) ^ -(change & 1)
        yield offset, size


# -- logs


def _records(data: bytes, at: int) -> Iterator[tuple[bytes, int]]:
    """Yield the records from a place on, which begin with a block, and where each ends."""
    parts: list[bytes] = []
    while at + 7 <= len(data):
        if _LOG_BLOCK - at % _LOG_BLOCK < 7:
            at += _LOG_BLOCK - at % _LOG_BLOCK
            continue
        checksum, size, kind = struct.unpack_from("<IHB", data, at)
        head = 7 if kind < 5 else 11
        if kind == 0 and size == 0:
            # Room that was made before it is written.
            at += _LOG_BLOCK - at % _LOG_BLOCK
            continue
        end = at + head + size
        if end > len(data):
            return
        if masked_crc32c(data[at + 6 : end]) != checksum:
            raise Unreadable(f"the record at byte {at} is damaged; what is behind was not read")
        payload, place = data[at + head : end], (kind - 1) % 4
        at = end
        parts = [payload] if place in (0, 1) else [*parts, payload]
        if place in (0, 3):
            yield b"".join(parts), at
            parts = []


def _read_batch(record: bytes, contents: Contents) -> None:
    if len(record) < 12:
        raise Unreadable("a batch of writes is cut off")
    sequence, count = struct.unpack_from("<QI", record)
    at = 12
    while at < len(record) and count:
        kind, at = record[at], at + 1
        if kind == _NOTHING:
            continue
        if kind == _NOTE:
            _, at = _text(record, at)
            continue
        if kind not in _PLAIN:
            raise Unreadable(f"a batch of writes has the unknown operation {kind}")
        if kind in _FAMILIES:
            _, at = varint(record, at)
        key, at = _text(record, at)
        value, plain = b"", _PLAIN[kind]
        if plain in (1, 2, _RANGE):
            value, at = _text(record, at)
        contents.put(key, sequence, plain, value)
        sequence, count = sequence + 1, count - 1


def _text(data: bytes, at: int) -> tuple[bytes, int]:
    size, at = varint(data, at)
    if at + size > len(data):
        raise Unreadable("a batch of writes is cut off")
    return data[at : at + size], at + size
