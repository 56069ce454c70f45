"""The letters of a query: names, operators, values and where they stand.

What ends a word depends on what is read: a value may hold `=` and `:` (times, tags,
paths), a name may not. So there is no list of tokens made beforehand: the parser asks for
what it expects. Each piece it asked for is noted, which is what completion goes by.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal, cast

from tui_tracker.errors import QueryError
from tui_tracker.language.tree import (
    ENDS_WORD,
    Field,
    FieldKind,
    Operator,
    Statistic,
    Value,
)
from tui_tracker.language.units import is_date, is_number, is_span, unit_seconds

_OPERATORS: dict[str, Operator] = {
    **{sign: sign for sign in ("=", "!=", "<", "<=", ">", ">=", "~", "!~", ":")},
    "==": "=",
}
_NEAREST = {"=>": ">=", "=<": "<=", "<>": "!=", "=~": "~", "=!": "!=", "!": "!=", "===": "="}
KIND_PREFIXES: dict[str, FieldKind] = {
    "param": "param",
    "params": "param",
    "metric": "metric",
    "metrics": "metric",
    "fact": "fact",
    "facts": "fact",
    "system": "system",
    "tag": "tag",
    "tags": "tag",
}
STATISTICS = ("last", "min", "max", "mean", "first", "count", "std", "best", "nan", "inf")
TIME_FIELDS = frozenset(("started", "ended", "duration"))
LONGEST = 5_000
"""Characters of a word: as many as LIKE takes, each escaped and of four bytes."""
"""Fields whose values may be several words: `2 days ago`."""
_PREFIX = re.compile(rf"({'|'.join(sorted(KIND_PREFIXES, key=len, reverse=True))})\.(?=[`\"])")
_QUOTED = {
    "`": re.compile(r"`((?:[^`]|``)*)`(?!`)", re.S),
    '"': re.compile(r'"((?:[^"\\]|\\.)*)"', re.S),
    "'": re.compile(r"'((?:[^'\\]|\\.)*)'", re.S),
}
_ESCAPE = {mark: re.compile(rf"\\([\\{mark}])") for mark in "\"'"}
_SIGNS = re.compile(r"[=<>!~]+")
_CLOCK = re.compile(r"\d\d?:\d\d(:\d\d)?$")


@dataclass(frozen=True, slots=True)
class Slot:
    """A piece of the query that was asked for, and where it stands."""

    kind: Literal["term", "field", "operator", "value"]
    start: int
    end: int
    field: Field | None = None


class Reader:
    """A query and a place in it."""

    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0
        self.slots: list[Slot] = []
        if "\0" in text:
            # SQLite's LIKE would end there.
            raise self.fail("a query holds no NUL", text.index("\0"))

    def fail(
        self, problem: str, column: int | None = None, *, near: str = "", length: int = 1
    ) -> QueryError:
        at = self.at if column is None else column
        return QueryError(self.text, at, problem, nearest=near, length=length)

    def _of_length(self, word: str, start: int) -> str:
        """Refuse what SQLite's LIKE would: nobody types it, but it is pasted."""
        if len(word) > LONGEST:
            problem = f"a word of {len(word):,} characters: {LONGEST:,} are the most"
            raise self.fail(problem, start, length=len(word))
        return word

    def skip(self) -> None:
        """Go past blanks."""
        while self.at < len(self.text) and self.text[self.at].isspace():
            self.at += 1

    @property
    def next(self) -> str:
        """The character here, "" at the end."""
        return self.text[self.at : self.at + 1]

    def note(
        self, kind: Literal["term", "field", "operator", "value"], start: int, about: Field | None
    ) -> None:
        self.slots.append(Slot(kind, start, self.at, about))

    def keyword(self, *wanted: str) -> str:
        """Go past one of these words, if it stands here alone; return it in lower case."""
        end = self._end(ENDS_WORD)
        word = self.text[self.at : end].lower()
        if word not in wanted or self.text[end : end + 1] == ":":
            return ""
        self.at = end
        return word

    def word(self) -> str:
        """Read a name or a free word; "" where none stands here."""
        start, self.at = self.at, self._end(ENDS_WORD)
        return self._of_length(self.text[start : self.at], start)

    def quoted(self) -> str:
        """Read what stands between the quote here and the next like it."""
        match = _QUOTED[self.next].match(self.text, self.at)
        if match is None:
            raise self.fail(f"the quote {self.next} is not closed", length=len(self.text) - self.at)
        self._of_length(match[1], self.at)
        self.at = match.end()
        if match[0][0] == "`":
            return match[1].replace("``", "`")
        return _ESCAPE[match[0][0]].sub(r"\1", match[1])

    def operator(self) -> Operator | None:
        """Read an operator; None where none stands here."""
        if self.next == ":":
            self.at += 1
            return ":"
        match = _SIGNS.match(self.text, self.at)
        if match is None:
            return None
        sign = match[0]
        # `a =!b`: what belongs to the value is told from the sign by a blank alone.
        if sign not in _OPERATORS:
            near = _NEAREST.get(sign) or (get_close_matches(sign, _OPERATORS, n=1) or ["="])[0]
            raise self.fail(f"no operator {sign!r}", near=near, length=len(sign))
        self.at = match.end()
        return _OPERATORS[sign]

    def field(self) -> Field:
        """Read a field: its kind, its name, bare or in quotes, and a statistic behind quotes."""
        start = self.at
        kind: FieldKind = ""
        if match := _PREFIX.match(self.text, self.at):
            kind, self.at = KIND_PREFIXES[match[1]], match.end()
        if self.next not in ("`", '"'):
            return self._bare_field(start)
        name = self.quoted()
        return Field(name, kind, self.statistic(), exact=True, column=start)

    def _bare_field(self, start: int) -> Field:
        word = self.word()
        kind, dot, name = word.partition(".")
        if dot and name and kind in KIND_PREFIXES:
            return Field(name, KIND_PREFIXES[kind], column=start)
        return Field(word, column=start)

    def statistic(self) -> Statistic:
        if self.next != ".":
            return ""
        start = self.at
        self.at += 1
        word = self.word()
        if word not in STATISTICS:
            near = (get_close_matches(word, STATISTICS, n=1) or [""])[0]
            raise self.fail(f"no statistic {word!r}", start + 1, near=near, length=len(word) or 1)
        return cast("Statistic", word)

    def value(self, about: Field, *, stops: str = "") -> Value | None:
        """Read a value up to a blank, a bracket or one of `stops`; None where none is here."""
        start = self.at
        try:
            if self.next in ('"', "'"):
                return Value(self.quoted(), quoted=True, column=start)
            self._value_word(stops)
            if about.name in TIME_FIELDS and not about.exact and not about.kind:
                self._more_words(start, stops)
        finally:
            self.note("value", start, about)
        words = self._of_length(self.text[start : self.at], start).split()
        return Value(" ".join(words), column=start) if words else None

    def _value_word(self, stops: str) -> None:
        while self.at < len(self.text):
            letter = self.text[self.at]
            ends = letter.isspace() or letter in "()" or (letter == "," and "," in stops)
            if ends or (stops == ".." and self.text.startswith("..", self.at)):
                return
            self.at += 1

    def _more_words(self, start: int, stops: str) -> None:
        """Take in `days ago` behind a `2`, and a clock behind a date."""
        while True:
            words, back = self.text[start : self.at].split(), self.at
            self.skip()
            begin = self.at
            self._value_word(stops)
            if not _goes_on(words, self.text[begin : self.at].lower()):
                self.at = back
                return

    def _end(self, ends: frozenset[str] | set[str]) -> int:
        at = self.at
        while at < len(self.text):
            letter = self.text[at]
            if letter.isspace() or letter in ends:
                break
            if letter == "!" and self.text[at + 1 : at + 2] in ("=", "~"):
                break
            at += 1
        return at


def _goes_on(words: list[str], word: str) -> bool:
    if not words or not word:
        return False
    if len(words) == 1 and is_number(words[0]) and unit_seconds(word) is not None:
        return True
    if word == "ago":
        return is_span(" ".join(words))
    return len(words) == 1 and is_date(words[0]) and _CLOCK.match(word) is not None
