"""Rules about metrics: what was measured, on what, and how honestly it is told."""

from __future__ import annotations

import math
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from tui_tracker.audit.record import RunRecord
from tui_tracker.audit.rules import NOT_APPLICABLE, PASSED, Answer, Doubt, rule
from tui_tracker.formatting import format_count, format_number
from tui_tracker.names.lint import lint_scale
from tui_tracker.names.metric import declared, is_of_other_rank, is_of_test, read_metric
from tui_tracker.names.words import METRICS
from tui_tracker.queries import MetricSummary

MOST_TESTS = 3
"""So often may a configuration be scored on test data."""
_ITERATIVE = ("epochs", "max_steps", "num_steps", "max_iter", "iterations", "n_steps", "max_epochs")
_ONLINE = re.compile(r"\b(online|prod|production|shadow|live|ab|a/b)\b", re.I)
_POINTS = re.compile(r"^(best|last|final)_|_(best|min|max|last)$")
"""What the name of a summary has and that of its points has not."""
_TOLERANCE = 1e-9


@rule("metrics.train-loss-missing", "metrics", "-EEE", fix="automatic")
def train_loss_missing(run: RunRecord) -> Answer:
    """Without the training's own loss nobody sees whether it learned or overfitted."""
    for label in run.metrics:
        read = read_metric(label.partition("@")[0])
        trained = read.split in ("train", "")
        if trained and METRICS.get(read.base) is not None and METRICS[read.base].direction == "min":
            return PASSED
        if read.split == "train":
            return PASSED
    return Doubt(
        "metrics.train_loss",
        "no training loss is recorded",
        '`run.log({"train_loss": loss}, step=step)` in the training loop',
    )


@rule("metrics.main-missing", "metrics", "EEEE", fix="proposed")
def main_missing(run: RunRecord) -> Answer:
    """Which number decides has to be said before it is looked at."""
    if run.main_metric is not None:
        return PASSED
    wanted = run.params.get("main_metric") or run.tag("main_metric")
    if wanted:
        return Doubt(
            "metrics.main",
            f"the main metric {wanted!r} was declared and never logged",
            f'log it: `run.log({{"{wanted}": value}})`',
        )
    return Doubt(
        "metrics.main",
        "no metric of a validation split is recorded, so nothing says how good the run was",
        "log one, such as val_f1_macro, or declare it: `tt tag RUN main_metric:NAME`",
    )


@rule("metrics.timestamp-missing", "metrics", "-EEE", fix="automatic")
def timestamp_missing(run: RunRecord) -> Answer:
    """When it was evaluated tells which model and which data it was; each point has its time."""
    if run.metrics:
        return PASSED
    return Doubt(
        "metrics.evaluated_at",
        "nothing was measured, so there is no time of an evaluation",
        "log a metric: each point carries its time",
    )


@rule("metrics.undefined", "metrics", "-IEE", fix="proposed")
def undefined(run: RunRecord) -> Answer:
    """A number needs a direction, an average, a unit and a split to mean one thing."""
    label = run.main_metric
    if label is None:
        return NOT_APPLICABLE
    read = read_metric(label.partition("@")[0])
    said = declared(label)
    missing = [] if said or METRICS.get(read.base) else ["direction and unit"]
    missing += [] if read.split or (said and said.split) else ["split"]
    missing += ["averaging"] if read.lacks_averaging and not (said and said.averaging) else []
    if not missing:
        return PASSED
    return Doubt(
        f"metrics.{label}",
        f"{label} does not say its {', '.join(missing)}",
        "name it as in val_f1_macro, or define it under [tool.tui_tracker.metrics]",
    )


@rule("metrics.context-missing", "metrics", "-WEE", fix="proposed")
def context_missing(run: RunRecord) -> Answer:
    """A score from cross validation and one from production are not one metric.

    Asked where anything of the run tells that there is a world outside of the training.
    """
    if not run.metrics:
        return NOT_APPLICABLE
    if any(metric.context for metric in run.metrics.values()):
        return PASSED
    if run.params.get("context") or run.tag("context"):
        return PASSED
    words_ = [*run.tags, run.detail.row.experiment, run.detail.row.name, *run.metrics]
    if not any(map(_is_online, words_)):
        return NOT_APPLICABLE
    return Doubt(
        "metrics.context",
        "whether the scores are from offline data or from production is not told",
        'give the context: `run.log({"val_f1": f1}, context="offline_cv")`',
    )


@lru_cache(maxsize=8192)
def _is_online(text: str) -> bool:
    return _ONLINE.search(text.replace("_", " ")) is not None


