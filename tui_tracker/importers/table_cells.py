"""What the cells of a table mean: numbers in all spellings, what is missing, times."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime

from tui_tracker.importers.rewritten import as_number

MISSING = {"", "-", "--", "na", "n/a", "#n/a", "none", "null", "nil", "missing", "<na>"}
"""In lower case. `nan` is a value that was logged; Keras writes NA where there was none."""
_SPECIAL = {
    **dict.fromkeys(("nan", "+nan", "-nan", "1.#qnan", "1.#ind", "-1.#ind"), float("nan")),
    **dict.fromkeys(("inf", "+inf", "infinity", "+infinity", "1.#inf", "∞"), float("inf")),
    **dict.fromkeys(("-inf", "-infinity", "-1.#inf", "-∞"), float("-inf")),
}
_COMMA = re.compile(r"[-+]?(?:\d{1,3}(?:\.\d{3})+|\d*),\d+(?:[eE][-+]?\d+)?")
_PERCENT = re.compile(r"([-+]?\d+(?:\.\d+)?)\s*%")
_WRAPPED = re.compile(
    r"(?:tensor|array|Tensor|np\.float\d+|np\.int\d+)\(\s*"
    r"([-+]?(?:\d+\.?\d*(?:[eE][-+]?\d+)?|nan|inf))\s*(?:,.*)?\)"
)
_CLOCK = re.compile(r"\d{1,2}:\d{2}(?::\d{2})?(?:\.\d+)?")
_DATES = ("%Y-%m-%d %H:%M:%S", "%Y/%m/%d %H:%M:%S", "%d.%m.%Y %H:%M:%S", "%d/%m/%Y %H:%M:%S")


def number(cell: object, *, comma: bool = False) -> float | None:
    """Return the number that a cell holds; None where it is missing or is no number.

    `comma` reads `0,5`. A tensor's text is its number, and `93.4 %` is 93.4.
    """
    if not isinstance(cell, str):
        return as_number(cell)
    text = cell.strip()
    try:
        return float(text) if "_" not in text else None
    except ValueError:
        pass
    if comma and _COMMA.fullmatch(text):
        return float(text.replace(".", "").replace(",", "."))
    if text.lower() in _SPECIAL:
        return _SPECIAL[text.lower()]
    if found := _PERCENT.fullmatch(text) or _WRAPPED.fullmatch(text):
        return float(found.group(1))
    return None


def numbers(cells: Sequence[object], *, comma: bool = False) -> list[float | None]:
    """Return the numbers of a column, None where there is none."""
    try:
        return [float(cell) for cell in cells]  # type: ignore[arg-type]
    except (ValueError, TypeError, OverflowError):
        return [number(cell, comma=comma) for cell in cells]


def is_missing(cell: object) -> bool:
    """Return whether a cell says that there is no value."""
    return cell is None or (isinstance(cell, str) and cell.strip().lower() in MISSING)


def is_duration(cell: object) -> bool:
    """Return whether a cell is a time of a clock or a duration: `00:12`, `1:02:03`."""
    return isinstance(cell, str) and bool(_CLOCK.fullmatch(cell.strip()))


def moment_ms(cell: object) -> int | None:
    """Return a cell as Unix milliseconds, from a date or a Unix time of any usual unit.

    A date without a zone is UTC.
    """
    value = number(cell)
    if value is not None:
        return _unix_ms(value)
    if not isinstance(cell, str) or not cell[:1].isdigit():
        return None
    text = cell.strip().replace("Z", "+00:00")
    moment = _date(text)
    if moment is None:
        return None
    return round((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)


def _date(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        pass
    # `logging` writes milliseconds behind a comma.
    text = text.partition(",")[0]
    for form in _DATES:
        try:
            return datetime.strptime(text, form)
        except ValueError:
            continue
    return None


def _unix_ms(value: float) -> int | None:
    """Return a Unix time; from its size it is told whether it counts s, ms, us or ns."""
    for below, factor in ((1e11, 1e3), (1e14, 1.0), (1e17, 1e-3), (1e20, 1e-6)):
        if value * factor >= 3e11 and value < below:
            return round(value * factor)
    return None
