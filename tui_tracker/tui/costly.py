"""What the store is asked for the cells that cost most: facts, health, grades, proofs."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tui_tracker.formatting import MISSING, printable
from tui_tracker.queries.fact_cells import read_facts
from tui_tracker.store import Store
from tui_tracker.tui.cells import Extras
from tui_tracker.tui.columns import Column
from tui_tracker.tui.row_marks import UNWELL

WELL = "well"
"""The health of a run that has nothing wrong."""
Cells = dict[int, str]


def read_extras(
    store: Store,
    keys: Sequence[int],
    columns: Sequence[Column],
    told: Callable[[Extras], None] | None = None,
) -> Extras:
    """Return the costly cells of some runs, all of them, by run and column.

    Grades may take seconds in a large store that was never judged; `told` gets those that
    are known from time to time.
    """
    by_kind = {column.kind: column for column in columns}
    names = [column.key for column in columns if column.kind == "fact"]
    facts = read_facts(store, keys, names)
    found: Extras = {key: {} for key in keys}
    for column in columns:
        if column.kind == "fact":
            for key in keys:
                found[key][column.spec] = printable(facts.get(key, {}).get(column.key, MISSING))
    for kind, cells in (("health", _health), ("proof", _proofs)):
        if kind in by_kind:
            _lay(found, by_kind[kind], cells(store, keys))
    if "grade" in by_kind:
        column = by_kind["grade"]

        def some(cells: Cells) -> None:
            _lay(found, column, cells)
            assert told is not None
            told({key: dict(cells) for key, cells in found.items()})

        from tui_tracker.audit.cells import grade_cells

        _lay(found, column, grade_cells(store, keys, some if told is not None else None))
    return found


def read_marks(store: Store, keys: Sequence[int]) -> Extras:
    """Return what is marked beside the names of some runs: all of health but the death.

    That is what the status tells.
    """
    from tui_tracker.health import summary
    from tui_tracker.queries.health import read_health

    health = read_health(store, keys)
    living = {key: [one for one in health.get(key, ()) if one.kind != "dead"] for key in keys}
    return {key: {UNWELL: summary(found)[0]} for key, found in living.items()}


def _lay(found: Extras, column: Column, cells: Cells) -> None:
    for key, text in cells.items():
        found[key][column.spec] = text


def _health(store: Store, keys: Sequence[int]) -> Cells:
    from tui_tracker.health import summary
    from tui_tracker.queries.health import read_health

    health = read_health(store, keys)
    return {key: summary(health.get(key, ()))[0] or WELL for key in keys}


def _proofs(store: Store, keys: Sequence[int]) -> Cells:
    from tui_tracker.audit.cells import proof_cells

    return proof_cells(store, keys)
