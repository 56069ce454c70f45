r"""The file in which the rows of a split are kept.

    <one line of JSON> LF <body>

The line is for people and programs alike; `body` in it names what follows:

- `codes`: the rows of each role rise and belong to one role. A number for each row of
  range(`rows`), 0 for a row of no role, else the place of its role in `roles`, from 1 on (where
  no row is left over, from 0 on: `first`), in `bits` bits (1, 2, 4 or 8), lowest first, deflated.
- `deltas`: in any order, or more than once. For each role in turn its rows as differences
  from the one before (the first from 0) in signed 64-bit arithmetic, zigzag (2d, or -2d-1
  below 0), parted into eight planes, the lowest byte of each first, deflated; its length in
  bytes is `lengths[role]`.
- `names`: row ids that are texts. A JSON list of each role, deflated, by `lengths`.

`n` tells how many rows each role has. A million rows of four roles or three and a rest
are 250 KB at most.
"""

from __future__ import annotations

import os
import sys
import zlib
from array import array

from tui_tracker.errors import InvalidArgument

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Rows = array[int] | list[str]

_WHAT = "tui_tracker split 1"
_HALF = 1 << 63
_SPARSE = 16
"""At most so many rows of a table to one in a role, else differences are shorter."""


def write_split(roles: Mapping[str, Rows]) -> bytes:
    """Return the file's bytes."""
    head: dict[str, object] = {
        "format": _WHAT,
        "about": "rows of each role; read with tui_tracker.read_split",
        "n": {role: len(rows) for role, rows in roles.items()},
        "roles": list(roles),
    }
    numbers = [rows for rows in roles.values() if isinstance(rows, array)]
    if len(numbers) != len(roles):
        return _with_bodies(head, "names", [_pack_names(rows) for rows in roles.values()])
    codes = _codes(numbers)
    if codes is None:
        return _with_bodies(head, "deltas", [_pack_deltas(rows) for rows in numbers])
    first = 0 if 0 not in codes else 1
    if not first:
        codes = codes.translate(bytes([0, *range(255)]))
    most = len(numbers) - 1 + first
    bits = next(bits for bits in (1, 2, 4, 8) if most < 1 << bits)
    head |= {"body": "codes", "rows": len(codes), "bits": bits, "first": first}
    return _line(head) + zlib.compress(_pack_bits(codes, bits), 6)


def read_split(source: str | os.PathLike[str] | bytes) -> dict[str, list[int]]:
    """Return the rows of each role, from a file or its bytes; texts where ids are texts.

    Raises:
        InvalidArgument: it is no such file, or a damaged one.
        OSError: the file cannot be read.
    """
    import json

    if not isinstance(source, bytes):
        with open(source, "rb") as file:
            source = file.read()
    line, _, body = source.partition(b"\n")
    try:
        head = json.loads(line)
        if head["format"] != _WHAT:
            raise ValueError("it is not of this version")
        return _read_body(head, body)
    except (ValueError, KeyError, TypeError, IndexError, zlib.error) as error:
        raise InvalidArgument(f"this is no split that can be read: {error}") from error


def _read_body(head: dict[str, object], body: bytes) -> dict[str, list[int]]:
    roles: list[str] = head["roles"]  # type: ignore[assignment]
    if head["body"] == "codes":
        rows, bits, first = (int(head[key]) for key in ("rows", "bits", "first"))  # type: ignore[call-overload]
        codes = _unpack_bits(zlib.decompress(body), bits, rows)
        return {role: _places(codes, code) for code, role in enumerate(roles, first)}
    found: dict[str, list[int]] = {}
    for role in roles:
        length = head["lengths"][role]  # type: ignore[index]
        part, body = zlib.decompress(body[:length]), body[length:]
        found[role] = _unpack_names(part) if head["body"] == "names" else _unpack_deltas(part)
    return found


def _with_bodies(head: dict[str, object], kind: str, bodies: Sequence[bytes]) -> bytes:
    roles: list[str] = head["roles"]  # type: ignore[assignment]
    lengths = {role: len(body) for role, body in zip(roles, bodies, strict=True)}
    return _line({**head, "body": kind, "lengths": lengths}) + b"".join(bodies)


def _line(head: dict[str, object]) -> bytes:
    import json

    return json.dumps(head).encode() + b"\n"


def _codes(roles: Sequence[array[int]]) -> bytes | None:
    """Return each row's role from 1 on, 0 where it has none; None where that loses something."""
    total = sum(map(len, roles))
    if not total or len(roles) > 254:
        return None
    rows = max(max(rows) for rows in roles if rows) + 1
    if min(min(rows) for rows in roles if rows) < 0 or rows > total * _SPARSE:
        return None
    codes = bytearray(rows)
    for code, role in enumerate(roles, 1):
        last = -1
        for row in role:
            if row <= last or codes[row]:
                return None
            codes[row] = code
            last = row
    return bytes(codes)


def _pack_bits(codes: bytes, bits: int) -> bytes:
    """Put several codes into each byte: all bytes at once, as one large number."""
    share = 8 // bits
    size = -(-len(codes) // share)
    codes = codes.ljust(size * share, b"\0")
    whole = 0
    for place in range(share):
        whole |= int.from_bytes(codes[place::share], "little") << (place * bits)
    return whole.to_bytes(size, "little")


def _unpack_bits(packed: bytes, bits: int, rows: int) -> bytes:
    share = 8 // bits
    if len(packed) != -(-rows // share):
        raise ValueError("it was cut off")
    whole = int.from_bytes(packed, "little")
    mask = int.from_bytes(bytes([(1 << bits) - 1]) * len(packed), "little")
    codes = bytearray(len(packed) * share)
    for place in range(share):
        codes[place::share] = ((whole >> (place * bits)) & mask).to_bytes(len(packed), "little")
    return bytes(codes[:rows])


def _places(codes: bytes, code: int) -> list[int]:
    return [row for row, found in enumerate(codes) if found == code]


def _pack_deltas(rows: array[int]) -> bytes:
    last, deltas = 0, array("Q")
    for row in rows:
        step = (row - last + _HALF) % (2 * _HALF) - _HALF
        last = row
        deltas.append((step << 1) if step >= 0 else ((-step << 1) - 1))
    data = little_endian(deltas).tobytes()
    return zlib.compress(b"".join([data[plane::8] for plane in range(8)]), 6)


def _unpack_deltas(planes: bytes) -> list[int]:
    count = len(planes) // 8
    data = bytearray(len(planes))
    for plane in range(8):
        data[plane::8] = planes[plane * count : (plane + 1) * count]
    row, rows = 0, []
    deltas = array("Q")
    deltas.frombytes(data)
    for delta in little_endian(deltas):
        row += -((delta + 1) >> 1) if delta & 1 else delta >> 1
        row = (row + _HALF) % (2 * _HALF) - _HALF
        rows.append(row)
    return rows


def _pack_names(rows: Rows) -> bytes:
    import json

    return zlib.compress(json.dumps(list(rows)).encode(), 6)


def _unpack_names(text: bytes) -> list[int]:
    import json

    found: list[int] = json.loads(text)
    return found


def little_endian(numbers: array[int]) -> array[int]:
    """Return numbers whose bytes are little-endian on any machine, or back from those."""
    if sys.byteorder == "big":
        numbers = numbers[:]
        numbers.byteswap()
    return numbers
