"""How much of a run came out again, metric by metric, on a ladder of five.

    identical          the same bits at every step
    within tolerance   the last values lie within the tolerance of the metric
    consistent         repeated runs are shown to agree within a margin (TOST)
    inconclusive       neither agreement nor a difference was shown
    different          agreement was not shown, and a difference was

Agreement is never read from a large p. One rerun is one draw: next to a group of seeds
it is at most "not inconsistent", and that is inconclusive. Reruns of one seed that came
out alike to the last bit are one draw, too.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean
from typing import Literal

from tui_tracker import equivalence as eq
from tui_tracker.reproduce.tolerance import Choice, Role, Tolerance

Verdict = Literal["identical", "within tolerance", "consistent", "inconclusive", "different"]
LADDER: tuple[Verdict, ...] = (
    "identical",
    "within tolerance",
    "consistent",
    "inconclusive",
    "different",
)
LEVELS: Mapping[Verdict, str] = {
    "identical": "L5",
    "within tolerance": "L4",
    "consistent": "L3",
    "inconclusive": "L1",
    "different": "L1",
}
EXIT_CODES: Mapping[Verdict, int] = {
    "identical": 0,
    "within tolerance": 0,
    "consistent": 0,
    "different": 1,
    "inconclusive": 7,
}
MARGIN_SEEDS = 5
"""Fewer seeds give no spread to take a margin from."""


@dataclass(frozen=True, slots=True)
class Curve:
    """One metric of one run, in log order."""

    steps: Sequence[int]
    values: Sequence[float]

    @property
    def last(self) -> float:
        return self.values[-1] if len(self.values) else math.nan


@dataclass(frozen=True, slots=True)
class Case:
    """One recorded run and what its reruns logged of a metric."""

    original: Curve
    reruns: tuple[Curve, ...]


@dataclass(frozen=True, slots=True)
class MetricVerdict:
    """What became of one metric."""

    name: str
    role: Role
    verdict: Verdict | None
    """None for a clock, which is reported and not judged."""
    why: str
    original: float
    rerun: float
    """Last values; means where there are several runs."""
    difference: float
    n: int
    """Reruns."""
    first_bits: int | None = None
    """Step at which the curves first differ in any bit."""
    first_beyond: int | None = None
    """Step at which they first lie further apart than the tolerance."""
    rtol: float | None = None
    atol: float | None = None
    margin: float | None = None
    low: float | None = None
    high: float | None = None
    """The interval of 90 % of the difference, or of 95 % for one more run."""
    p: float | None = None
    """Of "no difference", corrected for the number of metrics (Holm)."""
    more_runs: int | None = None
    """So many more would settle it."""


@dataclass(frozen=True, slots=True)
class _Doubt:
    """A metric beyond its tolerance, and the statistics that may settle it."""

    found: MetricVerdict
    p: float | None
    tested: eq.Equivalence | None
    contrast: eq.Contrast | None
    weak: str
    """What is to be said where nothing is settled."""


def grade_metrics(
    cases: Mapping[str, Sequence[Case]],
    choice: Choice,
    tolerances: Mapping[str, Tolerance],
    groups: Mapping[str, Sequence[float]],
    *,
    same_conditions: bool,
) -> list[MetricVerdict]:
    """Return the verdict on each metric.

    `cases` holds, by metric, the run in question first and then its seed siblings that
    were rerun. `groups` holds the last values of all recorded seed siblings, its own
    among them. `same_conditions` says that machine and libraries are those of the run.
    """
    settled: dict[str, MetricVerdict] = {}
    doubts: dict[str, _Doubt] = {}
    for name, role in choice.roles.items():
        found = _compare(name, role, cases.get(name, ()), tolerances.get(name))
        if found.verdict is not None or role == "clock":
            settled[name] = found
            continue
        doubts[name] = _doubt(
            found, cases[name], tolerances[name], groups.get(name, ()), same_conditions
        )
    tested = [name for name, doubt in doubts.items() if doubt.p is not None]
    corrected = dict(zip(tested, eq.holm([doubts[name].p or 0.0 for name in tested]), strict=True))
    for name, doubt in doubts.items():
        settled[name] = _settle(doubt, corrected.get(name))
    return [settled[name] for name in choice.roles]


def overall(
    found: Sequence[MetricVerdict], *, files_differ: Sequence[str], substituted: Sequence[str]
) -> tuple[Verdict, str]:
    """Return the run's verdict and why: the worst of the main and the guard metrics."""
    judged = [metric for metric in found if metric.role in ("main", "guard") and metric.verdict]
    if not judged:
        return "inconclusive", "the run logged no metric that could be compared"
    worst = max(judged, key=lambda metric: LADDER.index(metric.verdict or "identical"))
    verdict: Verdict = worst.verdict or "identical"
    why = f"{worst.name}: {worst.why}"
    others = [m.name for m in found if m.role == "other" and m.verdict not in ("identical", None)]
    if verdict == "identical" and (others or files_differ):
        verdict = "within tolerance"
        named = ", ".join([*others, *files_differ][:4])
        why = f"{worst.name} has the same bits, but not everything has: {named}"
    if substituted and LADDER.index(verdict) < LADDER.index("consistent"):
        why = f"{why}; called no more than consistent, for {substituted[0]}"
        verdict = "consistent"
    return verdict, why


