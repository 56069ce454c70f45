"""TensorBoard's event files, written byte by byte.

A file is a row of TFRecords: length (u64), masked CRC-32C of the length, the record, masked
CRC-32C of the record; all little-endian. A record is a protobuf message `Event`:

    wall_time 1 (double), step 2 (int64), file_version 3 (string), summary 5 (Summary)

A Summary has values (1), each with tag 1, simple_value 2 (float), tensor 8, metadata 9. The
first event says `brain.Event:2`. A point is one event with one simple_value, which all
readers take. Of hparams, `_hparams_/session_start_info` and `.../session_end_info` carry a
message of the plugin in their metadata; texts are tensors of strings of the plugin `text`.

The order of a message's fields is free. The summary comes first here: its beginning is the
same in all points of a series, so their checksums go on from one that is worked out once.

Source: tensorflow/tensorboard, tensorboard/compat/proto/{event,summary,tensor}.proto,
tensorboard/plugins/hparams/plugin_data.proto; tensorflow/tensorflow,
tensorflow/core/lib/io/record_writer.cc and hash/crc32c.h (the mask); RFC 3720, B.4.
"""

from __future__ import annotations

import struct
from array import array
from collections.abc import Iterable, Mapping, Sequence
from typing import BinaryIO

Value = bool | float | str

_STRING, _FLOAT = 7, 1
"""Kinds of tensors."""
_SECONDS = struct.Struct("<d")


def _table() -> tuple[int, ...]:
    found = []
    for byte in range(256):
        for _ in range(8):
            byte = byte >> 1 ^ (0x82F63B78 if byte & 1 else 0)
        found.append(byte)
    return tuple(found)


_TABLE = _table()


def _crc(data: bytes, state: int = 0xFFFFFFFF) -> int:
    """Return the state of CRC-32C after some bytes; inverted, it is the checksum."""
    table = _TABLE
    for byte in data:
        state = table[(state ^ byte) & 0xFF] ^ state >> 8
    return state


def _masked(state: int) -> bytes:
    crc = state ^ 0xFFFFFFFF
    return ((crc >> 15 | crc << 17) + 0xA282EAD8 & 0xFFFFFFFF).to_bytes(4, "little")


class EventWriter:
    """One event file while it is written."""

    def __init__(self, file: BinaryIO, started_s: float) -> None:
        self._file = file
        self._heads: dict[int, bytes] = {}
        self._write(_double(1, started_s) + _text(3, "brain.Event:2"))

    def points(
        self, tag: str, steps: Sequence[int], times_ms: Sequence[int], values: Sequence[float]
    ) -> int:
        """Write points of a series; return how many values a 32-bit float rounds."""
        single = array("f", values)
        raw = _little(single).tobytes()
        beginnings: dict[int, tuple[bytes, int]] = {}
        records = []
        for at, (step, time_ms) in enumerate(zip(steps, times_ms, strict=True)):
            value = raw[4 * at : 4 * at + 4]
            end = value + b"\x09" + _SECONDS.pack(time_ms / 1000) + b"\x10" + _varint(step)
            if not beginnings:
                inner = _text(1, tag) + b"\x15"
                start = b"\x2a" + _varint(len(inner) + 4 + _size(len(inner) + 4) + 1)
                start += b"\x0a" + _varint(len(inner) + 4) + inner
                beginnings[0] = start, _crc(start)
            start, state = beginnings[0]
            records.append(self._head(len(start) + len(end)) + start + end)
            records.append(_masked(_crc(end, state)))
        self._file.write(b"".join(records))
        return sum(a != b and b == b for a, b in zip(single, values, strict=True))

    def hparams(self, params: Mapping[str, Value], started_s: float) -> None:
        """Write the params that a session begins with."""
        members = b"".join(
            _message(1, _text(1, key) + _message(2, _struct_value(value)))
            for key, value in params.items()
        )
        # Without a group: sessions that share one count as repeats of each other.
        info = members + _double(5, started_s)
        self._plugin("_hparams_/session_start_info", "hparams", _message(3, info), started_s)

    def end(self, status: int, ended_s: float) -> None:
        """Write how a session ended: 1 well, 2 badly, 3 not yet."""
        info = b"\x08" + _varint(status) + _double(2, ended_s)
        self._plugin("_hparams_/session_end_info", "hparams", _message(4, info), ended_s)

    def texts(self, tag: str, texts: Iterable[str], at_s: float) -> None:
        """Write texts, one a step."""
        metadata = _message(9, _message(1, _text(1, "text")))
        for step, text in enumerate(texts):
            tensor = bytes((0x08, _STRING)) + _message(2, _message(2, b"\x08\x01")) + _text(8, text)
            value = _text(1, tag) + _message(8, tensor) + metadata
            self._write(
                _message(5, _message(1, value)) + _double(1, at_s) + b"\x10" + _varint(step)
            )

    def _plugin(self, tag: str, plugin: str, content: bytes, at_s: float) -> None:
        # Version 0 of the plugin's data is left out, as protobuf leaves out any zero.
        metadata = _message(9, _message(1, _text(1, plugin) + _message(2, content)))
        # Some readers pass over what has no tensor: one zero.
        nothing = bytes((0x08, _FLOAT)) + _message(2, _message(2, b"\x08\x01"))
        nothing += _message(5, bytes(4))
        value = _text(1, tag) + _message(8, nothing) + metadata
        self._write(_message(5, _message(1, value)) + _double(1, at_s))

    def _write(self, record: bytes) -> None:
        self._file.write(self._head(len(record)) + record + _masked(_crc(record)))

    def _head(self, length: int) -> bytes:
        if (head := self._heads.get(length)) is None:
            raw = length.to_bytes(8, "little")
            head = self._heads[length] = raw + _masked(_crc(raw))
        return head


def _little(column: array[float]) -> array[float]:
    import sys

    if sys.byteorder == "big":
        column = column[:]
        column.byteswap()
    return column


def _varint(value: int) -> bytes:
    """Return a whole number of 64 bits; a negative one takes ten bytes."""
    value &= 0xFFFFFFFFFFFFFFFF
    if value < 0x80:
        return bytes((value,))
    found = bytearray()
    while value >= 0x80:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    found.append(value)
    return bytes(found)


def _size(value: int) -> int:
    return len(_varint(value))


def _message(field: int, data: bytes) -> bytes:
    return bytes((field << 3 | 2,)) + _varint(len(data)) + data


def _text(field: int, text: str) -> bytes:
    return _message(field, text.encode("utf-8", "replace"))


def _double(field: int, value: float) -> bytes:
    return bytes((field << 3 | 1,)) + _SECONDS.pack(value)


def _struct_value(value: Value) -> bytes:
    """Return a google.protobuf.Value."""
    if isinstance(value, bool):
        return b"\x20" + bytes((value,))
    return _text(3, value) if isinstance(value, str) else _double(2, value)
