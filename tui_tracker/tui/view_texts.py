"""The present view as text, for saved views and for the next start, and back again."""

from __future__ import annotations

from collections.abc import Sequence

from tui_tracker.errors import TrackerError
from tui_tracker.tui.widgets.column_list import Order

RUNS = "runs"
"""How many runs a group has: no column of runs, yet groups are sorted by it."""


def order_texts(order: Order) -> list[str]:
    """Return an order as sort specs: `-` puts the largest first, `+` the smallest."""
    return [f"{'-' if descending else '+'}{_spec(field)}" for field, descending in order]


def _spec(field: str) -> str:
    from tui_tracker.queries.columns import ColumnSpec
    from tui_tracker.queries.order import split_statistic

    kind, _, name = field.partition(":")
    if kind == "metric":
        label, statistic = split_statistic(name)
        return ColumnSpec("metric", label, statistic).field  # type: ignore[arg-type]
    if kind in ("param", "tag", "fact"):
        return ColumnSpec(kind, name).field  # type: ignore[arg-type]
    return field


def read_order(texts: Sequence[str]) -> Order:
    """Return the order that sort specs say; what cannot be read is left out, () if all is."""
    from tui_tracker.queries.sorting import order_by

    found: list[tuple[str, bool]] = []
    for text in texts:
        if text.lstrip("-+") == RUNS:
            found.append((RUNS, not text.startswith("+")))
            continue
        try:
            order = order_by([text])
        except TrackerError:
            continue
        found.append((order.field, order.descending))
    return tuple(found)
