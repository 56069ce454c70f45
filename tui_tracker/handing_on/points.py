"""The points of many runs, block by block, in an order that is the same in every store.

Runs come in the order asked for; a run's series by kind, name and context, the points of
a series in log order. Block heads are read for some runs at a time and the blocks for
some heads, so that neither a hundred thousand runs nor a run of ten million points is
ever in memory whole.
"""

from __future__ import annotations

import json
from array import array
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from tui_tracker import blocks
from tui_tracker.errors import StoreDamaged
from tui_tracker.store import Store

_METRIC_KIND, _SYSTEM_KIND = 1, 2
_MOST_RUNS, _MOST_POINTS = 250, 4_000_000
"""What one look at the block heads takes in."""
_BLOCKS_AT_ONCE = 256
_AXES = 64
"""Axes remembered: metrics that were logged together share theirs, byte for byte."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Points of one series that follow one another; the columns have one length > 0."""

    run: int
    """The store's own key of the run."""
    metric: str
    context: str
    system: bool
    """Sampled from the machine, not logged by the script."""
    steps: array[int]
    """int64."""
    times_ms: array[int]
    """int64, Unix milliseconds."""
    values: array[float]
    """float64; NaN and infinities as logged."""

    @property
    def label(self) -> str:
        """`name`, or `name@context` where there is a context."""
        return f"{self.metric}@{self.context}" if self.context else self.metric


def in_chunks(store: Store, keys: Sequence[int]) -> Iterator[list[int]]:
    """Yield the runs some at a time: many small ones, or few with many points."""
    chunk: list[int] = []
    held = 0
    for start in range(0, len(keys), _MOST_RUNS):
        some = list(keys[start : start + _MOST_RUNS])
        points: dict[int, int] = dict(
            store.read(
                "SELECT id, points FROM run WHERE id IN (SELECT value FROM json_each(:keys))",
                {"keys": json.dumps(some)},
            )
        )
        for key in some:
            if chunk and (len(chunk) >= _MOST_RUNS or held + points.get(key, 0) > _MOST_POINTS):
                yield chunk
                chunk, held = [], 0
            chunk.append(key)
            held += points.get(key, 0)
    if chunk:
        yield chunk


def read_points(
    store: Store,
    keys: Sequence[int],
    *,
    labels: Collection[str] | None = None,
    system: bool = False,
    as_logged: bool = False,
) -> Iterator[Stretch]:
    """Yield the points of runs; `labels` are the metrics wanted, None for all.

    `system` adds what was sampled from the machine, after a run's own metrics. `as_logged`
    reads past the aliases of the store.

    Raises:
        StoreDamaged: a block cannot be read.
    """
    place = "main." if as_logged else ""
    for chunk in in_chunks(store, keys):
        heads = _heads(store, chunk, place, labels, system=system)
        yield from _stretches(store, heads)


_Head = tuple[int, int, str, str, int, int]
"""Run, kind, name and context of the metric, number of the block in the series, its row."""


def _heads(
    store: Store, chunk: list[int], place: str, labels: Collection[str] | None, *, system: bool
) -> list[_Head]:
    kinds = (_METRIC_KIND, _SYSTEM_KIND) if system else (_METRIC_KIND,)
    named = {
        key: (kind, name, context)
        for key, kind, name, context in store.read(
            f"SELECT id, kind, name, context FROM {place}key WHERE kind IN (1, 2)"
        )
        if kind in kinds and (labels is None or _label(name, context) in labels)
    }
    order = {key: number for number, key in enumerate(chunk)}
    found: list[_Head] = [
        (run, *named[metric], seq, data)
        for run, metric, seq, data in store.read(
            f"SELECT run, metric, seq, data FROM {place}series_block "
            "WHERE run IN (SELECT value FROM json_each(:keys))",
            {"keys": json.dumps(chunk)},
        )
        if metric in named
    ]
    found.sort(key=lambda head: (order[head[0]], *head[1:]))
    return found


def _stretches(store: Store, heads: list[_Head]) -> Iterator[Stretch]:
    axes: dict[bytes, tuple[array[int], array[int]]] = {}
    for start in range(0, len(heads), _BLOCKS_AT_ONCE):
        some = heads[start : start + _BLOCKS_AT_ONCE]
        found: dict[int, bytes] = dict(
            store.read(
                "SELECT id, data FROM block WHERE id IN (SELECT value FROM json_each(:ids))",
                {"ids": json.dumps([head[5] for head in some])},
            )
        )
        for run, kind, name, context, _, data in some:
            try:
                code = blocks.axis_part(found[data])
                if code not in axes:
                    if len(axes) >= _AXES:
                        axes.clear()
                    axes[code] = blocks.decode_axis(found[data])
                steps, times = axes[code]
                values = blocks.decode_values(found[data])
            except (ValueError, KeyError) as error:
                raise StoreDamaged(store.path, f"a block of points of {name!r}: {error}") from error
            yield Stretch(run, name, context, kind == _SYSTEM_KIND, steps, times, values)


def in_full_blocks(stretches: Iterator[Stretch]) -> Iterator[Stretch]:
    """Yield the same points with as many in each stretch as a block holds, but for the last."""

    def series(one: Stretch) -> tuple[int, str, str, bool]:
        return one.run, one.metric, one.context, one.system

    for (run, metric, context, system), members in groupby(stretches, key=series):
        steps, times, values = array("q"), array("q"), array("d")
        for one in members:
            if not values and len(one.values) == blocks.CAPACITY:
                yield one
                continue
            steps, times, values = steps + one.steps, times + one.times_ms, values + one.values
            while len(values) >= (size := blocks.CAPACITY):
                yield Stretch(
                    run, metric, context, system, steps[:size], times[:size], values[:size]
                )
                steps, times, values = steps[size:], times[size:], values[size:]
        if values:
            yield Stretch(run, metric, context, system, steps, times, values)


def _label(name: str, context: str) -> str:
    return f"{name}@{context}" if context else name
