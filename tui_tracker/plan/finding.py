"""Which plans lie about: files named as plans in a project's folder and in its `plans/`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tui_tracker.errors import InvalidArgument
from tui_tracker.plan.plan import Plan, read_plan

PATTERNS = ("plan.toml", "*.plan.toml", "*_plan.toml", "plan_*.toml", "plans/*.toml")


@dataclass(frozen=True, slots=True)
class PlansFound:
    """The plans of some folders."""

    plans: tuple[Plan, ...]
    problems: tuple[str, ...]
    """What is wrong with the files that are none, a sentence each."""


def find_plans(folders: Iterable[Path]) -> PlansFound:
    """Return the plans in these folders, `plan.toml` first."""
    plans, problems = [], []
    for path in dict.fromkeys(_files(folders)):
        try:
            plans.append(read_plan(path))
        except InvalidArgument as error:
            problems.append(str(error))
    return PlansFound(tuple(plans), tuple(problems))


def _files(folders: Iterable[Path]) -> Iterator[Path]:
    for folder in dict.fromkeys(folder.resolve() for folder in folders):
        for pattern in PATTERNS:
            yield from sorted(path for path in folder.glob(pattern) if path.is_file())
