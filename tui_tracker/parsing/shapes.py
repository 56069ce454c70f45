"""The shape of a line: what its text without its numbers says about each of them.

A program prints the same few lines with other numbers again and again. So a line is cut at its
numbers, and what stands between them (the shape) is thought about once; see `reading.py`.
In a shape each number has a part: it is the value of a name, a step, a total (`3/10`), a mean in
parentheses (`2.4 (2.1)`), a spread (`0.5+0.1`), or none.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from tui_tracker.parsing.words import COUNTED, PHASES, UNIT, axis_of, is_unit

NUMBER = re.compile(
    r"(?:(?<![\w@.$#-])|(?<=[hnrp] #))"
    r"([-+]?(?:\d{1,3}(?:,\d{3})++(?!\d)|\d++\.?\d*+|\.\d++)(?:[eE][-+]?\d++|D[-+]\d\d)?"
    r"|[-+]?(?:nan|NaN|NAN|inf|Inf|INF|Infinity)(?!\w))"
)
LONGEST = 4096
"""Characters of a line that is taken apart; longer ones are no lines of metrics."""
MOST_NUMBERS = 200

_DELIMITER = re.compile(r"[,;|│┃•\t{}(\[\])]|  +| - |->|→|=>|: (?=\S)|(?<!Val)(?<!Avg)\. (?=[A-Z])")
_NAME = re.compile(r"[^\W\d][\w@/.'%#^*+²³-]*(?: [\w@/.'%#^*+²³-]+)*$")
_DECORATION = " \t*#>=~-–—•·.:!+|<\"'`"
_UNITED = re.compile(r"\s*\((?P<unit>[^()\d]{1,12})\)$")
_KINDS = frozenset("avg average mean micro macro weighted ema std".split())
"""Words in parentheses behind a name that say which of several it is, and are no unit."""
_BATCHES = re.compile(r"-\d+batch\b")
_WRAPPED = re.compile(r"(?:tensor|np\.float\d+|Array)\($")
"""How PyTorch, NumPy and JAX wrap a number that is printed."""
_FOLLOWS = re.compile(r"$|[\s,;|│┃)\]}'\"/:%+±<!]|\.(?:\s|$)|-(?:\s|$)|—|–")
_DOUBLE = re.compile(r"/$")
_JOINED = re.compile(r"and +")
_SPREADS = ("+", "+/-", "±", "+-", "(+/-", "(±")


@dataclass(slots=True)
class Part:
    """What one number of a line is."""

    kind: str = "none"
    """value, step, total, mean, spread, percent, none"""
    name: str = ""
    axis: str = ""
    unit: str = ""
    explicit: bool = False
    """A colon or an equals sign stands before it."""
    before: str = ""
    """Text in front of its name that belongs to nothing."""


@dataclass(slots=True)
class Shape:
    """A line without its numbers, and what it says of each."""

    parts: list[Part] = field(default_factory=list)
    tail: str = ""
    """Text behind the last number and its unit."""
    first: str = ""
    """Text before the first number."""


def read_shape(literals: list[str]) -> Shape:
    """Return what the texts before, between and behind the numbers of a line say of them."""
    count = len(literals) - 1
    shape = Shape([Part() for _ in range(count)], first=literals[0])
    rest = literals[0]
    for number, part in enumerate(shape.parts):
        unit, after = _cut_unit(literals[number + 1])
        if unit in COUNTED and not after.strip() and number + 1 < count:
            unit, after = "", literals[number + 1]  # `loss 0.5 tokens 1024`
        part.unit = unit
        _read_part(shape.parts, number, rest, literals[number + 1])
        rest = after
    shape.tail = rest
    first = shape.parts[0]
    behind = literals[2][:1] if literals[0].strip() == "[" and count > 1 else "]"
    if first.axis == "epoch" and not first.name and behind != "]":
        shape.parts[0] = Part()  # `[03/01 10:00:09 ...]` is a date
    return shape


def _cut_unit(text: str) -> tuple[str, str]:
    """Return the unit that a text begins with, and what is behind it."""
    found = UNIT.match(text)
    if found is None:
        return "", text
    word = found[1]
    if word == "%" or is_unit(word, apart=text[0] in " \t"):
        return word, text[found.end() :]
    return ("?", text) if text[0].isalpha() else ("", text)


def _read_part(parts: list[Part], number: int, text: str, behind: str) -> None:
    part = parts[number]
    before = parts[number - 1] if number else None
    if before is None:
        part.axis, part.name = _leading_step(text.strip(), behind)
    elif _is_batch(text, behind, before):
        part.axis = "batch"
    if part.axis:
        part.kind = "step"
        return
    if part.unit == "?" or (not _FOLLOWS.match(behind) and not part.unit):
        return
    if before is not None and _is_told_by(part, before, text.strip(), behind):
        return
    _read_name(part, text)
    if part.kind == "value" and part.axis == "" and _names_phase(part, behind):
        part.kind, part.axis = "step", "epoch"


def _leading_step(bare: str, behind: str) -> tuple[str, str]:
    """Return axis and name of a line's first number, where it is a step by its place."""
    if not bare and behind.startswith("epoch"):
        return "epoch", "epoch"  # ESPnet: `1epoch results: ...`
    if bare == "[" and (_DOUBLE.match(behind) or behind.strip() == ","):
        return "epoch", ""  # `[3/10]`, `[3, 2000]`
    if bare in ("", "[") and _leads(bare, behind):
        return "iteration", ""
    return "", ""


