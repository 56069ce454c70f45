"""A page as Markdown: tables as GitHub reads them, curves in letters.

Escaped is what would be read as markup, and nothing else, so that the text stays readable
as it is: `_` within a word is none, nor is `<` before a number.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from tui_tracker.handing_on.escaping import in_markdown, in_markdown_cell, in_markdown_mono
from tui_tracker.report.blocks import (
    Block,
    Bullets,
    Code,
    Heading,
    Line,
    Mono,
    Page,
    Paragraph,
    Picture,
    Strong,
    Table,
)
from tui_tracker.report.text_chart import text_chart


def to_markdown(page: Page) -> str:
    """Return the page as one text."""
    return "\n\n".join("\n".join(_block(block)) for block in page.blocks) + "\n"


def _line(words: Line, *, in_table: bool = False) -> str:
    parts = []
    for part in words:
        if isinstance(part, Mono):
            parts.append(in_markdown_mono(part.text, in_table=in_table))
        elif isinstance(part, Strong):
            parts.append(f"**{in_markdown(part.text)}**" if part.text.strip() else "")
        else:
            parts.append(in_markdown_cell(part) if parts or in_table else in_markdown(part))
    return "".join(parts)


def _block(block: Block) -> Iterator[str]:
    if isinstance(block, Heading):
        yield f"{'#' * block.level} {in_markdown(block.text)}"
    elif isinstance(block, Paragraph):
        yield f"> {_line(block.words)}" if block.loud else _line(block.words)
    elif isinstance(block, Bullets):
        yield from (f"- {_line(item)}" for item in block.items)
    elif isinstance(block, Code):
        yield from _fenced(block.lines)
    elif isinstance(block, Picture):
        yield from _fenced(text_chart(block))
        if block.caption:
            yield ""
            yield _line(block.caption)
    else:
        yield from _table(block)


def _fenced(lines: Sequence[str]) -> Iterator[str]:
    longest = max((len(run) for line in lines for run in re.findall(r"`+", line)), default=0)
    fence = "`" * max(3, longest + 1)
    yield f"{fence}text"
    yield from (" ".join(line.split("\n")) for line in lines)
    yield fence


def _table(table: Table) -> Iterator[str]:
    head = [_line((column.title,), in_table=True) for column in table.columns]
    rows = [[_line(cell, in_table=True) for cell in row] for row in table.rows]
    widths = [
        min(40, max([3, len(title), *(len(row[at]) for row in rows)]))
        for at, title in enumerate(head)
    ]
    rights = [column.right for column in table.columns]
    yield _row(head, widths, rights)
    rules = [f"{'-' * (w - 1)}:" if r else "-" * w for w, r in zip(widths, rights, strict=True)]
    yield f"| {' | '.join(rules)} |"
    yield from (_row(row, widths, rights) for row in rows)
    if table.caption:
        yield ""
        yield _line(table.caption)


def _row(cells: Sequence[str], widths: Sequence[int], rights: Sequence[bool]) -> str:
    padded = [
        cell.rjust(width) if right else cell.ljust(width)
        for cell, width, right in zip(cells, widths, rights, strict=True)
    ]
    return f"| {' | '.join(padded)} |"
