"""The words of the start screen's title: where, how many, in what order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui_tracker.formatting import format_count, printable
from tui_tracker.lineage.words import plural
from tui_tracker.tui.widgets.line_widget import Line, Span

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tui_tracker.queries.groups import GroupRow
    from tui_tracker.tui.tree import Node
    from tui_tracker.tui.widgets.column_list import Order


def name_words(path: str, store: str) -> Line:
    """Return the branch that is shown; for all experiments, the store."""
    name = printable(path) if path else "tui_tracker"
    return (" ", ""), (name, "bold"), ("" if path else f"  {printable(store)}", "dim")


def count_words(node: Node | None, shown: int, groups: Sequence[GroupRow] = ()) -> Line:
    """Return how many runs are shown of how many, in groups, and how many are running.

    Of groups also how many reproductions are in none of them.
    """
    total = node.runs if node else shown
    live = node.running if node else 0
    words = f"{format_count(shown)} of " if shown != total else ""
    runs = "run" if total == 1 else "runs"
    running: Span = (f"● {live} running  ", "good") if live else ("", "")
    if groups:
        words = f"{format_count(len(groups))} group{'' if len(groups) == 1 else 's'} of {words}"
    repeated = sum(group.reproductions for group in groups)
    apart = f", less {plural(repeated, 'reproduction')}" if repeated else ""
    return running, (f"{words}{format_count(total)} {runs}{apart}", "")


def counting_words(node: Node | None) -> Line:
    """Return the same while it is not known yet how many are shown."""
    running, (words, role) = count_words(node, node.runs if node else 0)
    return running, (f"… of {words}", role)


def order_words(order: Order) -> Line:
    """Return what the table is sorted by."""
    words = []
    for field, descending in order:
        name = field.removeprefix("metric:").removeprefix("param:")
        words.append(f"{printable(name)} {'▾' if descending else '▴'}")
    return ((f"  by {', '.join(words)} ", "dim"),)
