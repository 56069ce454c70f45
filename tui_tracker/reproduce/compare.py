"""A run beside its reruns: splits, metrics, files and machines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import isfinite

from tui_tracker.reproduce.failures import DATA, CannotReproduce
from tui_tracker.reproduce.files import FileVerdict, compare_files
from tui_tracker.reproduce.machines import compare_machines
from tui_tracker.reproduce.options import Options
from tui_tracker.reproduce.plan import examples_of
from tui_tracker.reproduce.record import Recorded, word
from tui_tracker.reproduce.siblings import Siblings, read_curve
from tui_tracker.reproduce.tolerance import (
    Choice,
    Settings,
    Tolerance,
    choose_metrics,
    is_clock,
    tolerance_of,
)
from tui_tracker.reproduce.verdict import (
    EXIT_CODES,
    LEVELS,
    Case,
    Curve,
    MetricVerdict,
    first_difference,
    grade_metrics,
    overall,
)
from tui_tracker.store import Store


@dataclass(frozen=True, slots=True)
class Rerun:
    """A recorded run and one run that came of doing it again."""

    original: Recorded
    record: Recorded
    seconds: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a comparison came to."""

    verdict: str
    why: str
    level: str
    exit_code: int
    metrics: list[MetricVerdict] = field(default_factory=list)
    main_why: str = ""
    files: list[FileVerdict] = field(default_factory=list)
    suspects: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def check_splits(reruns: Sequence[Rerun]) -> None:
    """Refuse reruns that split their data otherwise.

    Raises:
        CannotReproduce: a split has another hash.
    """
    for rerun in reruns:
        found = {part.name: part.facts for part in rerun.record.splits}
        for part in rerun.original.splits:
            wanted, facts = word(part.facts.get("hash")), found.get(part.name)
            if wanted is None or facts is None or facts.get("hash") == wanted:
                continue
            name = part.name.partition(":")[2]
            raise CannotReproduce(
                "compare",
                f"the rerun split its data otherwise: {name!r} has {facts.get('hash')!s:.20}.. "
                f"but the run had {wanted:.20}..",
                exit_code=DATA,
            )


def compare_reruns(
    store: Store,
    reruns: Sequence[Rerun],
    siblings: Siblings,
    settings: Settings,
    options: Options,
    *,
    substituted: Sequence[str],
) -> Comparison:
    """Return the verdict on a run whose reruns are done."""
    record, first = reruns[0].original, reruns[0].record
    machines = compare_machines(record.hardware, first.hardware)
    choice = _choose(record, settings)
    tolerances = _tolerances(record, choice, settings, options, same=machines.same_class)
    cases = {name: _cases(store, reruns, name) for name in choice.roles}
    groups = {name: _lasts(siblings, name) for name in choice.roles}
    same = machines.same and not substituted and not options.variables
    metrics = grade_metrics(cases, choice, tolerances, groups, same_conditions=same)
    files = compare_files(store, record.detail.artifacts, first.detail.artifacts)
    differ = [file.path for file in files if file.verdict in ("different", "missing")]
    verdict, why = overall(metrics, files_differ=differ, substituted=substituted)
    return Comparison(
        verdict=verdict,
        why=why,
        level=LEVELS[verdict],
        exit_code=EXIT_CODES[verdict],
        metrics=metrics,
        main_why=choice.why,
        files=files,
        suspects=[*machines.other_class, *machines.other_conditions],
        notes=_notes(reruns, choice),
    )


def compare_scores(store: Store, rerun: Rerun, settings: Settings, options: Options) -> Comparison:
    """Return the verdict on a recorded model that was scored again.

    Only metrics that both logged count, by their last values. One model scored twice has
    no seed, so a difference needs no statistics.
    """
    record, again = rerun.original, rerun.record
    machines = compare_machines(record.hardware, again.hardware)
    shared = [label for label in again.detail.row.metrics if label in record.detail.row.metrics]
    choice = choose_metrics(shared, settings, record.detail.row.params, record.detail.row.tags)
    tolerances = _tolerances(record, choice, settings, options, same=machines.same_class)
    metrics = []
    for name, role in choice.roles.items():
        one, other = (read_curve(store, run, name).last for run in (record, again))
        metrics.append(_score(name, role, one, other, tolerances[name]))
    judged = [metric for metric in metrics if metric.verdict is not None]
    worst = next((m for m in judged if m.verdict == "different"), judged[0] if judged else None)
    if worst is None:
        why = "the scoring logged no metric that the run has, too"
        return Comparison("inconclusive", why, "L1", EXIT_CODES["inconclusive"])
    verdict = worst.verdict or "different"
    if any(metric.verdict == "within tolerance" for metric in judged) and verdict == "identical":
        verdict = "within tolerance"
    level = "L1" if verdict == "different" else "L2"
    return Comparison(
        *(verdict, f"{worst.name}: {worst.why}", level, EXIT_CODES[verdict], metrics, choice.why),
        suspects=[*machines.other_class, *machines.other_conditions],
    )


