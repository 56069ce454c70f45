"""Values as Sacred writes them: jsonpickle made plain, metrics and info as series.

Objects are never built: of a jsonpickle tag only what holds data is looked at.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from tui_tracker.importers.records import ms_from_utc
from tui_tracker.importers.rewritten import as_number, as_step, mapping
from tui_tracker.importers.run_folders import utc

_LISTS = ("py/tuple", "py/set", "py/iterator", "py/seq")
_TEXTS = ("py/type", "py/class", "py/function", "py/repr", "py/ref", "py/b64", "py/bytes")
_MOST_INFO = 10_000
_DEEPEST = 100


@dataclass(frozen=True, slots=True)
class Series:
    """All points of one metric by now."""

    name: str
    steps: list[int]
    times_ms: list[int]
    values: list[float]


def plain(value: object, depth: int = 0) -> object:
    """Return what jsonpickle wrote as plain data: tuples as lists, objects as what they hold."""
    if depth > _DEEPEST:
        return "..."
    if isinstance(value, list):
        return [plain(one, depth + 1) for one in value]
    if not isinstance(value, dict):
        return value
    tags = [tag for tag in value if tag in _LISTS or (tag in _TEXTS and len(value) == 1)]
    if tags:
        held = value[tags[0]]
        return plain(held, depth + 1) if tags[0] in _LISTS else str(held)
    if "py/object" in value or "py/reduce" in value:
        return _content(value, depth)
    return {str(name): plain(one, depth + 1) for name, one in value.items()}


def _content(value: Mapping[str, object], depth: int) -> object:
    """Return what an object holds: a value, a state, or its fields."""
    for part in ("value", "values", "py/state", "default"):
        if part in value:
            return plain(value[part], depth + 1)
    fields = {name: one for name, one in value.items() if not str(name).startswith("py/")}
    if fields:
        return {name: plain(one, depth + 1) for name, one in fields.items()}
    return str(value.get("py/object") or "")


def read_metrics(
    metrics: Mapping[str, object], started_at: datetime | None
) -> tuple[list[Series], list[tuple[str, str]]]:
    """Return all series, and what of them cannot be read: the name and why."""
    series, bad = [], []
    for name, content in metrics.items():
        parts = mapping(content)
        columns = [parts.get(part) for part in ("steps", "values")]
        if not all(isinstance(column, list) for column in columns):
            bad.append((name, "has no steps and values; left out"))
            continue
        times = parts.get("timestamps")
        one, problem = _series(name, columns, times if isinstance(times, list) else [], started_at)
        if one.steps:
            series += [one, *_own_steps(one, columns[0])]
        if problem:
            bad.append((name, problem))
    return series, bad


def _series(
    name: str, columns: Sequence[object], times: list[object], started_at: datetime | None
) -> tuple[Series, str]:
    steps, values = (column if isinstance(column, list) else [] for column in columns)
    found = Series(name or "_", [], [], [])
    at = ms_from_utc(started_at) if started_at else 0
    skipped = abs(len(steps) - len(values))
    whole = all(as_step(plain(step)) is not None for step in steps)
    for number, (step, value) in enumerate(zip(steps, values, strict=False)):
        moment = utc(times[number]) if number < len(times) else None
        at = ms_from_utc(moment) if moment else at
        held = as_number(plain(value))
        if held is None:
            skipped += 1
            continue
        found.steps.append((as_step(plain(step)) or 0) if whole else number)
        found.times_ms.append(at)
        found.values.append(held)
    problem = f"{skipped} values without a step or that are no numbers; left out"
    return found, problem if skipped else ""


def _own_steps(series: Series, steps: object) -> Iterator[Series]:
    """Yield the logged steps as a series of their own, where some are no whole numbers."""
    logged = [as_number(plain(step)) for step in steps] if isinstance(steps, list) else []
    held = [step for step in logged if step is not None]
    if len(held) == len(series.steps) and any(as_step(step) is None for step in held):
        yield Series(f"{series.name}.step", series.steps, series.times_ms, held)


def read_info(info: Mapping[str, object], at: datetime | None) -> list[Series]:
    """Return the numbers in nested data as series: one point, or a list of them from step 0."""
    time_ms = ms_from_utc(at) if at else 0
    series = []
    for name, value in _leaves(info, ""):
        items = value if isinstance(value, list) else [value]
        numbers = [as_number(one) for one in items if not isinstance(one, str)]
        held = [number for number in numbers if number is not None]
        if held and len(held) == len(items):
            steps = list(range(len(held)))
            series.append(Series(name, steps, [time_ms] * len(held), held))
        if len(series) >= _MOST_INFO:
            break
    return series


def _leaves(value: object, name: str, depth: int = 0) -> Iterator[tuple[str, object]]:
    if not isinstance(value, dict):
        yield name, value
    elif depth < _DEEPEST:
        for part, one in value.items():
            yield from _leaves(one, f"{name}.{part}" if name else str(part), depth + 1)
