"""What runs are called beside each other: names that differ, and lists of them in a sentence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from tui_tracker.queries import RunRow

_NAMED = 3
"""So many names stand in a sentence; the others are counted."""


def label_runs(rows: Sequence[RunRow]) -> list[str]:
    """Return the names of runs; where two share one, with the end of their ids."""
    counts = Counter(row.name for row in rows)
    return [row.name if counts[row.name] == 1 else f"{row.name} {row.id[-4:]}" for row in rows]


def list_names(names: Sequence[str]) -> str:
    """Return `a`, `a and b`, `a, b and c`, `a, b and 5 more`."""
    if len(names) > _NAMED + 1:
        return f"{', '.join(names[: _NAMED - 1])} and {len(names) - _NAMED + 1} more"
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"


def across(groups: Sequence[Sequence[str]]) -> str:
    """Return between whom something stands: groups of names, the largest first.

    `between c and a`, `between c and the other 8 runs`, `across 3 groups of runs (...)`.
    """
    most, *others = groups
    if len(groups) == 2:
        rest = list_names(most) if len(most) <= 2 else f"the other {len(most)} runs"
        few = list_names(others[0])
        return f"between {few} and {rest}"
    if all(len(group) == 1 for group in groups) and len(groups) <= _NAMED + 1:
        return f"between {list_names([group[0] for group in groups])}"
    told = [
        group[0] if len(group) == 1 else f"{group[0]} and {len(group) - 1} more"
        for group in groups[: _NAMED + 1]
    ]
    more = f"; {len(groups) - _NAMED - 1} more" if len(groups) > _NAMED + 1 else ""
    return f"across {len(groups)} groups of runs ({'; '.join(told)}{more})"