@rule("metrics.context-mixed", "metrics", "WEEE", scope="experiment")
def context_mixed(runs: Sequence[RunRecord]) -> list[tuple[int, Doubt]]:
    """Runs that are compared have to be measured in one context."""
    contexts: dict[str, dict[str, list[int]]] = {}
    for run in runs:
        for metric in run.metrics.values():
            if not is_of_other_rank(metric.context):
                by_context = contexts.setdefault(metric.name, {})
                by_context.setdefault(metric.context, []).append(run.key)
    found = []
    for name, by_context in contexts.items():
        told = {context: set(keys) for context, keys in by_context.items()}
        if len(told) < 2 or len(set.union(*told.values())) < 2:
            continue
        if any(first == second for first in told.values() for second in told.values()
               if first is not second):  # fmt: skip
            continue  # every run has both, so like can be compared with like
        shown = " and ".join(context or "no context" for context in sorted(told))
        doubt = Doubt(
            f"metrics.{name}",
            f"{name} was taken in {shown} among the runs of this experiment",
            "compare runs of one context only: `tt decide` takes `metric@context`",
        )
        found += [(key, doubt) for key in sorted(set.union(*told.values()))]
    return found


@rule("metrics.curve-missing", "metrics", "-WWW")
def curve_missing(run: RunRecord) -> Answer:
    """A last value alone hides whether training had settled, diverged or overfitted."""
    if not run.metrics:
        return NOT_APPLICABLE
    if any(metric.count > 1 for metric in run.metrics.values()):
        return PASSED
    steps = [run.params[name] for name in _ITERATIVE if name in run.params]
    many = any(isinstance(step, (int, float)) and step > 1 for step in steps)
    if not many:
        return NOT_APPLICABLE
    return Doubt(
        "metrics",
        "it trained for several epochs and every metric has one value only",
        '`run.log({"train_loss": loss}, step=epoch)` once an epoch',
    )


@rule("metrics.not-finite", "metrics", "WWEE")
def not_finite(run: RunRecord) -> Answer:
    """A main metric of NaN or infinity is no result."""
    label = run.main_metric
    if label is None:
        return NOT_APPLICABLE
    metric = run.metrics[label]
    if not (metric.nan or metric.inf):
        return PASSED
    what = "NaN" if metric.nan else "infinite"
    count = metric.nan or metric.inf
    last = "" if math.isfinite(metric.last) else ", and so is its last"
    return Doubt(
        f"metrics.{label}",
        f"{label} is {what} in {format_count(count)} of {format_count(metric.count)} points{last}",
        "lower the learning rate or clip gradients; `tt health RUN` says from which step on",
    )


@dataclass(frozen=True, slots=True)
class Summed:
    """A summary that somebody logged, beside the points that it should be of."""

    label: str
    typed: float
    right: float
    points: MetricSummary
    stat: str

    @property
    def agrees(self) -> bool:
        if math.isnan(self.typed) or math.isnan(self.right):
            return math.isnan(self.typed) and math.isnan(self.right)
        return math.isclose(self.typed, self.right, rel_tol=1e-6, abs_tol=_TOLERANCE)


def summaries_of(run: RunRecord) -> Iterator[Summed]:
    """Yield what was logged as the best, least, largest or last of points of the same context."""
    for label, metric in run.metrics.items():
        read = read_metric(metric.name)
        stem = _POINTS.sub("", metric.name)
        label_ = f"{stem}@{metric.context}" if metric.context else stem
        points = run.metrics.get(label_) if stem != metric.name else None
        if read.stat not in ("best", "min", "max", "last") or points is None or points.count < 2:
            continue
        known = METRICS.get(read.base)
        best = points.min if known is not None and known.direction == "min" else points.max
        right = {"last": points.last, "min": points.min, "max": points.max}.get(read.stat, best)
        if read.stat == "best" and known is None:
            continue  # which of its points is the best is not for us to say
        if right is not None:
            yield Summed(label, metric.last, right, points, read.stat)


@rule("metrics.summary-mismatch", "metrics", "WEEE", fix="automatic")
def summary_mismatch(run: RunRecord) -> Answer:
    """A mean that was typed in has to be the mean of what was logged."""
    known = list(summaries_of(run))
    for one in known:
        if not one.agrees:
            stem = one.points.label
            return Doubt(
                f"metrics.{one.label}",
                f"{one.label} is {format_number(one.typed)}, and {format_number(one.right)} by the "
                f"points of {stem}",
                f"do not log it: `{stem}.{one.stat}` is always there",
            )
    return PASSED if known else NOT_APPLICABLE


