"""What the plan screen shows: a plan's configurations by its seeds, and who stands outside."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tui_tracker.formatting import format_count, format_duration, printable
from tui_tracker.plan.coverage import STATES, Coverage, Covered, State, check_plan
from tui_tracker.plan.finding import find_plans
from tui_tracker.plan.plan import Plan
from tui_tracker.plan.running import open_cells, tt_command
from tui_tracker.queries.runs import keys_of
from tui_tracker.store import Store


@dataclass(frozen=True, slots=True)
class PlanCell:
    """A planned run; or, below the grid, a run that nobody planned."""

    state: State | None
    """None is not planned."""
    label: str
    lacks: str
    runs: tuple[str, ...]
    """Ids, the closest first."""
    keys: tuple[int, ...]
    """Of the same runs, as far as they are still there."""
    name: str
    """Of the closest."""
    command: str
    """Makes it; "" where the plan says no command."""


@dataclass(frozen=True, slots=True)
class PlanRow:
    """A configuration with a cell a seed; or a run that nobody planned, with one cell."""

    label: str
    cells: tuple[PlanCell, ...]


@dataclass(frozen=True, slots=True)
class PlanFound:
    """The plans there are, and how much there is of one of them."""

    choices: tuple[tuple[str, str], ...]
    """Experiment and file of each plan."""
    at: int
    """Which of them is shown."""
    problems: tuple[str, ...]
    """Of files that are named as plans."""
    places: str
    """Where plans were looked for."""
    experiment: str = ""
    rows: tuple[PlanRow, ...] = ()
    unplanned: int = 0
    """How many rows at the end stand outside the plan."""
    heads: tuple[str, ...] = ()
    """The seeds, or `run`."""
    question: str = ""
    rule: str = ""
    counts: tuple[tuple[State, int], ...] = ()
    spent: str = ""
    """Runs and time, of the budget where there is one."""
    rest: tuple[str, ...] = ()
    """The commands that are still to run."""


def find_plan(store: Store, path: str, experiment: str) -> PlanFound:
    """Return the plan in a file; else that of an experiment; else the first one there is."""
    folders = (Path.cwd(), Path(store.folder).parent)
    found = find_plans(folders)
    choices = tuple((printable(plan.experiment), plan.path) for plan in found.plans)
    at = _chosen(found.plans, path, experiment)
    places = " and ".join(dict.fromkeys(str(folder.resolve()) for folder in folders))
    told = [*(found.plans[at].doubts() if found.plans else ()), *found.problems]
    base = PlanFound(choices, at, tuple(map(printable, told)), printable(places))
    if not found.plans:
        return base
    coverage = check_plan(store, found.plans[at])
    ids = [id_ for cell in coverage.cells for id_, _ in cell.runs]
    ids += [id_ for id_, _ in coverage.unplanned]
    return _covered(base, coverage, keys_of(store, ids))


def _chosen(plans: Sequence[Plan], path: str, experiment: str) -> int:
    for at, plan in enumerate(plans):
        if plan.path == path:
            return at
    fits = (at for at, plan in enumerate(plans) if plan.experiment == experiment)
    return next(fits, 0)


def _covered(base: PlanFound, coverage: Coverage, keys: Mapping[str, int]) -> PlanFound:
    plan = coverage.plan
    outside = (_outside(id_, name, keys) for id_, name in coverage.unplanned)
    rows = [*_planned(coverage, keys), *outside]
    return PlanFound(
        base.choices,
        base.at,
        base.problems,
        base.places,
        plan.experiment,
        tuple(rows),
        len(coverage.unplanned),
        tuple(printable(str(seed)) for seed in plan.seeds) or ("run",),
        printable(plan.question),
        plan.rule,
        tuple((state, count) for state in STATES if (count := coverage.count(state))),
        _spent(coverage),
        tuple(command for cell in open_cells(coverage) if (command := _command(plan, cell))),
    )


def _planned(coverage: Coverage, keys: Mapping[str, int]) -> list[PlanRow]:
    """Return a row a configuration: the seeds stand innermost."""
    plan, covered = coverage.plan, coverage.cells
    size = max(1, len(plan.seeds))
    return [_row(plan, covered[at : at + size], keys) for at in range(0, len(covered), size)]


def _row(plan: Plan, row: Sequence[Covered], keys: Mapping[str, int]) -> PlanRow:
    pairs = [f"{k}={v}" for k, v in row[0].cell.params.items() if k != plan.seed_param]
    cells = tuple(
        PlanCell(
            covered.state,
            printable(covered.cell.label),
            printable(", ".join(covered.lacks)),
            ids := tuple(id_ for id_, _ in covered.runs),
            tuple(keys[id_] for id_ in ids if id_ in keys),
            printable(covered.name),
            _command(plan, covered),
        )
        for covered in row
    )
    return PlanRow(printable(" ".join(pairs)) or "all", cells)


def _outside(id_: str, name: str, keys: Mapping[str, int]) -> PlanRow:
    shown = printable(name)
    known = (keys[id_],) if id_ in keys else ()
    return PlanRow(shown, (PlanCell(None, shown, "", (id_,), known, shown, ""),))


def _command(plan: Plan, covered: Covered) -> str:
    return shlex.join(tt_command(plan, covered.cell)) if plan.command else ""


def _spent(coverage: Coverage) -> str:
    plan, count = coverage.plan, len(coverage.cells)
    most = "" if plan.most_runs is None else f" of {format_count(plan.most_runs)}"
    runs = "1 run" if count == 1 and not most else f"{format_count(count)}{most} runs"
    hours = "" if plan.most_hours is None else f" of {format_duration(plan.most_hours * 3600)}"
    return f"{runs} planned, {format_duration(coverage.hours * 3600)}{hours} spent"
