"""The ranking of a decision: a configuration a line, the eliminated last with their reasons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.message import Message
from textual.reactive import reactive

from tui_tracker.formatting import cell_width, crop, fit
from tui_tracker.tui.keys import Place, bindings
from tui_tracker.tui.widgets.line_widget import Line, Role, Span
from tui_tracker.tui.widgets.virtual_list import VirtualList

if TYPE_CHECKING:
    from tui_tracker.tui.decide_reading import RankRow

_LABEL_MOST = 40
_REASON_LEAST = 24


class RankTable(VirtualList, inherit_bindings=False):
    """Configurations; left and right scroll the statistics that do not fit."""

    BINDINGS = [*bindings("list"), *bindings("decide")]
    PLACE: Place = "decide"
    HEADER_LINES = 1

    first: reactive[int] = reactive(0, repaint=False)
    """Statistics that are scrolled out at the left."""

    @dataclass
    class Opened(Message):
        """The runs of a configuration are wanted."""

        table: RankTable
        row: RankRow

        @property
        def control(self) -> RankTable:
            return self.table

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.rows: tuple[RankRow, ...] = ()
        self.stats: tuple[str, ...] = ()
        self._widths: list[int] = []
        self._label, self._n, self._reason = _LABEL_MOST, 3, 0

    def show(self, rows: Sequence[RankRow], stats: Sequence[str], *, keep: bool = False) -> None:
        """Show this ranking; with `keep` the cursor stays on its configuration."""
        if (tuple(rows), tuple(stats)) == (self.rows, self.stats):
            return
        before = self.current.label if keep and self.current is not None else ""
        self.rows, self.stats = tuple(rows), tuple(stats)
        self.count = len(self.rows)
        labels = [row.label for row in self.rows]
        self.cursor = labels.index(before) if before in labels else 0
        self.first = min(self.first, max(0, len(stats) - 1)) if keep else 0
        self._measure()
        self.refresh()

    @property
    def current(self) -> RankRow | None:
        return self.rows[self.cursor] if self.cursor < len(self.rows) else None

    def _measure(self) -> None:
        self._widths = [
            max([cell_width(name), *(cell_width(row.stats[place]) for row in self.rows)])
            for place, name in enumerate(self.stats)
        ]
        longest = max((cell_width(row.label) for row in self.rows), default=13)
        self._n = max([2, *(len(row.n) for row in self.rows)])
        reason = max((cell_width(row.eliminated) for row in self.rows), default=0)
        most = max(13, min(_LABEL_MOST, self.room // 3))
        self._label = max(13, min(longest, most))
        spare = self.room - self._label - self._n - 8 - sum(w + 2 for w in self._widths)
        self._label += max(0, min(longest - self._label, spare - min(reason, 44)))
        self._reason = min(reason, max(_REASON_LEAST, spare)) if reason else 0

    def on_resize(self) -> None:
        self._measure()
        super().on_resize()
        self.refresh()

    def _shown(self) -> list[int]:
        """Return the statistics in view."""
        room = self.room - self._label - self._n - 8
        shown: list[int] = []
        for place in range(self.first, len(self.stats)):
            if shown and room < self._widths[place] + 2:
                break
            room -= self._widths[place] + 2
            shown.append(place)
        return shown

    def header(self, row: int) -> Line:  # noqa: ARG002 - there is one header line
        if not self.rows:
            return ()
        spans: list[Span] = [("    # ", "dim"), (fit("configuration", self._label), "dim")]
        spans.append((f" {fit('n', self._n, right=True)}", "dim"))
        for place in self._shown():
            spans.append((f"  {fit(self.stats[place], self._widths[place], right=True)}", "bold"))
        if self._reason:
            spans.append(("  eliminated", "dim"))
        return tuple(spans)

    def line(self, index: int) -> Line:
        row = self.rows[index]
        here, out = index == self.cursor, bool(row.eliminated)
        plain: Role = "dim" if out else ""
        best: Role = "good" if row.rank == "1" else plain
        spans: list[Span] = [
            ("▌" if here else " ", "mark" if here else ""),
            (fit(row.rank, 4, right=True) + " ", best),
            (fit(crop(row.label, self._label), self._label), "bold" if row.rank == "1" else plain),
            (f" {fit(row.n, self._n, right=True)}", "dim"),
        ]
        for place in self._shown():
            cell = fit(row.stats[place], self._widths[place], right=True)
            spans.append((f"  {cell}", best if place == 0 else plain))
        if out:
            spans.append((f"  {row.eliminated}", "second"))
        return tuple(spans)

    def action_across(self, steps: int) -> None:
        self.first = max(0, min(self.first + steps, len(self.stats) - 1))
        self.refresh()

    def action_open(self) -> None:
        if self.current is not None:
            self.post_message(self.Opened(self, self.current))

    def chosen(self) -> None:
        self.action_open()
