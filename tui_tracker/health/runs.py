"""What is wrong with a whole run: its curves, its pairs of curves, its pulse, its end.

stalled   the last step is older than a minute, than 10 times the usual interval, and
          than 3 times the longest pause so far: evaluations and checkpoints pause a
          training regularly, by far more than its usual interval.
dead      the process vanished, was killed, or ended with an error.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tui_tracker.health.findings import Health, Severity, worst
from tui_tracker.health.pairs import ended_at_best, is_held_out, judge_pairs_of
from tui_tracker.health.rules import judge_shape, judge_values
from tui_tracker.health.shape import Curve, shape_of

LEAST_STALL_MS = 60_000
USUAL_TIMES, LONGEST_TIMES = 10, 3
FEWEST_POINTS = 3
"""Before them nobody knows the usual interval."""


@dataclass(frozen=True, slots=True)
class RunFacts:
    """What is known of a run beside its curves; times in Unix milliseconds."""

    status: str
    ended_by: str = ""
    now_ms: int = 0
    last_ms: int | None = None
    """When the last step of any metric was logged."""
    usual_ms: float | None = None
    """From step to step, of the metric that is logged most often."""
    longest_ms: float = 0.0
    """The longest pause between two steps so far, as far as it is known."""
    points: int = 0
    """Of the metric that is logged most often."""


def judge_run(curves: Iterable[Curve], facts: RunFacts) -> tuple[Health, ...]:
    """Return everything that is wrong with a run, worst first."""
    known = list(curves)
    shapes = {curve.label: shape for curve in known if (shape := shape_of(curve)) is not None}
    overfitting = list(judge_pairs_of(shapes))
    explained = {one.metric for one in overfitting}
    found = [*_end(facts), *_pulse(facts), *overfitting]
    for curve in known:
        found += judge_values(curve)
    well = ended_at_best(shapes)
    for label, shape in shapes.items():
        # A held-out loss that climbs while training gains is no divergence, and no plateau.
        found += [
            one
            for one in judge_shape(shape, trained_well=well and is_held_out(label))
            if label not in explained or one.kind not in ("diverged", "plateau", "unstable")
        ]
    return worst(found)


def _end(facts: RunFacts) -> Iterator[Health]:
    if facts.status not in ("crashed", "failed", "killed"):
        return
    severity: Severity = "note" if facts.status == "killed" else "bad"
    why = facts.ended_by.strip().rpartition("\n")[2]
    yield Health("dead", "", None, f"{facts.status}: {why}" if why else facts.status, severity)


def stall_limit_ms(facts: RunFacts) -> float | None:
    """Return how long a live run may log nothing; None where nobody can say."""
    if facts.usual_ms is None or facts.points < FEWEST_POINTS:
        return None
    longest = LONGEST_TIMES * facts.longest_ms
    return max(LEAST_STALL_MS, USUAL_TIMES * facts.usual_ms, longest)


def _pulse(facts: RunFacts) -> Iterator[Health]:
    limit = stall_limit_ms(facts)
    if facts.status != "running" or facts.last_ms is None or limit is None:
        return
    silent = facts.now_ms - facts.last_ms
    if silent > limit and facts.usual_ms is not None:
        words = f"no new step for {_span(silent)}, usually one every {_span(facts.usual_ms)}"
        yield Health("stalled", "", None, words, "bad")


def _span(ms: float) -> str:
    seconds = ms / 1000
    if seconds < 1:
        return f"{ms:.0f} ms"
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s" if seconds >= 10 else f"{seconds:.1f} s"
