r"""A table that people read, as a text to paste elsewhere: Markdown, LaTeX, CSV, TSV.

Markdown and LaTeX show what the terminal shows, with the best value of a column in bold.
CSV and TSV have the values themselves, with all their digits. LaTeX is a `tabular` of
booktabs, whose numbers and `mean ± std` are mathematics, aligned at the point by invisible
digits, so that no further package is needed.
"""

from __future__ import annotations

import io
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, get_args

from tui_tracker.formatting import MISSING, cell_width, format_time, printable
from tui_tracker.handing_on.csv_files import cell, write_rows
from tui_tracker.handing_on.escaping import TEX_LETTER, in_latex, in_markdown_cell

TextFormat = Literal["markdown", "latex", "csv", "tsv"]
FORMATS: tuple[TextFormat, ...] = get_args(TextFormat)

_NUMBER = r"[-−+]?\d[\d,]*(?:\.\d+)?(?:e[-+]?\d+)?"
_FIGURE = re.compile(rf"(?<![\w.])({_NUMBER})(?: *± *({_NUMBER}))?(?![\w.])")
_WIDEST = 60
"""Cells to which a column of Markdown is padded; longer ones stand out."""


@dataclass(frozen=True, slots=True)
class TextColumn:
    """A column, and what its cells are besides what they show."""

    title: str
    cells: Sequence[str]
    right: bool = False
    """Numbers, which stand below one another."""
    values: Sequence[object] = ()
    """The values behind the cells, one each; empty where the cells are all there is."""
    best: Collection[int] = field(default_factory=frozenset)
    """Places of the best values."""
    indents: Sequence[int] = ()
    """By how many levels each cell stands to the right."""
    name: str = ""
    """What CSV and TSV have for a title; "" where it is the title."""


def write_table(columns: Sequence[TextColumn], format: TextFormat) -> str:
    """Return the table as a text that ends with a line end."""
    if format == "markdown":
        return "".join(f"{line}\n" for line in _markdown(columns))
    if format == "latex":
        return "".join(f"{line}\n" for line in _latex(columns))
    return _separated(columns, tabs=format == "tsv")


def best_places(values: Sequence[object], direction: str) -> frozenset[int]:
    """Return where the best finite numbers are; none where all are alike or one is alone."""
    numbers = {
        place: float(value)
        for place, value in enumerate(values)
        if isinstance(value, (int, float)) and abs(value) < float("inf")
    }
    if direction not in ("min", "max") or len(set(numbers.values())) < 2:
        return frozenset()
    best = (min if direction == "min" else max)(numbers.values())
    return frozenset(place for place, value in numbers.items() if value == best)


def _markdown(columns: Sequence[TextColumn]) -> Iterator[str]:
    drawn = [
        [_in_markdown(column, place) for place in range(len(column.cells))] for column in columns
    ]
    titles = [in_markdown_cell(" ".join(column.title.split())) for column in columns]
    widths = [
        min(_WIDEST, max([3, *map(cell_width, (title, *cells))]))
        for title, cells in zip(titles, drawn, strict=True)
    ]
    yield _row(titles, widths, columns)
    rules = [
        f"{'-' * (w - 1)}:" if c.right else "-" * w for w, c in zip(widths, columns, strict=True)
    ]
    yield f"| {' | '.join(rules)} |"
    for cells in zip(*drawn, strict=True):
        yield _row(cells, widths, columns)


def _row(cells: Iterable[str], widths: Sequence[int], columns: Sequence[TextColumn]) -> str:
    padded = []
    for text, width, column in zip(cells, widths, columns, strict=True):
        room = " " * (width - cell_width(text))
        padded.append(room + text if column.right else text + room)
    return f"| {' | '.join(padded)} |"


def _in_markdown(column: TextColumn, place: int) -> str:
    text = " ".join(_text(column, place).split()) or ""
    shown = in_markdown_cell(text)
    if place in column.best and text:
        shown = f"**{shown}**"
    return "&emsp;" * _indent(column, place) + shown


