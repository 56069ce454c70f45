"""What charts of runs ask the store, answered as values; imported by the workers only."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from tui_tracker.curves import Curve
from tui_tracker.formatting import printable
from tui_tracker.queries import (
    ChartWanted,
    PointFound,
    RunRow,
    XAxis,
    first_crossings,
    get_rows,
    read_curves,
    read_difference,
    read_values_at,
)
from tui_tracker.queries.health import read_health
from tui_tracker.queries.seeds import seed_digests, seed_siblings
from tui_tracker.store import Store
from tui_tracker.telling import rank_metrics
from tui_tracker.tui.widgets.curve_base import ChartQuestion, Threshold
from tui_tracker.tui.widgets.curve_grid import crossing_words
from tui_tracker.tui.widgets.curve_model import Mark, ShownRun, X, names_apart
from tui_tracker.values import is_seed


@dataclass(frozen=True, slots=True)
class RunsShown:
    """The runs of a screen of curves, and all their metrics."""

    runs: tuple[ShownRun, ...]
    labels: tuple[str, ...]
    """Most telling first."""
    statuses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ChartRead:
    """The answer to one question."""

    question: ChartQuestion
    curves: dict[int, Curve]
    difference: tuple[Curve, int] | None = None


def read_shown_runs(store: Store, keys: Sequence[int]) -> RunsShown:
    """Return the runs, named so that they can be told apart, and their metrics."""
    rows = get_rows(store, keys, params=None, metrics=None)
    shown = shown_runs(store, rows)
    labels = dict.fromkeys(label for row in rows for label in row.metrics)
    return RunsShown(shown, tuple(rank_metrics(list(labels))), tuple(row.status for row in rows))


def shown_runs(store: Store, rows: Sequence[RunRow]) -> tuple[ShownRun, ...]:
    """Return runs as charts show them."""
    digests = seed_digests(store, [row.key for row in rows])
    groups = [digests.get(row.key, f"run {row.key}") for row in rows]
    names = names_apart(rows)
    group_names = _group_names(rows, groups)
    return tuple(
        ShownRun(
            key=row.key,
            name=name,
            metrics=row.metrics,
            group=group,
            group_name=group_names[group],
            running=row.status == "running",
        )
        for row, name, group in zip(rows, names, groups, strict=True)
    )


def _group_names(rows: Sequence[RunRow], groups: Sequence[str]) -> dict[str, str]:
    """Return what each group is called: what its names begin with, else params that differ."""
    firsts: dict[str, RunRow] = {}
    for row, group in zip(rows, groups, strict=True):
        unseeded = {k: v for k, v in row.params.items() if not is_seed(k)}
        firsts.setdefault(group, replace(row, params=unseeded))
    counts = {group: groups.count(group) for group in firsts}
    names = names_apart(list(firsts.values()))
    called = {}
    for group, name in zip(firsts, names, strict=True):
        members = [printable(row.name) for row, other in zip(rows, groups, strict=True)
                   if other == group]  # fmt: skip
        called[group] = f"{_beginning(members) or name} ×{counts[group]}"
        if counts[group] == 1:
            called[group] = name
    return called


def _beginning(names: Sequence[str]) -> str:
    """Return the words that all names begin with, "" where there is none or only one name."""
    if len(names) < 2 or len(set(names)) == 1:
        return names[0] if len(names) > 1 else ""
    least, most = min(names), max(names)
    same = next((i for i, (a, b) in enumerate(zip(least, most, strict=False)) if a != b), None)
    return re.sub(r"[^-_. /]*$", "", least[:same]).rstrip("-_. /")


def read_charts(
    store: Store, questions: Sequence[ChartQuestion], runs: Sequence[ShownRun]
) -> list[ChartRead]:
    """Return the curves of some charts, with one query for all their block heads."""
    by_key = {run.key: run for run in runs}
    differences = [one for one in questions if one.difference is not None]
    plain = [one for one in questions if one.difference is None]
    answers = [_read_difference(store, one, by_key) for one in differences]
    if not plain:
        return answers
    axis = _axis(plain[0], runs)
    charts = []
    for one in plain:
        pairs = tuple((key, by_key[key].metrics[one.label].key) for key in one.runs)
        low, high = one.view or (None, None)
        charts.append(ChartWanted(pairs, low, high, grows=one.grows and one.view is None))
    found = read_curves(store, charts, max(one.slots for one in plain), axis)
    for one, chart in zip(plain, charts, strict=True):
        curves = {pair[0]: found[pair] for pair in chart.pairs if pair in found}
        answers.append(ChartRead(one, curves))
    return answers


def _axis(question: ChartQuestion, runs: Sequence[ShownRun]) -> XAxis:
    if question.x != "metric":
        kind: X = question.x  # type: ignore[assignment]
        return XAxis(kind)
    name = question.x_metric
    key = next((run.metrics[name].key for run in runs if name in run.metrics), 0)
    return XAxis("metric", key)


def _read_difference(store: Store, question: ChartQuestion, runs: dict[int, ShownRun]) -> ChartRead:
    assert question.difference is not None
    first, second = ((key, runs[key].metrics[question.label].key) for key in question.difference)
    low, high = question.view or (None, None)
    found = read_difference(store, first, second, question.slots, low=low, high=high)
    return ChartRead(question, {}, found)


def read_cursor(
    store: Store,
    at: float,
    pairs: Sequence[tuple[str, int]],
    x: X,
    runs: Sequence[ShownRun],
) -> dict[tuple[str, int], PointFound]:
    """Return the points nearest to a place by metric and run, from one block each."""
    by_key = {run.key: run for run in runs}
    keys = {(run, by_key[run].metrics[label].key): (label, run) for label, run in pairs}
    found = read_values_at(store, list(keys), at, XAxis(x))
    return {keys[pair]: point for pair, point in found.items()}


def read_marks(store: Store, keys: Sequence[int]) -> dict[int, tuple[Mark, ...]]:
    """Return what health found at a step of a metric, by run."""
    return {
        key: tuple(
            Mark(one.metric, one.step, one.words)
            for one in found
            if one.metric and one.step is not None
        )
        for key, found in read_health(store, keys).items()
    }


def read_threshold(store: Store, label: str, value: float, runs: Sequence[ShownRun]) -> Threshold:
    """Return where each run first reaches a level, in words and as steps."""
    pairs = [(run.key, run.metrics[label].key) for run in runs if label in run.metrics]
    found = first_crossings(store, pairs, value)
    words, places = [], []
    for run in runs:
        summary = run.metrics.get(label)
        crossing = found.get((run.key, summary.key)) if summary else None
        if summary is None or crossing is None:
            continue
        best = summary.max if crossing.rising else summary.min
        words.append(crossing_words(run.name, value, crossing.step, best))
        if crossing.step is not None:
            places.append(float(crossing.step))
    return Threshold(value, "; ".join(words), tuple(places))


__all__ = ["read_charts", "read_cursor", "read_shown_runs", "read_threshold", "seed_siblings"]
