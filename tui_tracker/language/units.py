"""What values mean: numbers with units, spans of time, moments, versions.

    number    1e-3  -.5  10k 5M 2G 1T (thousands)  4Ki 2Mi 1Gi (1,024s)  1_000  nan inf -inf
    span      90 (seconds)  500ms 30s 30min 5m 2h 1d 1w  1h30m  2 days
    moment    2026  2026-11  2026-11-01  2026-11-01T10:30[:05][Z]  today yesterday now  2h ago

`m` is minutes where a span is wanted and nothing where a number is: a million is `M`. A
moment without a zone is told in this machine's zone. A day, a month, a year is all of it:
`> 2026-11` begins with December, `= yesterday` is all of yesterday.
"""

from __future__ import annotations

import math
import re
from datetime import datetime, timedelta, tzinfo
from decimal import Decimal, InvalidOperation

_NUMBER = re.compile(r"[-+]?(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][-+]?\d+)?")
_WORDS = {"nan": math.nan, "inf": math.inf, "+inf": math.inf, "-inf": -math.inf}
_THOUSANDS = {
    "k": 10**3,
    "K": 10**3,
    "M": 10**6,
    "G": 10**9,
    "B": 10**9,
    "T": 10**12,
    "Ki": 2**10,
    "Mi": 2**20,
    "Gi": 2**30,
    "Ti": 2**40,
}
_SECONDS: dict[str, float] = {
    **dict.fromkeys(("ms", "millisecond", "milliseconds"), 0.001),
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), 1),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), 60),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), 3600),
    **dict.fromkeys(("d", "day", "days"), 86400),
    **dict.fromkeys(("w", "wk", "week", "weeks"), 7 * 86400),
    **dict.fromkeys(("month", "months"), 30 * 86400),
    **dict.fromkeys(("y", "year", "years"), 365 * 86400),
}
_SPAN = re.compile(r"(\d+(?:\.\d*)?|\.\d+)\s*([a-zA-Z]*)\s*")
_DATE = re.compile(
    r"""(\d{4}) (?:-(\d\d?) (?:-(\d\d?)
    (?:[T\x20](\d\d?):(\d\d) (?::(\d\d)(\.\d+)?)? \s?(Z|[+-]\d\d:?\d\d)? )?)?)?$""",
    re.VERBOSE,
)
_FIRST = (1, 1, 1, 0, 0, 0)
_MOST_DAYS = 3_000_000
_VERSION = re.compile(r"\d+|[a-zA-Z]+")


def is_number(text: str) -> bool:
    return number(text) is not None


def number(text: str) -> int | float | None:
    """Return the number that a text says, an int where it is whole and no exponent is there."""
    if text.lower() in _WORDS:
        return _WORDS[text.lower()]
    match = _NUMBER.match(text)
    if match is None or "__" in match[0] or (unit := text[match.end() :]) not in ("", *_THOUSANDS):
        return None
    digits = match[0].replace("_", "")
    try:
        if not unit:
            return int(digits) if digits.lstrip("+-").isdigit() else float(digits)
        exact = Decimal(digits) * _THOUSANDS[unit]
    except (InvalidOperation, ValueError):  # more digits than Python reads at once
        return None
    return int(exact) if exact == exact.to_integral_value() and "e" not in digits else float(exact)


def unit_seconds(word: str) -> float | None:
    """Return the seconds of a unit of time, None where it is none."""
    return _SECONDS.get(word.lower())


def span(text: str) -> float | None:
    """Return a span of time in seconds."""
    at, total = 0, 0.0
    while at < len(text):
        match = _SPAN.match(text, at)
        if match is None:
            return None
        alone = match.span() == (0, len(text))
        seconds = 1.0 if alone and not match[2] else unit_seconds(match[2])
        if seconds is None:
            return None
        total += float(match[1]) * seconds
        at = match.end()
    return total if text else None


def is_span(text: str) -> bool:
    """Return whether a text is a span with its unit said."""
    return not is_number(text) and span(text) is not None


def is_date(text: str) -> bool:
    return _DATE.match(text) is not None and "-" in text


def moment(text: str, now: datetime) -> tuple[int, int] | None:
    """Return first and last Unix millisecond of a time; one and the same for a moment.

    `now` is aware; its zone is the one that is meant where none is said.
    """
    words = text.lower().split()
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    if words == ["now"]:
        return _ms(now), _ms(now)
    if words in (["today"], ["yesterday"]):
        begin = today if words == ["today"] else today - timedelta(days=1)
        return _ms(begin), _ms(begin + timedelta(days=1)) - 1
    if words[-1:] == ["ago"]:
        seconds = span(" ".join(words[:-1]))
        if seconds is None or seconds / 86400 > _MOST_DAYS:
            return None
        at = _ms(now) - round(seconds * 1000)
        return at, at
    return _date(text, now)


def _date(text: str, now: datetime) -> tuple[int, int] | None:
    match = _DATE.match(text)
    if match is None:
        return None
    _, month, day, hour, _, second, rest, zone = match.groups()
    whole = [int(part or least) for part, least in zip(match.groups()[:6], _FIRST, strict=True)]
    try:
        begin = datetime(whole[0], whole[1], whole[2], whole[3], whole[4], whole[5])
        begin = begin.replace(tzinfo=_zone(zone, now))
        if second is not None:
            at = _ms(begin + timedelta(seconds=float(rest or 0)))
            return at, at if rest else at + 999
        end = _after(begin, month, day, hour)
        return _ms(begin), _ms(end) - 1
    except (ValueError, OverflowError):
        return None


def _after(begin: datetime, month: str | None, day: str | None, hour: str | None) -> datetime:
    """Return when the year, month, day or minute that begins then is over."""
    if hour is not None:
        return begin + timedelta(minutes=1)
    if day is not None:
        return begin + timedelta(days=1)
    if month is not None and begin.month < 12:
        return begin.replace(month=begin.month + 1)
    return begin.replace(year=begin.year + 1, month=1)


def _zone(said: str | None, now: datetime) -> tzinfo | None:
    if not said:
        return now.tzinfo
    return datetime.fromisoformat(f"2000-01-01T00:00:00{said}").tzinfo


def _ms(at: datetime) -> int:
    return round(at.timestamp() * 1000)


def version(text: str) -> tuple[tuple[int, int, str], ...]:
    """Return what versions are compared by: numbers as numbers, `2.1rc1` before `2.1`.

    What follows a `+` (`2.1.0+cu121`) plays no part; `2.1` and `2.1.0` are equal.
    """
    parts = []
    for part in _VERSION.findall(text.strip().removeprefix("v").partition("+")[0].lower()):
        if part.isdigit():
            parts.append((1, int(part[:18]), ""))
        else:
            # `post` comes after the release; `dev`, `a`, `b` and `rc` before it.
            parts.append((2 if part == "post" else -2 if part == "dev" else -1, 0, part))
    while parts and parts[-1] == (1, 0, ""):
        parts.pop()
    return (*parts, (0, 0, ""))
