"""The cells of a comparison as one line of text each, the same in the command line and the app.

Values that differ never look alike: a row of numbers gets as many digits as it takes.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from datetime import datetime

from tui_tracker.capture.redaction import redact_text
from tui_tracker.compare.doubts import Unsaid
from tui_tracker.compare.groups import equal
from tui_tracker.compare.rows import Row, delta, relative
from tui_tracker.formatting import (
    MISSING,
    cell_width,
    format_count,
    format_duration,
    format_number,
    format_size,
    format_value,
    point_offset,
    printable,
)

UNKNOWN = "?"
"""Stands where a run recorded nothing of the kind."""
_DIGEST = 8
_ARROWS = {"": "", "min": " ↓", "max": " ↑"}


def row_name(row: Row) -> str:
    """Return a row's name: of a metric with the direction that is good."""
    return printable(redact_text(row.name)) + _ARROWS[row.better]


def cell_texts(row: Row, reference: int = 0) -> list[str]:
    """Return the text of each cell of a row."""
    if row.section == "code" and row.name == "code":
        return [
            note or _text(value, _digest)
            for value, note in zip(row.values, row.notes or [""] * len(row.values), strict=True)
        ]
    texts = [_text(value, _formatter(row)) for value in row.values]
    return _distinct(row, texts, reference)


def full_text(row: Row, place: int) -> str:
    """Return a cell with every digit of its value; lists and long texts whole."""
    value = row.values[place]
    if value is Unsaid.UNKNOWN:
        return "not recorded"
    if value is Unsaid.ABSENT:
        return MISSING
    if isinstance(value, datetime):
        return value.astimezone().strftime("%Y-%m-%d %H:%M:%S")
    if row.section == "run" and row.name == "duration":
        return format_duration(float(value))  # type: ignore[arg-type]
    if row.name == "argv" and isinstance(value, list):
        return _command(value)
    return printable(redact_text(format_value(value, digits=None)))


def delta_text(row: Row, place: int, reference: int) -> str:
    """Return how far a number lies from the reference's, with its sign; "" where it is none."""
    difference = delta(row, place, reference)
    if difference is None:
        return ""
    return "±0" if difference == 0 else f"{'+' if difference > 0 else ''}{_short(difference)}"


def relative_text(row: Row, place: int, reference: int) -> str:
    """Return the same in percent of the reference's value."""
    share = relative(row, place, reference)
    if share is None:
        return ""
    return "±0%" if share == 0 else f"{100 * share:+.3g}%"


def _short(value: float) -> str:
    return format_number(value, 3)


def _text(value: object, formatted: Callable[[object], str]) -> str:
    if value is Unsaid.UNKNOWN:
        return UNKNOWN
    if value is Unsaid.ABSENT:
        return MISSING
    return formatted(value)


def _formatter(row: Row) -> Callable[[object], str]:
    """Return what writes the values of a row."""
    if row.metric:
        return _number
    if row.section == "run":
        return _RUN.get(row.name, _plain)
    last = row.name.rpartition(".")[2]
    if last in ("digest", "hash"):
        return _digest
    if last in ("bytes", "memory_bytes"):
        return _size
    if last in ("rows", "files") or ".n." in row.name:
        return _count
    return _command if row.name == "argv" else _plain


def _number(value: object) -> str:
    return format_number(value) if isinstance(value, (int, float)) else _plain(value)


def _plain(value: object) -> str:
    return printable(redact_text(format_value(value)))


def _duration(value: object) -> str:
    return format_duration(float(value)) if isinstance(value, (int, float)) else _plain(value)


def _moment(value: object) -> str:
    shown = isinstance(value, datetime)
    return value.astimezone().strftime("%m-%d %H:%M") if shown else _plain(value)  # type: ignore[attr-defined]


def _digest(value: object) -> str:
    digits = str(value).rpartition(":")[2]
    return printable(digits[:_DIGEST])


def _size(value: object) -> str:
    return format_size(value) if isinstance(value, int) else _plain(value)


def _count(value: object) -> str:
    return format_count(value) if isinstance(value, int) else _plain(value)


def _command(value: object) -> str:
    words = value if isinstance(value, list) else [value]
    return printable(redact_text(shlex.join(map(str, words))))


_RUN: dict[str, Callable[[object], str]] = {
    "duration": _duration,
    "started": _moment,
    "last step": _count,
}


def _distinct(row: Row, texts: list[str], reference: int) -> list[str]:
    """Return the texts, with more digits where a number would look like the best or the reference.

    Any two of twenty runs may be close; nobody wants eight digits of all for that.
    """
    floats = [place for place, value in enumerate(row.values) if isinstance(value, float)]
    if row.section == "run":
        return texts
    measured = [place for place in {*row.best, reference} if place in floats]
    pairs = [
        (place, other)
        for place in measured
        for other in floats
        if not equal(row.values[place], row.values[other])
    ]
    digits = 4 if row.metric else 6
    while digits < 17 and any(texts[place] == texts[other] for place, other in pairs):
        digits += 2
        for place in floats:
            texts[place] = _with_digits(row.values[place], digits, metric=row.metric)
    return texts


def _with_digits(value: object, digits: int, *, metric: bool) -> str:
    if metric and isinstance(value, float):
        return format_number(value, digits)
    return format_value(value, digits if digits < 17 else None)


def on_the_point(texts: Sequence[str]) -> list[str]:
    """Return texts of one width, the decimal points of the numbers in one column.

    What is no number (NaN, a dash) ends where the whole part of the numbers does.
    """
    before = max((point_offset(text) for text in texts if _is_numeric(text)), default=0)
    shifted = [
        " " * max(0, before - (point_offset(text) if _is_numeric(text) else cell_width(text)))
        + text
        for text in texts
    ]
    width = max(map(cell_width, shifted), default=0)
    return [text + " " * (width - cell_width(text)) for text in shifted]


def _is_numeric(text: str) -> bool:
    return text.lstrip("-+")[:1].isdigit()


def best_mark(row: Row, place: int) -> str:
    """Return the mark of a best value; a blank for others of its row, "" where none is best."""
    return ("★" if place in row.best else " ") if row.best else ""


def aligned(row: Row) -> bool:
    """Whether the cells of a row are numbers."""
    return row.metric or any(
        isinstance(value, (int, float)) and not isinstance(value, bool) for value in row.values
    )
