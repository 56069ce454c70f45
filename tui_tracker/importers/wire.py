"""Protobuf messages without their definitions: numbered fields, taken apart and checked.

A message is a sequence of fields, each a key (field number << 3 | wire type, as a varint)
and a value:

    0  varint: 7 bits a byte, lowest first, the high bit set on all but the last; at most 10
    1  8 bytes, little-endian          5  4 bytes, little-endian
    2  a varint length and as many bytes: text, bytes, a message, or packed numbers

A field may repeat; of one that should not, the last counts. Unknown fields are passed over.
Types 3 and 4 (groups) are long gone and count as damage. No length is trusted: whatever
reaches beyond the message is a `WireError`. Of a field with another wire type than was asked
for there is none.

Source: https://protobuf.dev/programming-guides/encoding/.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

_LONGEST_VARINT = 10
_SIGN = 1 << 63


class WireError(ValueError):
    """Bytes that are no protobuf message."""


def read_varint(data: bytes, at: int) -> tuple[int, int]:
    """Return an unsigned number of up to 64 bits, and the place behind it.

    Raises:
        WireError: the bytes end first, or there are more than ten of them.
    """
    if at < len(data) and data[at] < 0x80:
        return data[at], at + 1
    value = shift = 0
    for place in range(at, min(at + _LONGEST_VARINT, len(data))):
        byte = data[place]
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & 0xFFFFFFFFFFFFFFFF, place + 1
        shift += 7
    raise WireError(f"no number ends at byte {at}")


def signed(value: int) -> int:
    """Return a varint as the int64 that it stands for."""
    return value - (_SIGN << 1) if value & _SIGN else value


def read_field(data: bytes, at: int) -> tuple[int, int | bytes, int]:
    """Return a field's number, its value (an int for a varint, else its bytes) and its end.

    Raises:
        WireError: there is no field.
    """
    key, at = read_varint(data, at)
    kind = key & 7
    if kind == 0:
        value, at = read_varint(data, at)
        return key >> 3, value, at
    size, at = _size(data, at, kind)
    if at + size > len(data):
        raise WireError(f"{size} bytes at byte {at} reach beyond the message")
    return key >> 3, data[at : at + size], at + size


def read_fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Yield number and value of each field.

    Raises:
        WireError: the bytes are no message.
    """
    at = 0
    while at < len(data):
        number, value, at = read_field(data, at)
        yield number, value


def _size(data: bytes, at: int, kind: int) -> tuple[int, int]:
    """Return how long a value is that is no varint, and where it begins."""
    if kind == 2:
        return read_varint(data, at)
    if kind == 1:
        return 8, at
    if kind == 5:
        return 4, at
    raise WireError(f"wire type {kind} at byte {at}")


class Message:
    """A message whose fields are asked for by number; absent ones are 0, "" or nothing."""

    __slots__ = ("_fields",)

    def __init__(self, data: bytes) -> None:
        """Take the bytes apart.

        Raises:
            WireError: they are no message.
        """
        fields: dict[int, list[int | bytes]] = {}
        for number, value in read_fields(data):
            fields.setdefault(number, []).append(value)
        self._fields = fields

    def __contains__(self, number: int) -> bool:
        return number in self._fields

    def numbers(self) -> list[int]:
        """Return the numbers of the fields that are there, in order of appearance."""
        return list(self._fields)

    def raw(self, number: int) -> bytes:
        """Return the bytes of the last such field that has bytes."""
        found = self._bytes(number)
        return found[-1] if found else b""

    def text(self, number: int) -> str:
        return self.raw(number).decode("utf-8", "replace")

    def texts(self, number: int) -> list[str]:
        return [value.decode("utf-8", "replace") for value in self._bytes(number)]

    def integer(self, number: int) -> int:
        """Return an int64, int32, bool or enum."""
        found = [value for value in self._fields.get(number, ()) if isinstance(value, int)]
        return signed(found[-1]) if found else 0

    def double(self, number: int) -> float:
        found = [value for value in self._bytes(number) if len(value) == 8]
        return float(struct.unpack("<d", found[-1])[0]) if found else 0.0

    def message(self, number: int) -> Message:
        """Return a message within; an empty one where it is absent.

        Raises:
            WireError: the bytes are no message.
        """
        return Message(self.raw(number))

    def messages(self, number: int) -> Iterator[Message]:
        """Yield the repeated messages within.

        Raises:
            WireError: the bytes of one are no message.
        """
        return (Message(value) for value in self._bytes(number))

    def floats(self, number: int) -> list[float]:
        """Return repeated float32 numbers, packed or not."""
        return self._packed(number, "f", 4)

    def doubles(self, number: int) -> list[float]:
        """Return repeated float64 numbers, packed or not."""
        return self._packed(number, "d", 8)

    def integers(self, number: int) -> list[int]:
        """Return repeated varints as int64, packed or not.

        Raises:
            WireError: packed ones end within a number.
        """
        found: list[int] = []
        for value in self._fields.get(number, ()):
            if isinstance(value, int):
                found.append(signed(value))
                continue
            at = 0
            while at < len(value):
                one, at = read_varint(value, at)
                found.append(signed(one))
        return found

    def _packed(self, number: int, letter: str, size: int) -> list[float]:
        joined = b"".join(self._bytes(number))
        count = len(joined) // size
        return list(struct.unpack(f"<{count}{letter}", joined[: count * size]))

    def _bytes(self, number: int) -> list[bytes]:
        return [value for value in self._fields.get(number, ()) if isinstance(value, bytes)]
