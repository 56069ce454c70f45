"""Curves as small as a cell of a table: read for the rows on the screen, never for a sort."""

from __future__ import annotations

from collections.abc import Sequence

from tui_tracker.queries.answers import RunKey
from tui_tracker.queries.points import read_buckets
from tui_tracker.queries.rows import METRIC_KIND, marks
from tui_tracker.queries.selection import split_label
from tui_tracker.store import Store

SPARK_BUCKETS = 12
"""Stretches of a curve that a cell has room for."""


def read_sparks(
    store: Store, keys: Sequence[RunKey], labels: Sequence[str], buckets: int = SPARK_BUCKETS
) -> dict[RunKey, dict[str, tuple[float, ...]]]:
    """Return smallest and largest value of each stretch of the curves, by run and label.

    A stretch without a finite value gives NaN twice; a run without the metric is left out.
    Long curves are read from the heads of their blocks alone.
    """
    found: dict[RunKey, dict[str, tuple[float, ...]]] = {}
    if not labels or not keys:
        return found
    for label in labels:
        for run, metric in _logged(store, keys, label):
            curve = read_buckets(store, run, metric, buckets)
            if curve is not None:
                found.setdefault(run, {})[label] = _in_turn(curve.mins, curve.maxs)
    return found


def _in_turn(mins: Sequence[float], maxs: Sequence[float]) -> tuple[float, ...]:
    """Return both ends of each stretch, the largest first where the curve falls there."""
    middles = [low / 2 + high / 2 for low, high in zip(mins, maxs, strict=True)]
    values: list[float] = []
    for index, (low, high) in enumerate(zip(mins, maxs, strict=True)):
        before, after = middles[max(0, index - 1)], middles[min(len(middles) - 1, index + 1)]
        values += (high, low) if after < before else (low, high)
    return tuple(values)


def _logged(store: Store, keys: Sequence[RunKey], label: str) -> list[tuple[int, int]]:
    name, context = split_label(label)
    bound = {"keys": marks(keys), "name": name, "context": context, "label": label}
    rows = store.read(
        "SELECT m.run, m.key FROM metric AS m WHERE m.run IN (SELECT value FROM "
        f"json_each(:keys)) AND m.key IN (SELECT id FROM key WHERE kind = {METRIC_KIND} AND "
        "(name = :name AND context = :context OR name = :label AND context = ''))",
        bound,
    )
    return [(run, metric) for run, metric in rows]
