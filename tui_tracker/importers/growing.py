"""A text file that its writer appends to, read line by line and on from where reading stopped.

Only whole lines are handed on: what stands behind the last line end is `rest`, and may still grow.
Whether the file is the same one and only longer is told by bytes of what was read: its beginning,
and the end of the last line. So one that is replaced by a longer copy of itself has grown, too.
The encoding is told by a mark at the beginning (UTF-8, UTF-16); without one it is UTF-8, and
Latin-1 (as Windows has it) where that cannot be.
"""

from __future__ import annotations

import codecs
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from tui_tracker.importers.regular import open_regular

Change = Literal["same", "grown", "over", "gone"]

_CHUNK = 1 << 20
MAX_LINE_BYTES = 32 << 20
"""A longer line is passed over: no log of a training has one."""
_HEAD = 1024
_TAIL = 64
_MARKS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}


@dataclass(slots=True)
class GrowingText:
    """The lines of one file; nothing is held open between two reads."""

    path: Path
    bare_returns: bool = False
    """Also a carriage return alone may end the lines, as old spreadsheets write them."""
    lines_read: int = 0
    overlong: list[int] = field(default_factory=list)
    """Numbers of lines that were passed over for their length."""
    _offset: int = 0
    _stamp: tuple[int, int, int] = (-1, -1, -1)
    _head: bytes = b""
    _tail: bytes = b""
    _encoding: str = ""
    _line_end: str = "\n"
    _skipping: bool = False
    rest: str = ""
    """What stands behind the last line end, as of the last read."""

    @property
    def bytes_read(self) -> int:
        return self._offset

    def look(self) -> Change:
        """Return what became of the file since the last read.

        Raises:
            OSError: it is there and cannot be read.
        """
        try:
            facts = os.stat(self.path)
        except FileNotFoundError:
            return "gone"
        if (facts.st_size, facts.st_mtime_ns, facts.st_ino) == self._stamp:
            return "same"
        if facts.st_size < self._offset or not self._is_same():
            return "over"
        return "grown"

    def _is_same(self) -> bool:
        with open_regular(self.path) as file:
            head = self._head[: self._offset]
            if file.read(len(head)) != head:
                return False
            file.seek(self._offset - len(self._tail))
            return file.read(len(self._tail)) == self._tail

    def start_over(self) -> None:
        """Forget what was read: the next read begins at the first line."""
        self.lines_read, self._offset = 0, 0
        self._stamp, self._head, self._tail = (-1, -1, -1), b"", b""
        self._encoding, self._skipping, self.rest = "", False, ""
        self._line_end = "\n"
        self.overlong.clear()

    def take_rest(self) -> str:
        """Return the unfinished last line, which counts as read from now on."""
        self._offset = max(self._offset, self._stamp[0])
        self._tail = b""
        self.lines_read += 1
        text, self.rest = self.rest, ""
        return text

    def read(self) -> Iterator[tuple[int, list[str]]]:
        """Yield new whole lines without their ends, some at a time, with the first one's number.

        Numbers count from 1.

        Raises:
            OSError: the file cannot be read.
        """
        with open_regular(self.path) as file:
            facts = os.fstat(file.fileno())
            if not self._offset:
                self._begin(file.read(_HEAD))
            file.seek(self._offset)
            pending = b""
            while chunk := file.read(_CHUNK):
                pending += chunk
                cut = self._end_of_lines(pending)
                if cut:
                    lines, pending = self._lines(pending[:cut]), pending[cut:]
                    if lines:
                        yield self.lines_read - len(lines) + 1, lines
                elif len(pending) > MAX_LINE_BYTES:
                    self._skip(len(pending))
                    pending = b""
            self._stamp = (file.tell(), facts.st_mtime_ns, facts.st_ino)
        self.rest = "" if self._skipping else self._decode(pending).rstrip("\r\n")

    def _begin(self, head: bytes) -> None:
        self._head = head
        for mark, encoding in _MARKS.items():
            if head.startswith(mark):
                self._encoding, self._offset = encoding, len(mark)
        if not self._encoding and head[1:8:2] == b"\0\0\0\0" and b"\0" not in head[0:8:2]:
            self._encoding = "utf-16-le"
        text = self._decode(head)
        if self.bare_returns and "\r" in text[:-1] and "\n" not in text:
            self._line_end = "\r"

    def _end_of_lines(self, data: bytes) -> int:
        if not self._encoding.startswith("utf-16"):
            return data.rfind(self._line_end.encode()) + 1
        end = self._line_end.encode(self._encoding)
        at = data.rfind(end)
        while at >= 0 and at % 2:
            at = data.rfind(end, 0, at + 1)
        return at + 2 if at >= 0 else 0

    def _lines(self, data: bytes) -> list[str]:
        self._offset += len(data)
        self._tail = data[-_TAIL:]
        lines = self._decode(data).split(self._line_end)
        lines.pop()
        if self._skipping:
            self._skipping = False
            self.lines_read += 1
            self.overlong.append(self.lines_read)
            lines = lines[1:]
        self.lines_read += len(lines)
        return [line[:-1] if line.endswith("\r") else line for line in lines]

    def _decode(self, data: bytes) -> str:
        if self._encoding.startswith("utf-16"):
            return data.decode(self._encoding, "replace")
        try:
            return data.decode("utf-8")
        except UnicodeDecodeError as error:
            # A character that is still being written is cut, not of another encoding.
            if error.end == len(data) and error.start >= len(data) - 3:
                return data.decode("utf-8", "ignore")
            return data.decode("cp1252", "replace")

    def _skip(self, size: int) -> None:
        self._offset += size
        self._tail = b""
        self._skipping = True