def first_diverging(store: Store, rerun: Rerun) -> str:
    """Return where a rerun that failed first left the run's main curve, in words."""
    name = _choose(rerun.original, Settings()).main
    if name is None:
        return ""
    one = read_curve(store, rerun.original, name)
    other = read_curve(store, rerun.record, name)
    reached = len(other.values)
    if not reached:
        return f"{name} was never logged"
    part = Curve(one.steps[:reached], one.values[:reached])
    step = first_difference(part, other)
    if step is None:
        return f"{name} had the same bits up to step {other.steps[-1]}"
    return f"{name} diverged at step {step}"


def _score(
    name: str, role: object, one: float, other: float, tolerance: Tolerance
) -> MetricVerdict:
    clock = is_clock(name)
    if clock:
        verdict, why = None, "time, speed and memory are not judged"
    elif first_difference(Curve((0,), (one,)), Curve((0,), (other,))) is None:
        verdict, why = "identical", "the same bits"
    elif tolerance.allows(one, other):
        verdict, why = "within tolerance", f"agrees ({tolerance.why})"
    else:
        verdict, why = "different", f"{other:.6g} instead of {one:.6g}"
    return MetricVerdict(
        *(name, role, verdict, why, one, other, other - one, 1),  # type: ignore[arg-type]
        rtol=tolerance.rtol,
        atol=tolerance.atol,
    )


def _choose(record: Recorded, settings: Settings) -> Choice:
    row = record.detail.row
    return choose_metrics(list(row.metrics), settings, row.params, row.tags)


def _tolerances(
    record: Recorded, choice: Choice, settings: Settings, options: Options, *, same: bool
) -> dict[str, Tolerance]:
    examples = examples_of(record)
    return {
        name: tolerance_of(
            name,
            settings,
            same_machine=same,
            rtol=options.rtol,
            atol=options.atol,
            examples=examples,
        )
        for name in choice.roles
    }


def _cases(store: Store, reruns: Sequence[Rerun], name: str) -> list[Case]:
    """Return a metric's curves by recorded run, the run in question first."""
    originals = {rerun.original.id: rerun.original for rerun in reruns}
    return [
        Case(
            read_curve(store, original, name),
            tuple(read_curve(store, r.record, name) for r in reruns if r.original.id == id_),
        )
        for id_, original in originals.items()
        if name in original.detail.row.metrics
    ]


def _lasts(siblings: Siblings, name: str) -> list[float]:
    found = []
    for record in siblings.records:
        metric = record.detail.row.metrics.get(name)
        if metric is not None and isfinite(metric.last):
            found.append(metric.last)
    return found


def _notes(reruns: Sequence[Rerun], choice: Choice) -> list[str]:
    record, first = reruns[0].original, reruns[0].record
    notes = []
    new = sorted(set(first.detail.row.metrics) - set(record.detail.row.metrics))
    if new:
        notes.append(f"the rerun logged metrics that the run had not: {', '.join(new[:4])}")
    clocks = [name for name, role in choice.roles.items() if role == "clock"]
    if clocks:
        notes.append(f"reported and not judged: {', '.join(clocks[:6])}")
    again = {dataset.name: dataset for dataset in first.data}
    for dataset in record.data:
        other = again.get(dataset.name)
        if other is None:
            notes.append(f"the rerun did not log the dataset {dataset.name}")
        elif dataset.digest and other.digest and dataset.digest != other.digest:
            notes.append(
                f"the dataset {dataset.name} ({dataset.kind}) has another digest in the rerun"
            )
    splits = {part.name for part in first.splits}
    for part in record.splits:
        if part.name not in splits:
            notes.append(f"the rerun did not log the split {part.name.partition(':')[2]}")
    return notes
