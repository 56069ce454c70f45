"""JSON laid out for reading, and the parts of a line of settings that deserve a colour."""

from __future__ import annotations

import json
import re
from typing import Literal

from tui_tracker.viewing.finding import Unreadable
from tui_tracker.viewing.lines import LONGEST, TextLine

MOST_BYTES = 4_000_000
"""A longer file is shown as it is: laid out, all of it would be in memory several times."""

Part = Literal["", "key", "comment", "section"]

_KEY = re.compile(r"""(\s*(?:-\s+)*)("(?:[^"\\]|\\.)*"|[\w.\-/$ ]+?)(\s*[:=](?:\s|$))""")
_SECTION = re.compile(r"\s*\[[^\]]*\]+\s*$")


class PrettyLines:
    """Lines in memory, with the questions that `TextFile` answers."""

    complete = True

    def __init__(self, lines: list[str]) -> None:
        self._lines = [
            TextLine(None if at else number, line[at : at + LONGEST])
            for number, line in enumerate(lines, start=1)
            for at in range(0, max(1, len(line)), LONGEST)
        ]
        self.count = len(self._lines)
        self.lines = len(lines)

    def close(self) -> None:
        self._lines = []

    def index(self, lines: int | None, stop: object = None) -> bool:
        del lines, stop
        return True

    def read(self, first: int, count: int) -> list[TextLine]:
        return self._lines[first : first + count]

    def find(self, text: str, start: int, *, back: bool = False, stop: object = None) -> int | None:
        del stop
        fold = text == text.lower()
        places = range(min(start, self.count) - 1, -1, -1) if back else range(start, self.count)
        lines = self._lines
        return next(
            (n for n in places if text in (lines[n].text.lower() if fold else lines[n].text)), None
        )


def pretty_json(path: str, size_bytes: int) -> PrettyLines:
    """Return a JSON file laid out, two spaces a level.

    Raises:
        Unreadable: it is too large for that, or no JSON.
    """
    if size_bytes > MOST_BYTES:
        raise Unreadable("too large to be laid out: v shows the file as it is")
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            value = json.load(file)
        text = json.dumps(value, indent=2, ensure_ascii=False)
    except ValueError as error:
        raise Unreadable(f"this is no JSON: {error}; v shows the file as it is") from error
    except RecursionError as error:
        raise Unreadable("nested too deeply to be laid out: v shows the file as it is") from error
    return PrettyLines(text.split("\n"))


def coloured(line: str) -> list[tuple[str, Part]]:
    """Return a line of JSON, YAML or TOML in parts."""
    if line.lstrip().startswith("#"):
        return [(line, "comment")]
    if _SECTION.match(line):
        return [(line, "section")]
    found = _KEY.match(line)
    if found is None:
        return [(line, "")]
    return [(found[1], ""), (found[2], "key"), (line[found.end(2) :], "")]
