"""The table of a comparison: a field a line, a run a column, the reference always in view."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.message import Message
from textual.reactive import reactive

from tui_tracker.formatting import cell_width, crop, fit, printable, short_labels
from tui_tracker.tui.keys import bindings
from tui_tracker.tui.widgets.column_grid import ColumnGrid
from tui_tracker.tui.widgets.line_widget import Line, Role, Span

if TYPE_CHECKING:
    from tui_tracker.tui.compare_pages import PageLine

_GAP = 2
_WIDEST, _TIGHT, _TIGHTEST = 32, 20, 13
_LABEL, _LABEL_LEAST = 34, 18
_REFERENCE = " ref"


class CompareTable(ColumnGrid, inherit_bindings=False):
    """Fields by runs; left and right choose the run, which scrolls into view."""

    BINDINGS = [*bindings("list"), *bindings("compare")]
    PLACE = "compare"
    HEADER_LINES = 1

    lines: reactive[tuple[PageLine, ...]] = reactive((), repaint=False)

    @dataclass
    class Opened(Message):
        """More is wanted of what the cursor is on."""

        table: CompareTable
        line: PageLine
        column: int

        @property
        def control(self) -> CompareTable:
            return self.table

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.names: Sequence[str] = ()
        self.reference = 0
        self._label = _LABEL
        self._widths: list[int] = []
        self._titles: list[str] = []

    # Data in.

    def show(self, lines: tuple[PageLine, ...], names: Sequence[str], reference: int) -> None:
        """Show these lines; the cursor stays on what it is about, wherever that went."""
        before = self.current
        shown, held = self.lines, tuple(self._widths)
        same_runs = (tuple(self.names), self.reference) == (tuple(names), reference)
        self.names, self.reference = tuple(names), reference
        self.set_reactive(CompareTable.lines, lines)
        self.column = min(self.column, max(0, len(names) - 1))
        self.count = len(lines)  # before columns are measured: a scroll mark takes a cell
        self.measure()
        self._keep_cursor(before)
        if same_runs and held == tuple(self._widths) and len(shown) == len(lines):
            for index in self.window:
                if shown[index] != lines[index]:
                    self.refresh_index(index)
        else:
            self.refresh()

    def _keep_cursor(self, before: PageLine | None) -> None:
        if before is None:
            self.cursor = self._first_row()
            return
        places = [line.place for line in self.lines]
        if before.place in places:
            at = self.cursor
            if at >= len(places) or places[at] != before.place:
                self.cursor = places.index(before.place)
            return
        if self.current is not None and self.current.section == before.section:
            return
        # A section that was unfolded stands elsewhere now, as does one that was folded.
        sections = [line.section for line in self.lines]
        if before.section and before.section in sections:
            self.cursor = sections.index(before.section)

    def _first_row(self) -> int:
        return next((n for n, line in enumerate(self.lines) if line.kind == "row"), 0)

    @property
    def current(self) -> PageLine | None:
        """The line under the cursor."""
        return self.lines[self.cursor] if self.cursor < len(self.lines) else None

    # Columns.

    @property
    def order(self) -> list[int]:
        """The runs as they stand from left to right: the reference first."""
        others = [place for place in range(len(self.names)) if place != self.reference]
        return [self.reference, *others] if self.names else []

    @property
    def column_count(self) -> int:
        return len(self.names)

    def fitting(self) -> int:
        return len(self.shown_columns())

    def measure(self) -> None:
        """Give each column what its cells need, less where not all columns fit so."""
        rows = [line for line in self.lines if line.kind == "row"]
        label = max((cell_width(line.text) + 2 + _GAP for line in rows), default=_LABEL_LEAST)
        self._label = max(_LABEL_LEAST, min(label, _LABEL, max(_LABEL_LEAST, self.size.width // 3)))
        needed = []
        for place, name in enumerate(self.names):
            cells = [cell_width(line.cells[place]) + 2 * bool(line.stars) for line in rows]
            title = cell_width(name) + (len(_REFERENCE) if place == self.reference else 0)
            needed.append((max(cells, default=1), title))
        for most in (_WIDEST, _TIGHT, _TIGHTEST):
            self._widths = [max(6, min(max(cells, title), most)) for cells, title in needed]
            spare = self.room - self._label - sum(width + _GAP for width in self._widths)
            if spare >= 0:
                self._grow(needed, spare)
                break
        rooms = [
            width - (len(_REFERENCE) if place == self.reference else 0)
            for place, width in enumerate(self._widths)
        ]
        whole = all(cell_width(n) <= r for n, r in zip(self.names, rooms, strict=True))
        self._titles = list(self.names) if whole else short_labels(self.names, 0)

    def _grow(self, needed: Sequence[tuple[int, int]], spare: int) -> None:
        """Give what is left of the width to the columns that are cut, names before values."""
        for wanted in (1, 0):
            for place, need in enumerate(needed):
                most = need[1] if wanted else min(max(need), _WIDEST)
                more = max(0, min(spare, most - self._widths[place]))
                self._widths[place] += more
                spare -= more

    def shown_columns(self) -> list[tuple[int, int]]:
        """Return the runs in view from left to right, each with its cells."""
        if not self.names:
            return []
        reference, *others = self.order
        room = self.room - self._label - self._widths[reference] - _GAP
        shown = [(reference, self._widths[reference])]
        for place in others[self._first :]:
            width = min(self._widths[place], room - _GAP)
            if width < self._widths[place] and (len(shown) > 1 or width < 6):
                break
            shown.append((place, width))
            room -= width + _GAP
        return shown

    def scroll_to_column(self) -> bool:
        """Bring the run of the cursor into view; the reference does not scroll."""
        before = self._first
        others = self.order[1:]
        if self.column in others:
            at = others.index(self.column)
            self._first = min(self._first, at)
            while self._first < at and self.column not in dict(self.shown_columns()):
                self._first += 1
        return self._first != before

    # Drawing.

    def header(self, row: int) -> Line:  # noqa: ARG002 - there is one header line
        if not self.names:
            return ()
        shown = self.shown_columns()
        spans: list[Span] = [
            (fit(f" {len(self.names)} runs  {self.more(len(shown))}", self._label), "dim")
        ]
        for place, width in shown:
            mark = _REFERENCE if place == self.reference else ""
            title = self._title(place, width - len(mark))
            role: Role = "accent" if place == self.column and self.has_focus else "bold"
            padding = " " * max(0, width - cell_width(title) - len(mark))
            spans += [(title, role), (mark, "dim"), (padding + " " * _GAP, "")]
        return tuple(spans)

    def _title(self, place: int, width: int) -> str:
        name = printable(self._titles[place])
        if cell_width(name) <= width:
            return name
        # The end of a name tells more runs of a sweep apart than its beginning.
        while name and cell_width(name) > width - 1:
            name = name[1:]
        return f"…{name}" if width > 1 else ""

    def line(self, index: int) -> Line:
        line = self.lines[index]
        edge: Span = ("▌", "mark") if index == self.cursor else (" ", "")
        if line.kind == "row":
            return (edge, *self._row(line, here=index == self.cursor))
        if line.kind == "doubt":
            assert line.doubt is not None
            mark = ("! " if line.doubt.certain else "? ") if line.first else "  "
            role: Role = "second" if line.doubt.certain else "dim"
            return (edge, (mark, role), (line.text, role if line.doubt.certain else "dim"))
        if line.kind == "head":
            title, _, told = line.text.partition("  ")
            return (edge, (title, "bold"), (f"  {told}" if told else "", "dim"))
        return (edge, (f"  ▸ {line.text}" if line.kind == "folded" else "", "dim"))

    def _row(self, line: PageLine, *, here: bool) -> list[Span]:
        row = line.row
        # The best value of a metric has the name, its last one steps back.
        second = row is not None and row.stat == "last" and bool(row.better)
        name: Role = "" if row is not None and row.state == "differs" and not second else "dim"
        spans: list[Span] = [
            (fit(f"  {line.text}", self._label - _GAP), name),
            (" " * (_GAP - 1), ""),
        ]
        for place, width in self.shown_columns():
            star = " ★" if place in line.stars else "  " if line.stars else ""
            text = crop(line.cells[place], width - len(star)).rstrip() + star
            role = line.roles[place]
            if here and place == self.column and self.has_focus:
                role = "mark"
            padding = " " * (width - cell_width(text) + _GAP)
            spans += [(text, role), (padding, "")]
        return spans

    # Actions.

    def action_column(self, columns: int) -> None:
        order = self.order
        if not order:
            return
        at = order.index(self.column) + columns
        self.column = order[max(0, min(at, len(order) - 1))]

    def action_section(self, sections: int) -> None:
        """Go to the first line of the next section, or of the one before."""
        heads = [0] + [n + 1 for n, line in enumerate(self.lines) if line.kind == "head"]
        heads = [n for n in dict.fromkeys(heads) if n < self.count]
        if sections > 0:
            self.cursor = next((n for n in heads if n > self.cursor), heads[0] if heads else 0)
        else:
            before = [n for n in heads if n < self.cursor]
            self.cursor = before[-1] if before else (heads[-1] if heads else 0)

    def action_open(self) -> None:
        if self.current is not None and self.current.kind != "blank":
            self.post_message(self.Opened(self, self.current, self.column))

    def action_move(self, lines: int) -> None:
        super().action_move(lines)
        self._skip_blank(1 if lines > 0 else -1)

    def _skip_blank(self, step: int) -> None:
        if self.current is not None and self.current.kind == "blank":
            there = self.cursor + step
            if 0 <= there < self.count:
                self.cursor = there
