"""CRC-32C (Castagnoli) in pure Python, for many short records at once.

Byte by byte it costs 70 ns a byte, which would be most of the time of reading a file of
events. Of records of one length the checksums are worked out side by side instead: the
state is four planes with a byte for each record, and a step of the table-driven algorithm is an
XOR of whole planes and four calls of `bytes.translate`, some 5 ns a byte.

The masked form, rotated by 15 bits with a constant added, is what LevelDB and TensorFlow store.

Source: RFC 3720, appendix B.4; tensorflow/tensorflow, tsl/lib/hash/crc32c.h (Mask).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from struct import iter_unpack

_POLYNOMIAL = 0x82F63B78
_DELTA = 0xA282EAD8
_FEW = 8
"""Records of one length below which planes do not pay."""


def masked_crc32c(data: bytes) -> int:
    """Return the masked checksum of some bytes."""
    table = _table()
    state = 0xFFFFFFFF
    for byte in data:
        state = (state >> 8) ^ table[(state ^ byte) & 0xFF]
    return _mask(state ^ 0xFFFFFFFF)


def masked_crc32c_of_all(records: Sequence[bytes]) -> list[int]:
    """Return the masked checksums of records that all have the same length."""
    if len(records) < _FEW:
        return [masked_crc32c(record) for record in records]
    count, size = len(records), len(records[0])
    joined = b"".join(records)
    low, second, third, high = (b"\xff" * count,) * 4
    tables = _planes()
    for place in range(size):
        index = _xor(low, joined[place::size], count)
        low = _xor(second, index.translate(tables[0]), count)
        second = _xor(third, index.translate(tables[1]), count)
        third = _xor(high, index.translate(tables[2]), count)
        high = index.translate(tables[3])
    flat = bytearray(4 * count)
    for number, plane in enumerate((low, second, third, high)):
        flat[number::4] = plane
    return [_mask(state ^ 0xFFFFFFFF) for (state,) in iter_unpack("<I", flat)]


def _xor(one: bytes, other: bytes, count: int) -> bytes:
    both = int.from_bytes(one, "little") ^ int.from_bytes(other, "little")
    return both.to_bytes(count, "little")


def _mask(crc: int) -> int:
    return (((crc >> 15) | (crc << 17)) + _DELTA) & 0xFFFFFFFF


@cache
def _table() -> tuple[int, ...]:
    return tuple(_entry(byte) for byte in range(256))


def _entry(value: int) -> int:
    for _ in range(8):
        value = (value >> 1) ^ (_POLYNOMIAL if value & 1 else 0)
    return value


@cache
def _planes() -> tuple[bytes, ...]:
    """Return the table as four tables of bytes, lowest first."""
    return tuple(bytes(entry >> shift & 0xFF for entry in _table()) for shift in (0, 8, 16, 24))
