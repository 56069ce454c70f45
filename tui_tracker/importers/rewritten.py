"""Files that their writer writes anew as a whole, and which points of them were handed on before.

Such a file is read again when its size or time changed. A series that begins as it did before
has grown; one that begins otherwise was written by another training, and all starts over.
"""

from __future__ import annotations

import json
import os
import re
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path

from tui_tracker.importers.records import BATCH_POINTS, Points
from tui_tracker.importers.regular import read_regular

MAX_BYTES = 1 << 30
MAX_DEPTH = 200
_TOO_DEEP = f"is nested deeper than {MAX_DEPTH} levels"
_INT64 = range(-(2**63), 2**63)

Stamp = tuple[int, int, int] | None


def stamp_of(path: Path) -> Stamp:
    """Return what differs after a file was written: size, time, number; None without a file."""
    try:
        facts = os.stat(path)
    except OSError:
        return None
    return facts.st_size, facts.st_mtime_ns, facts.st_ino


def reason(error: Exception) -> str:
    """Return why something cannot be read, without the path, which stands before it."""
    return (error.strerror or str(error)) if isinstance(error, OSError) else str(error)


def read_json(path: Path) -> object:
    """Return what a JSON file holds, NaN and infinities among it.

    Raises:
        ValueError: it is no JSON, with the place of the first doubt, or it is too large.
        OSError: it cannot be read.
    """
    if os.stat(path).st_size > MAX_BYTES:
        raise ValueError(f"is larger than {MAX_BYTES >> 20} MiB")
    return parse_json(read_regular(path).decode("utf-8-sig", "replace"))


def parse_json(text: str) -> object:
    """Return what a JSON text holds; numbers of thousands of digits are infinite.

    Raises:
        ValueError: it is no JSON.
    """
    try:
        value = json.loads(text, parse_int=_whole)
    except json.JSONDecodeError as error:
        raise ValueError(f"line {error.lineno}: {error.msg}") from error
    except RecursionError as error:
        raise ValueError(_TOO_DEEP) from error
    _check_depth(value)
    return value


def _check_depth(value: object) -> None:
    """Refuse what later on could not be compared or written without running out of stack."""
    level = [value] if isinstance(value, (dict, list)) else []
    for _ in range(MAX_DEPTH):
        level = [
            part
            for one in level
            for part in (one.values() if isinstance(one, dict) else one)
            if type(part) is dict or type(part) is list
        ]
        if not level:
            return
    raise ValueError(_TOO_DEEP)


def read_json_start(path: Path) -> tuple[object, str]:
    """Return what a JSON file holds up to where it was cut or damaged, and what is wrong with it.

    Its writer may have died over writing it anew; "" where nothing is wrong.

    Raises:
        ValueError: there is nothing before the damage, or it is too large.
        OSError: it cannot be read.
    """
    try:
        return read_json(path), ""
    except ValueError as error:
        cause = error.__cause__
        if not isinstance(cause, json.JSONDecodeError):
            raise
        kept = _closed(cause.doc[: cause.pos + 1])
        if kept is None:
            raise
        return parse_json(kept), f"{error}; what stands before it was kept"


_MARKS = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{},"]', re.DOTALL)


def _closed(text: str) -> str | None:
    """Return the beginning of a JSON text up to its last whole value, with all brackets closed."""
    stack: list[str] = []
    end, missing = 0, ""
    for found in _MARKS.finditer(text):
        mark = found.group()
        if mark == '"':  # a text without an end
            break
        if mark in "[{":
            stack.append("]" if mark == "[" else "}")
        elif mark in "]}":
            if not stack or stack.pop() != mark:
                break
            end, missing = found.end(), "".join(reversed(stack))
        elif mark == "," and stack:
            end, missing = found.start(), "".join(reversed(stack))
    return text[:end] + missing if end else None


def _whole(digits: str) -> int | float:
    return int(digits) if len(digits) < 1000 else float(digits)


def mapping(value: object) -> dict[str, object]:
    """Return a JSON object as it is, and an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def as_number(value: object) -> float | None:
    """Return a number, a truth value or a text that spells NaN or an infinity; else None."""
    if isinstance(value, (bool, int, float)):
        try:
            return float(value)
        except OverflowError:
            return float("inf") if value > 0 else float("-inf")
    if isinstance(value, str):
        return _SPELLINGS.get(value.strip().lower())
    return None


_SPELLINGS = {
    **dict.fromkeys(("nan", "+nan", "-nan", "na"), float("nan")),
    **dict.fromkeys(("inf", "+inf", "infinity", "+infinity"), float("inf")),
    **dict.fromkeys(("-inf", "-infinity"), float("-inf")),
}


def as_step(value: object) -> int | None:
    """Return a whole number of 64 bits, also one that is written `3.0`; else None."""
    if isinstance(value, float):
        if not value.is_integer():
            return None
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if value in _INT64 else None


@dataclass(slots=True)
class ToldSeries:
    """How much of each series was handed on."""

    _of: dict[tuple[str, str, str], tuple[int, bytes]] = field(default_factory=dict)

    def count(self, run: str, metric: str, context: str = "") -> int:
        return self._of.get((run, metric, context), (0, b""))[0]

    def has_changed(
        self,
        run: str,
        metric: str,
        steps: Sequence[int],
        values: Sequence[float],
        context: str = "",
    ) -> bool:
        """Return whether a series no longer begins with what was handed on of it."""
        count, digest = self._of.get((run, metric, context), (0, b""))
        return len(steps) < count or (count > 0 and _digest(steps, values, count) != digest)

    def forget(self, run: str) -> None:
        self._of = {name: told for name, told in self._of.items() if name[0] != run}

    def fresh(
        self,
        run: str,
        metric: str,
        steps: Sequence[int],
        times_ms: Sequence[int],
        values: Sequence[float],
        context: str = "",
        *,
        system: bool = False,
    ) -> Iterator[Points]:
        """Yield what was not handed on yet of a series that only grew."""
        begin = self.count(run, metric, context)
        for at in range(begin, len(steps), BATCH_POINTS):
            part = slice(at, at + BATCH_POINTS)
            yield Points(run, metric, steps[part], times_ms[part], values[part], context, system)
        if len(steps) > begin:
            told = len(steps), _digest(steps, values, len(steps))
            self._of[run, metric, context] = told


def _digest(steps: Sequence[int], values: Sequence[float], count: int) -> bytes:
    hashed = blake2b(array("q", steps[:count]).tobytes(), digest_size=16)
    hashed.update(array("d", values[:count]).tobytes())
    return hashed.digest()
