"""The points of a series, whole or reduced, and the lines of a console."""

from __future__ import annotations

import json
import zlib
from array import array

from tui_tracker import blocks
from tui_tracker.queries.answers import Buckets, ConsoleLine, RunKey, Series
from tui_tracker.queries.curves import ChartWanted, damage_told, read_curves
from tui_tracker.queries.rows import moment
from tui_tracker.store import Store


def read_series(store: Store, run: RunKey, metric: int) -> Series:
    """Return all points of a metric; empty where there is none."""
    steps, times, values = array("q"), array("q"), array("d")
    for (data,) in store.read(
        "SELECT b.data FROM series_block AS s JOIN block AS b ON b.id = s.data "
        "WHERE s.run=? AND s.metric=? ORDER BY s.seq",
        (run, metric),
    ):
        with damage_told(store):
            block_steps, block_times = blocks.decode_axis(data)
            steps += block_steps
            times += block_times
            values += blocks.decode_values(data)
    return Series(steps, times, values)


def read_buckets(
    store: Store,
    run: RunKey,
    metric: int,
    buckets: int,
    *,
    low: int | None = None,
    high: int | None = None,
) -> Buckets | None:
    """Return the curve between two steps (inclusive) in at most `buckets` buckets.

    Where there are more blocks than buckets, neighbouring blocks are joined from their
    heads alone; else the points are read. None where the run has no point of the metric.
    """
    pair = (run, metric)
    curve = read_curves(store, [ChartWanted((pair,), low, high)], buckets).get(pair)
    if curve is None:
        return None
    return Buckets(
        low_steps=[int(step) for step in curve.lows],
        high_steps=[int(step) for step in curve.highs],
        mins=curve.mins,
        maxs=curve.maxs,
        first_step=int(curve.first),
        last_step=int(curve.last),
        count=curve.count,
    )


def read_console(store: Store, run: RunKey, first: int = 0, count: int = 1000) -> list[ConsoleLine]:
    """Return up to `count` lines of the run's console from line `first`."""
    lines: list[ConsoleLine] = []
    for start, data in store.read(
        "SELECT first_line, data FROM console_block WHERE run=? AND first_line < ? "
        "AND first_line + n > ? ORDER BY seq",
        (run, first + count, first),
    ):
        for number, (at, stream, text) in enumerate(json.loads(zlib.decompress(data)), start):
            if first <= number < first + count:
                name = "err" if stream in "eE" else "out"
                lines.append(ConsoleLine(number, moment(at), name, text))  # type: ignore[arg-type]
    return lines
