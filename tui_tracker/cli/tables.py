"""Tables: drawn to fit a terminal, or aligned by spaces where the output goes on.

Columns have a rank: on a narrow terminal those of the highest rank go first, and what
then still does not fit is cut. Into a pipe goes all of it, whatever the width.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, cast

from tui_tracker.cli.output import on_terminal, rich_console, terminal_size
from tui_tracker.formatting import cell_width, fit, printable

if TYPE_CHECKING:
    from tui_tracker.handing_on.table_texts import TextFormat

_GAP = 2
_WIDEST = 40
"""Cells to which a column is aligned in a pipe; longer ones stand out."""
_NARROWEST = 8


@dataclass(frozen=True, slots=True)
class Column:
    """A title and the cells under it, all of them printable."""

    title: str
    cells: Sequence[str]
    right: bool = False
    rank: int = 0
    """The highest is dropped first; one of rank 0 stays, and is cut instead."""
    styles: Sequence[str] = ()
    """A Rich style a cell, or one for all of them."""
    values: Sequence[object] = ()
    """What is behind the cells, where a text to paste has more to say than they do."""
    better: str = ""
    """`min` or `max` where that is known to be the best of the values."""
    indents: Sequence[int] = ()
    """Levels of a tree, whose lines `cells` draw."""
    name: str = ""
    """The title in CSV and TSV."""

    @property
    def width(self) -> int:
        return max(map(cell_width, (self.title, *self.cells)))


def print_table(columns: Sequence[Column], format: str = "table") -> None:
    """Print a table to the terminal or into the pipe, or as one of `opening.TEXT_FORMATS`."""
    if format != "table":
        print(table_text(columns, format), end="")
    elif on_terminal():
        _draw(fit_columns(columns, terminal_size()[0]))
    else:
        for line in plain_lines(columns):
            print(line)


def table_text(columns: Sequence[Column], format: str) -> str:
    """Return a table as a text to paste."""
    from tui_tracker.handing_on.table_texts import TextColumn, best_places, write_table

    return write_table(
        [
            TextColumn(
                title=column.title,
                cells=column.cells,
                right=column.right,
                values=column.values,
                best=best_places(column.values, column.better),
                indents=column.indents,
                name=column.name,
            )
            for column in columns
        ],
        cast("TextFormat", format),
    )


def plain_lines(columns: Sequence[Column]) -> list[str]:
    """Return the table as lines, columns two spaces apart."""
    widths = [min(column.width, _WIDEST) for column in columns]
    rows = [[column.title for column in columns], *zip(*[c.cells for c in columns], strict=True)]
    return [
        (" " * _GAP)
        .join(
            _padded(cell, width, right=column.right)
            for cell, width, column in zip(row, widths, columns, strict=True)
        )
        .rstrip()
        for row in rows
    ]


def fit_columns(columns: Sequence[Column], width: int) -> list[Column]:
    """Return the columns that fit, lowest rank first served; those of rank 0 are cut."""
    widths = [column.width + _GAP for column in columns]
    chosen = {index for index, column in enumerate(columns) if not column.rank}
    taken = sum(widths[index] for index in chosen) - _GAP
    for index in sorted(range(len(columns)), key=lambda index: columns[index].rank):
        if index not in chosen and taken + widths[index] <= width:
            chosen.add(index)
            taken += widths[index]
    kept = [column for index, column in enumerate(columns) if index in chosen]
    while taken > width:
        widest = max(range(len(kept)), key=lambda index: kept[index].width)
        before = kept[widest].width
        room = max(_NARROWEST, before - (taken - width))
        if room >= before:
            break
        kept[widest] = _cut(kept[widest], room)
        taken -= before - room
    return kept


def _cut(column: Column, width: int) -> Column:
    cells = [fit(cell, width, right=column.right) for cell in column.cells]
    title = fit(column.title, width, right=column.right)
    return replace(column, title=title, cells=cells)


def _padded(cell: str, width: int, *, right: bool) -> str:
    padding = " " * (width - cell_width(cell))
    return padding + cell if right else cell + padding


def _draw(columns: Sequence[Column]) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, padding=(0, _GAP, 0, 0), header_style="bold")
    for column in columns:
        justify = "right" if column.right else "left"
        table.add_column(Text(column.title), justify=justify, no_wrap=True)  # type: ignore[arg-type]
    for number in range(len(columns[0].cells)):
        # Text, because a str would be read as markup and a run named `[/]` would crash it.
        table.add_row(*[Text(column.cells[number], _style(column, number)) for column in columns])
    console = rich_console()
    console.width = max(console.width, sum(column.width + _GAP for column in columns))
    console.print(table, crop=False)


def _style(column: Column, number: int) -> str:
    if not column.styles:
        return ""
    return column.styles[number if len(column.styles) > 1 else 0]


def print_facts(facts: Sequence[tuple[str, str]], *, styles: dict[str, str] | None = None) -> None:
    """Print names and values, one pair a line; empty values are left out."""
    shown = [(name, value) for name, value in facts if value]
    width = max((len(name) for name, _ in shown), default=0) + _GAP
    if not on_terminal():
        for name, value in shown:
            print(f"{name:<{width}}{value}")
        return
    from rich.text import Text

    console = rich_console()
    for name, value in shown:
        line = Text()
        line.append(f"{name:<{width}}", "dim")
        line.append(value, (styles or {}).get(name, ""))
        console.print(line, soft_wrap=True)


def print_heading(text: str) -> None:
    """Print a heading with an empty line before it."""
    if not on_terminal():
        print(f"\n{printable(text)}")
        return
    from rich.text import Text

    rich_console().print(Text(f"\n{printable(text)}", "bold"))