def _latex(columns: Sequence[TextColumn]) -> Iterator[str]:
    rows = [
        [_in_latex(column, place) for column in columns] for place in range(len(columns[0].cells))
    ]
    titles = [in_latex(column.title) for column in columns]
    yield r"% \usepackage{booktabs}"
    if any(r"\ttletter" in text for text in (*titles, *(text for row in rows for text in row))):
        yield TEX_LETTER
    yield rf"\begin{{tabular}}{{@{{}}{''.join('r' if c.right else 'l' for c in columns)}@{{}}}}"
    yield r"\toprule"
    yield rf"{' & '.join(titles)} \\"
    yield r"\midrule"
    for row in rows:
        # An empty group keeps a bracket or star that begins a row from being \\'s argument.
        yield rf"{{}}{' & '.join(row)} \\"
    yield r"\bottomrule"
    yield r"\end{tabular}"


def _in_latex(column: TextColumn, place: int) -> str:
    text = _text(column, place)
    shown = _figures(text) if column.right else in_latex(" ".join(text.split()))
    if place in column.best and text.strip():
        shown = rf"{{\boldmath\bfseries {shown}}}"
    return r"\quad " * _indent(column, place) + shown


def _figures(text: str) -> str:
    """Return a cell of numbers: those as mathematics, blanks behind them as wide as digits."""
    kept = text.lstrip()
    body = kept.rstrip()
    parts: list[str] = []
    at = 0
    for found in _FIGURE.finditer(body):
        parts += (_between(body[at : found.start()]), _math(found))
        at = found.end()
    parts.append(_between(body[at:]))
    return "".join(parts) + _phantom(len(kept) - len(body), point="." not in body)


def _between(text: str) -> str:
    """Return what stands between numbers; blanks that align them keep their width."""
    return "".join(
        _phantom(len(piece) - 1, point=False) + " " if piece.isspace() else in_latex(piece)
        for piece in re.split(r"( +)", text)
        if piece
    )


def _phantom(digits: int, *, point: bool) -> str:
    if digits <= 0:
        return ""
    hidden = "." + "0" * (digits - 1) if point else "0" * digits
    return rf"\phantom{{${hidden}$}}"


def _math(found: re.Match[str]) -> str:
    value, spread = (_digits(text) if text else "" for text in found.groups())
    return rf"${value} \pm {spread}$" if spread else f"${value}$"


def _digits(number: str) -> str:
    mantissa, mark, exponent = number.replace("−", "-").partition("e")
    mantissa = mantissa.replace(",", "{,}")
    return rf"{mantissa} \times 10^{{{int(exponent)}}}" if mark else mantissa


def _separated(columns: Sequence[TextColumn], *, tabs: bool) -> str:
    heads = [column.name or column.title for column in columns]
    rows = [[_value(column, place) for column in columns] for place in range(len(columns[0].cells))]
    if tabs:
        lines: list[Sequence[object]] = [heads, *rows]
        return "".join("\t".join(map(_in_tsv, line)) + "\n" for line in lines)
    out = io.StringIO()
    write_rows(heads, rows, out)
    return out.getvalue()


def _in_tsv(value: object) -> str:
    # A tab or a line end would make two cells of one.
    return " ".join(cell(value).replace("\t", " ").splitlines())


def _value(column: TextColumn, place: int) -> object:
    if column.values:
        return column.values[place]
    text = column.cells[place].strip()
    return None if text == MISSING else text


def _text(column: TextColumn, place: int) -> str:
    """Return what a cell shows: texts whole, times as dates, all else as it is drawn."""
    value = column.values[place] if column.values else None
    if isinstance(value, str) and not column.right:
        return printable(value)
    return format_time(value) if isinstance(value, datetime) else column.cells[place]


def _indent(column: TextColumn, place: int) -> int:
    return column.indents[place] if column.indents else 0
