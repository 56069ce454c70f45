r"""NumPy's files told by their heads: what an array is, and its first and last values.

    \x93NUMPY  major minor  length of the head (2 bytes, 4 from version 2)  head

The head is a Python literal: {'descr': '<f8', 'fortran_order': False, 'shape': (3, 4)}. An
`.npz` is a zip of such files. Arrays of objects are pickles, which are never opened.

Source: numpy, numpy/lib/_format_impl.py (format of version 1 to 3).
"""

from __future__ import annotations

import ast
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from math import prod
from typing import IO

from tui_tracker.formatting import format_count, format_number, format_size
from tui_tracker.viewing.finding import Unreadable

_LONGEST_HEAD = 1 << 16
_SHOWN = 8
_SIMPLE = re.compile(r"([<>|=])([biufcSUM?])(\d*)")
_CODES = {
    ("i", 1): "b", ("i", 2): "h", ("i", 4): "i", ("i", 8): "q", ("u", 1): "B", ("u", 2): "H",
    ("u", 4): "I", ("u", 8): "Q", ("f", 2): "e", ("f", 4): "f", ("f", 8): "d", ("b", 1): "?",
}  # fmt: skip
_NAMES = {"i": "int", "u": "uint", "f": "float", "c": "complex", "b": "bool", "S": "bytes"}
_MOST_MEMBERS = 1000


@dataclass(frozen=True, slots=True)
class Array:
    """What the head of an array says, and some of its values."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    fortran: bool
    size_bytes: int | None
    """Of all values; None where that is not known."""
    first: tuple[float, ...] = ()
    last: tuple[float, ...] = ()
    note: str = ""

    @property
    def lines(self) -> Iterator[tuple[str, str]]:
        """Yield what is told of it, by name."""
        shape = " x ".join(map(format_count, self.shape)) or "one value"
        yield "shape", f"{shape}{', columns first' if self.fortran and len(self.shape) > 1 else ''}"
        yield "values", format_count(prod(self.shape))
        yield "type", self.dtype
        if self.size_bytes is not None:
            yield "size", format_size(self.size_bytes)
        if self.first:
            yield "first", "  ".join(map(format_number, self.first))
        if self.last:
            yield "last", "  ".join(map(format_number, self.last))
        if self.note:
            yield "note", self.note


def read_arrays(path: str, *, packed: bool) -> list[Array]:
    """Return the array of an `.npy`, or with `packed` those of an `.npz`.

    Raises:
        Unreadable: the file is damaged or none of these.
    """
    try:
        if packed:
            return list(_members(path))
        with open(path, "rb") as file:
            file.seek(0, 2)
            size = file.tell()
            file.seek(0)
            return [_read(file, "", size)]
    except (OSError, ValueError, zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise Unreadable(f"this file is damaged: {error}") from error
    except (NotImplementedError, RuntimeError) as error:  # another compression, a password
        raise Unreadable(f"this file cannot be read: {error}") from error


def _members(path: str) -> Iterator[Array]:
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist()[:_MOST_MEMBERS]:
            name = info.filename.removesuffix(".npy")
            with archive.open(info) as file:
                try:
                    yield _read(file, name, None)
                except ValueError as error:
                    yield Array(name, "", (), False, info.file_size, note=str(error))


def _read(file: IO[bytes], name: str, size: int | None) -> Array:
    descr, shape, fortran, start = _head(file)
    if isinstance(descr, list):
        return Array(name, f"records of {len(descr)} fields", shape, fortran, None)
    if descr.startswith("|O") or descr == "O":
        note = "Python objects, kept as a pickle, which is never opened"
        return Array(name, "object", shape, fortran, None, note=note)
    found = _SIMPLE.fullmatch(descr)
    if found is None:
        return Array(name, descr, shape, fortran, None)
    order, letter, digits = found.groups()
    width = int(digits or 1) * (4 if letter == "U" else 1)
    total = prod(shape) * width
    note = ""
    if size is not None and size - start < total:
        note = f"the file ends {format_size(total - (size - start))} too soon"
    code = _CODES.get((letter, width))
    first: tuple[float, ...] = ()
    last: tuple[float, ...] = ()
    if code and not note:
        first = _values(file.read(width * _SHOWN), order, code)[: prod(shape)]
        if size is not None and prod(shape) > 2 * _SHOWN:
            file.seek(start + total - width * _SHOWN)
            last = _values(file.read(width * _SHOWN), order, code)
    return Array(name, _type_name(order, letter, width), shape, fortran, total, first, last, note)


def _head(file: IO[bytes]) -> tuple[str | list[object], tuple[int, ...], bool, int]:
    """Return type, shape and order, and where the values begin."""
    magic = file.read(8)
    if len(magic) < 8 or magic[:6] != b"\x93NUMPY":
        raise ValueError("it does not begin as an array does")
    wide = magic[6] >= 2
    raw = file.read(4 if wide else 2)
    length = int.from_bytes(raw, "little")
    if length > _LONGEST_HEAD:
        raise ValueError(f"its head is said to be {format_size(length)} long")
    text = file.read(length)
    if len(text) < length:
        raise ValueError("it ends within its head")
    try:
        head = ast.literal_eval(text.decode("latin-1").strip())
        descr, shape = head["descr"], tuple(head["shape"])
        fortran = bool(head["fortran_order"])
    except (SyntaxError, KeyError, TypeError, ValueError, RecursionError, MemoryError) as error:
        raise ValueError("its head is no description of an array") from error
    if not all(isinstance(n, int) and 0 <= n < 2**62 for n in shape):
        raise ValueError("its shape makes no sense")
    if not isinstance(descr, (str, list)):
        raise ValueError("its type makes no sense")
    return descr, shape, fortran, 8 + len(raw) + length


def _values(data: bytes, order: str, code: str) -> tuple[float, ...]:
    count = len(data) // struct.calcsize(code)
    sign = ">" if order == ">" else "<"
    return struct.unpack(f"{sign}{count}{code}", data[: count * struct.calcsize(code)])


def _type_name(order: str, letter: str, width: int) -> str:
    if letter == "U":
        return f"text of {width // 4} letters"
    if letter == "M":
        return "datetime64"
    name = _NAMES.get(letter, letter)
    bits = "" if letter in "bS" else str(8 * width)
    return f"{name}{bits}{', big-endian' if order == '>' and width > 1 else ''}"
