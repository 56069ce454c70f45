"""Whether a training is well, by its curves: NaN, spikes, divergence, plateaus, overfitting.

Pure functions from numbers to findings, for the app, `tt health`, alerts and reports.
What is found is told with the step at which it began. The rules would rather miss a
doubtful case than cry wolf: each needs a change that is large both against the noise of
the curve and against what the run had learned. Only metrics whose name tells which way is
better are judged by their shape; NaN and infinities are told of any.
"""

from __future__ import annotations

from tui_tracker.health.findings import (
    ASCII_GLYPHS,
    GLYPHS,
    LEVELS,
    Health,
    Kind,
    Severity,
    glyph,
    short_words,
    summary,
    worst,
)
from tui_tracker.health.pairs import judge_pairs
from tui_tracker.health.rules import judge_curve
from tui_tracker.health.runs import RunFacts, judge_run
from tui_tracker.health.shape import Curve, curve_of_buckets, curve_of_points

__all__ = [
    "ASCII_GLYPHS",
    "GLYPHS",
    "LEVELS",
    "Curve",
    "Health",
    "Kind",
    "RunFacts",
    "Severity",
    "curve_of_buckets",
    "curve_of_points",
    "glyph",
    "judge",
    "judge_curve",
    "judge_pairs",
    "judge_run",
    "short_words",
    "summary",
    "worst",
]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


def judge(
    values: Sequence[float], steps: Sequence[int] | None = None, *, metric: str = "loss"
) -> tuple[Health, ...]:
    """Return what is wrong with one curve, worst first; without `steps` they count from 0."""
    return judge_curve(curve_of_points(metric, steps or range(len(values)), values))
