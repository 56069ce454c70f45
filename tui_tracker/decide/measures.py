"""From a statistic of a rule to its value for a group of runs."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from tui_tracker.decide.candidates import Candidate, Group
from tui_tracker.decide.rule import Direction, Stat
from tui_tracker.equivalence import mean_interval, spread
from tui_tracker.errors import RuleInvalid
from tui_tracker.estimates import bootstrap_interval, interquartile_mean, interval_of_mean, quantile
from tui_tracker.means import mean_of
from tui_tracker.names.metric import declared as said
from tui_tracker.names.metric import read_metric
from tui_tracker.names.words import METRICS, OF_SPREAD
from tui_tracker.telling import metric_stat

RESAMPLES_OF_BEST = 400
_WAYS: dict[str, Direction] = {"max": "highest", "min": "lowest"}
_SPREADS = frozenset(("std", "sem", "cv", "ci_low", "ci_high"))


_SIMPLE: dict[str, Callable[[Sequence[float]], float]] = {
    "mean": mean_of,
    "median": median,
    "min": min,
    "max": max,
    "iqm": interquartile_mean,
}


@dataclass(frozen=True, slots=True)
class Measured:
    """A statistic of one group."""

    value: float | None
    """None where it is not defined, as the spread of one run is not."""
    why_not: str = ""


@dataclass(frozen=True, slots=True)
class Interval:
    """How intervals are taken."""

    method: str = ""
    level: float = 0.95


def direction_of(metric: str, declared: Mapping[str, Direction] | None = None) -> Direction | None:
    """Return whether more or less of a metric is better; None where nobody knows.

    Of a metric that was logged as a spread, such as `val_f1_std`, less is better. In which
    context a metric was taken says nothing of its direction.
    """
    if declared and metric in declared:
        return declared[metric]
    name = metric.partition("@")[0]
    read = read_metric(name)
    word = said(metric)
    if read.stat in OF_SPREAD and (word is None or word.name not in (metric, name)):
        return "lowest" if read.stat == "std" else None
    word = word or METRICS.get(read.base)
    if word is not None:
        return _WAYS.get(word.direction or "")
    stat = metric_stat(metric)
    return None if stat == "last" else "highest" if stat == "max" else "lowest"


def value_of(run: Candidate, label: str, stat: Stat, best: Direction | None) -> float:
    """Return what a run counts with; NaN where it never logged the metric or has no value.

    Raises:
        RuleInvalid: its best value is asked for, and nobody knows which way that is.
    """
    summary = run.metrics.get(label)
    if summary is None:
        return math.nan
    if isinstance(stat.pick, int):
        return run.steps.get((label, stat.pick), math.nan)
    if stat.pick != "best":
        return summary.last
    if best is None:
        problem = f"nobody knows which way {label!r} is better"
        raise RuleInvalid(str(stat), 0, problem, f"max({label})")
    value = summary.max if best == "highest" else summary.min
    return math.nan if value is None else value


def values_of(group: Group, label: str, stat: Stat, best: Direction | None) -> list[float]:
    """Return the finite values of a group, one a run."""
    found = (value_of(run, label, stat, best) for run in group.runs)
    return [value for value in found if math.isfinite(value)]


def measure(function: str, values: Sequence[float], interval: Interval) -> Measured:
    """Return a statistic of some values; undefined ones say why."""
    n = len(values)
    if function == "n":
        return Measured(float(n))
    if not values:
        return Measured(None, "no run has a finite value")
    if function in _SPREADS and n < 2:
        return Measured(None, f"needs at least 2 runs, there is {n}")
    if function == "cv" and mean_of(values) == 0:
        return Measured(None, "a mean of 0 has no relative spread")
    found = _value(function, values, interval)
    return Measured(found) if math.isfinite(found) else Measured(None, "is beyond all numbers")


def _value(function: str, values: Sequence[float], interval: Interval) -> float:
    if function.startswith("q") and function[1:].isdigit():
        return quantile(values, int(function[1:]) / 100)
    if function in ("ci_low", "ci_high"):
        return _interval(values, interval)[function == "ci_high"]
    if function in ("std", "sem", "cv"):
        std = spread(values)
        share = {"std": 1.0, "sem": math.sqrt(len(values)), "cv": abs(mean_of(values))}
        return std / share[function]
    if function == "range":
        return max(values) - min(values)
    return _SIMPLE[function](values)


def _interval(values: Sequence[float], interval: Interval) -> tuple[float, float]:
    if interval.method == "t":
        return mean_interval(values, interval.level)
    if interval.method == "bca":
        return bootstrap_interval(values, mean_of, level=interval.level)
    found = interval_of_mean(values, level=interval.level)
    return found.low, found.high


def chances_of_best(groups: Sequence[Sequence[float]], direction: Direction) -> list[float]:
    """Return for each group how often its mean is the best when its runs are drawn again.

    Groups without a value never are. Those that tie share it: a coarse metric makes no group
    the best by being there first.
    """
    draws = random.Random(20_260_102)
    sign = 1 if direction == "highest" else -1
    valued = [place for place, values in enumerate(groups) if values]
    won = [0.0] * len(groups)
    for _ in range(RESAMPLES_OF_BEST if valued else 0):
        means = {
            place: sign * mean_of(draws.choices(groups[place], k=len(groups[place])))
            for place in valued
        }
        best = max(means.values())
        first = [place for place, mean in means.items() if mean == best]
        for place in first:
            won[place] += 1 / len(first)
    return [count / RESAMPLES_OF_BEST for count in won]
