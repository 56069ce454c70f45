"""The health of runs, read so that a page of the table costs a handful of queries.

Three queries tell status, totals and block heads of all runs at once; points are read of
short series only, as many as `BLOCKS` allows in one call, and longer ones are judged by
the heads of their blocks. What was found is kept by run, its points and its status, so
that only runs that grew are judged again; the pulse of a live run is felt each time.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from threading import Lock
from weakref import WeakKeyDictionary

from tui_tracker import blocks
from tui_tracker.health import (
    Curve,
    Health,
    RunFacts,
    curve_of_buckets,
    curve_of_points,
    judge_run,
)
from tui_tracker.health.shape import first_odd
from tui_tracker.queries.answers import RunKey
from tui_tracker.queries.pulse import read_pulses
from tui_tracker.queries.rows import METRIC_KIND, marks
from tui_tracker.store import Row, Store
from tui_tracker.telling import metric_rank, metric_stat

BLOCKS = 400
"""Blocks of points that one call decodes: a tenth of a second at most."""
_LONGEST = 64
"""Blocks of the longest series that is read point by point."""
_TELLING = 6
"""Metrics of a run that are judged by their shape."""
_MOST_ODD = 500
"""Metrics with NaN or infinities that are told in one call, `_FEW_ODD` of each run at least:
a rule that asks for stable curves may ask for thousands of runs."""
_FEW_ODD = 10
_CELLS = 240
_KEPT = 20_000

_HEAD = "run, metric, n, low_step, high_step, low_ms, high_ms, min, max, sum, data"
_METRIC = "run, key, count, first_ms, last_ms, last, min, max, min_step, max_step, nan, inf"


@dataclass(frozen=True, slots=True)
class _Head:
    """One block of a series without its points."""

    n: int
    low_step: int
    high_step: int
    low_ms: int
    high_ms: int
    low: float | None
    high: float | None
    total: float | None
    data: int


@dataclass(frozen=True, slots=True)
class _Metric:
    """What one series came to."""

    run: RunKey
    key: int
    label: str
    count: int
    first_ms: int
    last_ms: int
    last: float | None
    low: float | None
    high: float | None
    low_step: int | None
    high_step: int | None
    nan: int
    inf: int

    @property
    def odd(self) -> int:
        return self.nan + self.inf

    @property
    def ends_odd(self) -> bool:
        return self.last is None or not math.isfinite(self.last)


@dataclass(frozen=True, slots=True)
class _Judged:
    """What was found of a run when it had so many points."""

    points: int
    facts: RunFacts
    found: tuple[Health, ...]


_kept: WeakKeyDictionary[Store, dict[RunKey, _Judged]] = WeakKeyDictionary()
_keeping = Lock()


def read_health(
    store: Store, keys: Sequence[RunKey], *, now_ms: int | None = None, most_blocks: int = BLOCKS
) -> dict[RunKey, tuple[Health, ...]]:
    """Return what is wrong with these runs, worst first; a run that is gone is left out.

    `most_blocks` bounds what is read point by point.
    """
    now = int(time.time() * 1000) if now_ms is None else now_ms
    with _keeping:
        kept = _kept.setdefault(store, {})
        if len(kept) > _KEPT:
            kept.clear()
    states = {
        key: (status, ended_by, points)
        for key, status, ended_by, points in store.read(
            "SELECT id, status, ended_by, points FROM run "
            "WHERE id IN (SELECT value FROM json_each(?))",
            (marks(keys),),
        )
    }
    stale = [
        key
        for key, (status, _, points) in states.items()
        if (old := kept.get(key)) is None or (old.points, old.facts.status) != (points, status)
    ]
    if stale:
        kept.update(_judge(store, stale, states, most_blocks))
    return {key: _with_pulse(kept[key], now) for key in keys if key in states}


def _with_pulse(judged: _Judged, now_ms: int) -> tuple[Health, ...]:
    if judged.facts.status != "running":
        return judged.found
    pulse = judge_run((), replace(judged.facts, now_ms=now_ms))
    return (*pulse, *judged.found) if pulse else judged.found


def _judge(
    store: Store,
    keys: Sequence[RunKey],
    states: Mapping[RunKey, tuple[str, str, int]],
    most_blocks: int,
) -> Iterator[tuple[RunKey, _Judged]]:
    labels = _telling_labels(store)
    metrics = _read_metrics(store, keys, labels)
    heads = _read_heads(store, metrics)
    reading = _Reading(store, heads, most_blocks)
    pulses = read_pulses(store, [key for key in keys if states[key][0] == "running"])
    for key in keys:
        status, ended_by, points = states[key]
        chosen = metrics.get(key, [])
        curves = [reading.curve(metric, shape=metric.key in labels) for metric in chosen]
        facts = RunFacts(status, ended_by)
        if (pulse := pulses.get(key)) is not None:
            facts = replace(
                facts,
                last_ms=pulse.last_ms,
                usual_ms=pulse.usual_ms,
                longest_ms=max(map(reading.pause_ms, chosen), default=0.0),
                points=pulse.points,
            )
        # The pulse depends on the time of asking, so it is not kept.
        found = judge_run(curves, replace(facts, last_ms=None))
        yield key, _Judged(points, facts, found)


def _telling_labels(store: Store) -> dict[int, str]:
    """Return the metrics whose name tells quality and direction, by key."""
    found = {}
    for key, name, context in store.read(
        "SELECT id, name, context FROM key WHERE kind=?", (METRIC_KIND,)
    ):
        label = f"{name}@{context}" if context else name
        if metric_rank(label) <= 1 and metric_stat(label) != "last":
            found[key] = label
    return found


def _read_metrics(
    store: Store, keys: Sequence[RunKey], labels: Mapping[int, str]
) -> dict[RunKey, list[_Metric]]:
    """Return the telling metrics of each run, and those with a value that is not finite."""
    bound = {"keys": marks(keys), "telling": marks(labels), "kind": METRIC_KIND}
    runs = "run IN (SELECT value FROM json_each(:keys))"
    found: dict[RunKey, list[_Metric]] = {}
    for row in store.read(
        f"SELECT {_METRIC} FROM metric WHERE {runs} "
        "AND key IN (SELECT value FROM json_each(:telling))",
        {name: bound[name] for name in ("keys", "telling")},
    ):
        found.setdefault(row[0], []).append(_metric(row, labels[row[1]]))
    for run, metrics in found.items():
        metrics.sort(key=lambda metric: (metric_rank(metric.label), metric.label))
        found[run] = metrics[:_TELLING]
    chosen = {(metric.run, metric.key) for metrics in found.values() for metric in metrics}
    columns = ", ".join(f"m.{name.strip()}" for name in _METRIC.split(","))
    for *columns_of_metric, name, context in store.read(
        f"SELECT {_METRIC}, name, context FROM (SELECT {columns}, k.name, k.context, "
        "row_number() OVER (PARTITION BY m.run ORDER BY m.key) AS place "
        "FROM metric AS m JOIN key AS k ON k.id = m.key "
        f"WHERE m.{runs} AND k.kind = :kind AND (m.nan > 0 OR m.inf > 0)) AS odd "
        f"WHERE place <= {max(_FEW_ODD, _MOST_ODD // max(1, len(keys)))}",
        {name: bound[name] for name in ("keys", "kind")},
    ):
        metric = _metric(columns_of_metric, f"{name}@{context}" if context else name)
        if (metric.run, metric.key) not in chosen:
            found.setdefault(metric.run, []).append(metric)
    return found


def _metric(row: Sequence[object], label: str) -> _Metric:
    run, key, *rest = row
    return _Metric(run, key, label, *rest)  # type: ignore[arg-type]


def _read_heads(
    store: Store, metrics: Mapping[RunKey, Sequence[_Metric]]
) -> dict[tuple[RunKey, int], list[_Head]]:
    wanted = [metric.key for chosen in metrics.values() for metric in chosen]
    found: dict[tuple[RunKey, int], list[_Head]] = {
        (metric.run, metric.key): [] for chosen in metrics.values() for metric in chosen
    }
    for run, metric, *head in store.read(
        f"SELECT {_HEAD} FROM series_block WHERE run IN (SELECT value FROM json_each(?)) "
        "AND metric IN (SELECT value FROM json_each(?)) ORDER BY run, metric, seq",
        (marks(metrics), marks(set(wanted))),
    ):
        if (heads := found.get((run, metric))) is not None:
            heads.append(_Head(*head))
    return found


class _Reading:
    """Turns series into curves, points read as long as the bound allows."""

    def __init__(
        self, store: Store, heads: Mapping[tuple[RunKey, int], Sequence[_Head]], most_blocks: int
    ) -> None:
        self._store, self._heads = store, heads
        wanted: list[int] = []
        self._whole: set[tuple[RunKey, int]] = set()
        # Short series first: one of two blocks tells less by its heads than one of sixty.
        for which, found in sorted(heads.items(), key=lambda item: len(item[1])):
            if len(found) <= _LONGEST and len(wanted) + len(found) <= most_blocks:
                self._whole.add(which)
                wanted += [head.data for head in found]
        self._data = _read_blocks(store, wanted)

    def curve(self, metric: _Metric, *, shape: bool) -> Curve:
        """Return what the series looks like; with `shape=False` only its NaN and infinities."""
        which = (metric.run, metric.key)
        heads = self._heads.get(which, ())
        step = self._odd_step(metric, heads) if metric.odd else None
        if not shape:
            curve = Curve(metric.label, (), (), (), ())
        elif which in self._whole:
            curve = self._curve_of_data(metric.label, heads)
        else:
            curve = _curve_of_heads(metric, heads)
        return replace(
            curve,
            nan=metric.nan,
            inf=metric.inf,
            count=metric.count,
            odd_step=step,
            ends_odd=bool(metric.odd) and metric.ends_odd,
        )

    def pause_ms(self, metric: _Metric) -> float:
        """Return the longest pause between two points, as far as it was read."""
        which = (metric.run, metric.key)
        heads = self._heads.get(which, ())
        between = [b.low_ms - a.high_ms for a, b in pairwise(heads)]
        for head in heads if which in self._whole else ():
            _, times = blocks.decode_axis(self._data[head.data])
            between += [b - a for a, b in pairwise(times)]
        return float(max(between, default=0))

    def _curve_of_data(self, label: str, heads: Sequence[_Head]) -> Curve:
        parts = [
            (
                blocks.decode_axis(self._data[head.data])[0],
                blocks.decode_values(self._data[head.data]),
            )
            for head in heads
            if head.data in self._data
        ]
        if sum(len(values) for _, values in parts) <= 2 * _CELLS:
            steps = [step for some, _ in parts for step in some]
            return curve_of_points(label, steps, [v for _, values in parts for v in values])
        # Rounded up, so that the cells are no more than the rules look at.
        size = -(-sum(len(values) for _, values in parts) // _CELLS)
        cells = [
            _cell(steps[at : at + size], values[at : at + size])
            for steps, values in parts
            for at in range(0, len(values), size)
        ]
        known = [cell for cell in cells if cell is not None]
        curve = curve_of_buckets(
            label,
            [cell[0] for cell in known],
            [cell[1] for cell in known],
            [cell[2] for cell in known],
            mids=[cell[3] for cell in known],
        )
        at_peak = 5 if metric_stat(label) == "min" else 4
        return replace(curve, peaks=[int(cell[at_peak]) for cell in known])

    def _odd_step(self, metric: _Metric, heads: Sequence[_Head]) -> int | None:
        """Return the step from which on no value is finite, if it is found quickly.

        Where the last one is, that of the first that is not.
        """
        if not metric.ends_odd:
            for head in heads[:_LONGEST]:
                steps, values = self._points(head)
                if (at := first_odd(values)) is not None:
                    return steps[at]
            return None
        step: int | None = None
        for head in reversed(heads):
            if head.low is None:  # nothing in it is finite
                step = head.low_step
                continue
            steps, values = self._points(head)
            if not values or math.isfinite(values[-1]):
                return step
            at = first_odd(values)
            step = None if at is None else steps[at]
            if at:
                return step
        return step

    def _points(self, head: _Head) -> tuple[Sequence[int], Sequence[float]]:
        """Return steps and values of a block; none where it is missing."""
        data = self._data.get(head.data) or _read_blocks(self._store, [head.data]).get(head.data)
        return (
            ((), ()) if data is None else (blocks.decode_axis(data)[0], blocks.decode_values(data))
        )


def _cell(
    steps: Sequence[int], values: Sequence[float]
) -> tuple[int, float, float, float, int, int] | None:
    """Return first step, lowest, highest, mean, and the steps of lowest and highest value."""
    finite: Sequence[float] = values
    if not math.isfinite(sum(values)):
        pairs = [(s, v) for s, v in zip(steps, values, strict=True) if math.isfinite(v)]
        steps, finite = [s for s, _ in pairs], [v for _, v in pairs]
    if not finite:
        return None
    low, high = min(finite), max(finite)
    total = sum(finite)
    mean = total / len(finite) if math.isfinite(total) else low / 2 + high / 2
    return steps[0], low, high, mean, steps[finite.index(low)], steps[finite.index(high)]


def _curve_of_heads(metric: _Metric, heads: Sequence[_Head]) -> Curve:
    """Return a long series by the heads of its blocks; its extremes keep their exact steps."""
    known = [head for head in heads if head.low is not None and head.high is not None]
    up = metric_stat(metric.label) == "min"
    extreme, step = (metric.high, metric.high_step) if up else (metric.low, metric.low_step)
    peaks = [
        step if step is not None and (head.high if up else head.low) == extreme else head.low_step
        for head in known
    ]
    curve = curve_of_buckets(
        metric.label,
        [head.low_step for head in known],
        [head.low or 0.0 for head in known],
        [head.high or 0.0 for head in known],
        mids=[_mean(head) for head in known],
    )
    return replace(curve, peaks=peaks)


def _mean(head: _Head) -> float:
    low, high = head.low or 0.0, head.high or 0.0
    mean = (head.total or 0.0) / head.n
    # Where a block holds NaN too, its sum is of fewer points than it has.
    return mean if low <= mean <= high else low / 2 + high / 2


def _read_blocks(store: Store, numbers: Sequence[int]) -> dict[int, bytes]:
    if not numbers:
        return {}
    rows: list[Row] = store.read(
        "SELECT id, data FROM block WHERE id IN (SELECT value FROM json_each(?))",
        (marks(numbers),),
    )
    return dict(rows)
