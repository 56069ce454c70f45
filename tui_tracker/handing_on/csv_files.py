"""Tables as CSV, as every spreadsheet and `read_csv` take it (RFC 4180, line ends `\\n`).

Points: run, metric, context, step, time, value; one line a point in log order. Runs: the
columns of `run_table`, or those that were asked for. Times are ISO 8601 in UTC with
milliseconds, numbers have all their digits, truth values are `true` and `false`, NaN and
infinities `NaN`, `inf` and `-inf`, lists are JSON, and what is not there is empty.
"""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import TextIO

from tui_tracker.handing_on.points import Stretch
from tui_tracker.queries.records import iso_time

POINT_COLUMNS = ("run", "metric", "context", "step", "time", "value")


def write_points(
    stretches: Iterable[Stretch],
    names: Callable[[int], str],
    out: TextIO,
    tell: Callable[[int], None],
) -> None:
    """Write points; `names` gives a run's id, `tell` hears how many points went out."""
    out.write(",".join(POINT_COLUMNS) + "\n")
    for one in stretches:
        head = ",".join(map(_quoted, (names(one.run), one.metric, one.context)))
        rows = zip(one.steps, one.times_ms, one.values, strict=True)
        # A finite sum proves that every value is finite, at C speed.
        word = repr if math.isfinite(sum(one.values)) else _number
        seconds: dict[int, str] = {}
        lines = []
        for step, at, value in rows:
            second, rest = divmod(at, 1000)
            # Many points fall into one second, and a date is dear.
            if (begun := seconds.get(second)) is None:
                begun = seconds[second] = iso_time(second * 1000)[:-4]
            lines.append(f"{head},{step},{begun}{rest:03d}Z,{word(value)}\n")
        out.writelines(lines)
        tell(len(one.values))


def write_rows(heads: Sequence[str], rows: Iterable[Sequence[object]], out: TextIO) -> None:
    """Write lines of any values."""
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(heads)
    writer.writerows([cell(value) for value in row] for row in rows)


def cell(value: object) -> str:
    """Return a value as a cell of CSV has it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, datetime):
        return iso_time(round(value.astimezone(UTC).timestamp() * 1000))
    return json.dumps(value, ensure_ascii=False) if isinstance(value, (list, dict)) else str(value)


def _number(value: float) -> str:
    return repr(value) if value == value else "NaN"


def _quoted(text: str) -> str:
    if any(mark in text for mark in ',"\n\r') or text != text.strip():
        return '"' + text.replace('"', '""') + '"'
    return text
