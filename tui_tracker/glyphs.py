"""Every sign that is no ASCII letter, and what stands for it where only ASCII can be shown.

Screens and commands write the signs as they are. Where a terminal cannot show them, one
filter over finished lines (the app's) or one error handler (the command line's) puts the
other ones in their place, cell for cell, so that no screen has to know. A curve drawn by
braille dots keeps its shape: each cell becomes the letter whose ink lies where the dots do.
"""

from __future__ import annotations

import codecs
import os
from collections.abc import Mapping

HANDLER = "tui_tracker"
"""The name of the error handler for encodings that lack a sign."""

_SIGNS = {
    # statuses, marks, checks
    "●": "*", "○": "o", "◉": "@", "◌": "o", "◐": "o", "•": "*", "·": ".", "∙": ".",
    "✓": "+", "✔": "+", "✗": "x", "✘": "x", "×": "x", "■": "#", "□": "o", "▪": "#", "▫": "o",
    "▲": "^", "△": "^", "▼": "v", "▽": "v", "◆": "*", "◇": "o", "★": "*", "☆": ".",
    "⚑": "!", "⚠": "!", "⏸": "|", "⏹": "#", "∅": "0", "♯": "#", "†": "+", "‡": "+",
    # arrows and triangles
    "↑": "^", "↓": "v", "←": "<", "→": ">", "↔": "-", "↕": "|", "↗": "/", "↘": "\\", "↵": "$",
    "⇧": "^", "⇥": ">", "⟳": "@", "↻": "@", "↺": "@", "↶": "<", "↷": ">", "➜": ">", "⏎": "$",
    "▸": ">", "▹": ">", "▶": ">", "►": ">", "◂": "<", "◀": "<", "◄": "<", "▾": "v", "▿": "v",
    "▴": "^", "▵": "^", "›": ">", "‹": "<", "»": ">", "«": "<", "⟨": "<", "⟩": ">",
    # words
    "…": "~", "–": "-", "—": "-", "−": "-", "±": "~", "≈": "~", "≠": "!", "≤": "<", "≥": ">",
    "∞": "8", "Δ": "d", "δ": "d", "σ": "s", "μ": "u", "µ": "u", "Σ": "S", "√": "v", "∈": "e",
    "²": "2", "³": "3", "¹": "1", "⁰": "0", "⁻": "-", "°": "o",
    "‘": "'", "’": "'", "“": '"', "”": '"',
    "⌂": "~", "⌕": "/", "⋮": ":", "⋯": "-", "␣": "_", "\u00a0": " ",
    # blocks, bars, sparklines, thumbs
    "▁": "_", "▂": "_", "▃": ".", "▄": "-", "▅": "=", "▆": "+", "▇": "*", "█": "#", "▀": '"',
    "▌": "|", "▐": "|", "▏": "|", "▎": "|", "▍": "|", "▋": "|", "▊": "|", "▉": "#",
    "▕": "|", "▔": "-",
    "░": ".", "▒": ":", "▓": "%", "▖": ".", "▗": ".", "▘": "'", "▝": "'", "▚": "\\", "▞": "/",
    "▙": "#", "▛": "#", "▜": "#", "▟": "#", "🬀": "'",
}  # fmt: skip
_FRAME = {
    "─━╌╍┄┅┈┉═╴╶╸╺": "-",
    "│┃╎╏┆┇┊┋║╵╷╹╻": "|",
    "┌┐└┘├┤┬┴┼╭╮╰╯┏┓┗┛┣┫┳┻╋╔╗╚╝╠╣╦╩╬┍┎┑┒┕┖┙┚┝┠┥┨┯┷┿╂": "+",
    "╱": "/",
    "╲": "\\",
    "╳": "x",
}
_BRAILLE = 0x2800
_COERCED = ("C.UTF-8", "C.utf8", "UTF-8")


def _braille(dots: int) -> str:
    """Return the letter whose ink lies where a braille cell's dots do."""
    if not dots:
        return " "
    # Four rows of two dots; bit 0 to 2 and 6 are the left column, 3 to 5 and 7 the right.
    rows = [bool(dots & mask) for mask in (0x09, 0x12, 0x24, 0xC0)]
    left, right = dots & 0x47, dots & 0xB8
    if sum(rows) == 1:
        return "'" if rows[0] else "_" if rows[3] else "-"
    if left and right:
        return "|" if dots.bit_count() > 5 else _slope(left, right)
    if sum(rows) > 2:
        return "|"
    return "'" if rows[0] else "." if rows[3] else ":"


def _slope(left: int, right: int) -> str:
    """Return whether the dots rise or fall from left to right."""
    high, low = _height(left, (0x01, 0x02, 0x04, 0x40)), _height(right, (0x08, 0x10, 0x20, 0x80))
    return "-" if high == low else "/" if low > high else "\\"


def _height(dots: int, masks: tuple[int, int, int, int]) -> float:
    """Return how high the dots of one column lie in the mean, 3 for the top row."""
    rows = [3 - row for row, mask in enumerate(masks) if dots & mask]
    return sum(rows) / len(rows)


ASCII: Mapping[int, str] = {
    **{ord(sign): letter for sign, letter in _SIGNS.items()},
    **{ord(sign): letter for signs, letter in _FRAME.items() for sign in signs},
    **{_BRAILLE + dots: _braille(dots) for dots in range(256)},
}
"""One ASCII letter for each sign, by code point: for `str.translate`."""


def to_ascii(text: str, *, letters: bool = False) -> str:
    """Return a text with our signs in ASCII, cell for cell.

    With `letters` all else that is no ASCII becomes `?`, two of them where it is two
    cells wide; without it the user's own words stay as they are.
    """
    if text.isascii():
        return text
    text = text.translate(ASCII)
    if not letters or text.isascii():
        return text
    from tui_tracker.formatting import cell_width

    return "".join(c if c.isascii() else "?" * cell_width(c) for c in text)


def needs_ascii(environ: Mapping[str, str] = os.environ) -> bool:
    """Return whether the terminal says that it shows no more than ASCII, or few signs more.

    A locale that is not set says nothing: in containers it rarely is, and terminals there
    read UTF-8 as Python itself assumes. The Linux console has no braille.
    """
    lang, ctype = environ.get("LANG") or "", environ.get("LC_CTYPE") or ""
    if ctype in _COERCED and "." in lang:
        ctype = ""  # Python writes this over a locale that the machine does not have
    named = environ.get("LC_ALL") or ctype or lang
    other = bool(named) and "utf" not in named.lower().replace("-", "")
    return other or environ.get("TERM") == "linux"


def register_handler() -> None:
    """Let an encoding that lacks a sign write the ASCII one; anything else becomes `?`."""
    codecs.register_error(HANDLER, _handle)


def _handle(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = error.object[error.start : error.end]
    letters = (ASCII.get(ord(character), "?") for character in lacking)
    return "".join(letters), error.end
