"""JSON lines that are appended to: new records as they come, bad ones named."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tui_tracker.importers.growing import GrowingText
from tui_tracker.importers.records import Unread
from tui_tracker.importers.rewritten import parse_json

_MOST_TOLD = 5
"""So many bad lines of a file are told one by one; the rest is counted."""


@dataclass(slots=True)
class JsonLines:
    """One file of JSON objects."""

    path: Path
    text: GrowingText = field(init=False)

    def __post_init__(self) -> None:
        self.text = GrowingText(self.path)

    def has_started_over(self) -> bool:
        """Return whether it is another file now, and forget what was read then.

        Raises:
            OSError: it cannot be read.
        """
        change = self.text.look()
        if change == "over" or (change == "gone" and self.text.lines_read):
            self.text.start_over()
            return True
        return False

    def read(self, run: str = "") -> Iterator[tuple[int, dict[str, object]] | Unread]:
        """Yield new objects with the number of their line, and what is none.

        Raises:
            OSError: it cannot be read.
        """
        if self.text.look() in ("same", "gone"):
            return
        told = 0
        for first, lines in self.text.read():
            for number, line in enumerate(lines, first):
                if not line.strip():
                    continue
                record = self._parsed(line)
                if record is not None:
                    yield number, record
                    continue
                told += 1
                if told <= _MOST_TOLD:
                    yield Unread(self.path, f"line {number}", "is no JSON object; left out", run)
        if told > _MOST_TOLD:
            more = f"{told - _MOST_TOLD} further lines are no JSON objects; left out"
            yield Unread(self.path, "", more, run)

    def read_last(self, run: str = "") -> Iterator[tuple[int, dict[str, object]] | Unread]:
        """Yield the last line of a file that nobody writes any more, if it has no line end."""
        if not self.text.rest.strip():
            return
        number = self.text.lines_read + 1
        record = self._parsed(self.text.take_rest())
        if record is not None:
            yield number, record
        else:
            yield Unread(self.path, f"line {number}", "was cut off while it was written", run)

    def _parsed(self, line: str) -> dict[str, object] | None:
        try:
            record = parse_json(line.lstrip("\ufeff"))
        except ValueError:
            record = None
        return record if isinstance(record, dict) else None
