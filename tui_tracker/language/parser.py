"""From text to tree.

    query  one or more alternatives joined by `or`
    and    parts joined by `and`, or just one after the other; binds closer than `or`
    not    before one part; binds closest
    part   ( query )   or a term:
           word  "some text"             found in name, id, experiment, status, tags, notes
           field = value                 also != < <= > >=, ~ and !~ for a regex
           field = glob*                 * is any letters, ? is one
           field:value                   = with case ignored; in free texts a part of it
           field in (a, b)  field in low..high  field not in ...
           field is nan         as = nan; also inf, none, true, false, and `is not` as !=
           has:field  missing:field      the run has it, or lacks it
           is:word                       a status, or archived, dirty, starred (also bare)

A field with odd letters stands in backquotes (`` `lr (max)` ``), a value in quotes.
"""

from __future__ import annotations

from difflib import get_close_matches

from tui_tracker.language import units
from tui_tracker.language.tokens import Reader
from tui_tracker.language.tree import (
    FLAGS,
    Between,
    Compare,
    Field,
    Has,
    Is,
    Missing,
    Node,
    Not,
    OneOf,
    Operator,
    Query,
    Term,
    Text,
    Value,
    all_of,
    any_of,
)

STATUSES = ("running", "finished", "failed", "killed", "crashed", "pruned")
STATES = (*STATUSES, *FLAGS)
_PLAIN = ("nan", "inf", "+inf", "-inf", "none", "null", "true", "false")
"""What `is` takes: as the rules of alerts say it."""
MOST_DEEP, MOST_TERMS = 60, 200
"""SQLite's own expressions end at a depth of 1,000."""


def parse(text: str) -> Query:
    """Return the tree of a query.

    Raises:
        QueryError: it is none; its `column` is where.
    """
    return Query(Parser(text).read(), text)


