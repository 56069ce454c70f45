"""The codec of series blocks: up to `CAPACITY` points of one metric as columns.

A block is two parts, each deflated on its own, because all metrics of one log call
share their steps and times: the axis is encoded once and reused for every metric.

    u8   format, 1
    u8   flags: 1 = values are float32, else float64
    u32  number of points
    u32  length of the axis part
    axis part (a raw deflate stream), values part

The axis part, inflated:

    u8   flags: 1 = steps are listed, else first + i * stride
                2 = listed steps are deltas of 4 bytes, else absolute, 8 bytes
                4 = time deltas are 4 bytes, else 8
    i64  first step;  i64 stride;  i64 first time in Unix milliseconds
    steps (where listed), then n - 1 time deltas, byte-shuffled each

The values part holds the byte-shuffled column: all lowest bytes first, then the next,
so that the equal exponents of neighbours stand together and deflate finds them.

    u8   one bit a plane of bytes, lowest first: 1 = as it is, 0 = deflated
    the planes that are as they are, then one raw deflate stream of the others

Everything is little-endian. Values are float32 only where not one bit is lost by it; NaN,
infinities, repeated, backward and huge steps come back exactly. Times keep
milliseconds.
"""

from __future__ import annotations

import struct
import sys
import zlib
from array import array
from itertools import accumulate
from operator import sub

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

CAPACITY = 1024
"""Points in a full block."""

_FORMAT = 1
_FLOAT32 = 1
_LISTED, _SHORT_STEPS, _SHORT_TIMES = 1, 2, 4
_HEAD = struct.Struct("<BBII")
_AXIS = struct.Struct("<Bqqq")
_SAMPLE, _NOISE = 64, 44
"""Bytes of a plane that are looked at, and how many kinds among them make it noise."""
_INT32 = range(-(2**31), 2**31)
_SWAP = sys.byteorder == "big"


def encode_axis(steps: Sequence[int], times_ms: Sequence[int]) -> bytes:
    """Return the axis part for these points; both sequences have the same length > 0."""
    flags, body = 0, b""
    stride = _stride(steps)
    if stride is None:
        stride, flags = 0, _LISTED
        deltas = list(map(sub, steps[1:], steps))
        if min(deltas) in _INT32 and max(deltas) in _INT32:
            flags |= _SHORT_STEPS
            body = _shuffle(array("i", deltas))
        else:
            body = _shuffle(array("q", steps))
    gaps = list(map(sub, times_ms[1:], times_ms))
    if not gaps or (min(gaps) in _INT32 and max(gaps) in _INT32):
        flags |= _SHORT_TIMES
        body += _shuffle(array("i", gaps))
    else:
        body += _shuffle(array("q", gaps))
    return _deflate(_AXIS.pack(flags, steps[0], stride, times_ms[0]) + body)


def encode(axis: bytes, values: Sequence[float]) -> bytes:
    """Return a block from an encoded axis and as many values."""
    column = array("d", values)
    raw, flags = column.tobytes(), 0
    # One value settles it for most float64 series, before the whole column is tried.
    if array("d", array("f", column[:1])).tobytes() == raw[:8]:
        single = array("f", column)
        if array("d", single).tobytes() == raw:
            column, flags = single, _FLOAT32
    n = len(column)
    return _HEAD.pack(_FORMAT, flags, n, len(axis)) + axis + _pack(_shuffle(column), n)


def decode_values(block: bytes) -> array[float]:
    """Return the values of a block, float64, in log order.

    Raises:
        ValueError: the bytes are not a block of a known format.
    """
    flags, n, length = _head(block)
    kind = "f" if flags & _FLOAT32 else "d"
    part = memoryview(block)[_HEAD.size + length :]
    return array("d", _unshuffle(_unpack(part, n, array(kind).itemsize), kind))


def axis_part(block: bytes) -> bytes:
    """Return the encoded steps and times of a block; equal where the points' are equal.

    Raises:
        ValueError: the bytes are not a block of a known format.
    """
    length = _head(block)[2]
    return block[_HEAD.size : _HEAD.size + length]


