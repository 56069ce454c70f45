"""Ticks of axes of time: round in seconds, minutes, hours and days."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import pairwise

_SECOND, _MINUTE, _HOUR, _DAY = 1000, 60_000, 3_600_000, 86_400_000
_STEPS = (
    *(size * _SECOND for size in (1, 2, 5, 10, 15, 30)),
    *(size * _MINUTE for size in (1, 2, 5, 10, 15, 30)),
    *(size * _HOUR for size in (1, 2, 3, 6, 12)),
    *(size * _DAY for size in (1, 2, 7, 14)),
)


def _step(span_ms: float, count: int) -> int:
    """Return how far apart at most about `count` ticks stand, in milliseconds."""
    least = span_ms / max(1, count)
    if least < _SECOND:
        sizes = [size * 10**power for power in range(3) for size in (1, 2, 5)]
        return next((size for size in sizes if size >= least), _SECOND)
    if (found := next((step for step in _STEPS if step >= least), None)) is not None:
        return found
    power = int(10 ** math.floor(math.log10(least / _DAY)))
    return next(n * power for n in (1, 2, 5, 10) if n * power * _DAY >= least) * _DAY


def duration_ticks(low_ms: float, high_ms: float, count: int) -> list[float]:
    """Return round lengths of time within a range, all in milliseconds."""
    if not high_ms > low_ms:
        return []
    step = _step(high_ms - low_ms, count)
    return [float(n * step) for n in range(math.ceil(low_ms / step), int(high_ms // step) + 1)]


def duration_label(ms: float) -> str:
    """Return a length of time in few cells: `0`, `250ms`, `5m`, `1h30`, `2d`."""
    sign, whole = ("-" if ms < 0 else ""), abs(round(ms))
    if whole == 0:
        return "0"
    if whole % _SECOND:
        text = f"{whole}ms" if whole < _SECOND else f"{whole / _SECOND:g}s"
        return sign + text
    for unit, part, letter, suffix in (
        (_DAY, _HOUR, "d", "h"),
        (_HOUR, _MINUTE, "h", ""),
        (_MINUTE, _SECOND, "m", ""),
    ):
        if whole >= unit:
            rest = whole % unit // part
            width = "" if letter == "d" else "02"
            return f"{sign}{whole // unit}{letter}" + (f"{rest:{width}}{suffix}" if rest else "")
    return f"{sign}{whole // _SECOND}s"


def time_ticks(
    low_ms: float, high_ms: float, count: int, zone: tzinfo | None = None
) -> list[float]:
    """Return round moments of the clock within a range, in Unix milliseconds.

    Round in `zone`, this machine's own where it is None.
    """
    if not high_ms > low_ms:
        return []
    step = _step(high_ms - low_ms, count)
    # Steps of hours and days count from midnight where the reader is.
    shift = _offset_ms(low_ms, zone)
    first = math.ceil((low_ms + shift) / step)
    return [float(n * step - shift) for n in range(first, int((high_ms + shift) // step) + 1)]


def _offset_ms(ms: float, zone: tzinfo | None) -> float:
    moment = datetime.fromtimestamp(ms / 1000, UTC).astimezone(zone)
    return (moment.utcoffset() or timedelta()).total_seconds() * 1000


def time_labels(values: Sequence[float], zone: tzinfo | None = None) -> list[str]:
    """Return moments as times of the day; midnight, and steps of days, as the date."""
    apart = min((b - a for a, b in pairwise(values)), default=_MINUTE)
    labels = []
    for value in values:
        moment = datetime.fromtimestamp(value / 1000, UTC).astimezone(zone)
        if apart >= _DAY or (moment.hour, moment.minute, moment.second) == (0, 0, 0):
            labels.append(moment.strftime("%b %d"))
        elif apart >= _MINUTE:
            labels.append(moment.strftime("%H:%M"))
        elif apart >= _SECOND:
            labels.append(moment.strftime("%H:%M:%S"))
        else:
            labels.append(moment.strftime("%S.%f")[:-3])
    return labels
