"""The series of a run while they are drained: running totals and the unfilled block.

A series is loaded from the store when its first new points come, takes them as
columns, and writes itself back: full blocks once, the last one in place until it is
full. Whoever rolls a transaction back must forget its series too.
"""

from __future__ import annotations

import math

from tui_tracker import blocks

TYPE_CHECKING = False
if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

_FIELDS = (
    "count, first_step, last_step, first_ms, last_ms, first, last, "
    "min, max, mean, m2, min_step, max_step, nan, inf"
)


class Axis:
    """Steps and times of one block, encoded, and their extremes."""

    __slots__ = ("code", "high_ms", "high_step", "low_ms", "low_step", "steps", "times")

    def __init__(self, steps: Sequence[int], times_ms: Sequence[int]) -> None:
        self.steps, self.times = steps, times_ms
        self.code = blocks.encode_axis(steps, times_ms)
        self.low_step, self.high_step = min(steps), max(steps)
        self.low_ms, self.high_ms = min(times_ms), max(times_ms)


class AxisCache:
    """The axes of one transaction: metrics of one log call share their steps and times."""

    def __init__(self) -> None:
        self._axes: dict[tuple[int, int, int], Axis] = {}

    def get(self, steps: Sequence[int], times_ms: Sequence[int]) -> Axis:
        key = (len(steps), steps[0], times_ms[0])
        axis = self._axes.get(key)
        if axis is None or axis.steps != steps or axis.times != times_ms:
            axis = self._axes[key] = Axis(steps, times_ms)
        return axis

    def clear(self) -> None:
        self._axes.clear()


