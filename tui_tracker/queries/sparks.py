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
    """Return smallest and largest value of each stretch of the curves, in turn, by run and label.

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
                pairs = zip(curve.mins, curve.maxs, strict=True)
                values = tuple(value for pair in pairs for value in pair)
                found.setdefault(run, {})[label] = values
    return found


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
