"""What differs in what two runs logged: the last value and the best of each metric."""

from __future__ import annotations

import math
from collections.abc import Mapping

from tui_tracker.compare.ignoring import Ignored
from tui_tracker.compare.values import MetricDifference
from tui_tracker.queries import MetricSummary
from tui_tracker.telling import metric_stat, rank_metrics


def compare_metrics(
    a: Mapping[str, MetricSummary], b: Mapping[str, MetricSummary], ignored: Ignored
) -> tuple[tuple[MetricDifference, ...], int, int]:
    """Return the metrics that differ, most telling first; how many are the same, and ignored."""
    found, same, hidden = [], 0, 0
    for label in rank_metrics(list(dict.fromkeys([*a, *b]))):
        if label in a and label in b and _equal(a[label], b[label]):
            same += 1
        elif ignored.hides("metrics", label):
            hidden += 1
        else:
            found.append(_difference(label, a.get(label), b.get(label)))
    return tuple(found), same, hidden


def _equal(a: MetricSummary, b: MetricSummary) -> bool:
    """Return whether two series came to the same; their steps and points count too."""
    pairs = [(a.last, b.last), (a.min, b.min), (a.max, b.max), (a.mean, b.mean)]
    counts = (a.count, a.last_step, a.nan, a.inf) == (b.count, b.last_step, b.nan, b.inf)
    return counts and all(_same_number(x, y) for x, y in pairs)


def _same_number(x: float | None, y: float | None) -> bool:
    if x is None or y is None:
        return x is y
    return x == y or (math.isnan(x) and math.isnan(y))


def _difference(label: str, a: MetricSummary | None, b: MetricSummary | None) -> MetricDifference:
    stat = metric_stat(label)
    change = b.last - a.last if a and b else None
    if change is not None and not math.isfinite(change):
        change = None
    size = abs(a.last) if a else 0.0
    relative = change / size if change is not None and size else None
    if relative is not None and not math.isfinite(relative):
        relative = None
    return MetricDifference(label, a, b, _best(a, stat), _best(b, stat), stat, change, relative)


def _best(metric: MetricSummary | None, stat: str) -> float | None:
    if metric is None:
        return None
    return {"min": metric.min, "max": metric.max}.get(stat, metric.last)
