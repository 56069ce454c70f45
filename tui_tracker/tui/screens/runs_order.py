"""The order of the start screen's table."""

from __future__ import annotations

from tui_tracker.telling import metric_stat
from tui_tracker.tui.grouping import BUT_SEED
from tui_tracker.tui.screens.runs_views import Remembering
from tui_tracker.tui.widgets.column_list import ColumnList, Order


class Ordering(Remembering, inherit_bindings=False):
    """`s` sorts by the column under the column cursor, `,` adds it, `S` turns all round."""

    def on_column_list_sort_wanted(self, event: ColumnList.SortWanted) -> None:
        if not event.field:
            self.say("Runs cannot be sorted by this column", bad=True)
            return
        if self.group and not self._sorts_groups(event.field):
            self.say("Groups cannot be sorted by this column", bad=True)
            return
        order = {"only": sorted_by, "then": sorted_then, "reverse": turned}[event.how]
        self.keep_order(order(self.order, event.field))
        self.ask_runs()

    def _sorts_groups(self, field: str) -> bool:
        metric = field.startswith("metric:")
        named = field == "name" and self.group != (BUT_SEED,)
        return metric or named or field in ("started", "runs", *self.group)


def sorted_by(order: Order, field: str) -> Order:
    """Return an order by one field alone; the other way round where it was that."""
    if len(order) == 1 and order[0][0] == field:
        return ((field, not order[0][1]),)
    return ((field, high_first(field)),)


def sorted_then(order: Order, field: str) -> Order:
    """Return the order with a field added at its end, or turned round where it has it."""
    if any(known == field for known, _ in order):
        return tuple((known, down != (known == field)) for known, down in order)
    return (*order, (field, high_first(field)))


def turned(order: Order, field: str) -> Order:  # noqa: ARG001 - all of them are turned
    """Return the order from its end."""
    return tuple((known, not down) for known, down in order)


def high_first(field: str) -> bool:
    """Return whether a field's best, newest or largest value is its highest."""
    if field.startswith("metric:"):
        label, _, statistic = field.removeprefix("metric:").rpartition(".")
        return statistic != "min" and metric_stat(label) != "min"
    return field in ("started", "ended", "duration", "runs")
