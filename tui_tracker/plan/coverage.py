"""How much of a plan is there: each planned run done, running, failed or missing."""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from tui_tracker.plan.placing import Places
from tui_tracker.plan.plan import Cell, Plan
from tui_tracker.queries import Order, RunDetail, RunKey, Selection, list_run_keys
from tui_tracker.queries.details import get_runs
from tui_tracker.queries.renamed import metric_as_read, param_as_read
from tui_tracker.store import Store

State = Literal["done", "running", "incomplete", "failed", "missing"]
STATES: tuple[State, ...] = ("done", "running", "incomplete", "failed", "missing")


@dataclass(frozen=True, slots=True)
class Covered:
    """One planned run, and what there is of it."""

    cell: Cell
    state: State
    run: str | None = None
    """Id of the run that comes closest to it."""
    name: str = ""
    lacks: tuple[str, ...] = ()
    """What an incomplete run does not have: metrics, artifacts, the data version."""
    runs: tuple[tuple[str, str], ...] = ()
    """Id and name of all runs of it, the closest first."""

    @property
    def attempts(self) -> int:
        """How many runs there are of it."""
        return len(self.runs)


@dataclass(frozen=True, slots=True)
class Coverage:
    """A plan beside the runs of its experiment."""

    plan: Plan
    cells: tuple[Covered, ...]
    unplanned: tuple[tuple[str, str], ...]
    """Id and name of runs of the experiment that the plan has no place for."""
    hours: float
    """What all runs of the experiment took together."""

    def count(self, state: State) -> int:
        return sum(cell.state == state for cell in self.cells)

    @property
    def is_complete(self) -> bool:
        """Whether every planned run is done."""
        return all(cell.state == "done" for cell in self.cells)


def check_plan(store: Store | None, plan: Plan) -> Coverage:
    """Return what there is of a plan; archived runs count, reproductions do not.

    None is a store that no run has made yet: all of the plan is missing.
    """
    runs = [] if store is None else _runs_of(store, plan)
    cells = plan.cells()
    fitting: dict[int, list[RunDetail]] = {}
    unplanned = []
    names = _names(store, plan, runs[0].row.key) if store is not None and runs else {}
    places = Places(plan, names)
    for run in runs:
        at = places.of(run.row.params)
        if at is None:
            unplanned.append((run.row.id, run.row.name))
        else:
            fitting.setdefault(at, []).append(run)
    covered = [_covered(plan, cell, fitting.get(n, []), names) for n, cell in enumerate(cells)]
    hours = sum(run.row.duration_s for run in runs) / 3600
    return Coverage(plan, tuple(covered), tuple(unplanned), hours)


def _runs_of(store: Store, plan: Plan) -> list[RunDetail]:
    selection = Selection(experiment=plan.experiment, archived=True)
    keys = list_run_keys(store, selection, Order("started", descending=False))
    return [run for run in get_runs(store, keys) if "reproduction" not in run.row.tags]


def _names(store: Store, plan: Plan, run: RunKey) -> dict[str, str]:
    """Return what the params and metrics of a plan are read as in the runs of its experiment."""
    params = {*plan.params, *(key for cell in plan.cells() for key in cell.params)}
    metrics = {name for name in (plan.primary, *plan.secondary) if name}
    return {
        **{name: param_as_read(store, run, name) for name in params},
        **{name: metric_as_read(store, run, name) for name in metrics},
    }


def _covered(
    plan: Plan, cell: Cell, runs: Sequence[RunDetail], names: Mapping[str, str]
) -> Covered:
    if not runs:
        return Covered(cell, "missing")
    # Of several in one state the first that was started counts.
    judged = sorted(((*_state(plan, run, names), run) for run in runs), key=_closeness)
    state, lacks, best = judged[0]
    found = tuple((run.row.id, run.row.name) for _, _, run in judged)
    return Covered(cell, state, best.row.id, best.row.name, lacks, found)


def _closeness(judged: tuple[State, tuple[str, ...], RunDetail]) -> int:
    return STATES.index(judged[0])


def _state(plan: Plan, run: RunDetail, names: Mapping[str, str]) -> tuple[State, tuple[str, ...]]:
    if run.row.status == "running":
        return "running", ()
    if run.row.status != "finished":
        return "failed", ()
    lacks = tuple(_lacks(plan, run, names))
    return ("incomplete", lacks) if lacks else ("done", ())


def _lacks(plan: Plan, run: RunDetail, names: Mapping[str, str]) -> list[str]:
    known = {metric.name for metric in run.row.metrics.values()} | set(run.row.metrics)
    missing = [
        f"metric {name}"
        for name in (plan.primary, *plan.secondary)
        if name and names.get(name, name) not in known
    ]
    paths = [item.path for item in run.artifacts]
    for pattern in plan.artifacts:
        found = any(fnmatch.fnmatch(path, pattern) or fnmatch.fnmatch(
            path.rpartition("/")[2], pattern) for path in paths)  # fmt: skip
        missing += [] if found else [f"artifact {pattern}"]
    return [*missing, *_other_data(plan, run)]


def _other_data(plan: Plan, run: RunDetail) -> list[str]:
    """Return what to say where a run used another version of the data than was planned."""
    if not plan.data_version:
        return []
    versions = {
        str(part.facts.get("version") or "")
        for part in run.lineage
        if part.name.startswith("data:")
        and plan.data_name in ("", str(part.facts.get("name") or ""))
    }
    named = {str(run.row.params.get(key)) for key in ("data_version", "dataset_version")
             if key in run.row.params}  # fmt: skip
    versions = {v for v in versions | named if v}
    if not versions or plan.data_version in versions:
        return [] if versions else [f"data version {plan.data_version}"]
    return [f"data version {plan.data_version} (it used {', '.join(sorted(versions))})"]
