"""What a query says, as a tree of frozen values; `str` of a tree is a query that reads as it.

Values keep the text they were written with: what `5M` or `2 days ago` means depends on the
field, and fields are known by a store, not by the text. Columns count characters of the
query from 0 and play no part in equality.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Operator = Literal["=", "!=", "<", "<=", ">", ">=", "~", "!~", ":"]
FieldKind = Literal["", "param", "metric", "system", "fact", "tag"]
Statistic = Literal["", "last", "min", "max", "mean", "first", "count", "std", "best", "nan", "inf"]

KEYWORDS = frozenset(("and", "or", "not", "in"))
FLAGS = ("archived", "dirty", "starred")
"""What is said of a run by one word, and looked for as text only in quotes."""
ENDS_WORD = frozenset("()=<>~:")
"""A name or free word reaches to one of these, or to a blank."""
_ESCAPED = str.maketrans({"\\": "\\\\", '"': '\\"'})


@dataclass(frozen=True, slots=True)
class Field:
    """What a term is about, as it was written."""

    name: str
    kind: FieldKind = ""
    """Said before the name (`param.lr`), "" where the store decides."""
    statistic: Statistic = ""
    """Said behind a name in quotes; in a bare name the store tells it from the name."""
    exact: bool = False
    """In quotes: the whole name, and never one of the words of the language."""
    column: int = field(default=0, compare=False, repr=False)

    def __str__(self) -> str:
        name = "`" + self.name.replace("`", "``") + "`" if self.exact else self.name
        head = f"{self.kind}." if self.kind else ""
        return f"{head}{name}{'.' if self.statistic else ''}{self.statistic}"


@dataclass(frozen=True, slots=True)
class Value:
    """What a field is compared with, as it was written."""

    text: str
    quoted: bool = False
    """Taken as text, letter by letter: no number, no pattern."""
    column: int = field(default=0, compare=False, repr=False)

    def __str__(self) -> str:
        return quote(self.text) if self.quoted else self.text


@dataclass(frozen=True, slots=True)
class Text:
    """A free word or text, found in name, id, experiment, status, tags or notes."""

    text: str

    def __str__(self) -> str:
        return self.text if _reads_as_text(self.text) else quote(self.text)


@dataclass(frozen=True, slots=True)
class Is:
    """A status, or one of `FLAGS`."""

    word: str

    def __str__(self) -> str:
        return f"is:{self.word}"


@dataclass(frozen=True, slots=True)
class Has:
    """The run has the field at all."""

    field: Field

    def __str__(self) -> str:
        return f"has:{self.field}"


@dataclass(frozen=True, slots=True)
class Missing:
    """The run lacks the field."""

    field: Field

    def __str__(self) -> str:
        return f"missing:{self.field}"


@dataclass(frozen=True, slots=True)
class Compare:
    """A field against one value."""

    field: Field
    operator: Operator
    value: Value

    def __str__(self) -> str:
        if self.operator == ":":
            return f"{self.field}:{self.value}"
        return f"{self.field} {self.operator} {self.value}"


@dataclass(frozen=True, slots=True)
class OneOf:
    """A field against several values: one of them fits."""

    field: Field
    values: tuple[Value, ...]

    def __str__(self) -> str:
        return f"{self.field} in ({', '.join(map(str, self.values))})"


@dataclass(frozen=True, slots=True)
class Between:
    """A field between two values, both included; an end that is None is open."""

    field: Field
    low: Value | None
    high: Value | None

    def __str__(self) -> str:
        low, high = (self.low or "", self.high or "")
        return f"{self.field} in {low}..{high}"


@dataclass(frozen=True, slots=True)
class Not:
    """What the part says does not hold."""

    part: Node

    def __str__(self) -> str:
        return f"not {_inner(self.part)}"


@dataclass(frozen=True, slots=True)
class And:
    """Two or more parts, all of which hold."""

    parts: tuple[Node, ...]

    def __str__(self) -> str:
        return " and ".join(map(_inner, self.parts))


@dataclass(frozen=True, slots=True)
class Or:
    """Two or more parts, one of which holds."""

    parts: tuple[Node, ...]

    def __str__(self) -> str:
        # `and` binds closer, yet few remember that it does.
        return " or ".join(map(_inner, self.parts))


Term = Text | Is | Has | Missing | Compare | OneOf | Between
Node = Term | Not | And | Or


@dataclass(frozen=True, slots=True)
class Query:
    """A whole query; with no tree it fits every run."""

    tree: Node | None
    text: str = field(default="", compare=False)
    """As it was written."""

    def __str__(self) -> str:
        return "" if self.tree is None else str(self.tree)


def quote(text: str) -> str:
    """Return a text in double quotes, as the language reads it."""
    return f'"{text.translate(_ESCAPED)}"'


def all_of(parts: list[Node]) -> Node:
    """Return the parts joined by `and`; parts that are such joints themselves go up into it."""
    flat = [
        part for whole in parts for part in (whole.parts if isinstance(whole, And) else [whole])
    ]
    return flat[0] if len(flat) == 1 else And(tuple(flat))


def any_of(parts: list[Node]) -> Node:
    """Return the parts joined by `or`, likewise."""
    flat = [part for whole in parts for part in (whole.parts if isinstance(whole, Or) else [whole])]
    return flat[0] if len(flat) == 1 else Or(tuple(flat))


def terms(node: Node | None) -> list[Term]:
    """Return the leaves of a tree, in the order they were written."""
    if node is None:
        return []
    if isinstance(node, Not):
        return terms(node.part)
    if isinstance(node, (And, Or)):
        return [term for part in node.parts for term in terms(part)]
    return [node]


def _inner(node: Node) -> str:
    return f"({node})" if isinstance(node, (And, Or)) else str(node)


def _reads_as_text(text: str) -> bool:
    if not text.isprintable() or text[:1] in ("", '"', "'", "`") or text.lower() in KEYWORDS:
        return False
    odd = any(c in ENDS_WORD or c in "!&|,;" or c.isspace() for c in text)
    return not odd and text not in FLAGS
