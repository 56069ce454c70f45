"""Digests of objects in memory, over all of their content.

A digest is the SHA-256 of a canonical encoding. Each value goes in as one letter for its
kind, its length as eight little-endian bytes, and its bytes; tables and arrays go in column
by column as the bytes they hold (`data_frames.py`, `data_arrays.py`). So equal content
gives equal digests whatever it was read from, and one flipped cell another one. Every NaN
goes in as the same NaN: which bits a NaN has depends on the processor that made it.

Libraries are recognised by where a class comes from and never imported. What is not
recognised is named in `Feed.unknown`, and its digest does not look like a whole one.
"""

from __future__ import annotations

import hashlib
import sys
from array import array

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Buffer, Callable, Iterable, Sequence  # type: ignore[attr-defined]
    from typing import Any

_ENCODING = b"tui_tracker object 1\n"
"""Comes first. Another encoding will have another number, so that none is taken for the other."""
_NAN = float("nan")
_CELLS = 1 << 16
"""Cells that are encoded at once: their text exists a second time meanwhile."""
_PLAIN_MODULES = frozenset("datetime decimal fractions uuid pathlib zoneinfo".split())
_MOST_UNKNOWN = 20


class Feed:
    """A SHA-256 that takes values of Python and of the libraries that hold data."""

    def __init__(self) -> None:
        self._sha = hashlib.sha256(_ENCODING)
        self._above: set[int] = set()
        self.unknown: dict[str, None] = {}
        """Names of the types whose content could not be told, in order."""

    @property
    def digest(self) -> str:
        """`sha256:<hex>`, or `sample:<hex>` where not all of the content is in it."""
        return f"{'sample' if self.unknown else 'sha256'}:{self._sha.hexdigest()}"

    def raw(self, data: Buffer) -> None:
        """Take bytes as they are; the caller has said how many there will be."""
        self._sha.update(data)

    def take(self, kind: str, data: Buffer) -> None:
        """Take bytes with their kind and length."""
        view = memoryview(data)
        self._sha.update(kind.encode() + view.nbytes.to_bytes(8, "little"))
        self._sha.update(view)

    def text(self, text: str) -> None:
        self.take("s", text.encode("utf-8", "surrogatepass"))

    def cells(self, cells: Sequence[object]) -> None:
        """Take values that are mostly texts: what many objects in a row come down to."""
        self.take("c", len(cells).to_bytes(8, "little"))
        for start in range(0, len(cells), _CELLS):
            self._cells(cells[start : start + _CELLS])

    def values(self, values: Iterable[object]) -> None:
        for value in values:
            self.value(value)

    def value(self, value: object) -> None:
        """Take any value; what is not known is named in `unknown`."""
        if value is None or isinstance(value, _SIMPLE):
            self._simple(value)
            return
        if id(value) in self._above:
            self.take("r", b"")  # it holds itself
            return
        self._above.add(id(value))
        try:
            if not self._container(value) and not feed_library(self, value):
                self.other(value)
        finally:
            self._above.discard(id(value))

    def other(self, value: object) -> None:
        """Take what is neither a plain value nor a library's: by its own account of itself."""
        mark = fingerprint(value)
        if mark is not None:
            self.take("f", mark.encode())
        elif type(value).__module__ in _PLAIN_MODULES:
            self.take("o", f"{type(value).__qualname__} {value}".encode())
        elif hasattr(value, "__dataclass_fields__") and not isinstance(value, type):
            self.text(type(value).__qualname__)
            for name in value.__dataclass_fields__:
                self.value((name, getattr(value, name, None)))
        else:
            self._note_unknown(value)

    def _note_unknown(self, value: object) -> None:
        name = f"{type(value).__module__}.{type(value).__qualname__}"
        self.take("u", name.encode())
        if len(self.unknown) < _MOST_UNKNOWN:
            self.unknown[name] = None

    def _cells(self, cells: Sequence[object]) -> None:
        texts = [cell for cell in cells if isinstance(cell, str)]
        if len(texts) != len(cells):
            self.take("m", bytes(isinstance(cell, str) for cell in cells))
        self.take("l", _little(array("Q", map(len, texts))))
        self.text("".join(texts))
        if len(texts) != len(cells):
            self.values(cell for cell in cells if not isinstance(cell, str))

    def _simple(self, value: object) -> None:
        if value is None:
            self.take("n", b"")
        elif isinstance(value, bool):
            self.take("b", b"1" if value else b"0")
        elif isinstance(value, int):
            self.take("i", b"%x" % int(value))  # of any size, where digits would end at 4,300
        elif isinstance(value, (float, complex)):
            parts = (value.real, value.imag) if isinstance(value, complex) else (value,)
            whole = array("d", [_NAN if part != part else part for part in parts])
            self.take("d", _little(whole))
        elif isinstance(value, str):
            self.text(str.__str__(value))
        else:
            self.take("x", value)

    def _container(self, value: object) -> bool:
        if isinstance(value, (list, tuple)):
            self._list(value)
        elif isinstance(value, dict):
            # Two dicts are equal whatever the order of their keys.
            pairs = sorted(value.items(), key=lambda pair: digest(pair[0]).digest)
            self.take("D", len(pairs).to_bytes(8, "little"))
            for key, member in pairs:
                self.value(key)
                self.value(member)
        elif isinstance(value, (set, frozenset)):
            self.take("S", len(value).to_bytes(8, "little"))
            self.values(sorted(value, key=lambda member: digest(member).digest))
        elif isinstance(value, range):
            self.take("R", repr(value).encode())
        else:
            return False
        return True

    def _list(self, values: Sequence[object]) -> None:
        self.take("L" if isinstance(values, list) else "T", len(values).to_bytes(8, "little"))
        for start in range(0, len(values), _CELLS):
            self._chunk(values[start : start + _CELLS])

    def _chunk(self, values: Sequence[Any]) -> None:
        kinds = set(map(type, values))
        if kinds == {float}:
            numbers = array("d", [_NAN if value != value else value for value in values])
            self.take("d", _little(numbers))
        elif kinds == {str}:
            self._cells(values)
        elif kinds == {int} and min(values) >= -(2**63) and max(values) < 2**63:
            self.take("q", _little(array("q", values)))
        else:
            self.values(values)


