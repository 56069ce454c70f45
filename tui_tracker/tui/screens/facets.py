"""Fields at the left, the values of the one under the cursor at the right, with counts.

What is chosen here becomes the text of a query, which the filter line shows: it can be
changed there, and learnt from.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.message import Message

from tui_tracker.formatting import cell_width, fit, format_count, printable
from tui_tracker.tui.facet_query import Choice, facet_query
from tui_tracker.tui.keys import Place, bindings
from tui_tracker.tui.screens.base import TrackerScreen
from tui_tracker.tui.widgets.bar import Bar
from tui_tracker.tui.widgets.footer import Footer
from tui_tracker.tui.widgets.line_widget import Line
from tui_tracker.tui.widgets.virtual_list import VirtualList

if TYPE_CHECKING:
    from tui_tracker.queries import FieldInfo, FieldValues, Selection
    from tui_tracker.store import Store

_MOST_VALUES = 500
_MARKS = {"in": "●", "out": "✗"}
_WIDEST_VALUE = 60
"""Cells of a value: a count at the far edge of a wide window stands beside none."""
_LEFT_OUT = frozenset(("id", "parent", "note", "reason", "points", "archived", "starred"))
"""Fields of the run without values to choose from."""


class FieldList(VirtualList):
    """The fields of the store; those with chosen values are marked."""

    PLACE: Place = "facets"

    def __init__(self) -> None:
        super().__init__(id="facet-fields")
        self.fields: list[FieldInfo] = []
        self.picked: dict[str, dict[str, Choice]] = {}

    def line(self, index: int) -> Line:
        field = self.fields[index]
        marked = bool(self.picked.get(field.written))
        here = index == self.cursor
        name = fit(printable(field.name), max(4, self.room - 10))
        return (
            ("● " if marked else "▌ " if here else "  ", "accent" if marked else "mark"),
            (name, "bold" if here else ""),
            (f" {field.kind:<7}", "dim"),
        )


class ValueList(VirtualList):
    """The values of one field, the most frequent first."""

    PLACE: Place = "facets"

    def __init__(self) -> None:
        super().__init__(id="facet-values")
        self.rows: list[tuple[str, str, int]] = []
        """Each value as it is written, as it is shown, and how many runs have it.

        The most frequent first; last those without one, where there are any.
        """
        self.picked: dict[str, Choice] = {}
        self._most = 0
        """Cells of the largest count."""

    def show(self, rows: list[tuple[str, str, int]], *, keep: bool) -> None:
        """Show these values; with `keep` the cursor stays on its value, wherever that went."""
        before = self.rows[self.cursor][0] if keep and self.cursor < len(self.rows) else None
        self.rows = rows
        self._most = max((cell_width(format_count(runs)) for _, _, runs in rows), default=0)
        self.count = len(rows)
        written = [value for value, _, _ in rows]
        if before in written:
            self.cursor = written.index(before)
        elif not keep:
            self.cursor, self.top = 0, 0
        self.refresh()

    def line(self, index: int) -> Line:
        written, shown, runs = self.rows[index]
        choice = self.picked.get(written)
        count = fit(format_count(runs), self._most, right=True)
        word = fit(printable(shown), max(4, min(_WIDEST_VALUE, self.room - self._most - 6)))
        mark = _MARKS[choice] if choice else "·"
        return (
            (f" {mark} ", "accent" if choice == "in" else "bad" if choice else "faint"),
            (word, "dim" if not written else "bold" if choice == "in" else ""),
            (f"  {count}", "dim"),
        )


class FacetsScreen(TrackerScreen, inherit_bindings=False):
    """Values to filter by; `take` gets the text of the query."""

    BINDINGS = bindings("facets")

    @dataclass
    class FieldsFound(Message):
        """The fields of the store were read."""

        fields: list[FieldInfo]

    @dataclass
    class ValuesFound(Message):
        """The values of a field were read."""

        values: FieldValues

    def __init__(self, selection: Selection, take: Callable[[str], Awaitable[None]]) -> None:
        super().__init__()
        self._selection, self._take = selection, take
        self._chosen: dict[str, dict[str, Choice]] = {}
        self._known: dict[str, FieldValues] = {}
        self._shown = ""
        """The field whose values are shown; "" while they are read for the first time."""

    def compose(self) -> ComposeResult:
        yield Bar(id="title")
        with Horizontal(id="body"):
            yield FieldList()
            yield ValueList()
        yield Footer(id="footer")
        yield Bar(id="too-small")

    @property
    def field_list(self) -> FieldList:
        return self.query_one(FieldList)

    @property
    def value_list(self) -> ValueList:
        return self.query_one(ValueList)

    def place(self) -> Place:
        return "facets"

    def on_mount(self) -> None:
        self.query_one("#too-small", Bar).left = ((" Make this window at least 60 x 16.", ""),)
        self.field_list.picked = self._chosen
        self.focus_on(self.field_list)
        self._show_title()
        self.read_again()

    def read_again(self) -> None:
        self._known = {}

        def question(store: Store) -> Message:
            from tui_tracker.queries import list_fields

            return self.FieldsFound(list_fields(store))

        self.ask("fields", question)

    def on_facets_screen_fields_found(self, event: FacetsScreen.FieldsFound) -> None:
        fields, before = self.field_list, self._field
        fields.fields = [
            field
            for field in event.fields
            if not (field.kind == "run" and field.name in _LEFT_OUT)
            and field.kind != "system"
            and not field.name.startswith(("package.", "env."))
        ]
        fields.count = len(fields.fields)
        written = [field.written for field in fields.fields]
        if before in written:
            fields.cursor = written.index(before)
        fields.refresh()
        self._ask_values()

    def on_virtual_list_cursor_moved(self, event: VirtualList.CursorMoved) -> None:
        if event.list is self.field_list:
            self.field_list.refresh()
            self._ask_values()

    @property
    def _field(self) -> str:
        fields = self.field_list
        return fields.fields[fields.cursor].written if fields.cursor < fields.count else ""

    def _ask_values(self) -> None:
        field, selection = self._field, self._selection
        if not field:
            return
        if field in self._known:
            self._show_values(self._known[field])
            return
        if field != self._shown:
            self._shown = ""
            self.value_list.empty = ((("  reading …", "dim"),),)
            self.value_list.show([], keep=False)

        def question(store: Store) -> Message:
            from tui_tracker.queries import list_values

            return self.ValuesFound(list_values(store, field, selection, limit=_MOST_VALUES))

        self.ask("values", question, about=field)

    def on_facets_screen_values_found(self, event: FacetsScreen.ValuesFound) -> None:
        self._known[event.values.field] = event.values
        if event.values.field == self._field:
            self._show_values(event.values)

    def _show_values(self, found: FieldValues) -> None:
        values = self.value_list
        rows = [(value.written, value.text, value.runs) for value in found.values]
        if found.missing:
            rows.append(("", "(none)", found.missing))
        values.picked = self._chosen.setdefault(found.field, {})
        values.empty = ((("  no run here has a value", "dim"),),)
        values.show(rows, keep=found.field == self._shown)
        self._shown = found.field

    # Choosing.

    def action_choose(self) -> None:
        self._choose("in")

    def action_exclude(self) -> None:
        self._choose("out")

    def _choose(self, choice: Choice) -> None:
        values = self.value_list
        if not values.has_focus:
            self.action_side(1)
            return
        if values.cursor >= values.count:
            return
        written = values.rows[values.cursor][0]
        if values.picked.get(written) == choice:
            del values.picked[written]
        else:
            values.picked[written] = choice
        values.refresh_index(values.cursor)
        self.field_list.refresh_index(self.field_list.cursor)
        self._show_title()

    def action_side(self, side: int) -> None:
        self.focus_on(self.value_list if side > 0 else self.field_list)

    async def action_take(self) -> None:
        text = self._query()
        await self.app.pop_screen()
        await self._take(text)

    def _query(self) -> str:
        return facet_query(self._selection.query, self._chosen)

    def _show_title(self) -> None:
        bar = self.query_one("#title", Bar)
        query = printable(self._query())
        bar.left = ((" Filter by values  ", "bold"), (f"/{query}" if query else "", "accent"))

    def go_back(self) -> None:
        if self.value_list.has_focus:
            self.action_side(-1)
        else:
            self.app.pop_screen()

    def close(self) -> None:
        self.app.pop_screen()
