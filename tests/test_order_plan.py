"""The list of all runs is read along its index, without sorting."""

from __future__ import annotations

import pytest

from tui_tracker.queries.order import order_sql
from tui_tracker.queries.selection import Order, Selection, selection_sql


@pytest.mark.parametrize("descending", [True, False])
def test_runs_by_start_are_not_sorted(store, descending):
    where, bound = selection_sql(store, Selection())
    terms = ", ".join(dict.fromkeys(order_sql(Order("started", descending)).terms))

    plan = store.read(
        f"EXPLAIN QUERY PLAN SELECT r.id FROM run AS r WHERE {where} ORDER BY {terms}", bound
    )

    assert len(plan) == 1
    assert "run_shown" in plan[0][3]