_SIMPLE = (bool, int, float, complex, str, bytes, bytearray, memoryview)


def digest(value: object) -> Feed:
    """Return what took in the whole value: its `digest`, and what was `unknown` in it."""
    feed = Feed()
    feed.value(value)
    return feed


def feed_library(feed: Feed, value: object) -> bool:
    """Take a value of a library that holds data; return whether it is one."""
    from tui_tracker.capture import data_arrays, data_frames

    readers: dict[str, Callable[[Any, Any], bool]] = {
        "pandas": data_frames.feed_pandas,
        "polars": data_frames.feed_polars,
        "pyarrow": data_frames.feed_arrow,
        "numpy": data_arrays.feed_numpy,
        "torch": data_arrays.feed_torch,
        "scipy": data_arrays.feed_scipy,
    }
    return any(
        readers[library](feed, value) for library in libraries_of(value) if library in readers
    ) or data_arrays.feed_like_array(feed, value)


def libraries_of(value: object) -> list[str]:
    """Return the top packages that the value's class and its bases come from, nearest first."""
    found = [base.__module__.partition(".")[0] for base in type(value).__mro__]
    return [name for name in dict.fromkeys(found) if name in sys.modules]


def fingerprint(value: object) -> str | None:
    """Return what a dataset says of its own content, None where it says nothing."""
    own = getattr(value, "__fingerprint__", None)
    if callable(own) and not isinstance(value, type):
        return str(own())
    mark = getattr(value, "_fingerprint", None)
    return mark if isinstance(mark, str) and mark else None


def _little(numbers: array[Any]) -> array[Any]:
    if sys.byteorder == "big":
        numbers = numbers[:]
        numbers.byteswap()
    return numbers
