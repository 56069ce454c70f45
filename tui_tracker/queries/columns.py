"""The columns of a table of runs as text: what they show, and how they are called.

    status  name  experiment  started  ended  duration  tags  notes  host  user  id
    health  grade  proof
    param:lr  metric:val_f1  metric:val_f1.max  spark:loss  fact:data.version  tag:purpose

A metric without a statistic shows its best value, by the metric's direction; `tag:purpose` is
what follows the colon in the tags `purpose:...`. A title and a width in cells may follow:
`metric:val_f1.max=best F1|10`. A name or title with one of ``=|,` `` or a blank at an end in
it stands in backquotes, as does the name of a metric that ends like a statistic:
``metric:`val.max`.mean`` is the mean of `val.max`. A backquote inside is doubled.

Several columns are told apart by commas. In what runs are sorted by, `-` before a column
puts the largest first.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Literal, cast, get_args

from tui_tracker.errors import BadColumn
from tui_tracker.queries.order import STATISTICS
from tui_tracker.telling import metric_stat

PlainKind = Literal[
    "status",
    "name",
    "experiment",
    "started",
    "ended",
    "duration",
    "tags",
    "notes",
    "host",
    "user",
    "id",
    "health",
    "grade",
    "proof",
]
NamedKind = Literal["param", "metric", "spark", "fact", "tag"]
Kind = PlainKind | NamedKind
Statistic = Literal["last", "min", "max", "mean", "first", "count", "std", "best", "nan", "inf"]

PLAIN: tuple[PlainKind, ...] = get_args(PlainKind)
NAMED: tuple[NamedKind, ...] = get_args(NamedKind)
UNSORTED = frozenset(("spark", "health"))
"""Kinds that no table can be sorted by: what they show is made of many values."""
_FALLING = frozenset(("started", "ended", "duration", "tags", "notes", "grade", "proof"))
_PIECE = re.compile(r"`((?:[^`]|``)*)`(?!`)|[^=|`]+")
_ODD = re.compile(r"[=|,`]|^\s|\s$")


@dataclass(frozen=True, slots=True)
class ColumnSpec:
    """What one column shows; `str` gives the text that reads as it."""

    kind: Kind
    key: str = ""
    """The param's name, the metric's label, the fact's key; "" for the plain kinds."""
    statistic: Statistic = "best"
    """Of a metric."""
    title: str = ""
    """"" leaves it to `heading`."""
    width: int | None = None
    """In cells; None leaves it to what stands in the column."""

    @property
    def field(self) -> str:
        """The column without title and width: what it is known by."""
        if self.kind in PLAIN:
            return self.kind
        ends_like_one = self.kind == "metric" and self.key.rpartition(".")[2] in STATISTICS
        head = f"{self.kind}:{_quoted(self.key, ends_like_one)}"
        return f"{head}.{self.statistic}" if self.takes_statistic else head

    @property
    def takes_statistic(self) -> bool:
        return self.kind == "metric" and self.statistic != "best"

    @property
    def stat(self) -> Statistic:
        """The statistic that is read: the best one is by the metric's direction."""
        return metric_stat(self.key) if self.statistic == "best" else self.statistic

    @property
    def heading(self) -> str:
        """What stands over the column: its title, else its name with the statistic."""
        if self.title:
            return self.title
        return f"{self.key} {self.statistic}" if self.takes_statistic else self.key or self.kind

    @property
    def sort_field(self) -> str:
        """What `Order.field` calls it.

        Raises:
            BadColumn: no table can be sorted by it.
        """
        if self.kind in UNSORTED:
            raise BadColumn(str(self), f"runs cannot be sorted by {self.field!r}")
        if self.kind == "metric":
            return f"metric:{self.key}.{self.stat}"
        return f"{self.kind}:{self.key}" if self.key else self.kind

    @property
    def falls(self) -> bool:
        """Whether people want the largest value first: the newest, the longest, the best."""
        if self.kind == "metric":
            return self.stat in ("max", "count") or metric_stat(self.key) == "max"
        return self.kind in _FALLING

    def __str__(self) -> str:
        title = f"={_quoted(self.title)}" if self.title else ""
        width = f"|{self.width}" if self.width is not None else ""
        return f"{self.field}{title}{width}"


def parse_column(text: str) -> ColumnSpec:
    """Return the column that a text says; `str` of it reads as the same column.

    Raises:
        BadColumn: the text says none; names the nearest.
    """
    head, rest = split_head(text.strip())
    spec = _named(text, head) if ":" in head.partition("`")[0] else _plain(text, head)
    title, width = _title_and_width(text, rest)
    return replace(spec, title=title, width=width)


