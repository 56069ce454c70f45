"""A terminal in memory: runs a program in a pty, types into it, draws what it shows.

Only what our own app writes is understood; braille and blocks are drawn by hand, because
few fonts have them.
"""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import termios
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

import pyte
from PIL import Image, ImageDraw, ImageFont

CELL = (14, 28)
FONT_SIZE = 23
MARGIN = 14
_UNKNOWN = re.compile(
    rb"\x1b\[[<=>?][0-9;]*[$a-zA-Z]+|\x1b\[[0-9;]*[tu]|\x1bP.*?\x1b\\|\x1b\].*?(?:\x07|\x1b\\)"
)
_KEPT = re.compile(rb"\x1b\[\?[0-9;]*[hl]$")
_DOTS = ((0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (0, 3), (1, 3))


@dataclass(frozen=True, slots=True)
class Look:
    """The terminal's own colours, which the app takes over."""

    foreground: str
    background: str
    colorfgbg: str
    """What such a terminal tells programs of its colours."""


DARK = Look("#d6dbe0", "#0d1117", "15;0")
LIGHT = Look("#24292f", "#ffffff", "0;15")


class Terminal:
    """A program in a terminal of `columns` x `rows` cells."""

    def __init__(self, command: Sequence[str], columns: int, rows: int, look: Look) -> None:
        self.look = look
        self._screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self._screen)
        self._pending = b""
        self._pid, self._fd = pty.fork()
        if self._pid == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
            os.environ.update(
                TERM="xterm-256color", COLORTERM="truecolor", COLORFGBG=look.colorfgbg
            )
            os.environ.pop("NO_COLOR", None)
            os.execvp(command[0], list(command))

    def read(self, quiet_s: float = 0.4, most_s: float = 5.0) -> None:
        """Take what the program writes until it was quiet for a moment."""
        end = monotonic() + most_s
        while monotonic() < end and select.select([self._fd], [], [], quiet_s)[0]:
            try:
                data = os.read(self._fd, 1 << 16)
            except OSError:  # the program ended
                return
            self._feed(data)

    def _feed(self, data: bytes) -> None:
        data = self._pending + data
        cut = data.rfind(b"\x1b") if b"\x1b" in data[-24:] else len(data)
        self._pending = data[cut:]
        known = _UNKNOWN.sub(lambda m: m[0] if _KEPT.match(m[0]) else b"", data[:cut])
        self._stream.feed(known)

    def text(self) -> str:
        return "\n".join(line.rstrip() for line in self._screen.display)

    def wait_for(self, text: str, most_s: float = 15.0) -> None:
        """Read until a text is on the screen."""
        end = monotonic() + most_s
        while text not in self.text():
            if monotonic() > end:
                raise TimeoutError(f"{text!r} never came:\n{self.text()}")
            self.read(quiet_s=0.1, most_s=0.3)
        self.read()

    def press(self, keys: str) -> None:
        """Type, and wait until the program has answered."""
        for key in keys:
            os.write(self._fd, key.encode())
            self.read(quiet_s=0.15)

    def close(self) -> None:
        os.write(self._fd, b"\x03\x03")
        self.read(most_s=2.0)
        os.close(self._fd)
        os.waitpid(self._pid, 0)

    def save(self, path: Path) -> None:
        """Draw the screen into a PNG file."""
        self.picture().save(path, optimize=True)

    def picture(self) -> Image.Image:
        """Return the screen as a picture of few colours."""
        self._feed(b"")
        width, height = CELL
        size = (self._screen.columns * width + 2 * MARGIN, self._screen.lines * height + 2 * MARGIN)
        image = Image.new("RGB", size, self.look.background)
        draw = ImageDraw.Draw(image)
        fonts = [_font("DejaVuSansMono.ttf"), _font("DejaVuSansMono-Bold.ttf")]
        for y in range(self._screen.lines):
            for x in range(self._screen.columns):
                cell = self._screen.buffer[y][x]
                front = _colour(cell.fg, self.look.foreground)
                back = _colour(cell.bg, self.look.background)
                if cell.reverse:
                    front, back = back, front
                at = (MARGIN + x * width, MARGIN + y * height)
                draw.rectangle([at, (at[0] + width - 1, at[1] + height - 1)], fill=back)
                _draw_letter(draw, at, cell.data, front, fonts[cell.bold])
        # A screen has few colours: a palette makes the file a fifth.
        return image.quantize(256, dither=Image.Dither.NONE)


def _font(name: str) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(name, FONT_SIZE)


_SHADES = [round(value / 255 * 7) * 255 // 7 for value in range(256)]
_NAMED = {"green": "#3fb950", "red": "#ff7b72", "brown": "#d29922", "blue": "#58a6ff"}
"""The terminal's own colours, of which PIL knows darker ones by the same names."""


def _colour(name: str, default: str) -> str:
    if name == "default":
        return default
    if name in _NAMED:
        return _NAMED[name]
    return f"#{name}" if re.fullmatch(r"[0-9a-fA-F]{6}", name) else name


def _draw_letter(
    draw: ImageDraw.ImageDraw,
    at: tuple[int, int],
    letter: str,
    colour: str,
    font: ImageFont.FreeTypeFont,
) -> None:
    if not letter.strip():
        return
    boxes = _boxes(letter)
    if boxes is None:
        # In few shades, so that all colours fit into a palette, also those of one letter.
        mask = Image.new("L", (2 * CELL[0], CELL[1]))
        ImageDraw.Draw(mask).text((0, 0), letter, font=font, fill=255)
        draw.bitmap(at, mask.point(_SHADES), fill=colour)
        return
    for left, top, right, bottom in boxes:
        corners = (at[0] + left, at[1] + top, at[0] + right - 1, at[1] + bottom - 1)
        draw.rectangle(corners, fill=colour)


def _boxes(letter: str) -> list[tuple[int, int, int, int]] | None:
    """Return the rectangles that a letter is made of; None for letters of the font."""
    width, height = CELL
    point, middle = ord(letter[0]), (width // 2, height // 2)
    if 0x2800 <= point <= 0x28FF:
        dots = [dot for bit, dot in enumerate(_DOTS) if (point - 0x2800) >> bit & 1]
        return [(2 + 7 * x, 2 + 7 * y, 6 + 7 * x, 6 + 7 * y) for x, y in dots]
    if 0x2581 <= point <= 0x2588:
        return [(0, height - round((point - 0x2580) * height / 8), width, height)]
    across = (0, middle[1], width, middle[1] + 2)
    down = (middle[0], 0, middle[0] + 1, height)
    return {
        "─": [across],
        "│": [down],
        "┃": [(middle[0], 0, middle[0] + 3, height)],
        "┤": [down, (0, middle[1], middle[0], middle[1] + 2)],
        "▌": [(0, 0, middle[0], height)],
    }.get(letter)
