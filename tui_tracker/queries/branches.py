"""Runs as a tree whose levels are chosen when it is looked at: experiments, params, tags, facts.

    experiment, param:optimizer, param:lr, tag:purpose, tags, fact:data.version, status, host,
    user, name, started (by day)

A branch stands for the runs that have its value and those of the branches above it: its
`where`, which a `Selection` takes. The level `experiment` is a tree of its own, because `/`
in a name makes branches, and comes whole; every other level is asked for when it is opened.
"""

from __future__ import annotations

from collections.abc import Sequence

from tui_tracker.errors import BadColumn
from tui_tracker.queries.branch import Branch as Branch
from tui_tracker.queries.branch import Branches as Branches
from tui_tracker.queries.branch import Condition as Condition
from tui_tracker.queries.branch_reader import BranchReader
from tui_tracker.queries.columns import ColumnSpec, parse_column
from tui_tracker.queries.selection import EVERYTHING, Selection, list_run_keys
from tui_tracker.store import Store

EXPERIMENTS = ("experiment",)
"""The levels of a tree that nobody chose others for."""
_LEVELS = frozenset(
    ("experiment", "param", "tags", "tag", "fact", "grade", "proof", "status", "host", "user")
) | {"name", "started"}


def check_levels(levels: Sequence[str]) -> tuple[ColumnSpec, ...]:
    """Return the columns that levels are.

    Raises:
        BadColumn: one is no column, or none that a tree can have as a level.
    """
    specs = tuple(map(parse_column, levels))
    for spec in specs:
        if spec.kind not in _LEVELS:
            raise BadColumn(spec.field, f"a tree cannot have {spec.field!r} as a level")
    return specs


def list_branches(
    store: Store,
    selection: Selection = EVERYTHING,
    levels: Sequence[str] = EXPERIMENTS,
    where: tuple[Condition, ...] = (),
    *,
    depth: int = 0,
    metric: str | None = None,
) -> Branches:
    """Return the branches of one level below the branch that `where` is.

    Those of experiments come with all that is below them. `metric` is the spec of a metric,
    whose best value each branch tells.

    Raises:
        BadColumn: a level, or the metric, is no column that can be one.
    """
    specs = check_levels(levels)
    reader = BranchReader(store, selection.below(where), specs, metric)
    if depth >= len(specs):
        return Branches((), 0, {})
    if specs[depth].kind == "experiment":
        return reader.experiments(where, depth)
    keys = list_run_keys(store, reader.selection)
    return reader.level(keys, where, depth, whole=False)


def read_branches(
    store: Store,
    selection: Selection = EVERYTHING,
    levels: Sequence[str] = EXPERIMENTS,
    *,
    metric: str | None = None,
) -> Branches:
    """Return the tree with all of its levels.

    Raises:
        BadColumn: a level, or the metric, is no column that can be one.
    """
    specs = check_levels(levels)
    reader = BranchReader(store, selection, specs, metric)
    if [spec.kind for spec in specs] == ["experiment"]:
        return reader.experiments((), 0)
    return reader.level(list_run_keys(store, selection), (), 0, whole=True)
