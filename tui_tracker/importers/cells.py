"""Cells of foreign databases as values: SQLite's column types bind nobody, so all may be there.

Besides: times as texts, and JSON in cells.
"""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime, tzinfo

from tui_tracker.importers.records import ms_from_utc

_HIGHEST = 2**63


def text(cell: object) -> str:
    """Return a cell as text, "" for none."""
    if cell is None:
        return ""
    if isinstance(cell, bytes):
        return cell.decode("utf-8", "replace")
    return str(cell)


def number(cell: object) -> float | None:
    """Return a cell as a number; words such as `nan` count, None and other texts do not."""
    try:
        return float(cell) if isinstance(cell, (int, float)) else float(text(cell))
    except (ValueError, OverflowError):
        return None


def whole(cell: object) -> int | None:
    """Return a cell as a whole number of 64 bits; None where it is none."""
    if isinstance(cell, int):
        return cell if -_HIGHEST <= cell < _HIGHEST else None
    value = number(cell)
    if value is None or not math.isfinite(value) or value != int(value):
        return None
    return whole(int(value))


def parsed(cell: object) -> object:
    """Return what the JSON in a cell says; None where it says nothing that can be read."""
    try:
        return json.loads(text(cell))
    except (ValueError, RecursionError):
        return None


def moment(cell: object, zone: tzinfo | None = UTC) -> datetime | None:
    """Return a time as ISO text, or `2026-01-31 12:00:00`, as aware.

    Without an offset it is of the zone given; None stands for this machine's.
    """
    try:
        found = datetime.fromisoformat(text(cell).strip())
        if found.tzinfo is None:
            found = found.replace(tzinfo=zone)
        return found.astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        return None


def milliseconds(cell: object, zone: tzinfo | None = UTC) -> int | None:
    """Return a time as text in Unix milliseconds."""
    found = moment(cell, zone)
    return None if found is None else ms_from_utc(found)
