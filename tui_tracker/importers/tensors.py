"""Numbers and texts in TensorFlow's `TensorProto`.

    dtype (1)   tensor_shape (2) { dim (2) { size (1) } }   tensor_content (4): raw, little-endian
    or a field by type: float_val 5, double_val 6, int_val 7, string_val 8, int64_val 10,
    bool_val 11, half_val 13 (float16 and bfloat16 as bit patterns), uint32_val 16, uint64_val 17

Where there are fewer values than the shape has elements, the last one is repeated; where there
is none at all, all are 0.

Source: tensorflow/tensorflow, core/framework/tensor.proto, types.proto;
python/framework/tensor_util.py (MakeNdarray).
"""

from __future__ import annotations

import struct

from tui_tracker.importers.wire import Message

STRING = 7
_BFLOAT16 = 14
_CONTENT = {
    1: "f",
    2: "d",
    3: "i",
    4: "B",
    5: "h",
    6: "b",
    9: "q",
    10: "?",
    17: "H",
    19: "e",
    22: "I",
    23: "Q",
}
"""Letters of `struct` by the number of the type."""
_INTEGERS = {3: 7, 4: 7, 5: 7, 6: 7, 9: 10, 10: 11, 17: 7, 22: 16, 23: 17}
"""Fields of repeated whole numbers by the number of the type."""
_HALF = 13
_REFERENCE = 100
"""Types above this are references to those below."""


def element_count(tensor: Message) -> int:
    """Return how many elements the shape has."""
    count = 1
    for dimension in tensor.message(2).messages(2):
        count *= dimension.integer(1)
    return count


def is_text(tensor: Message) -> bool:
    return _type(tensor) == STRING


def texts_of(tensor: Message) -> list[str]:
    return tensor.texts(8)


def number_of(tensor: Message) -> float | None:
    """Return the only number of a tensor; None where it has several, or of no known type."""
    kind = _type(tensor)
    if element_count(tensor) != 1 or (kind not in _CONTENT and kind != _BFLOAT16):
        return None
    if content := tensor.raw(4):
        return _from_content(content, kind)
    if kind == 1:
        return _first(tensor.floats(5))
    if kind == 2:
        return _first(tensor.doubles(6))
    if kind in (_BFLOAT16, 19):
        bits = tensor.integers(_HALF)
        return _from_bits(bits[0], kind) if bits else 0.0
    values = tensor.integers(_INTEGERS[kind])
    if kind == 23:
        values = [value % (1 << 64) for value in values]
    return _first([float(value) for value in values])


def _type(tensor: Message) -> int:
    kind = tensor.integer(1)
    return kind - _REFERENCE if kind > _REFERENCE else kind


def _first(values: list[float]) -> float:
    return values[0] if values else 0.0


def _from_content(content: bytes, kind: int) -> float | None:
    if kind == _BFLOAT16:
        return _from_bits(int.from_bytes(content[:2], "little"), kind)
    form = struct.Struct(f"<{_CONTENT[kind]}")
    if len(content) != form.size:
        return None
    return float(form.unpack(content)[0])


def _from_bits(bits: int, kind: int) -> float:
    """Return a 16-bit float of either kind."""
    bits &= 0xFFFF
    if kind == _BFLOAT16:
        return float(struct.unpack("<f", struct.pack("<I", bits << 16))[0])
    return float(struct.unpack("<e", struct.pack("<H", bits))[0])
