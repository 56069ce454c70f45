"""What the store is asked for the cells that cost most: recorded facts, health."""

from __future__ import annotations

from collections.abc import Sequence

from tui_tracker.formatting import MISSING, printable
from tui_tracker.health import summary
from tui_tracker.queries.fact_cells import read_facts
from tui_tracker.queries.health import read_health
from tui_tracker.store import Store
from tui_tracker.tui.cells import Extras
from tui_tracker.tui.columns import Column

WELL = "well"
"""The health of a run that has nothing wrong."""


def read_extras(store: Store, keys: Sequence[int], columns: Sequence[Column]) -> Extras:
    """Return the costly cells of some runs, all of them, by run and column."""
    kinds = {column.kind for column in columns}
    names = [column.key or column.kind for column in columns if column.kind in ("fact", "grade")]
    facts = read_facts(store, keys, names)
    health = read_health(store, keys) if "health" in kinds else {}
    found: Extras = {}
    for key in keys:
        cells = found[key] = {}
        for column in columns:
            if column.kind == "health":
                cells[column.spec] = summary(health.get(key, ()))[0] or WELL
            else:
                text = facts.get(key, {}).get(column.key or column.kind, MISSING)
                cells[column.spec] = printable(text)
    return found
