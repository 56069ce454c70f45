"""What differs between two runs: params, metrics, code, packages, data, and how they were run.

What one of the runs has no record of is said to be unknown, never the same.
"""

from __future__ import annotations

from tui_tracker.compare.ignoring import Ignored
from tui_tracker.compare.runs import compare_runs
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
    "CodeDifference",
    "CodeSide",
    "Difference",
    "Group",
    "Ignored",
    "Kind",
    "MetricDifference",
    "RunDifference",
    "compare_runs",
]