def _is_told_by(part: Part, before: Part, bare: str, behind: str) -> bool:
    """Return whether a number belongs to the one before it, and take it as what it is."""
    if bare in ("/", "of") and before.kind in ("value", "step"):
        part.kind = "total"
    elif bare == "(" and before.kind in ("value", "total", "mean"):
        closes = behind.lstrip().startswith((")", "%)", "% )"))
        part.kind = ("percent" if part.unit == "%" else "mean") if closes else "none"
    elif bare in _SPREADS and before.kind == "value":
        part.kind = "spread"
    else:
        return False
    return True


def _leads(bare: str, behind: str) -> bool:
    """Return whether the first number of a line is the step that the rest is about."""
    if bare == "[":
        return behind[:1] == "]" and (behind[1:2] in "\t " and len(behind) > 2)
    return bool(re.match(r":\s+[A-Za-z_]", behind))


def _is_batch(text: str, behind: str, before: Part) -> bool:
    """Return whether a number is `[ 10/100]` or `: 11 / 43` behind an epoch, or as such."""
    if text.strip() == "[" and before.kind == "value" and behind.strip() == "/":
        return True  # `loss: 2.3  [   64/60000]`
    if before.axis == "epoch" and _BATCHES.match(behind):
        return True
    told = before.axis == "epoch" or before.kind == "total"
    if text.strip() == "," and told and not before.name:
        return behind.startswith("]")
    opens = text.strip(" :]|-)") in ("[", "(", "")
    return told and opens and re.match(r"\s*/\s*$", behind) is not None


def _names_phase(part: Part, behind: str) -> bool:
    """Return whether it is `Train: 3 [10/100]`, which timm prints for an epoch."""
    return part.name.lower() in ("train", "training") and behind.lstrip().startswith("[")


def _read_name(part: Part, text: str) -> None:
    text = _WRAPPED.sub("", text)
    bare = text.rstrip().rstrip("[(").rstrip() if text.rstrip()[-1:] in "[(" else text.rstrip()
    bare = bare.rstrip("'\"").rstrip() if bare[-1:] in "'\"" else bare
    if bare[-1:] in ":=" and bare[-1:]:
        if bare[-2:] in ("==", ">=", "<=", "!=", "~="):
            return
        part.explicit = True
        bare = bare[:-1].rstrip().rstrip("|")
    elif bare[-2:] in ("->", "=>"):
        return
    unit = ""
    if found := _UNITED.search(bare):
        unit, bare = found["unit"], bare[: found.start()]
    part.before, name = _cut_name(bare.rstrip("'\"`*").rstrip())
    if not name or len(name) > 80 or not _NAME.match(name) or name.startswith("of "):
        return
    part.name = name
    if not _KINDS.isdisjoint(unit.lower().split()):
        part.name = f"{name} ({unit})"
    elif unit.lower() not in PHASES:
        part.unit = part.unit or unit
    part.axis = axis_of(name) if part.unit in ("", "steps", "epochs") else ""
    part.kind = "step" if part.axis else "value"


def _cut_name(text: str) -> tuple[str, str]:
    """Return what stands in front of a name, and the name."""
    cuts = list(_DELIMITER.finditer(text))
    at = cuts[-1].end() if cuts else 0
    name = text[at:].strip(_DECORATION)
    if found := re.search(r"[^\x00-\x7f²³µμ\w]+\s*", name):
        # Arrows, boxes and emoji stand between fields.
        name = name[found.end() :] or name[: found.start()].strip()
    return text[:at], _JOINED.sub("", name)
