"""Whether runs may be compared at all: each reason against it, as a value and a sentence.

Pure functions over what runs recorded. A verdict about an experiment asks the same
question as the page that lays runs side by side, so both read these answers.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Literal

from tui_tracker.compare.naming import across, label_runs, list_names
from tui_tracker.compare.sides import Side, package_fields
from tui_tracker.facts import mapping, switch, word
from tui_tracker.queries import MetricSummary
from tui_tracker.telling import metric_rank

if TYPE_CHECKING:
    from tui_tracker.facts import Facts

DoubtKind = Literal["unfinished", "metric", "data", "split", "code", "steps"]

_DEFINING = (
    "torchmetrics",
    "scikit-learn",
    "evaluate",
    "sacrebleu",
    "seqeval",
    "rouge-score",
    "pycocotools",
    "lm-eval",
    "ignite",
    "ranx",
)
"""Packages whose versions decide what a metric of one name is."""


class Unsaid(Enum):
    """Why a run has no value to compare."""

    ABSENT = "absent"
    """It is known to have none."""
    UNKNOWN = "unknown"
    """It recorded nothing of the kind, so nobody can tell."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """One reason why runs may not be comparable."""

    kind: DoubtKind
    subject: str
    """What it is about: a dataset, a split, a package; "" where the kind says all."""
    metric: str
    """The metric whose values are in doubt; "" where no run has any."""
    groups: tuple[tuple[int, ...], ...]
    """Runs by their place; those of one group are alike, those of two are not."""
    unknown: tuple[int, ...]
    """Runs of which nobody can tell which group they belong to."""
    words: str
    """The whole reason in one sentence without its full stop."""
    certain: bool = True
    """Some of the runs are known to differ; else nobody can tell."""

    def between(self, a: int, b: int) -> bool:
        """Return whether this keeps two of the runs from being compared, or may do so."""
        if a == b:
            return False
        if a in self.unknown or b in self.unknown:
            return True
        return not any(a in group and b in group for group in self.groups)


def comparability(sides: Sequence[Side], metric: str | None = None) -> tuple[Doubt, ...]:
    """Return why the values of a metric may not be comparable between runs, gravest first.

    `metric` is a label; None takes the most telling one that most runs have. Empty for
    fewer than two runs.
    """
    if len(sides) < 2:
        return ()
    label = main_metric(sides) if metric is None else metric
    names = label_runs([side.run.row for side in sides])
    asked = _Asked(names, label, tuple(sides))
    data = [side.named("data") for side in sides]
    split = [side.named("split") for side in sides]
    found = [
        *_unfinished(asked),
        *_metric(asked),
        *data_doubts(names, label, data),
        *split_doubts(names, label, split),
        *_told(asked, "code", "", code_identities(sides), "other code", "no exact code"),
        *_steps(asked),
        *_definitions(asked),
    ]
    return tuple(sorted(found, key=lambda doubt: not doubt.certain))


def main_metric(sides: Sequence[Side]) -> str:
    """Return the most telling metric of those that most of the runs have; "" if there is none."""
    counts: dict[str, int] = {}
    for side in sides:
        for label in side.run.row.metrics:
            counts[label] = counts.get(label, 0) + 1
    most = max(counts.values(), default=0)
    common = [label for label, count in counts.items() if count == most]
    return min(common, key=metric_rank, default="")


@dataclass(frozen=True, slots=True)
class _Named:
    """What to call the runs in question, and the metric."""

    names: Sequence[str]
    metric: str

    @property
    def what(self) -> str:
        return f"{self.metric} is" if self.metric else "The runs are"

    def named(self, indices: Iterable[int]) -> str:
        return list_names([self.names[index] for index in indices])


@dataclass(frozen=True, slots=True)
class _Asked(_Named):
    """The same, with the runs themselves."""

    sides: tuple[Side, ...]

    def summary(self, index: int) -> MetricSummary | None:
        return self.sides[index].run.row.metrics.get(self.metric)


def partition(
    values: Sequence[Hashable],
) -> tuple[tuple[tuple[int, ...], ...], tuple[int, ...]]:
    """Return the places of equal values, largest group first, and the places of unknown ones."""
    groups: dict[Hashable, list[int]] = {}
    unknown = []
    for index, value in enumerate(values):
        if value is Unsaid.UNKNOWN:
            unknown.append(index)
        else:
            groups.setdefault(value, []).append(index)
    ordered = sorted(groups.values(), key=lambda group: (-len(group), group))
    return tuple(map(tuple, ordered)), tuple(unknown)


def _told(
    asked: _Named, kind: DoubtKind, subject: str, values: Sequence[Hashable], why: str, lack: str
) -> Iterable[Doubt]:
    """Yield what the values of the runs give rise to: known differences, then the unknown.

    `why` ends "... is not comparable between a and b: "; `lack` ends "a recorded ".
    """
    groups, unknown = partition(values)
    if len(groups) > 1:
        whose = across([[asked.names[index] for index in group] for group in groups])
        words = f"{asked.what} not comparable {whose}: {why}"
        yield Doubt(kind, subject, asked.metric, groups, (), words)
    if unknown and groups:
        words = (
            f"Whether {asked.what} comparable is unknown: {asked.named(unknown)} recorded {lack}"
        )
        words = words.replace("The runs are", "the runs are")
        known = tuple(index for group in groups for index in group)
        yield Doubt(kind, subject, asked.metric, (known,), unknown, words, certain=False)
    elif unknown:
        words = f"None of the runs recorded its {lack.removeprefix('no ')}"
        yield Doubt(kind, subject, asked.metric, (), unknown, words, certain=False)


# What the reasons are.

_ENDED = {
    "running": "still running, so its values are not final",
    "failed": "failed",
    "killed": "stopped by hand",
    "crashed": "crashed",
    "pruned": "stopped early",
}


def _unfinished(asked: _Asked) -> Iterable[Doubt]:
    by_status: dict[str, list[int]] = {}
    for index, side in enumerate(asked.sides):
        by_status.setdefault(side.run.row.status, []).append(index)
    for status, indices in by_status.items():
        if status == "finished":
            continue
        ended = _ENDED[status]
        if len(indices) > 1:
            ended = ended.replace("its values", "their values")
        verb = "is" if len(indices) == 1 else "are"
        if status in ("failed", "crashed"):
            verb = ""
        elif status in ("killed", "pruned"):
            verb = "was" if len(indices) == 1 else "were"
        words = " ".join(part for part in (asked.named(indices), verb, ended) if part)
        reached = [
            summary.last_step
            for index in indices
            if (summary := asked.summary(index)) is not None and status != "running"
        ]
        if reached:
            steps = f"step {reached[0]:,}" if len(set(reached)) == 1 else "different steps"
            words += f" at {steps}"
        rest = tuple(index for index in range(len(asked.sides)) if index not in indices)
        groups = tuple(group for group in (rest, tuple(indices)) if group)
        # Alone or not: a run that did not end has no final value to compare.
        yield Doubt("unfinished", status, asked.metric, _each_alone(groups), (), words)


def _each_alone(groups: tuple[tuple[int, ...], ...]) -> tuple[tuple[int, ...], ...]:
    """Return the first group as it is, and every member of the last as a group of its own."""
    *kept, last = groups
    return (*kept, *((index,) for index in last))


def _metric(asked: _Asked) -> Iterable[Doubt]:
    """Yield that some runs lack the metric, or took it in another context."""
    if not asked.metric:
        return
    name, _, _ = asked.metric.partition("@")
    lacking = [i for i in range(len(asked.sides)) if asked.summary(i) is None]
    if not lacking or len(lacking) == len(asked.sides):
        return
    has = tuple(index for index in range(len(asked.sides)) if index not in lacking)
    elsewhere: dict[str, list[int]] = {}
    for index in lacking:
        metrics = asked.sides[index].run.row.metrics.values()
        near = next((metric.label for metric in metrics if metric.name == name), "")
        elsewhere.setdefault(near, []).append(index)
    for label, indices in elsewhere.items():
        words = f"{asked.named(indices)} never logged {asked.metric}"
        words += f", only {label}" if label else ""
        yield Doubt("metric", label, asked.metric, (has, tuple(indices)), (), words)


def data_doubts(
    runs: Sequence[str], metric: str, recorded: Sequence[Mapping[str, Facts]]
) -> Iterable[Doubt]:
    """Yield why runs of these names were taken on other data; `recorded` are facts by data set."""
    asked = _Named(runs, metric)
    names = list(dict.fromkeys(name for parts in recorded for name in parts))
    if not names:
        yield from _told(asked, "data", "", [Unsaid.UNKNOWN] * len(recorded), "", "no data")
        return
    for name in names:
        values = _identities(recorded, name)
        versions = {word(parts[name], "version") for parts in recorded if name in parts}
        why = f"other data {name}"
        if Unsaid.ABSENT in values:
            why = f"not all of them used the data {name}"
        elif len(versions) > 1:
            why = f"other version of the data {name}"
        elif versions != {""}:
            why = f"other content of the data {name} {versions.pop()}"
        yield from _told(asked, "data", name, values, why, f"no hash or version of {name}")


def _identities(recorded: Sequence[Mapping[str, Facts]], name: str) -> list[object]:
    """Return what tells a dataset of each run: its digest, or its version where more have that.

    Where all bytes are known they decide: a label may be written in two ways.
    """
    has = [parts[name] for parts in recorded if name in parts]
    key = max(("digest", "version"), key=lambda key: sum(bool(word(facts, key)) for facts in has))
    return [
        (word(parts[name], key) or Unsaid.UNKNOWN)
        if name in parts
        else (Unsaid.ABSENT if parts else Unsaid.UNKNOWN)
        for parts in recorded
    ]


def split_doubts(
    runs: Sequence[str], metric: str, recorded: Sequence[Mapping[str, Facts]]
) -> Iterable[Doubt]:
    """Yield why runs of these names were taken on other splits; `recorded` are facts by split."""
    asked = _Named(runs, metric)
    if all(len(parts) <= 1 for parts in recorded):
        # Where each run has one, a name makes no difference.
        named = next((name for parts in recorded for name in parts), "")
        recorded = [{named: next(iter(parts.values()))} if parts else {} for parts in recorded]
    names = list(dict.fromkeys(name for parts in recorded for name in parts))
    if not names:
        yield from _told(asked, "split", "", [Unsaid.UNKNOWN] * len(recorded), "", "no split")
    for name in names:
        values: list[Hashable] = [
            (word(parts[name], "hash") or Unsaid.UNKNOWN)
            if name in parts
            else (Unsaid.ABSENT if parts else Unsaid.UNKNOWN)
            for parts in recorded
        ]
        of = f" of {name}" if name and name != "split" else ""
        yield from _told(asked, "split", name, values, f"other split{of}", f"no split{of}")


def code_identities(sides: Sequence[Side]) -> list[Hashable]:
    """Return what tells the code of each run: the id of its tree, where none has one its commit.

    A commit with unknown changes on top of it tells nothing.
    """
    trees, commits = [], []
    for side in sides:
        facts = side.facts("code")
        trees.append(word(mapping(facts, "snapshot"), "tree"))
        commits.append(word(facts, "commit") if switch(facts, "dirty") is False else "")
    told = trees if any(trees) or not any(commits) else commits
    return [value or Unsaid.UNKNOWN for value in told]


def _steps(asked: _Asked) -> Iterable[Doubt]:
    """Yield that finished runs logged the metric to other steps, or at other ones."""
    ended = [
        (index, summary)
        for index, side in enumerate(asked.sides)
        if side.run.row.status == "finished" and (summary := asked.summary(index)) is not None
    ]
    for what, told in (
        ("step", {index: summary.last_step for index, summary in ended}),
        ("points", {index: summary.count for index, summary in ended}),
    ):
        places = list(told)
        groups, _ = partition([told[index] for index in places])
        if len(groups) < 2:
            continue
        groups = tuple(tuple(places[at] for at in group) for group in groups)
        parts = [
            f"to step {told[group[0]]:,} in {asked.named(group)}"
            if what == "step"
            else f"{told[group[0]]:,} times in {asked.named(group)}"
            for group in groups[:3]
        ]
        more = f" and {len(groups) - 3} more" if len(groups) > 3 else ""
        words = f"{asked.metric} was logged {', '.join(parts)}{more}"
        yield Doubt("steps", what, asked.metric, groups, (), words)
        return  # other points are no news where the steps are others


def _definitions(asked: _Asked) -> Iterable[Doubt]:
    """Yield packages that define metrics and are there in several versions.

    Whether the metric comes from one of them is not known, so this is never certain.
    """
    if not asked.metric:
        return
    packages = [package_fields(side) for side in asked.sides]
    for name in _DEFINING:
        groups, unknown = partition([found.get(name, Unsaid.UNKNOWN) for found in packages])
        if len(groups) > 1:
            told = list_names(sorted(str(packages[group[0]][name]) for group in groups))
            words = f"{asked.metric} may be defined otherwise: {name} is there as {told}"
            yield Doubt("metric", name, asked.metric, groups, unknown, words, certain=False)