def decode_axis(block: bytes) -> tuple[array[int], array[int]]:
    """Return steps and Unix milliseconds of a block.

    Raises:
        ValueError: the bytes are not a block of a known format.
    """
    _, n, length = _head(block)
    raw = _inflate(memoryview(block)[_HEAD.size : _HEAD.size + length])
    if len(raw) < _AXIS.size:
        raise ValueError("a series block whose axis is cut short")
    flags, first, stride, start_ms = _AXIS.unpack_from(raw)
    body = raw[_AXIS.size :]
    if not flags & _LISTED:
        steps = array("q", range(first, first + n * stride, stride) if stride else [first] * n)
    elif flags & _SHORT_STEPS:
        deltas = _unshuffle(body[: 4 * (n - 1)], "i")
        steps, body = array("q", accumulate(deltas, initial=first)), body[4 * (n - 1) :]
    else:
        steps, body = _unshuffle(body[: 8 * n], "q"), body[8 * n :]
    gaps = _unshuffle(body, "i" if flags & _SHORT_TIMES else "q")
    return steps, array("q", accumulate(gaps, initial=start_ms))


def _head(block: bytes) -> tuple[int, int, int]:
    """Return flags, number of points and length of the axis part."""
    if len(block) <= _HEAD.size or block[0] != _FORMAT:
        raise ValueError(f"a series block of format {block[:1].hex() or 'nothing'}, known is 1")
    _, flags, n, length = _HEAD.unpack_from(block)
    if len(block) <= _HEAD.size + length:
        raise ValueError("a series block without values")
    return flags, n, length


def _stride(steps: Sequence[int]) -> int | None:
    """Return the constant difference of the steps, None where there is none."""
    if len(steps) < 2:
        return 0
    first, stride = steps[0], steps[1] - steps[0]
    # A stride that leaves 64 bits has no place in the head: such steps are listed.
    if steps[-1] != first + stride * (len(steps) - 1) or abs(stride) >= 2**63:
        return None
    if stride == 0:
        return 0 if all(step == first for step in steps) else None
    expected = range(first, first + stride * len(steps), stride)
    return stride if list(steps) == list(expected) else None


def _shuffle(column: array[int] | array[float]) -> bytes:
    if _SWAP:
        column = column[:]
        column.byteswap()
    raw, width = column.tobytes(), column.itemsize
    return b"".join([raw[i::width] for i in range(width)])


def _unshuffle(raw: bytes, kind: str) -> array[int] | array[float]:
    column: array[float] = array(kind)
    width = column.itemsize
    n = len(raw) // width
    mixed = bytearray(n * width)
    for i in range(width):
        mixed[i::width] = raw[i * n : (i + 1) * n]
    column.frombytes(mixed)
    if _SWAP:
        column.byteswap()
    return column


def _pack(shuffled: bytes, n: int) -> bytes:
    """Return the values part of n values."""
    mask, kept, rest = 0, b"", b""
    for i in range(len(shuffled) // n):
        plane = shuffled[i * n : (i + 1) * n]
        # The low bytes of a mantissa are noise that deflate would only carry over, at
        # most of the cost of a block: a sample tells them from bytes that repeat.
        if n >= _SAMPLE and len(set(plane[:: n // _SAMPLE])) > _NOISE:
            mask |= 1 << i
            kept += plane
        else:
            rest += plane
    return bytes((mask,)) + kept + (_deflate(rest) if rest else b"")


def _unpack(part: memoryview, n: int, width: int) -> bytes:
    """Return the byte-shuffled column of a values part."""
    raw = [i for i in range(width) if part[0] >> i & 1]
    rest = _inflate(part[1 + n * len(raw) :]) if len(raw) < width else b""
    if len(rest) != n * (width - len(raw)):
        raise ValueError(f"a series block of {n} values whose bytes are not as many")
    kept = iter(range(1, 1 + n * len(raw), n))
    others = iter(range(0, len(rest), n))
    planes: list[bytes | memoryview] = []
    for i in range(width):
        source, start = (part, next(kept)) if i in raw else (memoryview(rest), next(others))
        planes.append(source[start : start + n])
    return b"".join(planes)


def _deflate(raw: bytes) -> bytes:
    # A window of 4 kB and small tables: measured as small as level 6 with the
    # defaults on shuffled columns, in two thirds of the time.
    packer = zlib.compressobj(1, zlib.DEFLATED, -12, 5)
    return packer.compress(raw) + packer.flush()


def _inflate(raw: bytes | memoryview) -> bytes:
    try:
        return zlib.decompress(raw, -12)
    except zlib.error as error:
        raise ValueError(f"a series block that cannot be inflated ({error})") from error
