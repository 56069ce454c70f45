"""Read what is written in brackets, whoever wrote it: a dict of Python, JSON with comments.

Where JSON knows one way, people paste many: single or curly quotes, bare keys, `True` and
`None`, tuples, sets, comments, commas that are one too many or missing at the end of a line,
dots for what was left out, and what Python prints for its objects: `Namespace(lr=0.1)`,
`array([1, 2])`, `np.float64(0.9)`, `datetime(2026, 3, 1)`, `<function f at 0x7f>`. Nothing
is evaluated; a call is read as what it holds.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from tui_tracker.audit.snippets.leaves import plain_value

_DEEPEST = 200
_CLOSING = {"{": "}", "[": "]", "(": ")"}
_QUOTES = {'"': '"', "'": "'", "`": "`", **dict.fromkeys("“”„", "“”"), **dict.fromkeys("‘’", "’")}
"""What a quote is closed by; of curly ones people mix both."""
_SKIPPED = re.compile(r"(?:\s+|#[^\n]*|//[^\n]*|/\*.*?\*/|\.\.\.|…)+", re.S)
_KEY = re.compile(r"[\w$@][\w$@./ -]*?(?=\s*[:=](?!=))")
_CALL = re.compile(r"[A-Za-z_][\w.]*\(")
_PREFIX = re.compile(r"[rbuRBU]{1,2}(?=['\"])")
_BARE = re.compile(r"(?:[^,\n{}\[\]()#/\"]|/(?!/)|(?<=:)/|(?<![\s])#)+")
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "\n": ""}


class NotLoose(ValueError):
    """A text that is not written so, and where."""

    def __init__(self, text: str, at: int, problem: str) -> None:
        self.line = text.count("\n", 0, at) + 1
        self.column = at - text.rfind("\n", 0, at)
        self.problem = problem
        super().__init__(f"line {self.line}, column {self.column}: {problem}")


def read_loose(text: str) -> tuple[Any, int]:
    """Return the value that a text begins with, and where it ends.

    Raises:
        NotLoose: it is none, with the place.
    """
    reader = _Reader(text)
    value = reader.value(0)
    reader.skip()
    return value, reader.at


class _Reader:
    """A text, and how far it was read."""

    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0

    def skip(self) -> bool:
        """Pass over blanks and comments; return whether a line ended among them."""
        found = _SKIPPED.match(self.text, self.at)
        if found is None:
            return False
        self.at = found.end()
        return "\n" in found[0]

    def peek(self) -> str:
        return self.text[self.at : self.at + 1]

    def fail(self, problem: str, at: int | None = None) -> NotLoose:
        return NotLoose(self.text, self.at if at is None else at, problem)

    def value(self, depth: int) -> Any:
        self.skip()
        if depth > _DEEPEST:
            raise self.fail(f"it is nested deeper than {_DEEPEST} levels")
        character = self.peek()
        if character in _CLOSING and character:
            return self._brackets(depth)
        if prefix := _PREFIX.match(self.text, self.at):
            self.at = prefix.end()
            character = self.peek()
        if character in _QUOTES and character:
            return self._quoted()
        if character == "<":
            return self._object()
        if call := _CALL.match(self.text, self.at):
            self.at = call.end() - 1
            return _of_call(call[0][:-1], *self._inside(depth))
        return self._bare()

    def _bare(self) -> Any:
        found = _BARE.match(self.text, self.at)
        if found is None or not found[0].strip():
            told = repr(self.peek()) if self.peek() else "the end"
            raise self.fail(f"a value is wanted, not {told}")
        self.at = found.end()
        return plain_value(found[0].strip())

    def _object(self) -> str:
        """Read `<class 'float'>`: what cannot be typed in again stays a text."""
        start, depth = self.at, 0
        for at in range(start, len(self.text)):
            depth += {"<": 1, ">": -1}.get(self.text[at], 0)
            if not depth:
                self.at = at + 1
                return self.text[start : self.at]
        raise self.fail("this < is never closed")

    def _quoted(self) -> str:
        start, opening = self.at, self.peek()
        thrice = self.text.startswith(opening * 3, start)
        marks = (opening * 3,) if thrice else tuple(_QUOTES[opening])
        self.at += len(marks[0])
        pieces: list[str] = []
        while self.at < len(self.text):
            if self.text.startswith(marks, self.at):
                self.at += len(marks[0])
                return "".join(pieces)
            pieces.append(self._character())
        raise self.fail("this text is never closed", start)

    def _character(self) -> str:
        one = self.peek()
        self.at += 1
        if one != "\\":
            return one
        kind = self.peek()
        self.at += 1
        digits = {"u": 4, "x": 2, "U": 8}.get(kind, 0)
        told = self.text[self.at : self.at + digits]
        if digits and re.fullmatch(f"[0-9a-fA-F]{{{digits}}}", told) and int(told, 16) < 0x110000:
            self.at += digits
            return chr(int(told, 16))
        if kind.isalnum():  # as in Python, and in paths of Windows
            return _ESCAPES.get(kind, f"\\{kind}")
        return _ESCAPES.get(kind, kind)

    def _brackets(self, depth: int) -> Any:
        opening = self.peek()
        items, pairs = self._inside(depth)
        if opening == "{":
            # A set has no keys; an empty pair of braces is a dict in both languages.
            return pairs if pairs or not items else items
        if opening == "(" and len(items) == 1 and self.text[self.at - 2] != ",":
            return items[0]
        return items

    def _inside(self, depth: int) -> tuple[list[Any], dict[str, Any]]:
        """Read up to the bracket that closes this one: what has no key, and what has one."""
        start, closing = self.at, _CLOSING[self.peek()]
        self.at += 1
        items: list[Any] = []
        pairs: dict[str, Any] = {}
        while True:
            self.skip()
            while self.peek() in (",", ";"):
                self.at += 1
                self.skip()
            if not self.peek():
                raise self.fail(f"this {self.text[start]} is never closed", start)
            if self.peek() == closing:
                self.at += 1
                return items, pairs
            self._item(items, pairs, closing, depth + 1)

    def _item(self, items: list[Any], pairs: dict[str, Any], closing: str, depth: int) -> None:
        bare = _KEY.match(self.text, self.at) if closing != "]" else None
        if bare is not None:
            self.at = bare.end()
            value: Any = plain_value(bare[0])
        else:
            value = self.value(depth)
        self.skip()
        if closing != "]" and self.peek() in (":", "=") and not isinstance(value, (list, dict)):
            self.at += 2 if self.text.startswith("=>", self.at) else 1
            pairs[bare[0] if bare is not None else str(value)] = self.value(depth)
        else:
            items.append(value)
        ended = self.skip() or "\n" in self.text[self.at - 1 : self.at]
        if self.peek() not in (",", ";", closing) and self.peek() and not ended:
            raise self.fail(f"',' or {closing!r} is wanted, not {self.peek()!r}")


def _of_call(name: str, items: list[Any], pairs: dict[str, Any]) -> Any:
    """Return what a call holds: its dict, its one value, its keywords, or a moment."""
    last = name.rpartition(".")[2].lower()
    if last in ("datetime", "date") and len(items) >= 3:
        try:
            return datetime(*items[:7]).isoformat()
        except (TypeError, ValueError):
            return " ".join(map(str, items))
    held = next((item for item in items if isinstance(item, dict)), None)
    if held is not None:
        return {**held, **pairs}
    if items and "dict" in last and _are_pairs(items[0]):
        return {str(key): value for key, value in items[0]}
    if items:
        return items[0]
    return pairs if pairs else None


def _are_pairs(value: Any) -> bool:
    return isinstance(value, list) and all(
        isinstance(item, list) and len(item) == 2 and isinstance(item[0], str) for item in value
    )
