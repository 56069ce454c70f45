"""What the group view asks the store."""

from __future__ import annotations

from collections.abc import Sequence

from tui_tracker.queries import Order
from tui_tracker.queries.groups import BUT_SEED, GroupOrder, GroupRow, group_runs
from tui_tracker.store import Store
from tui_tracker.tui.columns import Column
from tui_tracker.tui.group_cells import TAKEN_NAMES as TAKEN_NAMES
from tui_tracker.tui.reading import RunsWanted


def find_groups(
    store: Store, wanted: RunsWanted, columns: Sequence[Column]
) -> tuple[tuple[GroupRow, ...], tuple[str, ...]]:
    """Return the groups in their order, and of which metrics they have statistics."""
    metrics = tuple(column.spec for column in columns if column.kind == "metric")
    order = group_order((wanted.order, *wanted.order.then), columns, wanted.group)
    return tuple(group_runs(store, wanted.selection, wanted.group, metrics, order)), metrics


def group_order(
    order: Sequence[Order], columns: Sequence[Column], by: Sequence[str]
) -> list[GroupOrder]:
    """Return what groups are sorted by where runs are sorted so; what they lack is left out.

    A metric stands for its mean over the group, the name for all that it is grouped by.
    """
    known = {column.field: column.spec for column in columns if column.kind == "metric"}
    known |= {spec: spec for spec in (*by, "started", "runs") if spec != BUT_SEED}
    found = []
    for one in order:
        if one.field == "name":
            found += [GroupOrder(spec, one.descending) for spec in by if spec != BUT_SEED]
        elif one.field in known:
            found.append(GroupOrder(known[one.field], one.descending))
    return found
