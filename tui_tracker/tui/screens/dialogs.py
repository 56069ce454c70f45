"""The small windows that ask for words: labels with completion, a name, a note.

Each returns what was typed, or None. They open at once and learn what they offer when
the store has answered, so that nobody who types fast is waited for.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import ModalScreen

from tui_tracker.formatting import cell_width, crop, fit, format_count, printable
from tui_tracker.tui.widgets.bar import Bar
from tui_tracker.tui.widgets.fields import TextField
from tui_tracker.tui.widgets.line_widget import Line, Span
from tui_tracker.tui.widgets.note_field import NoteField
from tui_tracker.tui.widgets.virtual_list import VirtualList

if TYPE_CHECKING:
    from textual.widgets import Input

Answer = TypeVar("Answer")
Offer = tuple[str, str]
"""A text to choose, and what is said about it."""


def hint_spans(*hints: tuple[str, str]) -> Line:
    """Return keys and what they do, as the line at the foot of a window."""
    spans: list[Span] = [(" ", "")]
    for key, label in hints:
        spans += [(key, "accent"), (f" {label}  ", "dim")]
    return tuple(spans)


class OfferList(VirtualList):
    """What may be chosen; at first nothing is."""

    def __init__(self) -> None:
        super().__init__()
        self.offers: Sequence[Offer] = ()
        self.chosen_one = -1
        """Index of the offer that enter takes; -1: what is typed is taken."""

    @property
    def current(self) -> str | None:
        return self.offers[self.chosen_one][0] if self.chosen_one >= 0 else None

    def show(self, offers: Sequence[Offer]) -> None:
        self.offers, self.chosen_one, self.top = offers, -1, 0
        self.count = len(offers)
        self.cursor = 0
        self.refresh()

    def choose(self, lines: int) -> None:
        """Go down or up; above the first offer is what was typed."""
        old = self.chosen_one
        self.chosen_one = max(-1, min(self.count - 1, old + lines))
        self.cursor = max(0, self.chosen_one)
        self.refresh_index(max(0, old))
        self.refresh_index(self.cursor)

    def line(self, index: int) -> Line:
        text, about = self.offers[index]
        marked = index == self.chosen_one
        room = max(0, self.room - cell_width(about) - 5)
        return (
            ("▌" if marked else " ", "mark" if marked else ""),
            (fit(f" {printable(text)}", room), "bold" if marked else ""),
            (f"  {about} ", "dim"),
        )


class Dialog(ModalScreen[Answer | None], inherit_bindings=False):
    """A window over a page, with a title, a field and a line of keys."""

    BINDINGS = [Binding("escape", "give_up", show=False)]

    def __init__(self, title: str) -> None:
        super().__init__()
        self._title = title
        self._early = ""
        """What was typed before the field was there to take it."""

    def on_mount(self) -> None:
        self.title_is(self._title)
        self.set_focus(self._field)
        self.begin(self._field)
        self._type(self._early)

    @property
    def _field(self) -> TextField | NoteField:
        field = self.query("TextField, NoteField").first()
        assert isinstance(field, (TextField, NoteField))
        return field

    def _type(self, text: str) -> None:
        field = self._field
        if isinstance(field, TextField):
            field.insert_text_at_cursor(text)
        else:
            field.insert(text)

    def title_is(self, title: str) -> None:
        """Say what the window is about."""
        self._title = title
        for bar in self.query(".dialog-title").results(Bar):
            bar.left = ((f" {printable(title)}", "bold"),)

    def begin(self, field: TextField | NoteField) -> None:
        """Show what the window begins with."""

    def on_key(self, event: events.Key) -> None:
        # A field keeps the letters it gets: what comes here was typed before it had the focus.
        if not (event.is_printable and event.character):
            return
        if self.focused is None:
            self._early += event.character
        else:
            self._type(event.character)

    def foot(self, *spans: Span) -> None:
        """Show the last line of the window."""
        self.query_one(".dialog-foot", Bar).left = spans

    def action_give_up(self) -> None:
        self.dismiss(None)


class LabelDialog(Dialog[list[str]], inherit_bindings=False):
    """Asks for one label or for several, and offers those there are."""

    BINDINGS = [
        Binding("escape", "give_up", show=False),
        Binding("up", "choose(-1)", show=False),
        Binding("down", "choose(1)", show=False),
        Binding("tab", "complete", show=False, priority=True),
    ]

    def __init__(
        self, title: str, placeholder: str, *, several: bool, only_offers: str, text: str = ""
    ) -> None:
        super().__init__(title)
        self._placeholder, self._several = placeholder, several
        self._text = text
        """How a label begins that is only wanted as a whole: `ticket:`."""
        self._only_offers = only_offers
        """What is said of a label that is none of those offered; "" where any will do."""
        self._offers: Sequence[Offer] | None = None

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Bar(classes="dialog-title")
            yield TextField(placeholder=self._placeholder)
            yield OfferList()
            yield Bar(classes="dialog-foot")

    def begin(self, field: TextField | NoteField) -> None:  # noqa: ARG002
        if self._text:
            self._put([self._text])
        self._show_hints()

    def _show_hints(self, trouble: str = "") -> None:
        if trouble:
            self.foot((f" {trouble}", "bad"))
            return
        more = ((",", "another"),) if self._several else ()
        hints = (("enter", "keep"), ("tab", "complete"), ("↑↓", "choose"), *more)
        self.foot(*hint_spans(*hints, ("esc", "give up")))

    def offer(self, offers: Sequence[Offer]) -> None:
        """Take the labels that there are, the most useful first."""
        self._offers = offers
        self._show_offers()

    @property
    def _typed(self) -> list[str]:
        text = self.query_one(TextField).value
        return [part.strip() for part in text.split(",")] if self._several else [text.strip()]

    def _show_offers(self) -> None:
        *given, word = self._typed
        fitting = matching(self._offers or (), word, given)
        offers = self.query_one(OfferList)
        offers.empty = ()
        if self._offers is not None and not fitting:
            words = "a new one" if word and not self._only_offers else "there are none"
            offers.empty = (((f" {words}", "dim"),),)
        offers.show(fitting)

    def on_input_changed(self, event: Input.Changed) -> None:  # noqa: ARG002
        self._show_hints()
        self._show_offers()

    def action_choose(self, lines: int) -> None:
        self.query_one(OfferList).choose(lines)

    def action_complete(self) -> None:
        """Take the offer that is chosen, else the first, into the field."""
        offers = self.query_one(OfferList)
        text = offers.current or (offers.offers[0][0] if offers.count else None)
        if text is not None:
            self._put([*self._typed[:-1], text, *([""] if self._several else [])])

    def _put(self, words: list[str]) -> None:
        field = self.query_one(TextField)
        field.value = ", ".join(words)
        field.cursor_position = len(field.value)

    def on_input_submitted(self) -> None:
        words = self._typed
        if (chosen := self.query_one(OfferList).current) is not None:
            words[-1] = chosen
        words = [word for word in words if word]
        known = {text for text, _ in self._offers or ()}
        if not words:
            self._show_hints("type one, or choose one with ↓")
        elif self._text in words:
            self._show_hints(f"type what comes behind {self._text}")
        elif self._only_offers and not set(words) <= known:
            self._show_hints(self._only_offers)
        else:
            self.dismiss(words)

    def on_virtual_list_cursor_moved(self, event: VirtualList.CursorMoved) -> None:
        event.stop()


class NameDialog(Dialog[str], inherit_bindings=False):
    """Asks for one line."""

    BINDINGS = [Binding("escape", "give_up", show=False)]

    def __init__(self, title: str, about: str, text: str = "", *, needed: bool = True) -> None:
        super().__init__(title)
        self._about, self._text = about, text
        self._needed = needed
        """Whether an empty line is no answer."""

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog -small"):
            yield Bar(classes="dialog-title")
            yield TextField()
            yield Bar(classes="dialog-about")
            yield Bar(classes="dialog-foot")

    def begin(self, field: TextField | NoteField) -> None:  # noqa: ARG002
        self.query_one(".dialog-about", Bar).left = ((f" {self._about}", "dim"),)
        self.offer_text(self._text)
        self._show_hints()

    def _show_hints(self) -> None:
        self.foot(*hint_spans(("enter", "keep"), ("esc", "give up")))

    def on_input_changed(self) -> None:
        self._show_hints()

    def offer_text(self, text: str) -> None:
        """Put a text into the field, unless something was typed meanwhile."""
        field = self.query_one(TextField)
        if not field.value:
            field.value = text
            field.cursor_position = len(text)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        text = event.value.strip()
        if text or not self._needed:
            self.dismiss(text)
        else:
            self.foot((" type something, or give up with esc", "bad"))


class NoteDialog(Dialog[str], inherit_bindings=False):
    """Asks for many lines."""

    BINDINGS = [Binding("escape", "give_up", show=False)]

    def __init__(self, title: str, text: str, stored: str) -> None:
        super().__init__(title)
        self._text, self._stored = text, stored
        """What it begins with, and what of that is lost by nothing."""
        self._warned = False

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog -note"):
            yield Bar(classes="dialog-title")
            yield NoteField(self._text)
            yield Bar(classes="dialog-foot")

    def begin(self, field: TextField | NoteField) -> None:
        self._show_hints()
        assert isinstance(field, NoteField)
        field.move_cursor(field.document.end)

    def _show_hints(self) -> None:
        self.foot(*hint_spans(("ctrl+d", "keep"), ("enter", "new line"), ("esc", "give up")))

    def on_text_area_changed(self) -> None:
        if self._warned:
            self._warned = False
            self._show_hints()

    def unsaved(self) -> str:
        """Return what was written and is stored nowhere; "" where that is nothing."""
        fields = self.query(NoteField)
        text = fields.first().text if fields else self._text
        return "" if text.strip() == self._stored.strip() else text

    def on_note_field_closed(self, event: NoteField.Closed) -> None:
        if event.kept:
            self.dismiss(event.field.text.strip() or None)
        elif self._warned or not self.unsaved().strip():
            self.dismiss(None)
        else:
            self._warned = True
            words: Span = (" esc again gives up what you wrote, ", "bad")
            self.foot(words, ("ctrl+d", "accent"), (" keeps it", "bad"))


def matching(offers: Sequence[Offer], word: str, without: Sequence[str]) -> list[Offer]:
    """Return the offers that contain a word, those that begin with it first."""
    part, given = word.casefold(), set(without)
    found = [one for one in offers if part in one[0].casefold() and one[0] not in given]
    return sorted(found, key=lambda one: not one[0].casefold().startswith(part))


def runs_title(verb: str, names: Sequence[str], count: int, room: int = 56) -> str:
    """Return what a window is about: `Tag 12 runs`, or the name where it is one."""
    if count == 1 and names:
        return crop(f"{verb} {printable(names[0])}", room)
    return f"{verb} {'1 run' if count == 1 else f'{format_count(count)} runs'}"
