"""The names of params and metrics that some runs have, read along their keys alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from tui_tracker.queries.answers import RunKey
from tui_tracker.queries.rows import METRIC_KIND, PARAM_KIND, marks
from tui_tracker.store import Store

AT_ONCE = 10


def frequent_names(store: Store, keys: Sequence[RunKey], many: int) -> tuple[list[str], list[str]]:
    """Return params and metrics (labels) of runs, the most frequent first, ties by name.

    Once more than `many` metrics were met no further run is looked at: with ten thousand
    each, a few runs are enough.
    """
    params: Counter[int] = Counter()
    metrics: Counter[int] = Counter()
    for first in range(0, len(keys), AT_ONCE):
        if len(metrics) > many:
            break
        runs = marks(keys[first : first + AT_ONCE])
        for table, counts in (("param", params), ("metric", metrics)):
            rows = store.read(
                f"SELECT key, count(*) FROM {table} "
                "WHERE run IN (SELECT value FROM json_each(?)) GROUP BY key",
                (runs,),
            )
            for key, count in rows:
                counts[key] += count
    return _named(store, PARAM_KIND, params), _named(store, METRIC_KIND, metrics)


def _named(store: Store, kind: int, counts: Counter[int]) -> list[str]:
    rows = store.read(
        "SELECT id, name, context FROM key WHERE kind=? AND id IN (SELECT value FROM json_each(?))",
        (kind, marks(counts)),
    )
    labels = {key: f"{name}@{context}" if context else name for key, name, context in rows}
    return [labels[key] for key in sorted(labels, key=lambda key: (-counts[key], labels[key]))]
