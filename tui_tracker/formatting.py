"""Numbers, durations, sizes, times and the user's own words, as people read them.

Everything here is a pure function from a value to one line of text, shared by the
command line and the terminal app, so that a run reads the same in both. Text is
measured in terminal cells, code point by code point: `printable` takes out the
joiners and selectors that make one glyph of several code points, because terminals
disagree on the width of those and one wrong cell shifts a whole line.
"""

from __future__ import annotations

import json
import math
import re
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import datetime, tzinfo
from functools import lru_cache

MISSING = "–"
"""Stands where there is no value; a dash, so that an empty cell is never a mistake."""
SHORT_ID = 8
"""Digits at the end of a run's id, by which lists name it: runs that were started close
together share the beginning."""

_ANSI = re.compile(
    r"""\x1b(?:
        \[[0-?]*[ -/]*[@-~]                   # CSI: colours, cursor movement
      | [\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?  # OSC, DCS, APC ...: titles, links
      | [ -/]*[0-~]                           # two and three byte escapes
    )""",
    re.VERBOSE,
)
_SIZES = ("B", "kB", "MB", "GB", "TB", "PB", "EB")


def format_number(value: float | None, digits: int = 4) -> str:
    """Return a measured value with `digits` significant digits, zeros kept.

    Whole numbers keep all theirs up to nine digits. Very small and very large values are
    written with an exponent and at least one decimal: `1.0e-05`.
    """
    if value is None:
        return MISSING
    if isinstance(value, int):
        return str(value) if abs(value) < 10**9 else _with_exponent(_as_float(value), digits)
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else "inf" if value > 0 else "-inf"
    size = abs(value)
    if size == 0:
        return "0"
    if size < 1e-4 or size >= 1e9:
        return _with_exponent(value, digits)
    if size >= 10 ** (digits - 1):
        return f"{value:.0f}"
    return f"{value:#.{digits}g}".removesuffix(".")


def spread_words(mean: float, std: float) -> tuple[str, str]:
    """Return mean and spread with as many decimals, so that they stand below one another."""
    if not 1e-4 <= abs(mean) < 1e6 and mean != 0:
        return format_number(mean), format_number(std, 2)
    decimals = len(format_number(mean).partition(".")[2])
    while 0 < std < 0.5 * 10**-decimals and decimals < 8:
        decimals += 1
    return f"{mean:.{decimals}f}", f"{std:.{decimals}f}"


def _as_float(value: int) -> float:
    try:
        return float(value)
    except OverflowError:  # a whole number of more than 308 digits
        return math.inf if value > 0 else -math.inf


def _with_exponent(value: float, digits: int) -> str:
    if not math.isfinite(value):
        return "inf" if value > 0 else "-inf"
    mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
    mantissa = mantissa.rstrip("0")
    return f"{mantissa}0e{exponent}" if mantissa.endswith(".") else f"{mantissa}e{exponent}"


def format_count(count: int) -> str:
    """Return a whole number with commas between thousands: `100,000`."""
    return f"{count:,}"


def format_value(value: object, digits: int | None = 6) -> str:
    """Return a param as one line: floats in the shortest form, lists as JSON.

    `digits` None keeps every digit of a float, to copy it; text is made printable.
    """
    if isinstance(value, bool) or value is None:
        return str(value)
    if isinstance(value, float):
        return repr(value) if digits is None else _shortest(value, digits)
    if isinstance(value, (int, str)):
        return printable(str(value))
    return printable(json.dumps(value, ensure_ascii=False, default=str))


def _shortest(value: float, digits: int) -> str:
    if math.isnan(value):
        return "NaN"
    return f"{value:.{digits}g}"


def format_duration(seconds: float) -> str:
    """Return a length of time in its two largest units: `3h 04m`, at most seven cells."""
    if not math.isfinite(seconds):
        return MISSING
    seconds = max(0.0, seconds)
    if seconds < 1:
        return f"{seconds * 1000:.0f}ms" if seconds < 0.9995 else "1.0s"
    if seconds < 9.95:
        return f"{seconds:.1f}s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m {whole % 60:02}s"
    if whole < 86400:
        return f"{whole // 3600}h {whole % 3600 // 60:02}m"
    return f"{whole // 86400}d {whole % 86400 // 3600:02}h"


def format_size(size_bytes: int | None) -> str:
    """Return a number of bytes in units of a thousand, as disks are sold: `1.2 MB`."""
    if size_bytes is None:
        return MISSING
    value, unit = float(size_bytes), 0
    while value >= 999.5 and unit < len(_SIZES) - 1:
        value, unit = value / 1000, unit + 1
    digits = 1 if unit and value < 9.95 else 0
    return f"{value:.{digits}f} {_SIZES[unit]}"


def format_ago(then: datetime, now: datetime) -> str:
    """Return how long ago that was in one unit; a date once it is a month."""
    seconds = (now - then).total_seconds()
    if seconds < 1:
        return "now"
    for limit, unit, letter in ((60, 1, "s"), (3600, 60, "m"), (86400, 3600, "h")):
        if seconds < limit:
            return f"{int(seconds // unit)}{letter} ago"
    if seconds < 30 * 86400:
        return f"{int(seconds // 86400)}d ago"
    return then.astimezone(now.tzinfo).strftime("%Y-%m-%d")


