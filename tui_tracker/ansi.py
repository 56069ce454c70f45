"""What a terminal would show of a printed line: its last state, and its colours.

A line may hold carriage returns (a progress bar), tabs, backspaces and escape sequences.
Only colours and styles are kept (SGR), as words that Rich reads; whatever would move the
cursor out of the line, ask the terminal something, or change it for good is left out.

Source: ECMA-48, 8.3.117 (SGR), 8.3.41 (EL), 8.3.20 (CUF), 8.3.18 (CUB), 8.3.9 (CHA).
"""

from __future__ import annotations

import re
from functools import lru_cache

Piece = tuple[str, str]
"""Some text, and its style in Rich's words: `bold color(1)`, "" for none."""

_TAB = 8
_LONGEST = 1 << 16
"""Characters of a line that are looked at: of a longer one the last, which is its last state."""
_TOKEN = re.compile(
    r"""\x1b\[(?P<codes>[0-?]*)[ -/]*(?P<final>[@-~])   # CSI
      | \x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?        # OSC, DCS, APC ...: titles, links
      | \x1b[ -/]*[0-~]                                 # two and three byte escapes
      | (?P<move>[\r\b\t])
      | (?P<text>[^\x1b\r\b\t]+)
      | \x1b""",
    re.VERBOSE,
)
_ON = {"1": "bold", "2": "dim", "3": "italic", "4": "underline", "7": "reverse", "9": "strike"}
_OFF = {
    "22": ("bold", "dim"),
    "23": ("italic",),
    "24": ("underline",),
    "27": ("reverse",),
    "29": ("strike",),
}


def line_text(text: str) -> str:
    """Return the characters of a line as it stood at last, without styles."""
    if "\x1b" not in text and "\r" not in text and "\b" not in text:
        return text.expandtabs(_TAB)
    return "".join([piece for piece, _ in line_pieces(text)])


def line_pieces(text: str) -> list[Piece]:
    """Return a line as it stood at last, in pieces of one style each."""
    if "\x1b" not in text and "\r" not in text and "\b" not in text:
        return [(text.expandtabs(_TAB), "")] if text else []
    return _Terminal().read(text[-_LONGEST:])


class _Terminal:
    """One line of cells that is written and overwritten."""

    def __init__(self) -> None:
        self._cells: list[str] = []
        self._styles: list[str] = []
        self._column = 0
        self._style = ""

    def read(self, text: str) -> list[Piece]:
        for found in _TOKEN.finditer(text):
            if (plain := found["text"]) is not None:
                self._write(plain)
            elif (move := found["move"]) is not None:
                self._move(move)
            elif found["final"]:
                self._control(found["final"], found["codes"])
        return self._pieces()

    def _write(self, text: str) -> None:
        self._pad()
        end = self._column + len(text)
        # A shorter rewrite leaves the tail of the longer one standing.
        self._cells[self._column : end] = text
        self._styles[self._column : end] = [self._style] * len(text)
        self._column = end

    def _pad(self) -> None:
        """Fill the cells that a move to the right has skipped."""
        if (missing := self._column - len(self._cells)) > 0:
            self._cells += " " * missing
            self._styles += [""] * missing

    def _move(self, character: str) -> None:
        if character == "\r":
            self._column = 0
        elif character == "\b":
            self._column = max(0, self._column - 1)
        else:
            self._column += _TAB - self._column % _TAB
            self._pad()

    def _control(self, final: str, codes: str) -> None:
        if final == "m":
            self._style = _styled(self._style, codes)
        elif final == "K":
            self._erase(codes)
        elif final in "CDG":
            count = int(codes) if codes.isdigit() else 1
            wanted = (
                count - 1 if final == "G" else self._column + (count if final == "C" else -count)
            )
            self._column = max(0, min(wanted, _LONGEST))

    def _erase(self, codes: str) -> None:
        if codes in ("", "0"):
            del self._cells[self._column :], self._styles[self._column :]
        elif codes == "1":
            end = min(self._column + 1, len(self._cells))
            self._cells[:end] = " " * end
            self._styles[:end] = [""] * end
        elif codes == "2":
            self._cells, self._styles = [], []

    def _pieces(self) -> list[Piece]:
        pieces: list[Piece] = []
        start = 0
        for end in range(1, len(self._cells) + 1):
            if end == len(self._cells) or self._styles[end] != self._styles[start]:
                pieces.append(("".join(self._cells[start:end]), self._styles[start]))
                start = end
        return pieces


@lru_cache(maxsize=4096)
def _styled(style: str, codes: str) -> str:
    """Return a style after an SGR sequence."""
    words = dict.fromkeys(_parts(style))
    rest = [code or "0" for code in codes.replace(":", ";").split(";")]
    while rest:
        code = rest.pop(0)
        if code in ("0", "00"):
            words = {}
        elif code in _ON:
            words[_ON[code]] = None
        elif code in _OFF:
            words = {word: None for word in words if word not in _OFF[code]}
        else:
            _colour(words, code, rest)
    return " ".join(words)


def _parts(style: str) -> list[str]:
    return re.findall(r"on \S+|\S+", style)


def _colour(words: dict[str, None], code: str, rest: list[str]) -> None:
    """Take a code that sets a colour, with the numbers that belong to it."""
    if not code.isdigit():
        return
    number = int(code)
    ground = "on " if number // 10 in (4, 10) else ""
    if number // 10 not in (3, 4, 9, 10):
        return
    for word in [
        word for word in words if _is_colour(word) and word.startswith("on ") == bool(ground)
    ]:
        del words[word]
    kind = number % 10
    if kind == 8 and number < 90:
        colour = _long_colour(rest)
    elif kind <= 7:
        colour = f"color({kind + 8 * (number >= 90)})"
    else:
        colour = ""  # 39 and 49: the terminal's own
    if colour:
        words[ground + colour] = None


def _is_colour(word: str) -> bool:
    return word.startswith(("color(", "#", "on "))


def _long_colour(rest: list[str]) -> str:
    """Take `5;N` or `2;R;G;B` off the codes and return the colour."""
    kind = rest.pop(0) if rest else ""
    count = {"5": 1, "2": 3}.get(kind, 0)
    numbers = [int(code) for code in rest[:count] if code.isdigit()]
    del rest[:count]
    if not count or len(numbers) != count or max(numbers) > 255:
        return ""
    return f"color({numbers[0]})" if count == 1 else "#{:02x}{:02x}{:02x}".format(*numbers)
