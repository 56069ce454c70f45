"""The lines of a log as they are kept, each with a time later than the one before."""

from __future__ import annotations

import codecs
from array import array
from itertools import islice
from pathlib import Path

from tui_tracker.importers.regular import open_regular
from tui_tracker.parsing.prefixes import Prefixes

_REMEMBERED = 100_000
"""Times of so many last lines are remembered, for values that are told later than printed."""
_HEAD_LINES = 2000
_CHUNK = 1 << 20
_LONGEST = 1 << 16
_MARKS = {codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}


class LogLines:
    """Cuts bytes into lines, gives each its last state and its time."""

    def __init__(self) -> None:
        self.count = 0
        """Lines so far."""
        self.last_ms = 0
        self._times: array[int] = array("q")
        self._from = 1
        """The number of the first line whose time is remembered."""
        self._prefixes = Prefixes()
        self._decoder: codecs.IncrementalDecoder | None = None
        self._open = ""

    def begin(self, path: Path, changed_ms: int) -> None:
        """Find out when the first line was printed, as well as can be.

        Raises:
            OSError: the file cannot be read.
        """
        stamped = self._first_stamp(path)
        if stamped is not None:
            before, at_ms = stamped
            self.last_ms = at_ms - before - 1
        else:
            self.last_ms = changed_ms - _count_lines(path, 0) - 1

    def go_on(self, path: Path, offset: int) -> None:
        """Take in that the file grew: new lines without times were printed up to its change."""
        changed_ms = path.stat().st_mtime_ns // 1_000_000
        self.last_ms = max(self.last_ms, changed_ms - _count_lines(path, offset) - 1)

    def feed(self, data: bytes) -> list[tuple[int, str]]:
        """Return the time and the text of each line that the bytes complete."""
        if self._decoder is None:
            name = next((name for mark, name in _MARKS.items() if data.startswith(mark)), "")
            self._decoder = codecs.getincrementaldecoder(name or "utf-8-sig")("replace")
        *lines, rest = (self._open + self._decoder.decode(data)).split("\n")
        self._open = rest if len(rest) < _LONGEST else _last_state(rest)
        return [self._line(line) for line in lines]

    def finish(self) -> list[tuple[int, str]]:
        """Return the last line, where it has no end."""
        rest, self._open = self._open, ""
        return [self._line(rest)] if rest else []

    def time_of(self, line: int) -> int:
        """Return when a line was printed, in Unix milliseconds."""
        at = min(max(line - self._from, 0), len(self._times) - 1)
        return self._times[at] if self._times else self.last_ms

    def _line(self, text: str) -> tuple[int, str]:
        text = _last_state(text)
        at_ms = self._prefixes.cut(text)[1] if text else None
        self.last_ms = max(self.last_ms + 1, at_ms or 0)
        self.count += 1
        self._times.append(self.last_ms)
        if len(self._times) > 2 * _REMEMBERED:
            del self._times[:_REMEMBERED]
            self._from += _REMEMBERED
        return self.last_ms, text

    def _first_stamp(self, path: Path) -> tuple[int, int] | None:
        """Return how many lines stand before the first one with a time, and that time."""
        with open_regular(path) as file:
            for number, raw in enumerate(islice(file, _HEAD_LINES)):
                text = _last_state(raw[:_LONGEST].decode("utf-8", "replace").rstrip("\n"))
                if text and (at_ms := self._prefixes.cut(text)[1]) is not None:
                    return number, at_ms
        return None


def _last_state(line: str) -> str:
    """Return what a line showed at last: a carriage return begins it anew."""
    return line.rstrip("\r").rsplit("\r", 1)[-1][:_LONGEST]


def _count_lines(path: Path, offset: int) -> int:
    count = 0
    with open_regular(path) as file:
        file.seek(offset)
        while chunk := file.read(_CHUNK):
            count += chunk.count(b"\n")
    return count
