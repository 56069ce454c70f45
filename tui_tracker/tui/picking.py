"""Choosing from many columns: those shown, in their order, and those that could be.

The lines of the chooser, without the chooser: what is offered is grouped under headings,
what is typed narrows it, and a metric unfolds into its statistics and its small curve.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from tui_tracker.tui.columns import Column


@dataclass(frozen=True, slots=True)
class Offer:
    """A column that could be shown."""

    column: Column
    section: str
    """The heading it stands under: `Metrics`."""
    words: str = ""
    """What is said about it: `in 12 of 40 runs`."""
    more: tuple[Column, ...] = ()
    """What it unfolds into."""


@dataclass(frozen=True, slots=True)
class PickLine:
    """A line of the chooser: a heading, or a column."""

    heading: str = ""
    column: Column | None = None
    shown: bool = False
    words: str = ""
    depth: int = 0
    twig: str = ""
    """`+` where it could be unfolded, `-` where it is."""


class Picking:
    """What is shown and what is offered, while a person chooses."""

    def __init__(
        self,
        shown: Sequence[Column],
        offers: Sequence[Offer] = (),
        *,
        heading: str = "Shown",
        least: int = 1,
    ) -> None:
        self.shown = list(shown)
        self.offers = list(offers)
        self.text = ""
        self._heading, self._least = heading, least
        self._open: set[str] = set()

    # Lines.

    def lines(self) -> list[PickLine]:
        """Return the lines that fit what was typed, from the top."""
        words = {offer.column.spec: offer.words for offer in self.offers}
        shown = [
            PickLine(column=column, shown=True, words=words.get(column.spec, ""))
            for column in self.shown
            if self._fits(column)
        ]
        found = [PickLine(heading=f"{self._heading} ({len(self.shown)})"), *shown]
        section = ""
        for offer in self.offers:
            lines = list(self._offered(offer))
            if lines and offer.section != section:
                section = offer.section
                found.append(PickLine(heading=section))
            found += lines
        return found

    def _offered(self, offer: Offer) -> Sequence[PickLine]:
        specs = {column.spec for column in self.shown}
        more = [column for column in offer.more if column.spec not in specs]
        unfolded = offer.column.spec in self._open
        # What is typed also finds a statistic of a folded metric: `loss std`.
        inner = [c for c in more if self._fits(c) and (unfolded or self._means(offer.column, c))]
        lines = []
        head = self._fits(offer.column) or (unfolded and bool(inner))
        if head and (offer.column.spec not in specs or more):
            twig = ("-" if unfolded else "+") if more else ""
            is_shown = offer.column.spec in specs
            lines.append(PickLine("", offer.column, is_shown, offer.words, 0, twig))
        lines += [PickLine(column=column, depth=int(head)) for column in inner]
        return lines

    def _fits(self, column: Column) -> bool:
        hay = f"{column.title} {column.spec}".casefold()
        return all(word in hay for word in self.text.casefold().split())

    def _means(self, head: Column, column: Column) -> bool:
        """Whether what is typed asks for a statistic, and not for the metric alone."""
        return bool(self.text) and self._fits(column) and not self._fits(head)

    # Changes.

    def toggle(self, column: Column) -> str:
        """Show a column or show it no more; return what was done, in words."""
        at = self._at(column)
        if at is None:
            self.shown.append(column)
            return f"{column.title} is shown, as number {len(self.shown)}"
        if len(self.shown) <= self._least:
            return "One column has to stay"
        del self.shown[at]
        return f"{column.title} is not shown"

    def move(self, column: Column, lines: int) -> bool:
        """Move a shown column among those that stand as it does; False where it cannot."""
        at = self._at(column)
        to = -1 if at is None else at + lines
        if at is None or not 0 <= to < len(self.shown):
            return False
        if self.shown[at].pinned != self.shown[to].pinned:
            return False
        self.shown[at], self.shown[to] = self.shown[to], self.shown[at]
        return True

    def resize(self, column: Column, cells: int, present: Mapping[str, int]) -> str:
        """Make a shown column wider; return what was done, in words."""
        at = self._at(column)
        if at is None:
            return "Only shown columns have a width: space shows this one"
        width = max(3, (column.width or present.get(column.spec, 10)) + cells)
        self.shown[at] = replace(self.shown[at], width=width)
        return f"{column.title} is {width} cells wide"

    def rename(self, column: Column, title: str, plain: str) -> None:
        """Give a column a title of the person's own; "" gives back the `plain` one."""
        at = self._at(column)
        if at is not None:
            self.shown[at] = replace(self.shown[at], title=title or plain, renamed=bool(title))

    def fold(self, column: Column, *, unfold: bool) -> bool:
        """Fold or unfold the offer that a column belongs to; False where nothing changes."""
        for offer in self.offers:
            if column.spec == offer.column.spec or column in offer.more:
                spec = offer.column.spec
                if unfold == (spec in self._open) or not offer.more:
                    return False
                self._open ^= {spec}
                return True
        return False

    def head_of(self, column: Column) -> Column:
        """Return the offer that a column is a statistic of, or itself."""
        return next((offer.column for offer in self.offers if column in offer.more), column)

    def is_shown(self, column: Column) -> bool:
        return self._at(column) is not None

    def _at(self, column: Column) -> int | None:
        specs = [shown.spec for shown in self.shown]
        return specs.index(column.spec) if column.spec in specs else None
