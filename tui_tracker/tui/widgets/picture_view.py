"""A picture in the terminal: half blocks or letters as lines, graphics written beside them.

Graphics of kitty and sixels are no text and pass Textual by: the widget stays blank, and the
picture is drawn over its cells once they are on the screen.
"""

from __future__ import annotations

import fcntl
import struct
import sys
import termios
from collections.abc import Callable
from functools import lru_cache

from rich.segment import Segment
from rich.style import Style
from textual.reactive import reactive
from textual.strip import Strip

from tui_tracker.tui.widgets.line_widget import Line, LineWidget
from tui_tracker.viewing.drawing import RGB, Way, forget_kitty, half_blocks, kitty, letters, sixel
from tui_tracker.viewing.picture import Picture

CELL = (10, 20)
"""Points of a cell where the terminal does not tell."""
_NUMBER = 7301
"""What kitty is to call our picture: one at a time is on the screen."""


class PictureView(LineWidget, can_focus=True, inherit_bindings=False):
    """One picture in the middle of its place."""

    PLACE = "viewer"

    picture: reactive[Picture | None] = reactive(None)
    words: reactive[Line] = reactive(())
    """Stands where there is no picture."""

    def __init__(self, way: Way, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.way: Way = way
        self.bits = 5
        """Of red, green and blue in half blocks: fewer are fewer bytes."""
        self.write: Callable[[str], None] | None = None
        """Writes to the terminal, past what Textual draws."""
        self._lines: list[Strip] = []
        self._drawn = False

    def points(self, width: int, height: int) -> tuple[int, int]:
        """Return how many points there are in so many cells."""
        width, height = max(1, width - 2), max(1, height)
        if self.way in ("blocks", "letters"):
            return width, 2 * height
        across, down = cell_points()
        return width * across, height * down

    def watch_picture(self) -> None:
        self.take_away()
        self._lines = []
        picture = self.picture
        if picture is None:
            return
        if self.way == "blocks":
            self._lines = [_blocks(line) for line in half_blocks(picture, self.bits)]
        elif self.way == "letters":
            self._lines = [Strip([Segment(line)]) for line in letters(picture)]
        else:
            self.call_after_refresh(self.draw)

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        if self.picture is None:
            return self.strip(self.words if y == 1 else (), width)
        row = y - self._top(len(self._lines))
        if not 0 <= row < len(self._lines):
            return Strip.blank(width)
        line = self._lines[row]
        left = max(0, (width - self.picture.width) // 2)
        return Strip.join([Strip.blank(left), line]).adjust_cell_length(width)

    def _top(self, rows: int) -> int:
        return max(0, (self.size.height - rows) // 2)

    def draw(self) -> None:
        """Draw graphics over the cells of the widget."""
        picture = self.picture
        if picture is None or self.write is None or self.way not in ("kitty", "sixel"):
            return
        across, down = cell_points()
        columns = max(1, min(self.size.width, -(-picture.width // across)))
        rows = max(1, min(self.size.height, -(-picture.height // down)))
        x = self.region.x + max(0, (self.size.width - columns) // 2) + 1
        y = self.region.y + self._top(rows) + 1
        drawn = kitty(picture, columns, rows, _NUMBER) if self.way == "kitty" else sixel(picture)
        self.write(f"\x1b7\x1b[{y};{x}H{drawn}\x1b8")
        self._drawn = True

    def take_away(self) -> None:
        """Take graphics off the screen; what Textual draws next covers a sixel by itself."""
        if self._drawn and self.way == "kitty" and self.write is not None:
            self.write(forget_kitty(_NUMBER))
        self._drawn = False

    def on_unmount(self) -> None:
        self.take_away()


def _blocks(line: list[tuple[int, RGB, RGB]]) -> Strip:
    return Strip([_cells(*part) for part in line])


def _cells(count: int, upper: RGB, lower: RGB) -> Segment:
    # One colour needs no block, and a blank of it one letter less on the line.
    if upper == lower:
        return Segment(" " * count, _ground(upper))
    return Segment("▀" * count, _pair(upper, lower))


@lru_cache(maxsize=4096)
def _pair(upper: RGB, lower: RGB) -> Style:
    return Style(color=_name(upper), bgcolor=_name(lower))


@lru_cache(maxsize=4096)
def _ground(colour: RGB) -> Style:
    return Style(bgcolor=_name(colour))


def _name(colour: RGB) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)


def cell_points() -> tuple[int, int]:
    """Return how many points a cell of the terminal has, across and down."""
    try:
        packed = fcntl.ioctl(sys.__stdout__.fileno(), termios.TIOCGWINSZ, b"\0" * 8)  # type: ignore[union-attr]
    except (OSError, AttributeError, ValueError):
        return CELL
    rows, columns, width, height = struct.unpack("HHHH", packed)
    if not (rows and columns and width and height):
        return CELL
    return max(1, width // columns), max(1, height // rows)