def first_difference(one: Curve, other: Curve) -> int | None:
    """Return the first step at which two curves differ in any bit; None where none does."""
    for index in range(max(len(one.values), len(other.values))):
        if index >= min(len(one.values), len(other.values)):
            longer = one if index < len(one.values) else other
            return longer.steps[index]
        if one.steps[index] != other.steps[index] or not _same(
            one.values[index], other.values[index]
        ):
            return one.steps[index]
    return None


def first_beyond(one: Curve, other: Curve, tolerance: Tolerance) -> int | None:
    """Return the first step at which two curves lie further apart than the tolerance."""
    for step, value, step_, value_ in zip(
        one.steps, one.values, other.steps, other.values, strict=False
    ):
        if step != step_ or not tolerance.allows(value, value_):
            return step
    return None


def _same(one: float, other: float) -> bool:
    """Return whether two values are the same bits; any NaN is like any other."""
    if one != one or other != other:
        return one != one and other != other
    return struct.pack("<d", one) == struct.pack("<d", other)


def _compare(
    name: str, role: Role, cases: Sequence[Case], tolerance: Tolerance | None
) -> MetricVerdict:
    """Return a metric's verdict as far as the values alone give one."""
    reruns = [curve for case in cases for curve in case.reruns]
    original = _mean([case.original.last for case in cases])
    found = MetricVerdict(
        name, role, None, "", original, math.nan, math.nan, sum(len(c.values) > 0 for c in reruns)
    )
    if not reruns or any(not len(curve.values) for curve in reruns):
        why = "a rerun did not log it"
        return replace(found, verdict=None if role == "clock" else "different", why=why)
    rerun = _mean([_mean([curve.last for curve in case.reruns]) for case in cases])
    found = replace(found, rerun=rerun, difference=rerun - original)
    if role == "clock" or tolerance is None:
        return replace(found, why="time, speed and memory are not judged")
    pairs = [(case.original, curve) for case in cases for curve in case.reruns]
    bits = [step for pair in pairs if (step := first_difference(*pair)) is not None]
    beyond = [s for pair in pairs if (s := first_beyond(*pair, tolerance)) is not None]
    found = replace(
        found,
        first_bits=min(bits, default=None),
        first_beyond=min(beyond, default=None),
        rtol=tolerance.rtol,
        atol=tolerance.atol,
    )
    if not bits:
        return replace(found, verdict="identical", why="the same bits at every step")
    if all(tolerance.allows(one.last, other.last) for one, other in pairs):
        why = f"the last values agree ({tolerance.why}); bits differ from step {min(bits)} on"
        return replace(found, verdict="within tolerance", why=why)
    return found


