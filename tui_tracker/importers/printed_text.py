"""Printed text that comes in pieces, made whole lines.

A carriage return takes a line back to its start, as progress bars do: what stands last is the
line. Of the two streams each has an unfinished line of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from tui_tracker.importers.growing import GrowingText

Line = tuple[int, str, str]
Stream = Literal["o", "e"]

_LONGEST = 1 << 20
_MOST_LINES = 2000


class PrintedText:
    """The lines of one run, as far as they are finished."""

    def __init__(self) -> None:
        self.lines: list[Line] = []
        """Finished, and to be handed on."""
        self._open: dict[str, tuple[int, str]] = {}

    def add(self, stream: Stream, text: str, at_ms: int) -> None:
        """Take in the next piece of a stream, printed at a Unix time in milliseconds."""
        since, before = self._open.pop(stream, (at_ms, ""))
        *whole, rest = f"{before}{text}".split("\n")
        for number, line in enumerate(whole):
            self.lines.append((since if number == 0 else at_ms, stream, last_state(line)))
        if rest:
            kept = rest if len(rest) < _LONGEST else last_state(rest)[:_LONGEST]
            self._open[stream] = (at_ms if whole else since, kept)

    def finish(self) -> None:
        """Count unfinished lines as lines: nothing more is printed."""
        for stream, (at_ms, text) in self._open.items():
            self.lines.append((at_ms, stream, last_state(text)))
        self._open = {}

    def take(self) -> list[Line]:
        """Return the finished lines, and forget them."""
        lines, self.lines = self.lines, []
        return lines


class PrintedFile:
    """What one run printed, in a file that grows at its end."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._text = GrowingText(path)

    def began_anew(self) -> bool:
        """Return whether it is another file now than what was read."""
        try:
            return self._text.look() == "over"
        except OSError:  # told when it is read
            return False

    def start_over(self) -> None:
        """Forget what was read: the next read begins at the first line."""
        self._text.start_over()

    def read(self, *, is_over: bool) -> Iterator[list[str]]:
        """Yield new lines as a terminal shows them, some at a time.

        An unfinished last line counts only if the run is over.

        Raises:
            OSError: the file cannot be read.
        """
        if self._text.look() not in ("same", "gone"):
            for _, lines in self._text.read():
                for first in range(0, len(lines), _MOST_LINES):
                    yield [last_state(line) for line in lines[first : first + _MOST_LINES]]
        if is_over and self._text.rest:
            yield [last_state(self._text.take_rest())]


def last_state(line: str) -> str:
    """Return what a terminal shows of a line in the end."""
    states = [state for state in line.split("\r") if state]
    return states[-1] if states else ""
