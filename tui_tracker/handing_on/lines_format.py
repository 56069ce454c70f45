"""The form of our JSON lines: all of some runs, one JSON object a line, in ASCII.

    {"tui_tracker": "runs", "version": 1}                           the first line
    {"run": ID, "is": {"name": ..., "params": {...}, ...}}          begins each run
    {"run": ID, "metric": {"key": [KIND, NAME, CONTEXT], "count": ..., "mean": ..., ...}}
    {"run": ID, "points": [KIND, NAME, CONTEXT], "steps": [...], "times_ms": [...],
     "values": [...]}
    {"run": ID, "printed": [[MILLISECONDS, STREAM, TEXT], ...]}
    {"run": ID, "tag": {...}}, {"run": ID, "note": {...}}, {"run": ID, "artifact": {...}},
    {"run": ID, "lineage": {...}}, {"run": ID, "edit": {...}}, and so on
    {"alias": {...}}, {"decision": {...}}                           about experiments of the runs
    {"end": {"runs": ..., "points": ...}}                           the last line

ID is the run's id; lines of a run follow its first one. Of every other table a line is one
row: its columns by their names, but for the store's own numbers. What those stand for is
written out instead: `key` is kind (`param`, `metric`, `system`), name and context, `content`
the text or the JSON that a hash leads to, `batch` counts changes that were made at once from
1 on in the order of the file. Bytes are hexadecimal, times Unix milliseconds.

Points are in log order, at most 1,024 a line. Where JSON has no number stand "NaN",
"Infinity" and "-Infinity"; a NaN of other bits than Python's own is "NaN:" and its 16
hexadecimal digits. Params are values of JSON, with whole numbers as they are and floats with a
point or an exponent; a float that JSON has no number for is {"float": "NaN"}, a list whose
text JSON would not give back is {"list": TEXT}. STREAM is `o` or `e`, or `O` or `E` where
the line was not finished.

Files are named by their hashes and are not inside. The same runs give the same bytes,
from whichever store they come.
"""

from __future__ import annotations

import json
import math
import struct
from array import array
from collections.abc import Sequence
from typing import Any

from tui_tracker.errors import InvalidArgument
from tui_tracker.facts import as_float

MAGIC = "runs"
VERSION = 1
HEAD = b'{"tui_tracker": "runs"'
"""What every such file begins with."""
KINDS = ("param", "metric", "system")
"""Kinds of keys, by the number that the store has for them."""
NOT_INSIDE = "its file was not inside the JSON lines that this run came from"
_NAN = struct.pack("<d", math.nan)
_WORDS = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


def is_lines(head: bytes) -> bool:
    """Return whether a file that begins so is of this form."""
    return head.startswith(HEAD)


def line(value: dict[str, Any]) -> str:
    """Return an object as a line."""
    # ASCII: U+2028 and the like end a line for many a reader.
    return json.dumps(value, allow_nan=False) + "\n"


def numbers(values: array[float]) -> Sequence[float | str]:
    """Return values as JSON can hold them, to the last bit."""
    # A finite sum proves that every value is finite, at C speed.
    if math.isfinite(sum(values)):
        return values.tolist()
    return [value if math.isfinite(value) else _word(value) for value in values]


def number(value: float | None) -> float | str | None:
    """Return one value as JSON can hold it; None stays."""
    return value if value is None or math.isfinite(value) else _word(value)


def _word(value: float) -> str:
    if value == value:
        return "Infinity" if value > 0 else "-Infinity"
    raw = struct.pack("<d", value)
    return "NaN" if raw == _NAN else f"NaN:{raw[::-1].hex()}"


def read_numbers(values: Sequence[object]) -> array[float]:
    """Return what `numbers` wrote.

    Raises:
        ValueError: one is none.
    """
    try:
        return array("d", values)  # type: ignore[arg-type]
    except TypeError:
        return array("d", map(read_number, values))


def read_number(value: object) -> float:
    """Return what `number` wrote.

    Raises:
        ValueError: it is none.
    """
    if isinstance(value, str):
        if value in _WORDS:
            return _WORDS[value]
        if value.startswith("NaN:") and len(value) == 20:
            found: float = struct.unpack(">d", bytes.fromhex(value[4:]))[0]
            if math.isnan(found):
                return found
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    raise ValueError(f"{value!r:.40} is no number")


def param(kind: str, number: float | None, text: str | None) -> Any:
    """Return a param's columns as JSON."""
    if kind == "str":
        return text or ""
    if kind == "int":
        return int(text) if text is not None else int(number or 0)
    if kind == "bool":
        return bool(number)
    if kind == "float":
        value = math.nan if number is None else number
        return value if math.isfinite(value) else {"float": _word(value)}
    if kind == "list":
        return embedded(text or "[]", json.dumps, "list")
    return None


def read_param(value: Any) -> tuple[str, float | None, str | None]:
    """Return the columns of a param: type, number and text.

    Raises:
        ValueError: it is no value of a param.
    """
    if value is None:
        return "none", None, None
    if isinstance(value, str):
        return "str", None, value
    if isinstance(value, (bool, int, float)):
        return _number_columns(value)
    if isinstance(value, list):
        return "list", None, json.dumps(value)
    if isinstance(value, dict) and len(value) == 1:
        if isinstance(text := value.get("list"), str):
            return "list", None, text
        return _number_columns(read_number(value.get("float")))
    raise ValueError(f"{value!r:.40} is no value of a param")


def _number_columns(value: bool | int | float) -> tuple[str, float | None, str | None]:
    if isinstance(value, bool):
        return "bool", float(value), None
    if isinstance(value, int):
        return "int", as_float(value), None if abs(value) <= 2**53 else str(value)
    return ("float", value, None) if value == value else ("float", None, "NaN")


def embedded(text: str, dumps: Any, otherwise: str) -> Any:
    """Return a JSON text as the value it holds, if that gives the same text again.

    Else it is an object with the text under the name `otherwise`.
    """
    try:
        value = json.loads(text, parse_constant=_refuse)
        if isinstance(value, (list, dict)) and not _looks_wrapped(value) and dumps(value) == text:
            return value
    except (ValueError, RecursionError):
        pass
    return {otherwise: text}


def _looks_wrapped(value: Any) -> bool:
    return isinstance(value, dict) and len(value) == 1 and set(value) <= {"list", "text", "float"}


def _refuse(word: str) -> None:
    raise ValueError(word)


def check_head(first: object) -> None:
    """Refuse a first line of another version.

    Raises:
        InvalidArgument: it is one.
    """
    version = first.get("version") if isinstance(first, dict) else None
    if version != VERSION:
        raise InvalidArgument(
            f"these JSON lines have version {version!r:.20} and this program reads {VERSION}: "
            "upgrade tui-tracker to take them in"
        )