def _doubt(
    found: MetricVerdict,
    cases: Sequence[Case],
    tolerance: Tolerance,
    group: Sequence[float],
    same_conditions: bool,
) -> _Doubt:
    """Return what statistics have to say on a metric beyond its tolerance."""
    margin = tolerance.delta
    if margin is None and len(group) >= MARGIN_SEEDS and eq.spread(group) > 0:
        margin = 2 * eq.spread(group)
    found = replace(found, margin=margin)
    first = [case.original.last for case in cases]
    second = [_mean([curve.last for curve in case.reruns]) for case in cases]
    if not all(map(math.isfinite, (*first, *second))):
        why = "one of both is no finite number"
        return _Doubt(replace(found, verdict="different", why=why), 0.0, None, None, why)
    lasts = [curve.last for curve in cases[0].reruns]
    if len(cases) >= 2:
        contrast = eq.paired(first, second)
    elif len(set(lasts)) > 1:
        contrast = eq.one_against(first[0], lasts)
    else:
        return _single(found, lasts, group, same_conditions)
    tested = eq.tost(contrast, margin) if margin is not None else None
    return _Doubt(found, eq.difference_p(contrast), tested, contrast, "")


def _single(
    found: MetricVerdict, lasts: Sequence[float], group: Sequence[float], same_conditions: bool
) -> _Doubt:
    """Return what one draw says, however often it came out."""
    agreed = found.margin is not None and abs(found.difference) < found.margin
    if len(lasts) > 1 and same_conditions and not agreed:
        why = (
            f"{len(lasts)} reruns under the same conditions have the same bits as each other, "
            "and not those of the run"
        )
        return _Doubt(replace(found, verdict="different", why=why), 0.0, None, None, why)
    if len(group) < 2 or eq.spread(group) == 0:
        weak = "beyond the tolerance, and one run has no spread to judge that by"
        if same_conditions:
            weak += ": --reruns 3 tells whether it repeats itself at all"
        return _Doubt(found, None, None, None, weak)
    low, high = eq.prediction_interval(group)
    contrast = eq.one_against(lasts[0], group)
    where = "inside" if low <= lasts[0] <= high else "outside"
    weak = (
        f"{where} the interval of 95 % for one more run ({low:.6g} to {high:.6g} from "
        f"{len(group)} seeds): not inconsistent, weak evidence"
    )
    spread = eq.spread(group) * math.sqrt(2)
    pair = eq.Contrast(found.difference, spread, 2.0, 0, (1, 1))
    found = replace(found, low=low, high=high)
    return _Doubt(found, eq.difference_p(contrast), None, pair, weak)


def _settle(doubt: _Doubt, p: float | None) -> MetricVerdict:
    found = replace(doubt.found, p=p)
    if found.verdict is not None:
        return found
    if doubt.tested is not None:
        found = replace(found, low=doubt.tested.low, high=doubt.tested.high)
        if doubt.tested.agrees:
            why = f"agrees within {doubt.tested.margin:.4g} (TOST, p = {doubt.tested.p:.3g})"
            return replace(found, verdict="consistent", why=why)
    if p is not None and p < eq.ALPHA:
        how = "paired by seed" if doubt.contrast and doubt.contrast.pairs else "against the spread"
        return replace(found, verdict="different", why=f"differs ({how}, p = {p:.3g})")
    return _undecided(found, doubt)


def _undecided(found: MetricVerdict, doubt: _Doubt) -> MetricVerdict:
    why = doubt.weak or "neither agreement nor a difference was shown"
    if found.margin is None:
        why += (
            "; no margin to agree within: declare "
            f'[tool.tui_tracker.metrics."{found.name}"] delta, or record {MARGIN_SEEDS} seeds'
        )
        return replace(found, verdict="inconclusive", why=why)
    more = eq.runs_to_settle(doubt.contrast, found.margin) if doubt.contrast else None
    if more is not None:
        why += f"; about {more} more runs would settle it"
    return replace(found, verdict="inconclusive", why=why, more_runs=more)


def _mean(values: Sequence[float]) -> float:
    return fmean(values) if values else math.nan
