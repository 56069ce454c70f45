"""From the words of a decision rule to its tree; mistakes are told with their place.

Keywords may be written in any case. A name with other letters than those of an identifier,
`.`, `/` and `-`, or one that is a keyword, stands in backquotes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from difflib import get_close_matches
from typing import Literal, TypeVar, cast

from tui_tracker.decide.rule import (
    COMPARISONS,
    GRADES,
    LEVELS,
    RESERVED,
    Bound,
    Comparison,
    Condition,
    Direction,
    Fact,
    GradeBound,
    Healthy,
    NoError,
    Options,
    ProofBound,
    Rule,
    Stat,
    TieBreak,
    Unit,
    Value,
    as_number,
    is_function,
)
from tui_tracker.decide.tokens import Token, split_rule
from tui_tracker.errors import RuleInvalid

_Read = TypeVar("_Read")
_ENDS_OF_TIE = ("end", "then", "within", ";")
_DIRECTIONS: dict[str, Direction] = {
    "highest": "highest",
    "max": "highest",
    "lowest": "lowest",
    "min": "lowest",
}
_ALIKE = {"tiebreak": "tie-break", "tie": "tie-break"}
_ALSO = {"best": "highest", "largest": "highest", "smallest": "lowest"}
"""What people say for words of the grammar that are spelled otherwise."""


def parse_rule(text: str) -> Rule:
    """Return the tree of a decision rule.

    Raises:
        RuleInvalid: the text is no rule; the error knows the column, from 1.
    """
    return _Parser(text, split_rule(text)).rule()


class _Parser:
    """Reads tokens from the left; `at` is the next one."""

    def __init__(self, text: str, tokens: Sequence[Token]) -> None:
        self.text, self.tokens, self.at = text, tokens, 0
        self.said: set[str] = set()

    # Looking and taking.

    @property
    def next(self) -> Token:
        if self.at < len(self.tokens):
            return self.tokens[self.at]
        return Token("end", "", len(self.text))

    def take(self) -> Token:
        token = self.next
        self.at += 1
        return token

    def takes(self, *words: str) -> bool:
        """Take these bare words if they come next."""
        ahead = [token.low for token in self.tokens[self.at : self.at + len(words)]]
        if [_ALIKE.get(word, word) for word in ahead] != list(words):
            return False
        self.at += len(words)
        return True

    def takes_mark(self, mark: str) -> bool:
        if self.next.kind == "mark" and self.next.text == mark:
            self.at += 1
            return True
        return False

    def wrong(self, wanted: str, known: Sequence[str] = ()) -> RuleInvalid:
        token = self.next
        shown = f"found {token.text!r}" if token.kind != "end" else "the rule ends"
        near = _ALSO.get(token.low, token.low)
        if near not in known or near == token.low:
            close = get_close_matches(token.low, [w for w in known if w != token.low], cutoff=0.7)
            near = close[0] if close else ""
        return RuleInvalid(self.text, token.at + 1, f"{wanted} is wanted, {shown}", near)

    # The grammar.

    def rule(self) -> Rule:
        direction = _DIRECTIONS.get(self.next.low)
        if direction is None:
            raise self.wrong("highest, lowest, max or min", tuple(_DIRECTIONS))
        self.take()
        rule = Rule(direction, self.stat())
        if self.takes("with") or self.takes("where") or self.takes("subject", "to"):
            rule = replace(rule, conditions=self.conditions())
        while self.takes_mark(";"):
            if self.next.kind != "end":
                rule = self.part(rule)
        if self.next.kind != "end":
            known = ("and",) if rule.conditions else ("with", "where", "and", "subject")
            raise self.wrong("with, and, ; or the end", known)
        return rule

    def part(self, rule: Rule) -> Rule:
        """Read what stands behind a semicolon: each of its kinds may be said once."""
        options = rule.options
        kind = _ALIKE.get(self.next.low, self.next.low)
        if kind in self.said:
            raise RuleInvalid(self.text, self.next.at + 1, f"{kind!r} is said twice", "")
        self.said.add(kind)
        if self.takes("tie-break", "by") or self.takes("tie-break"):
            return replace(rule, tie=self.tie())
        if self.takes("group", "by"):
            return replace(rule, options=self.grouping(options))
        if self.takes("over"):
            return replace(rule, options=replace(options, over=self.over()))
        if self.takes("ci"):
            return replace(rule, options=self.interval(options))
        if self.takes("baseline"):
            pairs = self.several(self.pair)
            return replace(rule, options=replace(options, baseline=pairs))
        known = ("tie-break", "group", "over", "ci", "baseline")
        raise self.wrong("tie-break by, group by, over, ci or baseline", known)

    def conditions(self) -> tuple[Condition, ...]:
        found = [self.condition()]
        while self.takes("and") or self.takes_mark(","):
            found.append(self.condition())
        return tuple(found)

    def condition(self) -> Condition:
        if self.takes("no", "error") or self.takes("no", "errors"):
            return NoError()
        if self.takes("no", "health"):
            return Healthy(wholly=True)
        token = self.next
        following = self.tokens[self.at + 1] if self.at + 1 < len(self.tokens) else None
        if following is not None and following.kind == "op":
            if token.low == "grade":
                return self.grade()
            if token.low == "proof":
                return self.proof()
        elif token.low == "stable":
            self.take()
            return Healthy()
        kind, dot, name = token.text.partition(".")
        if token.kind == "word" and dot and kind.lower() in ("param", "tag", "data"):
            return self.fact(kind.lower(), name)
        return self.bound()

    def bound(self) -> Bound:
        stat = self.stat(("op", "end"))
        comparison = self.comparison()
        if stat.function == "n":
            return Bound(stat, comparison, float(self.whole("a number of runs")))
        return Bound(stat, comparison, *self.number())

    def fact(self, kind: str, name: str) -> Fact:
        self.take()
        if not name:
            if self.next.kind != "name":
                raise self.wrong(f"the name of a {kind}")
            name = self.take().text
        where = cast("Literal['param', 'tag', 'data']", kind)
        comparison, place, value = self.comparison(), self.next.at, self.value()
        if where != "param":
            # A version 1.10 is none of 1.1, as the number would be.
            value = self.tokens[self.at - 1].text
        if comparison not in ("=", "!=") and as_number(value) is None:
            problem = f"{comparison} takes a number, found {value!r}"
            raise RuleInvalid(self.text, place + 1, problem, "")
        return Fact(where, name, comparison, value)

    def grade(self) -> GradeBound:
        self.take()
        self.at_least()
        letter = self.next.text.upper()
        if letter not in tuple(GRADES):
            raise self.wrong("a grade from A to F")
        self.take()
        return GradeBound(letter)

    def proof(self) -> ProofBound:
        self.take()
        self.at_least()
        level = self.next.text.upper()
        if level not in LEVELS:
            raise self.wrong("a proof level from L0 to L5")
        self.take()
        return ProofBound(level)

    def at_least(self) -> None:
        if self.next.text != ">=":
            raise self.wrong(">=")
        self.take()

    def stat(self, alone: Sequence[str] = ()) -> Stat:
        """Read a statistic; before a word or kind of `alone` it may stand without a metric."""
        if not is_function(self.next.low):
            return self.measured("mean")
        function = self.take().low
        if self.takes_mark("("):
            stat = self.measured(function)
            stat = replace(stat, pick=self.pick()) if self.takes_mark(",") else stat
            if not self.takes_mark(")"):
                raise self.wrong("a closing parenthesis")
            return stat
        if {self.next.kind, self.next.low or self.next.text} & set(alone):
            return Stat(function, None)
        return self.measured(function)

    def measured(self, function: str) -> Stat:
        metric = self.name("the name of a metric")
        context = self.name("a context") if self.takes_mark("@") else None
        return Stat(function, metric, context)

    def pick(self) -> Literal["", "last", "best"] | int:
        if self.takes("last"):
            return "last"
        if self.takes("best"):
            return "best"
        if self.takes("at"):
            return self.whole("a step")
        raise self.wrong("last, best or at STEP", ("last", "best", "at"))

    def name(self, wanted: str) -> str:
        token = self.next
        if token.kind == "name" and token.text:
            return self.take().text
        if token.kind != "word" or token.low in RESERVED or is_function(token.low):
            raise self.wrong(wanted)
        return self.take().text

    def comparison(self) -> Comparison:
        text = "=" if self.next.text == "==" else self.next.text
        if self.next.kind != "op":
            raise self.wrong("a comparison such as <=")
        self.take()
        assert text in COMPARISONS
        return text

    def number(self) -> tuple[float, Unit]:
        if self.next.kind != "number":
            raise self.wrong("a number")
        value = self.finite()
        self.take()
        unit: Unit = ""
        if self.next.kind == "unit":
            unit = cast("Unit", self.take().text.lower())
        return value, unit

    def finite(self) -> float:
        value = float(self.next.text)
        if math.isinf(value):
            raise self.wrong("a number below 1.8e308")
        return value

    def whole(self, wanted: str) -> int:
        if self.next.kind != "number" or not self.next.text.isdigit():
            raise self.wrong(f"{wanted} as a whole number")
        self.finite()
        return int(self.take().text)

    def value(self) -> Value:
        token = self.next
        if token.kind == "number":
            self.finite()
            self.take()
            plain = token.text.lstrip("+-").isdigit()
            return int(token.text) if plain else float(token.text)
        if token.kind in ("text", "name"):
            return self.take().text
        if token.kind != "word":
            raise self.wrong("a value")
        self.take()
        return {"true": True, "false": False}.get(token.low, token.text)

    # Behind a semicolon.

    def tie(self) -> TieBreak:
        by = [self.tied()]
        while self.takes("then"):
            by.append(self.tied())
        if not self.takes("within"):
            return TieBreak(tuple(by))
        if self.takes("ci"):
            return TieBreak(tuple(by), "ci")
        return TieBreak(tuple(by), *self.number())

    def tied(self) -> tuple[Direction | None, Stat]:
        way = self.next.low
        if way in ("highest", "lowest"):
            self.take()
            return _DIRECTIONS[way], self.stat(_ENDS_OF_TIE)
        return None, self.stat(_ENDS_OF_TIE)

    def grouping(self, options: Options) -> Options:
        by: tuple[str, ...] = ()
        if not self.takes("config"):
            by = self.several(lambda: self.name("a param, or config"))
        left = self.name("a param") if self.takes("except") else ""
        return replace(options, by=by, leave_out=left)

    def over(self) -> Literal["seed", "fold"]:
        if self.takes("seed"):
            return "seed"
        if self.takes("fold"):
            return "fold"
        raise self.wrong("seed or fold", ("seed", "fold"))

    def interval(self, options: Options) -> Options:
        method = self.next.low
        if method not in ("t", "bca"):
            raise self.wrong("t or bca", ("t", "bca"))
        self.take()
        place = self.next.at
        level, unit = self.number()
        level = level / 100 if unit == "%" or level > 1 else level
        if not 0 < level < 1:
            raise RuleInvalid(self.text, place + 1, "a level lies between 0 and 1", "0.95")
        return replace(options, interval=cast("Literal['t', 'bca']", method), level=level)

    def pair(self) -> tuple[str, Value]:
        key = self.name("a param")
        if self.comparison() != "=":
            self.at -= 1
            raise self.wrong("=")
        return key, self.value()

    def several(self, read: Callable[[], _Read]) -> tuple[_Read, ...]:
        found = [read()]
        while self.takes_mark(","):
            found.append(read())
        return tuple(found)
