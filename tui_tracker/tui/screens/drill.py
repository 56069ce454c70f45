"""The drill of a run: what its record lacks, what is proposed, to take or leave item by item."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.message import Message

from tui_tracker.formatting import cell_width, crop, fit, printable, wrap
from tui_tracker.lineage.words import plural
from tui_tracker.tui.keys import Place, bindings
from tui_tracker.tui.screens.base import TrackerScreen
from tui_tracker.tui.widgets.bar import Bar
from tui_tracker.tui.widgets.footer import Footer
from tui_tracker.tui.widgets.line_widget import Line, Role
from tui_tracker.tui.widgets.lines_foot import LinesFoot
from tui_tracker.tui.widgets.virtual_list import VirtualList

if TYPE_CHECKING:
    from tui_tracker.audit.amendments import Correction
    from tui_tracker.drill.drill import Drilled
    from tui_tracker.store import Store

SURE: dict[str, Role] = {"certain": "good", "likely": "second", "guess": "bad", "": "accent"}
REASON = "as tt drill found it"
_FIELD, _FOOT = 28, 6


@dataclass(frozen=True, slots=True)
class Offer:
    """A line of the list: a proposal, or why there is none for a gap."""

    rule: str
    message: str
    item: Correction | None
    refused: str = ""

    @property
    def field(self) -> str:
        return self.item.field if self.item is not None else ""


def offers_of(drilled: Drilled) -> list[Offer]:
    """Return the lines of a drill: proposals first, each field once, then what is gone."""
    found: dict[str, Offer] = {}
    gone = []
    for gap in drilled.gaps:
        rule, message = gap.finding.rule, gap.finding.message
        for item in gap.proposals:
            found.setdefault(item.field, Offer(rule, message, item))
        gone += [Offer(rule, message, None, why) for why in gap.refused]
    return [*found.values(), *gone]


class OfferList(VirtualList, inherit_bindings=False):
    """Proposals, one a line; space takes one."""

    BINDINGS = [*bindings("list"), *bindings("drill")]
    PLACE: Place = "drill"

    @dataclass
    class Asked(Message):
        """Another value for the line under the cursor is wanted."""

        list: OfferList
        index: int

    @dataclass
    class Chosen(Message):
        """What is taken changed."""

    @dataclass
    class Lacking(Message):
        """A proposal is wanted where there is none."""

    @dataclass
    class Finished(Message):
        """What is taken is to be written."""

    def __init__(self) -> None:
        super().__init__(id="drill")
        self.offers: list[Offer] = []
        self.taken: set[str] = set()
        self._field = _FIELD

    def show(self, offers: list[Offer]) -> None:
        """Show these lines, and keep what was taken of them."""
        self.offers = offers
        self.taken &= {offer.field for offer in offers}
        heads = [printable(offer.field or offer.rule) for offer in offers]
        longest = max(map(cell_width, heads), default=0)
        self._field = max(8, min(longest, _FIELD))
        self.count = len(offers)
        self.refresh()

    @property
    def current(self) -> Offer | None:
        return self.offers[self.cursor] if self.cursor < len(self.offers) else None

    def line(self, index: int) -> Line:
        offer, here = self.offers[index], index == self.cursor
        mark: tuple[str, Role] = ("▌" if here else " ", "mark" if here else "")
        item = offer.item
        if item is None:
            head = fit(crop(offer.rule, self._field), self._field)
            words = crop(printable(offer.refused), max(0, self.room - self._field - 15))
            return (mark, ("    gone    ", "dim"), (head, "dim"), (f"  {words}", "dim"))
        taken = item.field in self.taken
        name = fit(crop(printable(item.field), self._field), self._field)
        value = f"{one_line(item.old)} → {one_line(item.new)}"
        return (
            mark,
            ("[x] " if taken else "[ ] ", "accent" if taken else "dim"),
            (f"{item.confidence or 'by hand':<8}", SURE[item.confidence]),
            (name, "bold" if taken else ""),
            (f"  {crop(printable(value), max(0, self.room - self._field - 15))}", ""),
        )

    def action_take(self) -> None:
        """Take the proposal, or leave it."""
        if (offer := self.current) is None:
            return
        if offer.item is None:
            self.post_message(self.Lacking())
            return
        self.taken ^= {offer.field}
        self.refresh_index(self.cursor)
        self.cursor = min(self.cursor + 1, self.count - 1)
        self.post_message(self.Chosen())

    def action_certain(self) -> None:
        """Take all that are certain."""
        self.taken |= {o.field for o in self.offers if o.item and o.item.confidence == "certain"}
        self.refresh_lines()
        self.post_message(self.Chosen())

    def action_write(self) -> None:
        self.post_message(self.Finished())

    def action_edit(self) -> None:
        if (offer := self.current) is not None:
            asked = self.Asked(self, self.cursor) if offer.item is not None else self.Lacking()
            self.post_message(asked)

    def chosen(self) -> None:
        self.action_take()


def one_line(value: object) -> str:
    """Return a value in a few words."""
    from tui_tracker.lineage.words import short_digest

    if isinstance(value, dict):
        return plural(len(value), "entry").replace("entrys", "entries")
    if isinstance(value, str) and value.startswith(("sha256:", "sample:")):
        return short_digest(value)
    return "nothing" if value is None else str(value)


class DrillScreen(TrackerScreen, inherit_bindings=False):
    """The gaps of one run; what is taken is written as amendments beside the record."""

    @dataclass
    class Found(Message):
        """The drill is through."""

        drilled: Drilled

    @dataclass
    class Written(Message):
        """Amendments were written."""

        count: int

    def __init__(self, key: int, profile: str = "") -> None:
        super().__init__()
        self._key, self._profile = key, profile
        self._drilled: Drilled | None = None
        self._typed: dict[str, Correction] = {}

    def compose(self) -> ComposeResult:
        yield Bar(id="title")
        yield OfferList()
        yield LinesFoot(id="drill-foot")
        yield Footer(id="footer")
        yield Bar(id="too-small")

    def on_mount(self) -> None:
        self.begin("Drill", self.view, "looking for evidence …")

    @property
    def view(self) -> OfferList:
        return self.query_one(OfferList)

    def read_again(self) -> None:
        key, profile = self._key, self._profile or None

        def question(store: Store) -> Message:
            from pathlib import Path

            from tui_tracker.audit.config import read_config
            from tui_tracker.drill.drill import drill_runs
            from tui_tracker.errors import NotFound

            settings = read_config(Path.cwd(), profile=profile).settings
            drilled = drill_runs(store, [key], settings)
            if not drilled:
                raise NotFound("run", str(key))
            return self.Found(drilled[0])

        self.ask("drill", question)

    def on_drill_screen_found(self, event: DrillScreen.Found) -> None:
        self._drilled = event.drilled
        self._show()
        self.show_first_frame()

    def show_trouble(self, text: str) -> None:
        self.view.empty = ((), ((f"  {printable(text)}", "bad"),))

    def _show(self) -> None:
        drilled = self._drilled
        if drilled is None:
            return
        self.view.empty = ((), (("  The record of this run has no gap.", "good"),))
        offers = [
            replace(offer, item=self._typed.get(offer.field, offer.item))
            for offer in offers_of(drilled)
        ]
        self.view.show(offers)
        row, before, after = drilled.record.detail.row, drilled.before.score, drilled.after.score
        bar = self.query_one("#title", Bar)
        bar.left = ((f" {printable(row.name)} › ", "dim"), ("drill", "bold"))
        grown = f"{before.grade} {before.points}"
        if any(offer.item for offer in offers):
            grown += f", {after.grade} {after.points} with all of it"
        bar.right = ((f"{grown} ", "dim"),)
        self._show_foot()

    def _show_foot(self) -> None:
        offer = self.view.current
        foot = self.query_one("#drill-foot", LinesFoot)
        foot.lines = _foot_lines(offer, self.size.width - 3) if offer is not None else ()

    def on_resize(self, event: object) -> None:
        super().on_resize(event)  # type: ignore[arg-type]
        self._show_foot()

    def on_virtual_list_cursor_moved(self, event: VirtualList.CursorMoved) -> None:
        if event.list is self.view:
            self._show_foot()

    def on_offer_list_chosen(self) -> None:
        count = len(self.view.taken)
        self.say(f"{plural(count, 'proposal')} taken: enter writes" if count else "Nothing taken")

    def on_offer_list_lacking(self) -> None:
        self.say("Nothing is proposed here: the lines below say why, and what was looked for")

    # Keys.

    def on_offer_list_asked(self, event: OfferList.Asked) -> None:
        offer = self.view.offers[event.index]
        item = offer.item
        if item is None:
            return

        def done(text: str | None) -> None:
            from tui_tracker.drill.arguments import typed_value

            if text:
                evidence = f"typed in; tt drill had proposed {one_line(item.new)}"
                typed = replace(
                    item, new=typed_value(item.field, text), evidence=evidence, confidence=""
                )
                self._typed[item.field] = typed
                self.view.taken.add(item.field)
                self._show()

        text = "" if isinstance(item.new, dict) else str(item.new)
        from tui_tracker.tui.screens.dialogs import NameDialog

        title = f"{item.field}: what should it be?"
        self.app.push_screen(NameDialog(title, "as in a script: 3, 0.1, true, words", text), done)

    def on_offer_list_finished(self) -> None:
        chosen = [o.item for o in self.view.offers if o.item and o.field in self.view.taken]
        if not chosen:
            self.say("Take something first: space takes, a takes all that is certain")
            return
        title = f"Why? It stands beside {plural(len(chosen), 'amendment')}"

        def done(reason: str | None) -> None:
            if reason is not None:
                self._write(chosen, reason or REASON)

        from tui_tracker.tui.screens.dialogs import NameDialog

        about = f"an empty line says: {REASON}"
        self.app.push_screen(NameDialog(title, about, needed=False), done)

    def _write(self, chosen: list[Correction], reason: str) -> None:
        key = self._key

        def question(store: Store) -> Message:
            from tui_tracker.audit.amendments import amend

            return self.Written(amend(store, key, chosen, reason=reason))

        self.ask("amend", question)

    def on_drill_screen_written(self, event: DrillScreen.Written) -> None:
        self.view.taken.clear()
        self._typed.clear()
        self.say(f"{plural(event.count, 'amendment')} written; the record is as it was")
        self.read_again()

    def text_to_copy(self) -> str:
        offer = self.view.current
        if offer is None:
            return ""
        return str(offer.item.new) if offer.item is not None else offer.refused

    def runs_to_copy(self) -> list[int]:
        return [self._key]

    def go_back(self) -> None:
        self.app.pop_screen()


def _foot_lines(offer: Offer, width: int) -> tuple[Line, ...]:
    lines: list[Line] = [((f" {offer.rule}", "bold"), (f"  {printable(offer.message)}", "dim"))]
    item = offer.item
    if item is None:
        lines += [((f"   {part}", ""),) for part in wrap(printable(offer.refused), width - 3)]
        return tuple(lines[:_FOOT])
    if isinstance(item.new, dict):
        text = ", ".join(f"{name} {value}" for name, value in item.new.items())
        lines += [((f"   {part}", ""),) for part in wrap(printable(text), width - 3)[:2]]
    sure = item.confidence or "by hand"
    for at, part in enumerate(wrap(printable(item.evidence), max(20, width - 12))):
        lines.append(((f"   {sure if at == 0 else '':<8} ", SURE[item.confidence]), (part, "dim")))
    return tuple(lines[:_FOOT])
