"""What a page consists of, before it is in any format.

Texts are plain: whoever writes a format escapes them. `Mono` and `Strong` are the only
emphasis there is, so that no user's words can bring their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mono:
    """A name, id or command, as it is typed."""

    text: str


@dataclass(frozen=True, slots=True)
class Strong:
    """Words that are to be seen first."""

    text: str


Inline = str | Mono | Strong
Line = tuple[Inline, ...]


@dataclass(frozen=True, slots=True)
class Heading:
    """The title of a part; 1 is the page's, 2 a section's, 3 a part's within."""

    level: int
    text: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A few sentences."""

    words: Line
    loud: bool = False
    """The outcome, which is to be seen first."""


@dataclass(frozen=True, slots=True)
class Bullets:
    """Several things of one kind."""

    items: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table."""

    title: str
    cells: tuple[Line, ...]
    right: bool = False
    """Numbers, which stand below one another."""
    wide: bool = False
    """Sentences, which may take several lines."""


@dataclass(frozen=True, slots=True)
class Table:
    """Columns of one length, and what is to be said of them."""

    columns: tuple[Column, ...]
    caption: Line = ()
    first: bool = False
    """The first row is the winner's."""

    @property
    def rows(self) -> list[tuple[Line, ...]]:
        return list(zip(*(column.cells for column in self.columns), strict=True))


@dataclass(frozen=True, slots=True)
class Drawn:
    """One line of a picture, with the band around it; NaN is a gap."""

    label: str
    xs: Sequence[float]
    means: Sequence[float]
    lows: Sequence[float]
    highs: Sequence[float]
    """Equal to the means where one run has no band."""


@dataclass(frozen=True, slots=True)
class Picture:
    """Curves of one metric over steps."""

    title: str
    x: str
    y: str
    lines: tuple[Drawn, ...]
    low: float
    high: float
    """Of the y axis."""
    first: float
    last: float
    """Of the x axis."""
    log: bool
    caption: Line = ()


@dataclass(frozen=True, slots=True)
class Code:
    """Commands, to be copied."""

    lines: tuple[str, ...]


Block = Heading | Paragraph | Bullets | Table | Picture | Code


@dataclass(frozen=True, slots=True)
class Page:
    """The whole."""

    title: str
    blocks: tuple[Block, ...]
