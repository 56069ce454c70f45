"""What differs between runs: params, metrics, code, packages, data, and how they were run.

What one of the runs has no record of is said to be unknown, never the same.
"""

from __future__ import annotations

from tui_tracker.compare.doubts import Doubt, DoubtKind, Unsaid, comparability, main_metric
from tui_tracker.compare.ignoring import Ignored
from tui_tracker.compare.many import MOST_RUNS, SECTIONS, Comparison, Section, compare_many
from tui_tracker.compare.rows import Row, delta, relative
from tui_tracker.compare.runs import compare_runs
from tui_tracker.compare.sides import Side, read_sides, side_of
from tui_tracker.compare.values import (
    KINDS,
    CodeDifference,
    CodeSide,
    Difference,
    Group,
    Kind,
    MetricDifference,
    RunDifference,
)

__all__ = [
    "KINDS",
    "MOST_RUNS",
    "SECTIONS",
    "CodeDifference",
    "CodeSide",
    "Comparison",
    "Difference",
    "Doubt",
    "DoubtKind",
    "Group",
    "Ignored",
    "Kind",
    "MetricDifference",
    "Row",
    "RunDifference",
    "Section",
    "Side",
    "Unsaid",
    "comparability",
    "compare_many",
    "compare_runs",
    "delta",
    "main_metric",
    "read_sides",
    "relative",
    "side_of",
]
