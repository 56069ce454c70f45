"""Logs and tables of RocksDB, written by the format's definition for tests."""

from __future__ import annotations

import struct

from tests.import_bytes import varint
from tui_tracker.importers.checksums import masked_crc32c

Operation = tuple[int, bytes, bytes]
"""Type, key and value; a value is written where the type has one."""
_BLOCK = 1 << 15


def text(data: bytes) -> bytes:
    return varint(len(data)) + data


def batch(sequence: int, *operations: Operation) -> bytes:
    body = b"".join(
        bytes([kind]) + text(key) + (text(value) if kind in (1, 15) else b"")
        for kind, key, value in operations
    )
    return struct.pack("<QI", sequence, len(operations)) + body


def log(*records: bytes) -> bytes:
    """A log in blocks of 32 KiB, records in as many parts as they need."""
    out = bytearray()
    for record in records:
        begin, first = 0, True
        while True:
            room = _BLOCK - len(out) % _BLOCK
            if room < 7:
                out += bytes(room)
                continue
            part = record[begin : begin + room - 7]
            begin += len(part)
            last = begin == len(record)
            kind = {(True, True): 1, (True, False): 2, (False, False): 3, (False, True): 4}[
                first, last
            ]
            covered = bytes([kind]) + part
            out += struct.pack("<IH", masked_crc32c(covered), len(part)) + covered
            first = False
            if last:
                break
    return bytes(out)


def snappy(data: bytes) -> bytes:
    """Snappy of literals alone."""
    out = bytearray(varint(len(data)))
    for begin in range(0, len(data), 60):
        part = data[begin : begin + 60]
        out += bytes([(len(part) - 1) << 2]) + part
    return bytes(out)


def block(entries: list[tuple[bytes, bytes]], *, restart: int = 16) -> bytes:
    out, restarts, last = bytearray(), [], b""
    for number, (key, value) in enumerate(entries):
        shared = 0
        if number % restart == 0:
            restarts.append(len(out))
        else:
            while shared < min(len(key), len(last)) and key[shared] == last[shared]:
                shared += 1
        out += (
            varint(shared) + varint(len(key) - shared) + varint(len(value)) + key[shared:] + value
        )
        last = key
    restarts = restarts or [0]
    return bytes(out) + struct.pack(f"<{len(restarts) + 1}I", *restarts, len(restarts))


def key_of(key: bytes, sequence: int, kind: int) -> bytes:
    return key + struct.pack("<Q", sequence << 8 | kind)


def table(
    entries: list[tuple[bytes, int, int, bytes]],
    ranges: list[tuple[bytes, int, bytes]] = (),  # type: ignore[assignment]
    *,
    compressed: bool = True,
) -> bytes:
    """A table of entries (key, sequence, type, value) and deleted ranges (from, sequence, to)."""
    out = bytearray()

    def add(content: bytes, *, plain: bool = False) -> bytes:
        body = content if plain or not compressed else snappy(content)
        kind = bytes([0 if plain or not compressed else 1])
        handle = varint(len(out)) + varint(len(body))
        out.extend(body + kind + struct.pack("<I", masked_crc32c(body + kind)))
        return handle

    index = []
    for begin in range(0, len(entries), 10):
        some = entries[begin : begin + 10]
        handle = add(block([(key_of(k, s, t), v) for k, s, t, v in some]))
        index.append((key_of(*some[-1][:3]), handle))
    meta = []
    if ranges:
        body = block([(key_of(begin, s, 15), end) for begin, s, end in ranges])
        meta.append((b"rocksdb.range_del", add(body, plain=True)))
    meta_handle = add(block(meta), plain=True)
    footer = bytes([1]) + meta_handle + add(block(index, restart=1))
    out.extend(footer + bytes(41 - len(footer)) + struct.pack("<IQ", 2, 0x88E241B785F4CFF7))
    return bytes(out)