def format_time(moment: datetime | None, zone: tzinfo | None = None) -> str:
    """Return date and time to the second in `zone`, this machine's own where it is None."""
    if moment is None:
        return MISSING
    return moment.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")


def strip_ansi(text: str) -> str:
    """Return the text without terminal escape sequences; other characters stay."""
    return _ANSI.sub("", text) if "\x1b" in text else text


def printable(text: str) -> str:
    """Return the text safe to show on one line: nothing in it moves, colours or reorders.

    Escape sequences, joiners and variation selectors are taken out, tabs become spaces, line
    ends `↵`, other control characters their pictures (`␀`), and bidi marks, lone
    surrogates, unassigned and other invisible characters `�`.
    """
    if text.isascii() and text.isprintable():
        return text
    return strip_ansi(text).translate(_SAFE)


def visible(text: str) -> str:
    """Return the text safe to show, with one character for each of its own.

    What is typed into keeps its places so; `printable` is for what is only read.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(map(_one, text))


def _one(character: str) -> str:
    safe = _SAFE[ord(character)]
    return "·" if safe is None else chr(safe) if isinstance(safe, int) else safe[0]


class _Safe(dict[int, str | int | None]):
    """What stands for each code point; filled as code points are met."""

    def __missing__(self, point: int) -> str | int | None:
        self[point] = found = _safe(point)
        return found


def _safe(point: int) -> str | int | None:
    if point < 0x20:
        return {0x09: " ", 0x0A: "↵", 0x0D: "↵"}.get(point, 0x2400 + point)
    if point == 0x7F:
        return "␡"
    # Joiners, variation selectors and skin tones make one glyph of several code
    # points; without them the width of a line is the sum of its code points.
    if point in (0x200C, 0x200D) or 0xFE00 <= point <= 0xFE0F or 0x1F3FB <= point <= 0x1F3FF:
        return None
    if 0xE0000 <= point <= 0xE0FFF:
        return None
    category = unicodedata.category(chr(point))
    if category in ("Zl", "Zp"):
        return "↵"
    if category == "Zs":
        return " "
    return "�" if category in ("Cc", "Cf", "Cs", "Cn") else point


_SAFE = _Safe({0x0D: "↵"})


def cell_width(text: str) -> int:
    """Return how many terminal cells a printable text takes."""
    return len(text) if text.isascii() else sum(map(_point_width, text))


@lru_cache(maxsize=4096)
def _point_width(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me", "Mc", "Cc", "Cf"):
        return 0
    if 0x1160 <= ord(character) <= 0x11FF:  # the later parts of a Hangul syllable
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def crop(text: str, cells: int, ellipsis: str = "…") -> str:
    """Return the text cut to at most `cells` terminal cells, ending in `ellipsis` where cut."""
    if cell_width(text) <= cells:
        return text
    room = cells - cell_width(ellipsis)
    if room < 0:
        return ""
    if text.isascii():
        return text[:room] + ellipsis
    for index, character in enumerate(text):
        room -= _point_width(character)
        if room < 0:
            return text[:index] + ellipsis
    return text


def fit(text: str, cells: int, *, right: bool = False) -> str:
    """Return the text cut or padded to exactly `cells` terminal cells."""
    cut = crop(text, cells)
    padding = " " * (cells - cell_width(cut))
    return padding + cut if right else cut + padding


def wrap(text: str, cells: int) -> list[str]:
    """Return a printable text as lines of at most `cells` cells, broken at spaces where it can."""
    lines, rest = [], text
    while cell_width(rest) > cells:
        head = crop(rest, cells, ellipsis="") or rest[0]
        space = head.rfind(" ") if not rest[len(head) :].startswith(" ") else len(head)
        cut = space if space > 0 else len(head)
        lines.append(rest[:cut].rstrip())
        rest = rest[cut:].lstrip()
    return [*lines, rest] if rest or not lines else lines


def point_offset(number: str) -> int:
    """Return how many characters stand before the decimal point (or where it would be)."""
    for index, character in enumerate(number):
        if character == "." or (character == "e" and index and number[index - 1].isdigit()):
            return index
    return len(number)


def align_points(numbers: Iterable[str]) -> list[str]:
    """Return the numbers padded to one width with their decimal points in one column."""
    cells = list(numbers)
    before = max(map(point_offset, cells), default=0)
    shifted = [" " * (before - point_offset(cell)) + cell for cell in cells]
    width = max(map(len, shifted), default=0)
    return [cell.ljust(width) for cell in shifted]


def shared_prefix(names: Sequence[str]) -> int:
    """Return how many letters all names begin with that tell none of them apart.

    Cut after a separator, so that what is left begins with a word; 0 where nothing is gained.
    """
    if len(names) < 2:
        return 0
    first, last = min(names), max(names)
    length = 0
    for one, other in zip(first, last, strict=False):
        if one != other:
            break
        length += 1
    # A point and a sign belong to a number.
    while length and (first[length - 1].isalnum() or first[length - 1] in ".-+"):
        length -= 1
    return length if all(len(name) > length for name in names) else 0


def short_labels(names: Sequence[str], cells: int) -> list[str]:
    """Return names to put over columns: without their common beginning where one is too long."""
    shown = [printable(name) for name in names]
    cut = shared_prefix(shown)
    if cut < 2 or max(map(cell_width, shown), default=0) <= cells:
        return shown
    return [f"…{name[cut:]}" for name in shown]