class Parser:
    """One reading of one query."""

    def __init__(self, text: str) -> None:
        self.reader = Reader(text)
        self._deep = self._terms = 0

    def read(self) -> Node | None:
        reader = self.reader
        reader.skip()
        if not reader.next:
            reader.note("term", reader.at, None)
            return None
        tree = self._alternatives()
        if reader.next:
            raise reader.fail(f"{reader.next!r} closes nothing" if reader.next == ")" else "unread")
        return tree

    def _alternatives(self) -> Node:
        parts = [self._parts()]
        while self.reader.keyword("or"):
            parts.append(self._parts())
        return any_of(parts)

    def _parts(self) -> Node:
        parts = [self._part()]
        while True:
            joined = self.reader.keyword("and")
            if not joined and (self.reader.next in ("", ")") or self._at_or()):
                self.reader.note("term", self.reader.at, None)
                return all_of(parts)
            parts.append(self._part())

    def _at_or(self) -> bool:
        back = self.reader.at
        found = self.reader.keyword("or")
        self.reader.at = back
        return bool(found)

    def _part(self) -> Node:
        """Read one part and the blanks behind it."""
        reader = self.reader
        reader.skip()
        self._deep += 1
        if self._deep > MOST_DEEP:
            raise reader.fail("too many brackets within brackets")
        if reader.keyword("not"):
            part: Node = Not(self._part())
        elif reader.next == "(":
            part = self._brackets()
        else:
            part = self._term()
        self._deep -= 1
        reader.skip()
        return part

    def _brackets(self) -> Node:
        reader = self.reader
        opened = reader.at
        reader.at += 1
        part = self._alternatives()
        if reader.next != ")":
            raise reader.fail("this bracket is not closed", opened)
        reader.at += 1
        return part

    def _term(self) -> Node:
        reader = self.reader
        self._terms += 1
        if self._terms > MOST_TERMS:
            raise reader.fail(f"more than {MOST_TERMS} terms")
        start = reader.at
        reader.note("term", start, None)
        if reader.next == "'":
            return Text(reader.quoted())
        if (reader.next in ("", ")")) or reader.keyword("and", "or", "in"):
            raise reader.fail("a term is wanted here: a word, or a field and a value", start)
        field = reader.field()
        reader.note("term", start, field)
        if not field.name and not field.exact:
            raise self._no_field(start)
        return self._after_field(field, start)

    def _no_field(self, start: int) -> Exception:
        reader = self.reader
        reader.at = start
        sign = reader.operator()
        return reader.fail(f"a field is wanted before {sign or reader.next!r}", start)

    def _after_field(self, field: Field, start: int) -> Node:
        """Read operator and value behind a field; without them it is a free word."""
        reader = self.reader
        if field.name in ("has", "missing", "is") and reader.next == ":" and not field.exact:
            return self._state(field.name)
        end = reader.at
        reader.skip()
        begin = reader.at
        if reader.keyword("not") and self._skipped("in"):
            return Not(self._members(field))
        reader.at = begin
        if reader.keyword("in"):
            return self._members(field)
        if reader.keyword("is") and (term := self._plain_is(field)):
            return term
        reader.at = begin
        reader.note("operator", begin, field)
        if operator := reader.operator():
            return self._compared(field, operator)
        reader.at = end
        return self._free(field, start)

    def _plain_is(self, field: Field) -> Compare | None:
        """Read what follows `is`; None where it is no such value, and `is` is a free word."""
        reader = self.reader
        sign: Operator = "!=" if self._skipped("not") else "="
        reader.skip()
        column = reader.at
        word = reader.keyword(*_PLAIN)
        return Compare(field, sign, Value(word, column=column)) if word else None

    def _skipped(self, word: str) -> bool:
        self.reader.skip()
        return bool(self.reader.keyword(word))

    def _free(self, field: Field, start: int) -> Term:
        reader = self.reader
        said = reader.text[start : reader.at]
        if said in FLAGS:
            return Is(said)
        if field.exact and (field.kind or field.statistic or said[0] == "`"):
            raise reader.fail("a comparison is wanted behind a field", near=">")
        if said in ("&", "&&", "|", "||"):
            word = "and" if said[0] == "&" else "or"
            raise reader.fail(f"no operator {said!r}", start, near=word, length=len(said))
        return Text(field.name if field.exact else said)

    def _state(self, word: str) -> Term:
        reader = self.reader
        reader.at += 1
        start = reader.at
        field = reader.field()
        reader.note("value" if word == "is" else "field", start, Field(word))
        if not field.name:
            raise reader.fail(f"a {'status' if word == 'is' else 'field'} is wanted", start)
        if word != "is":
            return Has(field) if word == "has" else Missing(field)
        if (state := field.name.lower()) not in STATES or field.exact:
            near = (get_close_matches(state, STATES, n=1) or [""])[0]
            raise reader.fail(f"no state {state!r}", start, near=near, length=len(state))
        return Is(state)

    def _compared(self, field: Field, operator: Operator) -> Term:
        """Read the value behind an operator; two numbers with `..` between them are a range."""
        value = self._value(field, operator)
        low, dots, high = value.text.partition("..")
        numbers = dots and not value.quoted and units.number(low) is not None
        if operator != "=" or not numbers or units.number(high) is None:
            return Compare(field, operator, value)
        behind = value.column + len(low) + len(dots)
        return Between(field, Value(low, column=value.column), Value(high, column=behind))

    def _value(self, field: Field, operator: Operator) -> Value:
        if operator != ":":
            self.reader.skip()
        value = self.reader.value(field)
        if value is None:
            raise self.reader.fail(f"a value is wanted behind {operator}")
        return value

    def _members(self, field: Field) -> Term:
        """Read what follows `in`: a list in brackets or a range."""
        reader = self.reader
        reader.skip()
        if reader.next != "(":
            return self._range(field)
        reader.at += 1
        values = []
        while True:
            reader.skip()
            value = reader.value(field, stops=",")
            if value is None:
                raise reader.fail("a value is wanted in this list")
            values.append(value)
            reader.skip()
            if reader.next not in (",", ")"):
                raise reader.fail("a comma or a closing bracket is wanted here", near=",")
            reader.at += 1
            if reader.text[reader.at - 1] == ")":
                return OneOf(field, tuple(values))

    def _range(self, field: Field) -> Term:
        reader = self.reader
        start = reader.at
        low = reader.value(field, stops="..")
        if not reader.text.startswith("..", reader.at):
            raise reader.fail("in wants (a, b) or low..high", start)
        reader.at += 2
        high = reader.value(field)
        if low is None and high is None:
            raise reader.fail("a range wants one end at least", start)
        return Between(field, low, high)
