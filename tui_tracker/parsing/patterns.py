"""Lines that a user teaches: `ep {epoch:d} loss {loss:f}`.

Text stands for itself, any run of spaces for any other. In braces stands a name and a kind:

    {loss} {loss:f}   a number, also nan and inf       {step:d}   a whole number
    {:w} {name:w}     a word that is passed over        {}         anything that is passed over

`epoch`, `step`, `iteration`, `batch` and the like say the step. A pattern may fit anywhere in a
line. Such a pattern is turned into a regular expression without nested repeats, so no line takes
longer than its length squared. What is passed over parts a pattern in pieces that are looked for
one after another.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from tui_tracker.errors import QueryError
from tui_tracker.parsing.reading import Reading, number_of
from tui_tracker.parsing.shapes import NUMBER
from tui_tracker.parsing.words import axis_of

_FIELD = re.compile(r"\{(?P<name>[^{}:]*)(?::(?P<kind>[^{}]*))?\}")
_KINDS = {
    "f": r"([-+]?(?:\d[\d,]*\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|[-+]?(?:nan|inf|NaN|Inf|Infinity))",
    "d": r"([-+]?\d+)",
    "w": r"\S+",
    "": "",
}
_LONGEST = 4096


@dataclass(frozen=True, slots=True)
class Pattern:
    """A pattern that was understood."""

    text: str
    names: tuple[str, ...]
    regexes: tuple[re.Pattern[str], ...]
    literal: str
    """A text that every line that fits has in it."""

    def read(self, line: str) -> Reading | None:
        """Return what a line says by it, None where it does not fit."""
        if len(line) > _LONGEST or self.literal not in line:
            return None
        texts: list[str] = []
        at = 0
        for regex in self.regexes:
            found = regex.search(line, at)
            if found is None:
                return None
            texts += found.groups()
            at = found.end()
        steps: dict[str, int] = {}
        names: list[str] = []
        values: list[float] = []
        for name, text in zip(self.names, texts, strict=True):
            axis = axis_of(name)
            if axis:
                steps[axis] = int(number_of(text))
            else:
                names.append(name)
                values.append(number_of(text))
        return _reading(steps, tuple(names), tuple(values), f"the pattern {self.text!r}")


def _reading(
    steps: dict[str, int], names: tuple[str, ...], values: tuple[float, ...], why: str
) -> Reading:
    epoch, batch = steps.pop("epoch", None), steps.pop("batch", None)
    if steps:
        axis, step = next(iter(steps.items()))
        return Reading("record", axis, step, epoch, 0, names, values, why)
    if epoch is not None and batch is not None:
        return Reading("record", "(epoch, batch)", (epoch, batch), epoch, 0, names, values, why)
    if epoch is not None or batch is not None:
        axis, one = ("epoch", epoch) if epoch is not None else ("batch", batch)
        return Reading("record", axis, one, epoch, 0, names, values, why)
    return Reading("lone", names=names, values=values, why=why)


def read_pattern(text: str) -> Pattern:
    """Return a pattern.

    Raises:
        QueryError: it cannot be read, with the place.
    """
    if not text.strip():
        raise QueryError(text, 0, "a pattern is empty: ep {epoch:d} loss {loss:f}")
    regex: list[str] = []
    names: list[str] = []
    literals: list[str] = []
    pieces: list[str] = []
    at = 0
    for found in _FIELD.finditer(text):
        literal = text[at : found.start()]
        _check_literal(text, at, literal)
        literals += literal.split()
        regex.append(_spaced(literal))
        name, kind = _read_field(text, found)
        if kind in ("f", "d"):
            if name in names:
                problem = f"{name!r} stands in it twice"
                raise QueryError(text, found.start("name"), problem, length=len(name))
            names.append(name)
        if kind:
            regex.append(_KINDS[kind])
        else:
            pieces.append("".join(regex))
            regex = []
        at = found.end()
    _check_literal(text, at, text[at:])
    literals += text[at:].split()
    regex.append(_spaced(text[at:]))
    if not any(not axis_of(name) for name in names):
        raise QueryError(text, len(text), "it names no value, as {loss:f} does")
    pieces.append("".join(regex))
    regexes = tuple([re.compile(piece) for piece in pieces if piece])
    return Pattern(text, tuple(names), regexes, max(literals, key=len, default=""))


def _read_field(text: str, found: re.Match[str]) -> tuple[str, str]:
    """Return name and kind of what stands in braces."""
    name, kind = found["name"].strip(), found["kind"]
    kind = ("f" if name else "") if kind is None else kind
    if kind not in _KINDS or (kind == "" and name):
        column = found.start("kind") if found["kind"] is not None else found.start()
        problem = f"there is no kind {kind!r}: use d, f or w"
        raise QueryError(text, column, problem, length=max(1, len(kind)))
    if kind in ("f", "d") and not name:
        raise QueryError(text, found.start(), "a number needs a name, as in {loss:f}")
    return name, kind


def _check_literal(text: str, start: int, literal: str) -> None:
    for brace in "{}":
        if brace in literal:
            at = start + literal.index(brace)
            raise QueryError(text, at, f"a brace {brace!r} that belongs to nothing")


def _spaced(literal: str) -> str:
    return r"\s+".join(re.escape(piece) for piece in re.split(r"\s+", literal))


def suggest(lines: list[str]) -> list[str]:
    """Return patterns for lines that were not understood, the most frequent shape first.

    Names are guessed from the words before the numbers; they are there to be corrected.
    """
    shapes: dict[tuple[str, ...], tuple[int, str]] = {}
    for line in lines:
        pieces = NUMBER.split(line)
        key = tuple(" ".join(piece.split()) for piece in pieces[::2])
        if len(pieces) < 3 or len(pieces) > 41 or any(brace in line for brace in "{}"):
            continue
        count, first = shapes.get(key, (0, line))
        if len(shapes) < 10_000 or key in shapes:
            shapes[key] = (count + 1, first)
    best = sorted(shapes.values(), key=lambda pair: -pair[0])
    return [_suggestion(line) for _, line in best[:5]]


def _suggestion(line: str) -> str:
    pieces = NUMBER.split(line)
    text = pieces[0]
    taken: set[str] = set()
    for at in range(1, len(pieces), 2):
        words = re.findall(r"[A-Za-z_][\w/.]*", pieces[at - 1])
        name = words[-1] if words else f"value{at // 2 + 1}"
        while name in taken:
            name += "_"
        taken.add(name)
        kind = "d" if pieces[at].isdigit() else "f"
        text += f"{{{name}:{kind}}}" + pieces[at + 1]
    return " ".join(text.split())
