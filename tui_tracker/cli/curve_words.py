"""Which runs and metrics the words of `tt curve` mean."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tui_tracker.cli.output import say
from tui_tracker.errors import NotFound
from tui_tracker.queries import MetricSummary, RunDetail, find_metric, find_run, get_run
from tui_tracker.queries.renamed import metric_as_read
from tui_tracker.store import Store


@dataclass(frozen=True, slots=True)
class Wanted:
    """One curve: a metric of a run."""

    run: RunDetail
    metric: MetricSummary

    @property
    def pair(self) -> tuple[int, int]:
        return self.run.row.key, self.metric.key


def find_wanted(
    store: Store, first: str, words: Sequence[str], more: Sequence[str]
) -> list[Wanted]:
    """Return the curves that are meant: runs first, then metrics, `more` further runs.

    A word that is both a metric of a run named before and a run is the metric. A run that
    lacks one of several metrics, or one of several runs that lacks it, is told and left out.

    Raises:
        NotFound: no run has the metric, or a word is neither.
        Ambiguous: a word fits several runs, or a metric several contexts.
    """
    runs = [get_run(store, find_run(store, first))]
    names = [_as_read(store, runs[0], word) for word in words]
    while len(names) > 1 and not any(_has(run, names[0]) for run in runs):
        try:
            key = find_run(store, names[0])
        except NotFound:
            break
        runs.append(get_run(store, key))
        names.pop(0)
    runs += [get_run(store, find_run(store, word)) for word in more]
    runs = list({run.row.key: run for run in runs}.values())
    wanted = []
    for run in runs:
        for name in names:
            if len(runs) == 1 or _has(run, name):
                wanted.append(Wanted(run, find_metric(run, name)))
    _tell_missing(runs, names)
    return wanted


def _as_read(store: Store, run: RunDetail, word: str) -> str:
    """Return the metric that a word means, also where the run logged it under that name."""
    if _has(run, word):
        return word
    label = metric_as_read(store, run.row.key, word)
    return label if _has(run, label) else word


def _has(run: RunDetail, name: str) -> bool:
    metrics = {**run.system, **run.row.metrics}
    return name in metrics or any(metric.name == name for metric in metrics.values())


def _tell_missing(runs: Sequence[RunDetail], names: Sequence[str]) -> None:
    for name in names:
        without = [run for run in runs if not _has(run, name)]
        if len(without) == len(runs):
            known = dict.fromkeys(label for run in runs for label in run.row.metrics)
            raise NotFound("metric", name, list(known))
        for run in without:
            say(f"{run.row.name} never logged {name}")
