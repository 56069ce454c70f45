"""From columns to values: how the store's rows read as ids, times, params and tags."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from tui_tracker.queries.answers import MetricSummary, ParamValue
from tui_tracker.queries.contents import content
from tui_tracker.store import Store

METRIC = (
    "m.count, m.first_step, m.last_step, m.first, m.last, m.min, m.max, m.mean, "
    "m.min_step, m.max_step, m.nan, m.inf, m.m2, m.key"
)
PARAM_KIND, METRIC_KIND, SYSTEM_KIND, FACT_KIND = 0, 1, 2, 3


def run_uuid(raw: bytes) -> str:
    """Return a run's id as people see it."""
    digits = raw.hex()
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def moment(ms: int) -> datetime:
    """Return Unix milliseconds as an aware UTC time."""
    return datetime.fromtimestamp(ms / 1000, UTC)


def maybe_moment(ms: int | None) -> datetime | None:
    return None if ms is None else moment(ms)


def metric_summary(name: str, context: str, columns: Sequence[Any]) -> MetricSummary:
    """Return a summary from the columns named in `METRIC`."""
    count, first_step, last_step, first, last, low, high, mean, *rest = columns
    min_step, max_step, nans, infs, m2, key = rest
    finite = count - nans - infs
    # By place: with names it takes longer, and an audit makes a hundred thousand.
    return MetricSummary(
        name,
        context,
        count,
        first_step,
        last_step,
        math.nan if first is None else first,
        math.nan if last is None else last,
        low,
        high,
        mean,
        min_step,
        max_step,
        nans,
        infs,
        key,
        math.sqrt(max(0.0, m2) / (finite - 1)) if finite > 1 and m2 is not None else None,
    )


def param_value(
    store: Store, kind: str, number: float | None, text: str | None, digest: bytes | None
) -> ParamValue:
    """Return a param as it was logged."""
    if digest is not None:
        text = content(store, digest).decode()
    if kind == "str":
        return text or ""
    if kind == "int":
        return int(text) if text is not None else int(number or 0)
    if kind == "float":
        return math.nan if number is None else number
    if kind == "bool":
        return bool(number)
    if kind == "list":
        members: list[object] = json.loads(text or "[]")
        return members
    return None


def marks(items: Iterable[int]) -> str:
    """Return whole numbers as JSON, for `IN (SELECT value FROM json_each(:keys))`."""
    return json.dumps(list(items), separators=(",", ":"))
