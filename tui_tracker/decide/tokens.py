"""The words of a decision rule: numbers, units, comparisons, marks, names and texts in quotes."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tui_tracker.errors import RuleInvalid

_WORD = re.compile(
    r"""\s*(?:
      (?P<number>[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?(?![\w.:/-]))
    | (?P<unit>%|pp\b)
    | (?P<op><=|>=|!=|<|>|==?)
    | (?P<mark>[(),;@])
    | `(?P<name>(?:[^`\\]|\\.)*)`
    | "(?P<text>(?:[^"\\]|\\.)*)"
    | (?P<word>[^\s<>=!(),;@`"%]+)
    )""",
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Token:
    """One word; `kind` is the name of its group above, `at` its column from 0."""

    kind: str
    text: str
    at: int

    @property
    def low(self) -> str:
        """The word in small letters; "" for what is no bare word."""
        return self.text.lower() if self.kind == "word" else ""


def split_rule(text: str) -> list[Token]:
    """Return the words of a rule.

    Raises:
        RuleInvalid: something in it is no word, or a quote is not closed.
    """
    tokens, at = [], 0
    while text[at:].strip():
        found = _WORD.match(text, at)
        if found is None:
            start = at + len(text[at:]) - len(text[at:].lstrip())
            odd = text[start]
            problem = f"{odd!r} means nothing here"
            if odd in '`"':
                problem = f"a closing {odd} is missing"
            raise RuleInvalid(text, start + 1, problem, "")
        kind = str(found.lastgroup)
        raw, start = found.group(kind), found.start(kind)
        tokens += _cut(kind, raw, start)
        at = found.end()
    return tokens


def _cut(kind: str, raw: str, start: int) -> list[Token]:
    """Return the tokens in one match: `0.5pp` comes as a word, quotes are taken off."""
    if kind in ("name", "text"):
        return [Token(kind, re.sub(r"\\(.)", r"\1", raw), start - 1)]
    measured = re.fullmatch(r"([-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?)(pp)", raw, re.I)
    if kind == "word" and measured:
        unit = Token("unit", "pp", start + measured.start(2))
        return [Token("number", measured[1], start), unit]
    return [Token(kind, raw, start)]
