r"""Pictures as a terminal can show them: half blocks anywhere, kitty's graphics, sixels.

Half blocks: `▀` in the colour of the upper point on that of the lower, so a cell shows two
points. A run of cells of the same two colours is one piece of text.

kitty: ESC _G a=T,f=24,o=z,s=WIDTH,v=HEIGHT,c=COLUMNS,r=ROWS,m=1 ; BASE64 ESC \ in pieces of
4,096 letters, the last with m=0; the points are deflated. q=2 has the terminal answer nothing.

Sixel: ESC P q " 1;1;WIDTH;HEIGHT, colours #N;2;R;G;B in percent, then bands of six rows: for
each colour of the band #N and a letter a column whose six bits are its rows, runs as !COUNT.

Source: kitty, docs/graphics-protocol.rst; DEC, VT330/VT340 Programmer Reference Manual 14.
"""

from __future__ import annotations

import base64
import re
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import groupby
from typing import Literal

from tui_tracker.viewing.picture import Picture

Way = Literal["kitty", "sixel", "blocks", "letters"]
RGB = tuple[int, int, int]

RAMP = " .:-=+*#%@"
"""Letters by how much ink they have."""
_PIECE = 4096
_COLOURS, _LEVELS = 255, 6
"""Colours of a sixel picture, and the steps of red, green and blue where it has a cube of them."""


def choose_way(environ: Mapping[str, str]) -> Way:
    """Return how this terminal shows pictures, by what it says of itself.

    Only what is known is believed: a terminal that was asked would answer a round trip
    later, or not at all. In tmux and screen graphics get lost.
    """
    wanted = environ.get("TUI_TRACKER_IMAGES", "")
    if wanted in ("kitty", "sixel", "blocks", "letters"):
        return wanted  # type: ignore[return-value]
    term, program = environ.get("TERM", ""), environ.get("TERM_PROGRAM", "")
    if environ.get("TMUX") or term.startswith(("screen", "tmux")):
        return "blocks"
    if term in ("xterm-kitty", "xterm-ghostty") or program in ("ghostty", "WezTerm"):
        return "kitty"
    if environ.get("KITTY_WINDOW_ID") or environ.get("KONSOLE_VERSION"):
        return "kitty"
    if term.startswith(("foot", "mlterm", "contour")) or program in ("iTerm.app", "mintty"):
        return "sixel"
    return "blocks"


def half_blocks(picture: Picture, bits: int = 5) -> Iterator[list[tuple[int, RGB, RGB]]]:
    """Yield the lines of a picture: (cells, upper colour, lower colour) from left to right.

    Each of red, green and blue has so many bits: neighbours that nobody tells apart become
    one piece, which is a third of the bytes.
    """
    steps = (1 << bits) - 1
    table = bytes(round(round(value * steps / 255) * 255 / steps) for value in range(256))
    few = replace(picture, rgb=picture.rgb.translate(table))
    white = (255, 255, 255)
    for y in range(0, picture.height, 2):
        pairs = [
            (few.point(x, y), few.point(x, y + 1) if y + 1 < picture.height else white)
            for x in range(picture.width)
        ]
        yield [(len(list(cells)), *colours) for colours, cells in groupby(pairs)]


def letters(picture: Picture) -> Iterator[str]:
    """Yield the lines of a picture in letters, two points a line, dark ones with much ink."""
    for y in range(0, picture.height, 2):
        line = []
        for x in range(picture.width):
            below = min(y + 1, picture.height - 1)
            light = (_light(picture.point(x, y)) + _light(picture.point(x, below))) / 2
            line.append(RAMP[min(len(RAMP) - 1, int((1 - light) * len(RAMP)))])
        yield "".join(line).rstrip()


def _light(colour: RGB) -> float:
    red, green, blue = colour
    return (0.2126 * red + 0.7152 * green + 0.0722 * blue) / 255


def kitty(picture: Picture, columns: int, rows: int, number: int) -> str:
    """Return the sequence that draws a picture over so many cells at the cursor."""
    data = base64.b64encode(zlib.compress(picture.rgb, 6)).decode("ascii")
    pieces = [data[at : at + _PIECE] for at in range(0, len(data), _PIECE)]
    size = f"s={picture.width},v={picture.height}"
    head = f"a=T,f=24,o=z,q=2,C=1,i={number},{size},c={columns},r={rows},"
    out = []
    for at, piece in enumerate(pieces):
        more = int(at < len(pieces) - 1)
        out.append(f"\x1b_G{'q=2,' if at else head}m={more};{piece}\x1b\\")
    return "".join(out)


def forget_kitty(number: int) -> str:
    """Return the sequence that takes such a picture away."""
    return f"\x1b_Ga=d,d=I,i={number},q=2\x1b\\"


def sixel(picture: Picture) -> str:
    """Return the sequence that draws a picture at the cursor, point by point."""
    width, height = picture.width, picture.height
    numbers, palette = _quantized(picture)
    out = [f'\x1bP0;1q"1;1;{width};{height}']
    for number in sorted(set(numbers)):
        red, green, blue = (round(value * 100 / 255) for value in palette[number])
        out.append(f"#{number};2;{red};{green};{blue}")
    for top in range(0, height, 6):
        rows = [numbers[y * width : (y + 1) * width] for y in range(top, min(top + 6, height))]
        out.append("$".join(_band(rows, number) for number in sorted(set().union(*rows))) + "-")
    return "".join(out) + "\x1b\\"


def _quantized(picture: Picture) -> tuple[bytes, Sequence[RGB]]:
    """Return a number for each point, and the colour of each number.

    By the picture's own colours where Pillow is there to find them, else by a cube of 216.
    """
    try:
        from PIL import Image
    except ImportError:
        return _cube(picture.rgb)
    image = Image.frombytes("RGB", (picture.width, picture.height), picture.rgb)
    few = image.quantize(_COLOURS)
    found = few.getpalette() or []
    return few.tobytes(), [tuple(found[n : n + 3]) for n in range(0, len(found), 3)]  # type: ignore[misc]


def _cube(rgb: bytes) -> tuple[bytes, Sequence[RGB]]:
    most = _LEVELS - 1
    size = len(rgb) // 3
    total = 0
    for channel, weight in enumerate((_LEVELS**2, _LEVELS, 1)):
        levels = bytes(weight * round(value * most / 255) for value in range(256))
        # No sum of three exceeds a byte, so whole planes are added as one number.
        total += int.from_bytes(rgb[channel::3].translate(levels), "big")
    steps = [255 * level // most for level in range(_LEVELS)]
    return total.to_bytes(size, "big"), [(r, g, b) for r in steps for g in steps for b in steps]


def _band(rows: Sequence[bytes], number: int) -> str:
    """Return the points of one colour in six rows."""
    bits = 0
    for row, table in zip(rows, _tables(number), strict=False):
        bits |= int.from_bytes(row.translate(table), "big")
    signs = bits.to_bytes(len(rows[0]), "big").translate(_SIGNS).decode("ascii").rstrip("?")
    return f"#{number}{_RUNS.sub(_run, signs)}"


@lru_cache(maxsize=256)
def _tables(number: int) -> tuple[bytes, ...]:
    """Return for each of six rows what makes its bit of this number and nothing of others."""
    return tuple(bytes(number) + bytes((1 << row,)) + bytes(255 - number) for row in range(6))


def _run(found: re.Match[str]) -> str:
    return f"!{len(found[0])}{found[1]}"


_RUNS = re.compile(r"(.)\1{3,}")
_SIGNS = bytes(min(63 + bits, 126) for bits in range(256))
