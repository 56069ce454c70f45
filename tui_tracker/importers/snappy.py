"""Snappy, undone: the length as varint, then literals and copies of what came before.

The low two bits of a tag tell which: 0 a literal (its length minus one in the high six bits; 60 to
63 there: in the next 1 to 4 bytes), 1 a copy of 4 to 11 bytes (offset of 11 bits), 2 and 3
copies of 1 to 64 bytes (offsets of 2 and 4 bytes). A copy may reach into what it makes.

Source: github.com/google/snappy, format_description.txt.
"""

from __future__ import annotations

_LONGEST = 1 << 28


class NotSnappy(ValueError):
    """The bytes are no Snappy, or damaged."""


def varint(data: bytes, at: int) -> tuple[int, int]:
    """Return the number that begins at a place, and the place behind it.

    Raises:
        IndexError: the data end before it does.
        NotSnappy: it has more than 64 bits.
    """
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
        if shift > 63:
            raise NotSnappy("a number is too long")


def decompress(data: bytes) -> bytes:
    """Return what was compressed.

    Raises:
        NotSnappy: it is damaged, or larger than anything that is read here.
        IndexError: it is cut off.
    """
    length, at = varint(data, 0)
    # A copy of 64 bytes takes 3 bytes at least.
    if length > min(_LONGEST, len(data) * 64):
        raise NotSnappy("it claims to be larger than it can be")
    out = bytearray()
    while at < len(data):
        tag = data[at]
        at += 1
        if tag & 3 == 0:
            size, at = _literal(data, tag, at)
            out += data[at : at + size]
            at += size
        else:
            size, offset, at = _copy(data, tag, at)
            _append(out, size, offset)
        if len(out) > length:
            break
    if len(out) != length:
        raise NotSnappy("its length is not what it says")
    return bytes(out)


def _literal(data: bytes, tag: int, at: int) -> tuple[int, int]:
    size = tag >> 2
    if size >= 60:
        count = size - 59
        size = int.from_bytes(data[at : at + count], "little")
        at += count
    if at + size + 1 > len(data):
        raise NotSnappy("it is cut off")
    return size + 1, at


def _copy(data: bytes, tag: int, at: int) -> tuple[int, int, int]:
    if tag & 3 == 1:
        return ((tag >> 2) & 7) + 4, (tag >> 5) << 8 | data[at], at + 1
    count = 2 if tag & 3 == 2 else 4
    if at + count > len(data):
        raise NotSnappy("it is cut off")
    return (tag >> 2) + 1, int.from_bytes(data[at : at + count], "little"), at + count


def _append(out: bytearray, size: int, offset: int) -> None:
    if not 0 < offset <= len(out):
        raise NotSnappy("it copies from before its beginning")
    if offset >= size:
        begin = len(out) - offset
        out += out[begin : begin + size]
        return
    pattern = bytes(out[-offset:])
    out += (pattern * (size // offset + 1))[:size]