@rule("metrics.not-aggregable", "metrics", "-WEE", scope="group", fix="proposed")
def not_aggregable(runs: Sequence[RunRecord]) -> list[tuple[int, Doubt]]:
    """Seeds whose metrics have different names cannot be averaged by a script."""
    if len(runs) < 2:
        return []
    found = _mixed_scales(runs)
    first = runs[0].metrics.keys()
    if all(run.metrics.keys() == first for run in runs):  # as nearly everywhere
        return found
    having: dict[str, set[int]] = {}
    for run in runs:
        for label in run.metrics:
            having.setdefault(label, set()).add(run.key)
    partial = [label for label, keys in having.items() if len(keys) < len(runs)]
    while partial:
        label = partial.pop(0)
        same = [other for other in partial if _is_same(label, other, having)]
        if not same:
            continue
        partial = [other for other in partial if other not in same]
        same.append(label)
        doubt = _called(same)
        found += [(key, doubt) for other in sorted(same) for key in sorted(having[other])]
    return found


def _mixed_scales(runs: Sequence[RunRecord]) -> list[tuple[int, Doubt]]:
    """Return the doubts about shares that are percents in some of the seeds."""
    found = []
    for label in filter(_is_share, runs[0].metrics):
        last = {run.key: run.metrics[label].last for run in runs if label in run.metrics}
        for said in lint_scale(label.partition("@")[0], list(last.values())):
            doubt = Doubt(
                f"metrics.{label}", said.message, "log all shares from 0 to 1, or all as percents"
            )
            found += [(key, doubt) for key in last]
    return found


@lru_cache(maxsize=8192)
def _is_share(label: str) -> bool:
    word = METRICS.get(read_metric(label.partition("@")[0]).base)
    return word is not None and word.unit == "fraction"


def _is_same(label: str, other: str, having: Mapping[str, set[int]]) -> bool:
    """Whether two labels are two names of one metric, each in seeds of its own.

    One may say less than the other: `F1` and `val_f1_macro`.
    """
    (name, _, context), (second, _, elsewhere) = label.partition("@"), other.partition("@")
    one, two = read_metric(name), read_metric(second)
    if context != elsewhere or (one.base, one.at, one.stat) != (two.base, two.at, two.stat):
        return False
    if str(one) == str(two):
        return True
    told = ((one.split, two.split), (one.averaging, two.averaging))
    agree = all(first == then or not (first and then) for first, then in told)
    return agree and not having[label] & having[other]


def _called(labels: Sequence[str]) -> Doubt:
    """Return the doubt about a metric of several names, with the command that makes them one."""
    names = sorted({label.partition("@")[0] for label in labels})
    canonical = max((str(read_metric(name)) for name in names), key=lambda name: name.count("_"))
    shown = " and ".join(sorted(labels)[:3])
    words = [f"--metric {shlex.quote(f'{n}={canonical}')}" for n in names if n != canonical]
    return Doubt(
        f"metrics.{canonical}",
        f"the seeds call one metric {shown}",
        f"make them one: `tt names fix {' '.join(words)}`",
    )


@rule("metrics.test-selection", "metrics", "WEEE", scope="group")
def test_selection(runs: Sequence[RunRecord]) -> list[tuple[int, Doubt]]:
    """A test set that was looked at to choose a model is a validation set."""
    found = []
    for run in runs:
        chosen = _chosen_by(run)
        if chosen:
            doubt = Doubt(
                f"params.{chosen}",
                f"{chosen} is {run.params[chosen]!r}: the model was chosen by test data",
                "choose by a validation split, and score the test split once at the end",
            )
            found.append((run.key, doubt))
            continue
        often = [
            (label, metric.count)
            for label, metric in run.metrics.items()
            if metric.count > MOST_TESTS and is_of_test(label)
        ]
        if often:
            label, count = often[0]
            doubt = Doubt(
                f"metrics.{label}",
                f"{label} was taken {format_count(count)} times in one run",
                "score the test split once at the end; watch a validation split meanwhile",
            )
            found.append((run.key, doubt))
    return found


def _chosen_by(run: RunRecord) -> str:
    """Return the param that names the metric a model is chosen by, where that is of a test."""
    for name, value in run.params.items():
        leaf = name.rpartition(".")[2].lower()
        if leaf in ("monitor", "early_stopping_metric", "metric_for_best_model", "selection_metric",
                    "main_metric") and read_metric(str(value)).split == "test":  # fmt: skip
            return name
    return ""


@rule("metrics.uncertainty-missing", "metrics", "-IEW", scope="group", fix="automatic")
def uncertainty_missing(runs: Sequence[RunRecord]) -> list[tuple[int, Doubt]]:
    """A score without a spread cannot be told from luck."""
    finished = [run for run in runs if run.detail.row.status == "finished"]
    if len(finished) >= 2 or not finished:
        return []
    doubt = Doubt(
        "metrics",
        "one run only, so no interval can be stated",
        "repeat it with other seeds; `tt group --by params-but-seed` states mean and spread",
    )
    return [(run.key, doubt) for run in finished]
