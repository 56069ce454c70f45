"""The chooser of columns: what is shown and in what order, and all that could be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input

from tui_tracker.tui.columns import Column
from tui_tracker.tui.keys import bindings, hints, keys_at
from tui_tracker.tui.picking import Offer, Picking
from tui_tracker.tui.widgets.bar import Bar
from tui_tracker.tui.widgets.fields import TextField
from tui_tracker.tui.widgets.footer import Footer
from tui_tracker.tui.widgets.pick_list import PickList

if TYPE_CHECKING:
    from tui_tracker.tui.keys import Place


def first_of_all(place: Place) -> list[BindingType]:
    """Return the bindings of a place, which win over the text field that has the focus."""
    return [replace(b, priority=True) for b in bindings(place) if isinstance(b, Binding)]


class SearchLine(TextField):
    """A text field that leaves some characters to the keys of its screen."""

    left_over: frozenset[str] = frozenset()
    """Names of the keys that are not typed."""

    def check_consume_key(self, key: str, character: str | None = None) -> bool:
        return key not in self.left_over and super().check_consume_key(key, character)


class PickColumns(ModalScreen[tuple[Column, ...] | None], inherit_bindings=False):
    """Returns the columns to show; () for those that the app would choose, None for no change."""

    BINDINGS = first_of_all("pick")
    TITLE_WORDS = "Columns"
    HEADING = "Shown, in this order"
    LEAST = 1
    """One column has to stay."""
    TITLED = True
    """Columns have titles and widths here."""

    def __init__(
        self,
        shown: Sequence[Column],
        widths: Mapping[str, int],
    ) -> None:
        super().__init__()
        self._picking = Picking(shown, heading=self.HEADING, least=self.LEAST)
        self._plain: dict[str, str] = {}
        """Titles that are not the person's own, by spec."""
        self._widths = widths
        """How wide columns are now, by spec."""
        self._renaming: Column | None = None
        self._ready = self._read = False

    def compose(self) -> ComposeResult:
        line = SearchLine(placeholder="type to search", id="pick-text")
        line.left_over = self._signs()
        line.cursor_blink = False
        with Vertical(id="pick"):
            yield Bar(id="pick-title")
            yield line
            yield PickList(id="pick-list")
            yield Footer(id="pick-footer")

    def on_mount(self) -> None:
        self.query_one("#pick-title", Bar).left = ((f" {self.TITLE_WORDS}", "bold"),)
        self.query_one(Footer).hints = self._hints()
        self._ready = True
        self._show_all(0)
        self.query_one(Input).focus()

    def show_offers(self, offers: Sequence[Offer]) -> None:
        """Take what there is to choose from."""
        self._picking.offers = list(offers)
        self._plain = {offer.column.spec: offer.column.title for offer in offers}
        for offer in offers:
            self._plain |= {column.spec: column.title for column in offer.more}
        self._read = True
        if self._ready:  # else it is shown when the screen stands
            self._show_all(self.list.cursor)

    def _show_all(self, at: int) -> None:
        words = "" if self._read else "reading what there is … "
        self.query_one("#pick-title", Bar).right = ((words, "dim"),)
        self._show(at)

    def _signs(self) -> frozenset[str]:
        """Return the keys that are commands although they could be typed."""
        return frozenset(name for key in keys_at("pick") for name in key.keys)

    def _hints(self) -> Sequence[tuple[str, str]]:
        untitled = ("title", "wider", "statistics", "automatic")
        return [hint for hint in hints("pick") if self.TITLED or hint[1] not in untitled]

    @property
    def list(self) -> PickList:
        return self.query_one(PickList)

    def _show(self, at: int) -> None:
        self.list.show(self._picking.lines(), at)

    def _say(self, text: str) -> None:
        if text:
            self.query_one(Footer).say(text, "accent")

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        if self._renaming is None and event.value != self._picking.text:
            self._picking.text = event.value
            self._show(1)

    # Keys.

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool:  # noqa: ARG002
        # While a title is typed, all keys but those that end it are letters.
        if self._renaming is not None:
            return action in ("take", "leave")
        return self.TITLED or action not in ("rename", "resize")

    def action_move(self, lines: int) -> None:
        self.list.action_move(lines)

    def action_page(self, pages: int) -> None:
        self.list.action_page(pages)

    def action_choose(self) -> None:
        column, at = self.list.current, self.list.cursor
        if column is None:
            return
        before = len(self._picking.lines())
        self._say(self._picking.toggle(column))
        # The cursor goes on to what follows, so that several are taken one after another.
        shown = self._picking.is_shown(column)
        self._show(at + 1 if shown and len(self._picking.lines()) >= before else at)

    def action_move_column(self, lines: int) -> None:
        column = self.list.current
        if column is not None and self._picking.move(column, lines):
            self._show(self.list.cursor + lines)

    def action_resize(self, cells: int) -> None:
        if (column := self.list.current) is not None:
            self._say(self._picking.resize(column, cells, self._widths))
            self._show(self.list.cursor)

    def action_fold(self, unfold: bool) -> None:
        column = self.list.current
        if column is None:
            return
        head = self._picking.head_of(column)
        if self._picking.fold(column, unfold=unfold):
            lines = self._picking.lines()
            at = [n for n, line in enumerate(lines) if line.column == head]
            self._show(at[-1] if at else self.list.cursor)

    def action_rename(self) -> None:
        column = self.list.current
        if column is None or not self._picking.is_shown(column):
            self._say("Only shown columns have a title: space shows this one")
            return
        self._renaming = column
        line = self.query_one(SearchLine)
        line.left_over = frozenset()
        line.value = column.title if column.renamed else ""
        line.placeholder = f"title of {column.spec}; empty for its own"

    def action_automatic(self) -> None:
        self.dismiss(())

    def action_take(self) -> None:
        if self._renaming is None:
            self.dismiss(tuple(self._picking.shown))
            return
        plain = self._plain.get(self._renaming.spec, self._renaming.spec)
        self._picking.rename(self._renaming, self.query_one(Input).value.strip(), plain)
        self._end_renaming()

    def action_leave(self) -> None:
        if self._renaming is None:
            self.dismiss(None)
        else:
            self._end_renaming()

    def _end_renaming(self) -> None:
        self._renaming = None
        line = self.query_one(SearchLine)
        line.left_over = self._signs()
        line.placeholder = "type to search"
        line.value = self._picking.text
        self._show(self.list.cursor)


class PickKeys(PickColumns, inherit_bindings=False):
    """Returns the columns to group by, the outermost first; () for no groups."""

    BINDINGS = first_of_all("pick")
    TITLE_WORDS = "Group by"
    HEADING = "Grouped by, in this order"
    LEAST = 0
    TITLED = False

    def __init__(self, shown: Sequence[Column]) -> None:
        super().__init__(shown, {})
