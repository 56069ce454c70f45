"""What is being typed where the cursor stands, as far as the letters tell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tui_tracker.errors import QueryError
from tui_tracker.language.parser import STATES, STATUSES, Parser
from tui_tracker.language.tokens import STATISTICS, Slot
from tui_tracker.language.tree import ENDS_WORD, KEYWORDS, Field, quote

Kind = Literal["term", "field", "operator", "value"]

SIGNS = {
    "=": "is, * and ? for any letters",
    "!=": "is not",
    "<": "less",
    "<=": "at most",
    ">": "more",
    ">=": "at least",
    "in": "(a, b) or low..high",
    ":": "is, case ignored",
    "~": "fits the regex",
    "!~": "fits it not",
}
"""Operators, and what each says."""
JOINTS = {"and": "both hold", "or": "one holds", "not": "does not hold"}
STATES_SAID = {
    **dict.fromkeys(STATUSES, "status"),
    "archived": "taken out of the lists",
    "dirty": "the code had changes beyond its commit",
    "starred": "has the tag star",
}


@dataclass(frozen=True, slots=True)
class Place:
    """The piece of a query under the cursor."""

    kind: Kind
    start: int
    end: int
    """Columns that a completion takes the place of; `end` is the cursor."""
    typed: str
    """What stands there, without quotes."""
    field: Field | None
    """Of an operator or a value."""
    begins: bool = True
    """Nothing stands before that `and` could join."""
    behind_in: bool = False
    """Of a value: it is the first behind `in`, and wants a bracket or is a range."""


def place_at(text: str, cursor: int) -> Place:
    """Return what is typed at the cursor; what stands behind it plays no part."""
    before = text[:cursor]
    parser = _Tried(before)
    slot = _last(parser.slots, before)
    start = slot.start
    typed = before[start:]
    if typed[:1] in ('"', "'", "`"):
        typed = typed[1:]
    behind = before[:start].split()
    begins = not behind or behind[-1].endswith("(") or behind[-1].lower() in KEYWORDS
    behind_in = slot.kind == "value" and behind[-1:] == ["in"]
    return Place(slot.kind, start, cursor, typed, slot.field, begins, behind_in)


class _Tried:
    """The pieces that a reading asked for, whether it ended well or not."""

    def __init__(self, text: str) -> None:
        self.slots: list[Slot] = []
        try:
            parser = Parser(text)
        except QueryError:
            return
        try:
            parser.read()
        except QueryError:
            pass
        self.slots = parser.reader.slots


def _last(slots: list[Slot], before: str) -> Slot:
    """Return the piece that reaches to the cursor."""
    end = len(before)
    if not slots:
        return Slot("term", end, end)
    last = slots[-1]
    if len(slots) > 1 and (slots[-2].kind, slots[-2].start) == ("operator", last.start):
        last = slots[-2]  # what looks like a free word may be a field
    if last.start < end or not before or before[-1].isspace() or before[-1] in "(,<>=~:":
        return last
    # A name that was not left with a blank is still being typed.
    return next((slot for slot in reversed(slots) if slot.start < end), last)


def written_value(text: str) -> str:
    """Return a value as it is written: in quotes where its letters would say something else."""
    odd = any(c.isspace() or c in "()\"'*?," for c in text) or ".." in text
    return quote(text) if odd or not text or not text.isprintable() else text


def written_field(name: str) -> str:
    """Return a field as it is written: in backquotes where its letters need them."""
    odd = any(c.isspace() or c in ENDS_WORD or c in "`\"'!&|,;" for c in name)
    if odd or not name or not name.isprintable() or name.lower() in KEYWORDS:
        return "`" + name.replace("`", "``") + "`"
    return name


def state_words() -> dict[str, str]:
    return {state: STATES_SAID[state] for state in STATES}


__all__ = ["JOINTS", "SIGNS", "STATISTICS", "Place", "place_at", "written_field", "written_value"]
