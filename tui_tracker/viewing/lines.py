"""The lines of a text file of any size: what is shown is read, nothing else is kept.

A place in the file is remembered every `_APART` lines, so a gigabyte costs some megabytes and
any line is found with one read. A line longer than `LONGEST` bytes is cut into several, so
that a file without line ends is looked at in the same way; of tables a line is a row, and is
whole up to `LONGEST_ROW`. A mark of the byte order at the beginning is no part of the text.
"""

from __future__ import annotations

import os
import threading
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import accumulate

LONGEST = 1024
"""Bytes of a line or piece; so many letters fit on every screen when they are wrapped."""
LONGEST_ROW = 1 << 17
"""Bytes of a row of a table; a chunk has several."""
_APART = 128
_CHUNK = 1 << 20
_MARK = "\ufeff"


@dataclass(frozen=True, slots=True)
class TextLine:
    """One line, or a piece of a long one."""

    number: int | None
    """From 1, as editors count; None for the further pieces of a long line."""
    text: str
    """As it stands in the file, without its line end; bytes that are no UTF-8 are �."""


class TextFile:
    """Lines by their place from 0; counted as far as somebody asked."""

    def __init__(self, path: str, longest: int = LONGEST) -> None:
        self._longest = longest
        self._file = open(path, "rb")  # noqa: SIM115 - closed by close()
        self._lock = threading.Lock()
        self.size_bytes = os.fstat(self._file.fileno()).st_size
        self._places: list[tuple[int, int, bool]] = [(0, 1, False)]
        """Of every `_APART`th line: where it begins, its number, and whether it is a piece."""
        self._end = 0
        """How far the file was gone through."""
        self._number, self._inside = 1, False
        self.count = 0
        """Lines and pieces found so far."""
        self.complete = not self.size_bytes

    def close(self) -> None:
        self._file.close()

    @property
    def lines(self) -> int:
        """Lines found so far, a long one counted once."""
        return self._number - (not self._inside)

    def index(self, lines: int | None, stop: Callable[[], bool] = lambda: False) -> bool:
        """Go through the file until so many lines are known, None for all; False if stopped."""
        with self._lock:
            while not self.complete and (lines is None or self.count < lines):
                if stop():
                    return False
                self._index_chunk()
        return True

    def _index_chunk(self) -> None:
        self._file.seek(self._end)
        data = self._file.read(_CHUNK)
        last = self._end + len(data) >= self.size_bytes
        lengths = [] if self._inside else list(map(len, data.split(b"\n")))
        if lengths and max(lengths) <= self._longest and len(lengths) > 1:
            self._end += self._take_short(lengths[:-1])
        else:
            self._end += self._take_any(data, last=last)
        self.complete = self._end >= self.size_bytes

    def _take_short(self, lengths: list[int]) -> int:
        """Note lines of these lengths, none of which is cut; return how far they go.

        A thousand lines at a time, where one by one a gigabyte takes half a minute.
        """
        begins = [0, *accumulate(length + 1 for length in lengths)]
        for index in range(-self.count % _APART, len(lengths), _APART):
            if self.count + index:
                self._places.append((self._end + begins[index], self._number + index, False))
        self.count += len(lengths)
        self._number += len(lengths)
        return begins[-1]

    def _take_any(self, data: bytes, *, last: bool) -> int:
        """Note lines and pieces one by one; return how far they go."""
        at = 0
        while at < len(data):
            end, ends_line = _piece(data, at, self._longest)
            if end == len(data) and not ends_line and not last:
                break  # how long it is, is in the next chunk
            self._note(self._end + at)
            at = end
            self._number += ends_line
            self._inside = not ends_line
        return at

    def _note(self, place: int) -> None:
        if self.count and self.count % _APART == 0:
            self._places.append((place, self._number, self._inside))
        self.count += 1

    def read(self, first: int, count: int) -> list[TextLine]:
        """Return lines from a place on, fewer at the end of what is known or there is."""
        self.index(first + count)
        with self._lock:
            return list(self._read(first, min(count, self.count - first)))

    def _read(self, first: int, count: int) -> Iterator[TextLine]:
        if count <= 0:
            return
        known = min(first // _APART, len(self._places) - 1)
        place, number, inside = self._places[known]
        skip = first - known * _APART
        self._file.seek(place)
        most = self._longest + 4
        data = self._file.read(min(_CHUNK, (skip + count) * most))
        at, all_read = 0, False
        for index in range(skip + count):
            if at + most > len(data) and not all_read:
                more = self._file.read(_CHUNK)
                data, at, all_read = data[at:] + more, 0, not more
            end, ends_line = _piece(data, at, self._longest)
            if index >= skip:
                text = data[at:end].decode("utf-8", "replace")
                if not first + index - skip:
                    text = text.removeprefix(_MARK)
                shown = None if inside else number
                yield TextLine(shown, text.removesuffix("\n").removesuffix("\r"))
            number += ends_line
            inside, at = not ends_line, end

    def find(
        self,
        text: str,
        start: int,
        *,
        back: bool = False,
        stop: Callable[[], bool] = lambda: False,
    ) -> int | None:
        """Return the next line from `start` on, or before it, that contains a text; else None.

        Case counts only where the text has capitals, and beyond ASCII.
        """
        wanted = text.encode("utf-8", "replace")
        fold = text == text.lower()
        place = self._place(start)
        found = self._search(wanted, place, fold=fold, back=back, stop=stop)
        return None if found is None else self._line_at(found)

    def _place(self, line: int) -> int:
        """Return where a line begins; the end of the file where there is none."""
        self.index(line + 1)
        with self._lock:
            if line >= self.count:
                return self.size_bytes
            known = min(line // _APART, len(self._places) - 1)
            place = self._places[known][0]
            for _ in range(line - known * _APART):
                place = self._next(place)
            return place

    def _next(self, place: int) -> int:
        self._file.seek(place)
        return place + _piece(self._file.read(self._longest + 4), 0, self._longest)[0]

    def _search(
        self, wanted: bytes, place: int, *, fold: bool, back: bool, stop: Callable[[], bool]
    ) -> int | None:
        """Return where the bytes stand next from a place on, or last before it."""
        step = _CHUNK - len(wanted)
        begins = range(place - step, -step, -step) if back else range(place, self.size_bytes, step)
        for begin in begins:
            if stop():
                return None
            low = max(0, begin)
            high = min(place, begin + _CHUNK) if back else begin + _CHUNK
            with self._lock:
                self._file.seek(low)
                data = self._file.read(max(0, high - low))
            data = data.lower() if fold else data
            at = data.rfind(wanted) if back else data.find(wanted)
            if at >= 0:
                return low + at
        return None

    def _line_at(self, place: int) -> int:
        """Return the line that a byte belongs to."""
        while not self.complete and self._end <= place:
            self.index(self.count + 1)
        with self._lock:
            known = bisect_right(self._places, (place, 1 << 62, True)) - 1
            line, at = known * _APART, self._places[known][0]
            while (after := self._next(at)) <= place:
                line, at = line + 1, after
            return line


def _piece(data: bytes, at: int, longest: int) -> tuple[int, bool]:
    """Return where the line or piece that begins at `at` ends, and whether its line ends there."""
    end = data.find(b"\n", at, at + longest + 1)
    if end >= 0:
        return end + 1, True
    end = min(at + longest, len(data))
    # No character is cut: its first byte is at most three before.
    back = end
    while back < len(data) and back > end - 4 and data[back] & 0xC0 == 0x80:
        back -= 1
    return (back if back > at else end), False