def metric_spec(text: str) -> ColumnSpec:
    """Return the column of a metric.

    Raises:
        BadColumn: the text says another column, or none.
    """
    spec = parse_column(text)
    if spec.kind != "metric":
        raise BadColumn(text, f"{spec.field!r} is no metric, and only those have a mean")
    return spec


def parse_columns(text: str | Sequence[str]) -> tuple[ColumnSpec, ...]:
    """Return the columns of a list with commas, or of several such lists.

    Raises:
        BadColumn: one of them says none.
    """
    return tuple(map(parse_column, split_specs(text)))


def split_specs(text: str | Sequence[str]) -> list[str]:
    """Return the parts between commas; a comma in backquotes parts nothing."""
    lists = [text] if isinstance(text, str) else text
    parts = [part for one in lists for part in re.findall(r"(?:`(?:[^`]|``)*`|[^,])+", one)]
    return [part.strip() for part in parts if part.strip()]


def split_head(text: str) -> tuple[str, str]:
    """Part a text before the first `=` or `|` that stands in no backquotes."""
    at = 0
    while at < len(text) and text[at] not in "=|":
        match = _PIECE.match(text, at)
        if match is None:
            raise BadColumn(text, f"a backquote in {text!r} is not closed")
        at = match.end()
    return text[:at].strip(), text[at:]


def _plain(text: str, head: str) -> ColumnSpec:
    if head in PLAIN:
        return ColumnSpec(head)
    raise unknown(text, head)


def unknown(text: str, name: str, *known_names: Collection[str]) -> BadColumn:
    """Return the error about a name that is neither a plain column nor among the known ones.

    The nearest is looked for in one collection after the other, the likeliest first.
    """
    for names in (*known_names, PLAIN, NAMED):
        if near := get_close_matches(name, names, n=1):
            hint = f"{near[0]}:NAME" if near[0] in NAMED else near[0]
            return BadColumn(text, f"no column is called {name!r}", nearest=hint)
    known = ", ".join([*PLAIN, *(f"{kind}:NAME" for kind in NAMED)])
    return BadColumn(text, f"no column is called {name!r}: there are {known}")


def _named(text: str, head: str) -> ColumnSpec:
    kind, _, name = head.partition(":")
    if kind not in NAMED:
        near = get_close_matches(kind, NAMED, n=1)
        nearest = f"{near[0]}:{name}" if near else ""
        raise BadColumn(text, f"no kind of column is called {kind!r}", nearest=nearest)
    name, statistic = _name_and_statistic(text, name, has_statistic=kind == "metric")
    if not name:
        raise BadColumn(text, f"{kind!r} wants a name: {kind}:NAME")
    return ColumnSpec(kind, name, statistic)


def _name_and_statistic(text: str, name: str, *, has_statistic: bool) -> tuple[str, Statistic]:
    if not name.startswith("`"):
        stem, dot, last = name.rpartition(".")
        if has_statistic and dot and stem and last in STATISTICS:
            return stem, cast("Statistic", last)
        return name, "best"
    match = _PIECE.match(name)
    if match is None:
        raise BadColumn(text, f"a backquote in {text!r} is not closed")
    quoted, rest = match[1].replace("``", "`"), name[match.end() :]
    if not rest:
        return quoted, "best"
    if has_statistic and rest[1:] in STATISTICS and rest[0] == ".":
        return quoted, cast("Statistic", rest[1:])
    near = get_close_matches(rest[1:], STATISTICS, n=1)
    raise BadColumn(text, f"no statistic is called {rest!r}", nearest=near[0] if near else "")


def _title_and_width(text: str, rest: str) -> tuple[str, int | None]:
    title = ""
    if rest.startswith("="):
        title, rest = split_head(rest[1:])
        if title.startswith("`") and title.endswith("`") and len(title) > 1:
            title = title[1:-1].replace("``", "`")
    if not rest:
        return title, None
    if rest.startswith("="):
        raise BadColumn(text, "a title with = in it stands in backquotes")
    digits = rest[1:].strip()
    if not rest.startswith("|") or not digits.isdecimal() or not 1 <= int(digits) <= 500:
        raise BadColumn(text, f"a width is a number of cells from 1 to 500, not {rest[1:]!r}")
    return title, int(digits)


def _quoted(name: str, needed: bool = False) -> str:
    if needed or not name or _ODD.search(name):
        return "`" + name.replace("`", "``") + "`"
    return name
