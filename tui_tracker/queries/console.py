"""What a run printed: searched block by block, and found by the time of a line.

A console of a million lines is two thousand blocks; a question reads some of them at a
time, so that neither memory nor anybody else's reads wait for it.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from tui_tracker.ansi import line_text
from tui_tracker.errors import StoreDamaged
from tui_tracker.queries.answers import ConsoleLine, RunKey
from tui_tracker.queries.rows import moment
from tui_tracker.store import Store

_AT_ONCE = 32
"""Blocks that are read with one question."""

Stop = Callable[[], bool]


@dataclass(frozen=True, slots=True)
class Searched:
    """How far a search came, and what it found on the way since it last said so."""

    first: int
    end: int
    """Lines from `first` to before `end` were looked at."""
    numbers: tuple[int, ...]
    """Those that contain the text."""


class Needle:
    """A text that is looked for: case counts only where it has a capital letter."""

    def __init__(self, text: str) -> None:
        self._exact = text != text.lower()
        self.text = text if self._exact else text.lower()
        plain = text.isascii() and text.isprintable() and not set(text) & set('"\\')
        self._bytes = self.text.encode() if plain else b""

    def fold(self, text: str) -> str:
        """Return a text as it is compared with `text`."""
        return text if self._exact else text.lower()

    def may_be_in(self, block: bytes) -> bool:
        """Return whether a block's JSON may hold the text; only no is certain."""
        # What is escaped so may hide it: other letters, tabs, and whatever moves or colours.
        if not self._bytes or any(mark in block for mark in (b"\\u", b"\\t", b"\\r", b"\\b")):
            return True
        return self._bytes in (block if self._exact else block.lower())

    def is_in(self, printed: str) -> bool:
        """Return whether a line shows the text."""
        return self.text in self.fold(line_text(printed))


def search_console(
    store: Store, run: RunKey, text: str, *, first: int = 0, stop: Stop = lambda: False
) -> Iterator[Searched]:
    """Yield, block after block, which lines contain a text, from line `first` on.

    `stop` is asked before each block; where it says so, nothing more comes.

    Raises:
        StoreDamaged: a block cannot be read.
    """
    needle = Needle(text)
    for start, count, data in _blocks(store, run, first):
        if stop():
            return
        raw = _inflate(store, data)
        lines = json.loads(raw) if needle.may_be_in(raw) else ()
        numbers = tuple(
            number
            for number, (_, _, printed) in enumerate(lines, start)
            if number >= first and needle.is_in(printed)
        )
        yield Searched(max(start, first), start + count, numbers)


def walk_console(
    store: Store, run: RunKey, *, first: int = 0, text: str = ""
) -> Iterator[ConsoleLine]:
    """Yield the lines from `first` on, of them those that contain a text.

    Raises:
        StoreDamaged: a block cannot be read.
    """
    needle = Needle(text)
    for start, _, data in _blocks(store, run, first):
        raw = _inflate(store, data)
        if not needle.may_be_in(raw):
            continue
        for number, (at, stream, printed) in enumerate(json.loads(raw), start):
            if number >= first and (not text or needle.is_in(printed)):
                name: Literal["out", "err"] = "err" if stream in "eE" else "out"
                yield ConsoleLine(number, moment(at), name, printed)


def count_lines(store: Store, run: RunKey) -> int:
    """Return how many lines are finished: the last of each stream may still be written."""
    rows = store.read(
        "SELECT first_line, data FROM console_block WHERE run=? ORDER BY seq DESC LIMIT 1", (run,)
    )
    if not rows:
        return 0
    first, data = rows[0]
    streams = [stream for _, stream, _ in json.loads(_inflate(store, data))]
    return int(first) + sum(not stream.isupper() for stream in streams)


def find_line_at(store: Store, run: RunKey, at_ms: int) -> int | None:
    """Return the line that was printed nearest to a moment; None where nothing was printed.

    Of equally near ones it is the earlier.

    Raises:
        StoreDamaged: a block cannot be read.
    """
    near = _around(store, run, at_ms)
    return min(near, key=lambda line: (abs(line[1] - at_ms), line[0]))[0] if near else None


def find_line_since(store: Store, run: RunKey, at_ms: int) -> int | None:
    """Return the first line that was printed at a moment or after it; None where there is none.

    Raises:
        StoreDamaged: a block cannot be read.
    """
    return next((number for number, at in _around(store, run, at_ms) if at >= at_ms), None)


def _around(store: Store, run: RunKey, at_ms: int) -> list[tuple[int, int]]:
    """Return number and time of the lines of the two blocks between which a moment is."""
    last = store.read("SELECT max(seq) FROM console_block WHERE run=?", (run,))[0][0]
    if last is None:
        return []
    low, high = 0, int(last)
    while low < high:  # the last block that begins earlier
        middle = (low + high + 1) // 2
        block = _times(store, run, middle)
        if block and block[0][1] < at_ms:
            low = middle
        else:
            high = middle - 1
    return [line for seq in (low, low + 1) for line in _times(store, run, seq)]


def _times(store: Store, run: RunKey, seq: int) -> list[tuple[int, int]]:
    """Return number and time of each line of a block."""
    rows = store.read(
        "SELECT first_line, data FROM console_block WHERE run=? AND seq=?", (run, seq)
    )
    return [
        (number, at)
        for start, data in rows
        for number, (at, _, _) in enumerate(json.loads(_inflate(store, data)), start)
    ]


def _blocks(store: Store, run: RunKey, first: int) -> Iterator[tuple[int, int, bytes]]:
    """Yield first line, number of lines and data of the blocks from a line on."""
    seq = -1
    while True:
        rows = store.read(
            "SELECT seq, first_line, n, data FROM console_block "
            "WHERE run=? AND seq>? AND first_line + n > ? ORDER BY seq LIMIT ?",
            (run, seq, first, _AT_ONCE),
        )
        for _, start, count, data in rows:
            yield start, count, data
        if len(rows) < _AT_ONCE:
            return
        seq = rows[-1][0]


def _inflate(store: Store, data: bytes) -> bytes:
    try:
        return zlib.decompress(data)
    except zlib.error as error:
        raise StoreDamaged(store.path, f"a block of the console is damaged ({error})") from error
