"""The metrics of several runs as rows: the best value of each, and its last."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from tui_tracker.compare.doubts import Unsaid
from tui_tracker.compare.rows import Row, best_of, row_of
from tui_tracker.queries import MetricSummary, RunRow
from tui_tracker.telling import Stat, delta_of, metric_stat, rank_metrics


def metric_rows(runs: Sequence[RunRow]) -> Iterable[Row]:
    """Yield the rows of each metric that a run logged, most telling first.

    A metric without a finite value has no best; its last tells why.
    """
    labels = rank_metrics(list(dict.fromkeys(label for run in runs for label in run.metrics)))
    for rank, label in enumerate(labels):
        stat = metric_stat(label)
        summaries = [run.metrics.get(label) for run in runs]
        for shown in dict.fromkeys((stat, "last")):
            yield _row(label, shown, stat, summaries, rank)


def _row(
    label: str, shown: Stat, stat: Stat, summaries: Sequence[MetricSummary | None], rank: int
) -> Row:
    values = [_value(summary, shown) for summary in summaries]
    better = "" if stat == "last" else stat
    return replace(
        row_of("metrics", label, values),
        stat=shown,
        better=better,
        best=best_of(values, better, delta_of(label)),
        rank=rank,
    )


def _value(summary: MetricSummary | None, stat: Stat) -> object:
    if summary is None:
        return Unsaid.ABSENT
    value = {"last": summary.last, "min": summary.min, "max": summary.max}[stat]
    return Unsaid.ABSENT if value is None else value
