"""What runs are sorted by, read from the text of columns: `-param:lr`, `metric:val_f1`."""

from __future__ import annotations

from collections.abc import Sequence

from tui_tracker.errors import BadColumn
from tui_tracker.queries.columns import ColumnSpec, parse_column
from tui_tracker.queries.selection import Order


def order_by(specs: Sequence[str]) -> Order:
    """Return the order that sort specs say, the most important first.

    `-` before a column puts the largest first, `+` the smallest; without either it is as
    people want that column.

    Raises:
        BadColumn: one is no column, or none that can be sorted by; or there is none at all.
    """
    keys = [_sort_key(text) for text in specs]
    if not keys:
        raise BadColumn("", "what to sort by is not said")
    first, *more = keys
    return Order(first.field, first.descending, tuple(more))


def sort_key(sign: str, spec: ColumnSpec) -> Order:
    """Return the order by one column: `-` falling, `+` rising, "" as people want it.

    Raises:
        BadColumn: runs cannot be sorted by it.
    """
    return Order(spec.sort_field, sign == "-" if sign else spec.falls)


def _sort_key(text: str) -> Order:
    sign = text[:1] if text[:1] in ("-", "+") else ""
    return sort_key(sign, parse_column(text[len(sign) :]))
