"""Lines that only moved, so that the terminal moves them itself.

A list that scrolls by a line changes every line of its pane. Terminals can move lines
within a part of the screen: then only what came into view is written, and what stands
beside the list and was moved with it. On a slow link that is a third of the bytes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain

Cells = tuple[list[str], list[str]]
"""What cells show and how. The right half of a wide character shows ""."""

LEAST_LINES = 4
"""Fewer lines in their new places are not worth the moving."""


@dataclass(frozen=True, slots=True)
class Shift:
    """Lines of the terminal that move together, counted from 0."""

    top: int
    bottom: int
    """The last line of the part within which they move."""
    by: int
    """How many lines they move up; down where it is negative."""

    @property
    def sequences(self) -> str:
        """What to write for it; afterwards the cursor is at the first cell."""
        count, what = abs(self.by), "M" if self.by > 0 else "L"
        return f"\x1b[{self.top + 1};{self.bottom + 1}r\x1b[{self.top + 1}H\x1b[{count}{what}\x1b[r"

    def source(self, y: int) -> int | None:
        """Return the line that comes to stand at `y`; None where it is an empty one."""
        return y + self.by if self.top <= y + self.by <= self.bottom else None


def find_shift(
    old: Mapping[int, Cells], new: Mapping[int, Cells], left: int, right: int
) -> Shift | None:
    """Return how to move what stands there, where that saves most of the writing.

    `new` has the lines that are to be written, whole, and the cells from `left` to before
    `right` are those that may differ from `old`.
    """
    before = {y: _shown(old[y], left, right) for y in new}
    after = {y: _shown(line, left, right) for y, line in new.items()}
    counts = Counter(before.values())
    places = {text: y for y, text in before.items() if counts[text] == 1}
    found = Counter(places[text] - y for y, text in after.items() if text in places)
    stays = found.pop(0, 0)
    if not found:
        return None
    by, moved = found.most_common(1)[0]
    moving = [y for y, text in after.items() if places.get(text) == y + by]
    first, last = min(moving), max(moving)
    shift = Shift(min(first, first + by), max(last, last + by), by)
    saved = (moved - stays) * (right - left)
    if moved - stays < LEAST_LINES or saved <= 2 * _beside(old, shift, left, right):
        return None
    return shift if all(y in new for y in range(shift.top, shift.bottom + 1)) else None


def _shown(line: Cells, left: int, right: int) -> str:
    texts, codes = line
    return "".join(chain(texts[left:right], codes[left:right]))


def _beside(old: Mapping[int, Cells], shift: Shift, left: int, right: int) -> int:
    """Return how many cells beside the list have to be put back in their places."""
    cells = 0
    for y in range(shift.top, shift.bottom + 1):
        source = shift.source(y)
        for part in (slice(None, left), slice(right, None)):
            texts, codes = old[y][0][part], old[y][1][part]
            if source is None:
                cells += any(texts) and len("".join(texts).strip())
            elif (texts, codes) != (old[source][0][part], old[source][1][part]):
                cells += len(texts)
    return cells
