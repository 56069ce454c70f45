"""The naming rules over the runs of a store: what is unclear, where, and what to do.

What a name leaves open is judged by what stands beside it: the other metrics and params
of the experiment, and its number of classes where a param tells it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from tui_tracker.names.aliases import Kind, Renaming
from tui_tracker.names.lint import (
    NameDoubt,
    alike,
    lint_collisions,
    lint_data_version,
    lint_experiment,
    lint_metric,
    lint_param,
    lint_run,
    lint_scale,
    lint_tag,
)
from tui_tracker.names.metric import Proposal, propose_metric
from tui_tracker.names.words import CLASSES
from tui_tracker.queries import RunRow, get_rows
from tui_tracker.queries.answers import RunKey
from tui_tracker.store import Store

_AT_ONCE = 500
_VERSIONS = ("data_version", "dataset_version", "data.version", "dataset.version")
"""Params that people name a version of data by."""
_KINDS = ("metric", "param", "experiment", "run", "tag", "data version")
_RANK = {"error": 0, "warn": 1, "info": 2}


@dataclass(frozen=True, slots=True)
class NameFinding:
    """A doubt about a name, and the runs that have it."""

    doubt: NameDoubt
    runs: int
    experiments: tuple[str, ...]

    @property
    def certain(self) -> str:
        """The one name that is surely meant; "" where there is a choice."""
        proposals = self.doubt.proposals
        sure = proposals and proposals[0].confidence == "certain"
        return proposals[0].name if sure else ""


@dataclass(slots=True)
class _Used:
    runs: int = 0
    experiments: dict[str, None] = field(default_factory=dict)

    def add(self, experiment: str) -> None:
        self.runs += 1
        self.experiments[experiment] = None


@dataclass(slots=True)
class _Experiment:
    """What stands beside a name in an experiment."""

    metrics: set[str] = field(default_factory=set)
    params: set[str] = field(default_factory=set)
    classes: set[object] = field(default_factory=set)
    first: dict[str, object] = field(default_factory=dict)
    varying: set[str] = field(default_factory=set)
    runs: list[tuple[str, dict[str, object]]] = field(default_factory=list)
    largest: dict[str, list[float]] = field(default_factory=dict)
    """The largest value of each metric, one a run."""

    def add(self, row: RunRow) -> None:
        for metric in row.metrics.values():
            self.metrics.add(metric.name)
            if metric.max is not None:
                self.largest.setdefault(metric.name, []).append(metric.max)
        for name, value in row.params.items():
            text = repr(value)
            if name in CLASSES and isinstance(value, int):
                self.classes.add(value)
            if self.runs and name not in self.params:
                self.varying.add(name)
            elif self.first.setdefault(name, text) != text:
                self.varying.add(name)
        self.params |= set(row.params)
        self.varying |= self.params - set(row.params)
        self.runs.append((row.name, dict(row.params)))

    @property
    def class_count(self) -> int | None:
        counts = [value for value in self.classes if isinstance(value, int)]
        return counts[0] if len(counts) == 1 else None


class _Names:
    """All names of some runs, with who uses them."""

    def __init__(self) -> None:
        self.used: dict[str, dict[str, _Used]] = {kind: {} for kind in _KINDS}
        self.experiments: dict[str, _Experiment] = {}
        self.collisions: dict[tuple[str, str], tuple[NameDoubt, _Used]] = {}
        self.seen: dict[tuple[str, ...], tuple[NameDoubt, ...]] = {}

    def add(self, row: RunRow) -> None:
        self.experiments.setdefault(row.experiment, _Experiment()).add(row)
        contexts: dict[str, list[str]] = {}
        for metric in row.metrics.values():
            contexts.setdefault(metric.context, []).append(metric.name)
        for name in {metric.name for metric in row.metrics.values()}:
            self._use("metric", name, row)
        for kind, names in (("param", row.params), ("tag", row.tags), ("run", [row.name])):
            for name in names:
                self._use(kind, name, row)
        self._use("experiment", row.experiment, row)
        for name in _VERSIONS:
            if isinstance(version := row.params.get(name), str):
                self._use("data version", version, row)
        for together in contexts.values():
            self._collide(tuple(sorted(together)), row)

    def _use(self, kind: str, name: str, row: RunRow) -> None:
        self.used[kind].setdefault(name, _Used()).add(row.experiment)

    def _collide(self, names: tuple[str, ...], row: RunRow) -> None:
        if names not in self.seen:
            self.seen[names] = lint_collisions(names)
        for doubt in self.seen[names]:
            found = self.collisions.setdefault((doubt.name, doubt.message), (doubt, _Used()))
            found[1].add(row.experiment)

    def doubts(self) -> Iterator[tuple[NameDoubt, _Used]]:
        yield from self._metric_doubts()
        yield from self._scale_doubts()
        yield from self._twins()
        twins = alike(sorted(self.used["param"]))
        for name, used in self.used["param"].items():
            for doubt in lint_param(name, twins(name)):
                yield doubt, used
        for kind, lint in (
            ("experiment", lint_experiment), ("tag", lint_tag), ("data version", lint_data_version),
        ):  # fmt: skip
            for name, used in self.used[kind].items():
                for doubt in lint(name):
                    yield doubt, used
        yield from self._run_doubts()
        yield from self.collisions.values()

    def _metric_doubts(self) -> Iterator[tuple[NameDoubt, _Used]]:
        told: dict[tuple[str, ...], tuple[frozenset[str], int | None]] = {}
        for name, used in self.used["metric"].items():
            where = tuple(used.experiments)
            if where not in told:  # most metrics of an experiment stand in the same ones
                told[where] = self._beside(where)
            siblings, classes = told[where]
            for doubt in lint_metric(name, siblings=siblings, classes=classes):
                yield doubt, used

    def _beside(self, experiments: Sequence[str]) -> tuple[frozenset[str], int | None]:
        """Return all metrics of experiments, and the number of classes that they agree on."""
        beside = [self.experiments[experiment] for experiment in experiments]
        counts = {one.class_count for one in beside}
        metrics = frozenset(name for one in beside for name in one.metrics)
        return metrics, next(iter(counts)) if len(counts) == 1 else None

    def _scale_doubts(self) -> Iterator[tuple[NameDoubt, _Used]]:
        for experiment, one in self.experiments.items():
            for name, largest in one.largest.items():
                for doubt in lint_scale(name, largest):
                    yield doubt, _Used(len(largest), {experiment: None})

    def _twins(self) -> Iterator[tuple[NameDoubt, _Used]]:
        """Yield metrics that are clear, but that others call otherwise."""
        meant: dict[str, list[str]] = {}
        for name in self.used["metric"]:
            proposals = propose_metric(name)
            certain = proposals and proposals[0].confidence == "certain"
            meant.setdefault(proposals[0].name if certain else name, []).append(name)
        for canonical, names in meant.items():
            for name in names if len(names) > 1 else ():
                if name != canonical and not lint_metric(name):
                    others = ", ".join(repr(other) for other in names if other != name)
                    message = f"{name!r} and {others} are names for one thing, {canonical!r}"
                    sure = (Proposal(canonical, "certain"),)
                    yield (
                        NameDoubt("naming.metric-registered", "metric", name, message, sure),
                        self.used["metric"][name],
                    )

    def _run_doubts(self) -> Iterator[tuple[NameDoubt, _Used]]:
        told: set[tuple[str, str]] = set()
        for experiment, one in self.experiments.items():
            names = Counter(name for name, _ in one.runs)
            for name, count in names.items():
                if count > 1:
                    message = f"{count} runs of {experiment!r} are named {name!r}"
                    doubt = NameDoubt("naming.run", "run", name, message)
                    yield doubt, _Used(count, {experiment: None})
            for name, params in one.runs:
                for doubt in lint_run(name, params, sorted(one.varying)):
                    if (name, doubt.rule) not in told:
                        told.add((name, doubt.rule))
                        yield doubt, _Used(self.used["run"][name].runs, {experiment: None})


def check_names(store: Store, keys: Sequence[RunKey]) -> list[NameFinding]:
    """Return what is unclear about the names of these runs, errors first, then by kind."""
    names = _Names()
    for start in range(0, len(keys), _AT_ONCE):
        for row in get_rows(store, keys[start : start + _AT_ONCE], params=None, metrics=None):
            names.add(row)
    found = [
        NameFinding(doubt, used.runs, tuple(sorted(used.experiments)))
        for doubt, used in (*names.doubts(), *_data_doubts(store, keys))
    ]
    found.sort(key=_order)
    return found


def certain_renamings(findings: Sequence[NameFinding], *, scope: str = "") -> tuple[Renaming, ...]:
    """Return the renamings that leave no choice, each once."""
    wanted: dict[tuple[Kind, str], Renaming] = {}
    for finding in findings:
        kind = finding.doubt.kind
        if (kind == "metric" or kind == "param") and finding.certain:
            name = finding.doubt.name
            wanted.setdefault((kind, name), Renaming(kind, name, finding.certain, scope))
    return tuple(wanted.values())


def _data_doubts(store: Store, keys: Sequence[RunKey]) -> Iterator[tuple[NameDoubt, _Used]]:
    chosen = set(keys)
    used: dict[str, _Used] = {}
    digests: dict[str, set[str]] = {}
    for run, experiment, version, digest in store.read(
        "SELECT b.run, e.name, v.text, coalesce((SELECT d.text FROM fact AS d WHERE "
        "d.body = v.body AND d.key = (SELECT id FROM key WHERE name = 'data.hash' AND kind = 3)), "
        "'') FROM fact AS v JOIN run_body AS b ON b.body = v.body JOIN run AS r ON r.id = b.run "
        "JOIN experiment AS e ON e.id = r.experiment WHERE v.key = "
        "(SELECT id FROM key WHERE name = 'data.version' AND kind = 3)"
    ):
        if run in chosen:
            used.setdefault(version, _Used()).add(experiment)
            digests.setdefault(version, set()).add(digest)
    for version, one in used.items():
        meant = digests[version] - {""}
        for doubt in lint_data_version(version, next(iter(meant)) if len(meant) == 1 else ""):
            yield doubt, one


def _order(finding: NameFinding) -> tuple[int, int, str, str]:
    doubt = finding.doubt
    return _RANK[doubt.severity], _KINDS.index(doubt.kind), doubt.name, doubt.rule


def to_shape(finding: NameFinding) -> Mapping[str, object]:
    """Return a finding as JSON has it."""
    doubt = finding.doubt
    return {
        "rule": doubt.rule,
        "severity": doubt.severity,
        "kind": doubt.kind,
        "name": doubt.name,
        "message": doubt.message,
        "proposals": [
            {"name": proposal.name, "confidence": proposal.confidence}
            for proposal in doubt.proposals
        ],
        "runs": finding.runs,
        "experiments": list(finding.experiments),
    }