class OpenSeries:
    """One metric of one run: totals of all its points, and the points of its last block."""

    def __init__(self, run: int, metric: int) -> None:
        self.run, self.metric = run, metric
        self.count = self.finite = self.nan = self.inf = 0
        self.first_step = self.last_step = self.first_ms = self.last_ms = 0
        self.first = self.last = math.nan
        self.min: float | None = None
        self.max: float | None = None
        self.mean: float | None = None
        self.m2: float | None = None
        self.min_step: int | None = None
        self.max_step: int | None = None
        self._seq = 0
        self._block: int | None = None
        self._steps: list[int] = []
        self._times: list[int] = []
        self._values: list[float] = []

    @classmethod
    def load(cls, connection: sqlite3.Connection, run: int, metric: int) -> OpenSeries:
        """Return the series as the store has it, empty where it has none."""
        series = cls(run, metric)
        row = connection.execute(
            f"SELECT {_FIELDS} FROM metric WHERE run=? AND key=?", (run, metric)
        ).fetchone()
        if row is None:
            return series
        series.count, series.first_step, series.last_step = row[:3]
        series.first_ms, series.last_ms = row[3:5]
        series.first = math.nan if row[5] is None else row[5]
        series.last = math.nan if row[6] is None else row[6]
        (series.min, series.max, series.mean, series.m2) = row[7:11]
        (series.min_step, series.max_step, series.nan, series.inf) = row[11:]
        series.finite = series.count - series.nan - series.inf
        series._load_last_block(connection)
        return series

    def add(self, steps: Sequence[int], times_ms: Sequence[int], values: Sequence[float]) -> None:
        """Take points in log order; the three columns have the same length > 0."""
        if self.count == 0:
            self.first_step, self.first_ms, self.first = steps[0], times_ms[0], values[0]
        self.last_step, self.last_ms, self.last = steps[-1], times_ms[-1], values[-1]
        self._total(steps, values)
        self.count += len(values)
        self._steps += steps
        self._times += times_ms
        self._values += values

    def save(self, connection: sqlite3.Connection, axes: AxisCache) -> None:
        """Write totals, full blocks and the unfilled one."""
        size = blocks.CAPACITY
        start = 0
        while start < len(self._values):
            end = min(start + size, len(self._values))
            self._save_block(connection, axes, start, end)
            if end - start == size:
                self._seq, self._block, start = self._seq + 1, None, end
            else:
                break
        if start:
            del self._steps[:start], self._times[:start], self._values[:start]
        connection.execute(
            f"INSERT OR REPLACE INTO metric (run, key, {_FIELDS}) "
            "VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
            (
                *(self.run, self.metric, self.count, self.first_step, self.last_step),
                *(self.first_ms, self.last_ms, self.first, self.last, self.min, self.max),
                *(self.mean, self.m2, self.min_step, self.max_step, self.nan, self.inf),
            ),
        )

    def _total(self, steps: Sequence[int], values: Sequence[float]) -> None:
        # A finite sum proves that every value is finite, at C speed.
        if not math.isfinite(sum(values)):
            pairs = [(s, v) for s, v in zip(steps, values, strict=True) if math.isfinite(v)]
            nans = sum(v != v for v in values)
            self.nan += nans
            self.inf += len(values) - len(pairs) - nans
            if not pairs:
                return
            steps, values = [s for s, _ in pairs], [v for _, v in pairs]
        low, high = min(values), max(values)
        if self.min is None or low < self.min:
            self.min, self.min_step = low, steps[values.index(low)]
        if self.max is None or high > self.max:
            self.max, self.max_step = high, steps[values.index(high)]
        self._merge(values)

    def _merge(self, values: Sequence[float]) -> None:
        """Merge mean and squared distances of a batch of finite values.

        Source: Chan, Golub, LeVeque, Updating Formulae (1979).
        """
        n = len(values)
        mean = _mean(values)
        spread = math.dist(values, (mean,) * n)
        # `dist` is exact to the last bits; only values near 1e154 overflow when squared.
        m2 = spread * spread
        before = self.finite
        self.finite += n
        if before == 0 or self.mean is None or self.m2 is None:
            self.mean, self.m2 = mean, m2
            return
        total = before + n
        gap = mean - self.mean
        if math.isfinite(gap):
            self.mean += gap * (n / total)
        else:  # numbers from both ends of the range
            self.mean = self.mean * (before / total) + mean * (n / total)
        self.m2 += m2 + gap * gap * (before / total) * n

    def _save_block(
        self, connection: sqlite3.Connection, axes: AxisCache, start: int, end: int
    ) -> None:
        steps, times = self._steps[start:end], self._times[start:end]
        values = self._values[start:end]
        axis = axes.get(steps, times)
        data = blocks.encode(axis.code, values)
        if self._block is None:
            self._block = connection.execute(
                "INSERT INTO block (data) VALUES (?)", (data,)
            ).lastrowid
        else:
            connection.execute("UPDATE block SET data=? WHERE id=?", (data, self._block))
        finite = values
        if not math.isfinite(sum(values)):
            finite = [v for v in values if math.isfinite(v)]
        connection.execute(
            "INSERT OR REPLACE INTO series_block VALUES (?,?,?,?,?,?,?,?,?,?,?,?)",
            (
                *(self.run, self.metric, self._seq, end - start, axis.low_step, axis.high_step),
                *(axis.low_ms, axis.high_ms),
                *(min(finite, default=None), max(finite, default=None)),
                *(sum(finite) if finite else None, self._block),
            ),
        )

    def _load_last_block(self, connection: sqlite3.Connection) -> None:
        row = connection.execute(
            "SELECT s.seq, s.n, s.data, b.data FROM series_block AS s JOIN block AS b "
            "ON b.id = s.data WHERE s.run=? AND s.metric=? ORDER BY s.seq DESC LIMIT 1",
            (self.run, self.metric),
        ).fetchone()
        if row is None:
            return
        seq, n, block, data = row
        if n >= blocks.CAPACITY:
            self._seq = seq + 1
            return
        self._seq, self._block = seq, block
        steps, times = blocks.decode_axis(data)
        self._steps, self._times = list(steps), list(times)
        self._values = list(blocks.decode_values(data))


def _mean(values: Sequence[float]) -> float:
    try:
        return math.fsum(values) / len(values)
    except OverflowError:
        return math.fsum(value / len(values) for value in values)
