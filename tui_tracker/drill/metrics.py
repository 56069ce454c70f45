"""Metrics: which one decides, in what context, and a training loss that was only printed."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tui_tracker.audit.catalogue.metrics import summaries_of
from tui_tracker.drill.arguments import read_flags
from tui_tracker.drill.case import Case
from tui_tracker.drill.recipes import Answers, recipe
from tui_tracker.facts import mapping, whole
from tui_tracker.lineage.words import plural
from tui_tracker.names.metric import read_metric
from tui_tracker.names.words import METRICS

_MONITORS = ("main_metric", "monitor", "metric_for_best_model", "early_stopping_metric",
             "selection_metric", "objective")  # fmt: skip
_NUMBER = r"([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)"
_PRINTED = re.compile(
    rf"\b(train(?:ing)?[ _/.-]?loss|loss[ _/.-]?train)\b\s*[:=]?\s*{_NUMBER}(?![\w.])", re.I
)
_TIMED = re.compile(rf"\b([a-z][\w/-]*)\s*[=:]\s*{_NUMBER}(?![\w.])", re.I)
_LEAST_PRINTED = 1


@recipe("metrics.main-missing")
def main(case: Case) -> Answers:
    """Read it from what the run monitored, else from what its experiment goes by."""
    metrics = case.record.metrics
    said = read_flags(case.argv)
    for name in _MONITORS:
        for source, where in ((case.record.params, "the param"), (said, "on the command line")):
            told = str(source.get(name, ""))
            if told in metrics:
                yield case.propose("metrics.main", told, f"{where} `{name}` names it", "likely")
                return
    declared = [other.tag("main_metric") or other.params.get("main_metric")
                for other in case.siblings]  # fmt: skip
    named = sorted({str(name) for name in declared if name and str(name) in metrics})
    if len(named) == 1:
        count = sum(str(name) == named[0] for name in declared)
        told = f"{plural(count, 'other run')} of the experiment declared it"
        yield case.propose("metrics.main", named[0], told, "likely")
        return
    held_out = [
        label
        for label in metrics
        if read_metric(label.partition("@")[0]).split in ("val", "cv", "oof", "holdout")
    ]
    if len(held_out) == 1:
        yield case.propose("metrics.main", held_out[0], "no other is of held-out data", "guess")
    elif metrics:
        yield "nothing tells which of its metrics decides"
    else:
        yield "no metric was logged"


@recipe("metrics.context-missing")
def context(case: Case) -> Answers:
    """Read it from how the data were split, or from the words of the names."""
    row = case.record.detail.row
    words = " ".join([row.experiment, row.name, *case.record.tags]).replace("_", " ").lower()
    for word, told in (("shadow", "shadow_prod"), ("a/b", "online_ab"), (" ab ", "online_ab")):
        if word in f" {words} ":
            yield case.propose("metrics.context", told, f"the names say {word.strip()!r}", "guess")
            return
    for name, facts in case.parts_of("split"):
        folds = whole(facts, "folds")
        told = "offline_cv" if folds else "offline_holdout"
        roles = ", ".join(mapping(facts, "n")) or "rows"
        why = f"split {name!r} has {plural(folds, 'fold') if folds else roles}"
        yield case.propose("metrics.context", told, why, "guess")
        return
    yield "neither a split nor a name tells where the scores are from"


@recipe("metrics.train-loss-missing")
def train_loss(case: Case) -> Answers:
    """Read it from what the run printed."""
    values = list(_printed(case.console, _PRINTED))
    if len(values) < _LEAST_PRINTED:
        yield "it was neither logged nor printed"
        return
    facts = {
        "count": len(values), "first": values[0], "last": values[-1], "min": min(values),
        "max": max(values), "mean": sum(values) / len(values),
    }  # fmt: skip
    told = f"printed in {plural(len(values), 'line')} of the console, the last {values[-1]:g}"
    yield case.propose("metrics.train_loss", facts, told, "likely")


def _printed(lines: list[str], pattern: re.Pattern[str]) -> Iterator[float]:
    for line in lines:
        if match := pattern.search(line):
            yield float(match[2])


@recipe("metrics.timestamp-missing")
def timestamp(case: Case) -> Answers:
    """Take metrics that were printed; each line has its time."""
    found: dict[str, list[float]] = {}
    for line in case.console:
        for name, number in _TIMED.findall(line):
            read = read_metric(name)
            if read.base in METRICS and METRICS[read.base].direction is not None:
                found.setdefault(name, []).append(float(number))
    if not found:
        yield "no metric was logged or printed"
    for name, values in found.items():
        facts = {"count": len(values), "first": values[0], "last": values[-1]}
        facts |= {"min": min(values), "max": max(values), "mean": sum(values) / len(values)}
        told = f"printed in {plural(len(values), 'line')} of the console, the last {values[-1]:g}"
        yield case.propose(f"metrics.{name}", facts, told, "likely")


@recipe("metrics.summary-mismatch")
def summary(case: Case) -> Answers:
    """Recompute what was typed in from the points."""
    for one in summaries_of(case.record):
        if not one.agrees:
            told = f"the {plural(one.points.count, 'point')} of {one.points.label}"
            yield case.propose(f"metrics.{one.label}", one.right, told, "certain")
