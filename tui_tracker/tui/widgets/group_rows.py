"""The lines of a table of groups: a group is a negative key, its unfolded members are runs.

A group keeps its key while its values are there, so that cursor, marks and what is
unfolded stay where they are when the table is read anew.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import chain
from typing import TYPE_CHECKING

from tui_tracker.tui.columns import Column
from tui_tracker.tui.group_cells import TAKEN_NAMES, group_cell, group_label

if TYPE_CHECKING:
    from tui_tracker.queries import RunRow
    from tui_tracker.queries.groups import GroupRow, GroupStat


class GroupRows:
    """Groups by key, and which of them are unfolded."""

    def __init__(self) -> None:
        self.by: tuple[str, ...] = ()
        """Specs that runs are grouped by; empty while they are not."""
        self.metrics: tuple[str, ...] = ()
        """Specs of the metrics that groups have statistics of, in the order of `stats`."""
        self.groups: dict[int, GroupRow] = {}
        self._keys: dict[tuple[object, ...], int] = {}
        self._unfolded: set[int] = set()
        self._widths: list[int] = []

    def take(
        self, by: Sequence[str], metrics: Sequence[str], groups: Sequence[GroupRow]
    ) -> list[int]:
        """Hold these groups and return the keys of the lines."""
        if tuple(by) != self.by:
            self._keys, self._unfolded, self._widths = {}, set(), []
        self.by, self.metrics = tuple(by), tuple(metrics)
        self.groups = {}
        for group in groups:
            values = tuple(map(repr, group.values))
            self.groups[self._keys.setdefault(values, -1 - len(self._keys))] = group
        return self.lines()

    def lines(self) -> list[int]:
        """Return the keys of all lines: groups, and the members of those unfolded."""
        if not self._unfolded:
            return list(self.groups)
        keys: list[int] = []
        for key, group in self.groups.items():
            keys.append(key)
            if key in self._unfolded:
                keys += group.members
        return keys

    def runs(self) -> list[int]:
        """Return all runs of all groups."""
        return list(chain.from_iterable(group.members for group in self.groups.values()))

    def is_unfolded(self, key: int) -> bool:
        return key in self._unfolded

    def fold(self, key: int, *, unfold: bool) -> bool:
        """Fold or unfold a group; False where nothing changes."""
        if key not in self.groups or unfold == (key in self._unfolded):
            return False
        self._unfolded ^= {key}
        return True

    def wanted(self, key: int) -> Sequence[int]:
        """Return the runs whose cells a line needs."""
        return self.groups[key].members[:TAKEN_NAMES] if key in self.groups else (key,)

    def label(self, key: int, rows: Mapping[int, RunRow]) -> str:
        """Return what a group is called."""
        names = [rows[run].name for run in self.wanted(key) if run in rows]
        return group_label(self.by, self.groups[key], names, self._widths)

    def cell(self, key: int, column: Column, rows: Mapping[int, RunRow], now: datetime) -> str:
        """Return the text of a group's cell."""
        group = self.groups[key]
        if column.kind == "name":
            return f"{'▾' if key in self._unfolded else '▸'} {self.label(key, rows)}"
        stats: dict[str, GroupStat] = dict(zip(self.metrics, group.stats, strict=False))
        first = rows[group.members[0]]
        return group_cell(group, first, column, self.by, stats, now)
