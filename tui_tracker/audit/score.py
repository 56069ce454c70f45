"""Readiness: how much of what is needed to get a run again is recorded, 0 to 100.

Inside a category it is the share of the weight of the rules that apply which passed, an
error weighing 5, a warning 2, an information 0.5. Categories weigh code 25, data 25,
environment 20, seeds 10, metrics 10, artifacts 5 and context 5; one in which no rule
applies gives its weight to the others. A gap that makes everything else pointless caps
the whole, and the cap is told. It says nothing about whether the run *was* got again:
that is its proof level.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from tui_tracker.audit.rules import Category, Severity

Grade = Literal["A", "B", "C", "D", "F"]
Standing = Literal["passed", "failed", "waived", "unknown"]

WEIGHTS: dict[Category, int] = {
    "code": 25,
    "data": 25,
    "env": 20,
    "seeds": 10,
    "metrics": 10,
    "artifacts": 5,
    "context": 5,
}
PENALTIES: dict[Severity, float] = {"error": 5.0, "warn": 2.0, "info": 0.5}
GRADES: tuple[tuple[int, Grade], ...] = ((90, "A"), (75, "B"), (60, "C"), (40, "D"), (0, "F"))
CAPS: tuple[tuple[int, frozenset[str], str], ...] = (
    (
        39,
        frozenset({"code.commit-missing", "code.snapshot-incomplete", "code.entry-missing"}),
        "the code cannot be rebuilt",
    ),
    (
        54,
        frozenset({"data.name-missing", "data.version-missing"}),
        "the data are not identified",
    ),
    (54, frozenset({"env.freeze-missing"}), "there is no list of packages"),
    (
        69,
        frozenset({"data.split-strategy-missing", "data.split-not-rebuildable"}),
        "the split cannot be rebuilt",
    ),
)
"""The most that a run with one of these findings can have."""
ERROR_CAP = 89


@dataclass(frozen=True, slots=True)
class Judged:
    """A rule that applied to a run, and how that ended."""

    rule: str
    category: Category
    severity: Severity
    standing: Standing


@dataclass(frozen=True, slots=True)
class Score:
    """How ready a run is to be got again."""

    points: int
    grade: Grade
    by_category: Mapping[Category, int]
    """0 to 100 each; a category without an applicable rule is left out."""
    cap: str = ""
    """Why it is no more, "" where nothing caps it."""
    capped_by: str = ""
    """The rule whose finding caps it."""
    without_cap: int = 0
    """What it would be if just that finding were gone."""


def mending_gives(told: Score) -> str:
    """Return what a score would be without the finding that caps it, in words."""
    if told.without_cap == told.points:
        return "other findings keep it down, too"
    return f"mending it gives {told.without_cap}, {grade_of(told.without_cap)}"


def grade_of(points: float) -> Grade:
    """Return the letter of a score."""
    return next(grade for least, grade in GRADES if points >= least)


def score(judged: Iterable[Judged]) -> Score:
    """Return the readiness that follows from the rules that applied to a run."""
    given = list(judged)
    points, by_category = _weighed(given)
    limit, why, rule = _cap(given)
    capped = min(points, limit)
    without = points
    if rule and capped < points:
        rest = [item for item in given if item.rule != rule]
        mended = [*rest, *(Judged(i.rule, i.category, i.severity, "passed")
                           for i in given if i.rule == rule)]  # fmt: skip
        without = min(_weighed(mended)[0], _cap(mended)[0])
    told = capped < points
    return Score(
        points=capped,
        grade=grade_of(capped),
        by_category=by_category,
        cap=why if told else "",
        capped_by=rule if told else "",
        without_cap=without,
    )


def _weighed(judged: list[Judged]) -> tuple[int, dict[Category, int]]:
    shares: dict[Category, float] = {}
    for category in WEIGHTS:
        whole = lost = 0.0
        for item in judged:
            if item.category == category:
                weight = PENALTIES[item.severity]
                whole += weight
                share = {"passed": 0.0, "waived": 0.5, "failed": 1.0, "unknown": 1.0}
                lost += weight * share[item.standing]
        if whole:
            shares[category] = 1 - lost / whole
    total = sum(WEIGHTS[category] for category in shares)
    if not total:
        return 100, {}
    points = 100 * sum(WEIGHTS[category] * share for category, share in shares.items()) / total
    # Rounded down: nothing that is open may look like a hundred.
    return int(points + 1e-9), {c: int(100 * share + 1e-9) for c, share in shares.items()}


def _cap(judged: list[Judged]) -> tuple[int, str, str]:
    """Return the most there can be, why, and the rule that says so."""
    open_ = [item for item in judged if item.standing in ("failed", "unknown")]
    failed = {item.rule for item in open_}
    for limit, rules, why in CAPS:
        if hit := sorted(failed & rules):
            return limit, why, hit[0]
    errors = [item.rule for item in open_ if item.severity == "error"]
    return (ERROR_CAP, "an error is open", errors[0]) if errors else (100, "", "")
