"""A comparison of many runs as text that fits the terminal, or as Markdown.

Where not all runs fit beside each other they stand in blocks below each other, the
reference first in each.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from tui_tracker.capture.redaction import redact_text
from tui_tracker.cli.output import on_terminal, plural, rich_console, terminal_size
from tui_tracker.compare import Comparison, Row
from tui_tracker.compare.cells import (
    UNKNOWN,
    aligned,
    best_mark,
    cell_texts,
    delta_text,
    on_the_point,
    row_name,
)
from tui_tracker.compare.doubts import Unsaid
from tui_tracker.compare.naming import label_runs
from tui_tracker.formatting import MISSING, cell_width, crop, fit, printable, short_labels, wrap

_GAP = 2
_NAME, _WIDEST, _NARROWEST = 30, 26, 8
_TIGHT = 14
"""Cells of a column where not all runs fit beside each other."""
_ALL, _WORDS = 10_000, 100
"""Cells of a pipe, and of a sentence that is to be read."""
Style = str


@dataclass(frozen=True, slots=True)
class _Line:
    """One row of the table: its name, and a text and a style a run."""

    name: str
    cells: tuple[str, ...]
    styles: tuple[Style, ...]
    style: Style = ""
    told: bool = False
    """Worth a line also where the runs beside each other do not differ in it."""


def print_text(
    comparison: Comparison, sections: Sequence[str], *, whole: bool, width: int | None
) -> None:
    """Print doubts, then what differs by section, then in a line what does not."""
    room = width or (terminal_size()[0] if on_terminal() else _ALL)
    words = min(room, _WORDS)
    _print_doubts(comparison, words)
    lines = list(_lines(comparison, sections, whole=whole, deltas=True))
    names = [_shown(name) for name in label_runs(comparison.runs)]
    if _needed(lines, names) > room:
        lines = list(_lines(comparison, sections, whole=whole, deltas=False))
    against = crop(names[comparison.reference], words - 30)
    _put([(f"{plural(len(names), 'run')}, measured against {against}", "dim")])
    for places in _blocks(lines, names, room, comparison.reference):
        _print_block(lines, names, places, room)
    if not whole:
        _print_folded(comparison, sections, words)


def _print_doubts(comparison: Comparison, room: int) -> None:
    for doubt in comparison.doubts:
        mark, style = ("!", "yellow") if doubt.certain else ("?", "dim")
        for number, part in enumerate(wrap(_shown(doubt.words), room - 2)):
            _put([(f"{mark if not number else ' '} {part}", style)])
    if comparison.doubts:
        _put([])


def _shown(text: str) -> str:
    return printable(redact_text(text))


def _lines(
    comparison: Comparison, sections: Sequence[str], *, whole: bool, deltas: bool
) -> Iterator[_Line]:
    """Yield the lines of the table, a heading before each section."""
    for section in dict.fromkeys(row.section for row in comparison.rows):
        rows = [row for row in comparison.section(section) if shown_row(row, whole=whole)]
        if section not in sections or not rows:
            continue
        if section != "run":
            yield _Line(section, (), (), "bold")
        for row in rows:
            yield _line(row, comparison.reference, deltas=deltas)


def shown_row(row: Row, *, whole: bool) -> bool:
    """Return whether a row is worth showing where only differences are wanted."""
    if whole:
        return True
    if row.section == "run" and row.name in ("status", "duration", "last step"):
        return True
    return row.state != "same" and (not row.noise or row.name == "tags")


def _line(row: Row, reference: int, *, deltas: bool) -> _Line:
    texts = cell_texts(row, reference)
    if aligned(row):
        texts = on_the_point(texts)
    if deltas and row.metric:
        # Of a metric with a direction, beside its best value alone.
        told = row.stat != "last" or not row.better
        added = [delta_text(row, place, reference) if told else "" for place in range(len(texts))]
        room = max(map(len, added))
        texts = [f"{t} {d:>{room}}" if room else t for t, d in zip(texts, added, strict=True)]
    texts = [text + best_mark(row, place) for place, text in enumerate(texts)]
    name = row_name(row)
    if row.metric:
        name = f"{name} {row.stat}" if row.better else name
    styles = tuple("green" if place in row.best else "" for place in range(len(texts)))
    style = "dim" if row.state != "differs" else ""
    return _Line(name, tuple(texts), styles, style, told=row.section in ("run", "metrics"))


def _name_cells(lines: Sequence[_Line]) -> int:
    return min(max((cell_width(line.name) + 2 for line in lines), default=0), _NAME)


def _widths(lines: Sequence[_Line], names: Sequence[str], most: int) -> list[int]:
    """Return the cells that each run's column takes."""
    filled = [line for line in lines if line.cells]
    return [
        min(max(cell_width(name), *(cell_width(line.cells[place]) for line in filled)), most)
        for place, name in enumerate(names)
    ]


def _needed(lines: Sequence[_Line], names: Sequence[str]) -> int:
    return _name_cells(lines) + sum(w + _GAP for w in _widths(lines, names, _WIDEST))


def _blocks(
    lines: Sequence[_Line], names: Sequence[str], room: int, reference: int
) -> Iterator[list[int]]:
    """Yield the runs that stand beside each other, the reference first in each block."""
    most = _WIDEST if _needed(lines, names) <= room else _TIGHT
    widths = _widths(lines, short_labels(names, most), most)
    start = _name_cells(lines) + widths[reference] + _GAP
    block, taken = [reference], start
    for place in (place for place in range(len(names)) if place != reference):
        if taken + widths[place] + _GAP > room and len(block) > 1:
            yield block
            block, taken = [reference], start
        block.append(place)
        taken += widths[place] + _GAP
    yield block


def _print_block(
    lines: Sequence[_Line], names: Sequence[str], places: list[int], room: int
) -> None:
    label = _name_cells(lines)
    tight = len(places) < len(names) or _needed(lines, names) > room
    each = max(_NARROWEST, (room - label) // len(places) - _GAP)
    most = min(each, _TIGHT if len(places) < len(names) else _WIDEST)
    titles = short_labels(names, most) if tight else list(names)
    widths = _widths(lines, titles, most)
    gap = " " * _GAP
    heads = [(gap + fit(titles[place], widths[place]), "bold") for place in places]
    _put([(" " * label, ""), *heads])
    for line in _telling(lines, places) if len(places) < len(names) else lines:
        if not line.cells:
            _put([])
            _put([(line.name, line.style)])
            continue
        parts = [(fit(f"  {line.name}", label), "dim")]
        for place in places:
            text = fit(line.cells[place], widths[place])
            parts.append((gap + text, line.styles[place] or line.style))
        _put(parts)
    _put([])


def _telling(lines: Sequence[_Line], places: Sequence[int]) -> Iterator[_Line]:
    """Yield the lines of which some of the runs at these places differ, with their headings."""
    heading: _Line | None = None
    for line in lines:
        if not line.cells:
            heading = line
        elif line.told or len({line.cells[place] for place in places}) > 1:
            if heading is not None:
                yield heading
            heading = None
            yield line


def _print_folded(comparison: Comparison, sections: Sequence[str], room: int) -> None:
    """Print how much is the same, what any two runs differ in, and what a `?` means."""
    counts: dict[str, int] = {}
    noise = []
    shown = []
    for row in (row for row in comparison.rows if row.section in sections):
        if shown_row(row, whole=False):
            shown.append(row)
        elif row.state == "same":
            counts[row.section] = counts.get(row.section, 0) + 1
        else:
            noise.append(_shown(row.name))
    told = ", ".join(f"{section} {count:,}" for section, count in counts.items())
    words = [f"the same: {told}; --all prints them"] if told else []
    if noise:
        words.append(f"also other, as in any two runs: {', '.join(dict.fromkeys(noise))}")
    if any(UNKNOWN in cell_texts(row) for row in shown):
        words.append(f"{UNKNOWN} was not recorded, {MISSING} there is none")
    for part in (part for text in words for part in wrap(text, room)):
        _put([(part, "dim")])


def _put(parts: Sequence[tuple[str, Style]]) -> None:
    if not on_terminal():
        print("".join(text for text, _ in parts).rstrip())
        return
    from rich.text import Text

    text = Text()
    for part, style in parts:
        text.append(part, style)
    text.rstrip()
    rich_console().print(text, soft_wrap=True)


def print_markdown(
    comparison: Comparison, sections: Sequence[str], *, whole: bool, width: int | None
) -> None:
    """Print doubts as a list and all sections as one table; `width` means nothing here."""
    del width
    names = [_escaped(name) for name in label_runs(comparison.runs)]
    for doubt in comparison.doubts:
        words = _escaped(doubt.words)
        print(f"- **{words}**" if doubt.certain else f"- {words}")
    if comparison.doubts:
        print()
    print(f"| | {' | '.join(names)} |")
    print(f"| --- |{' --- |' * len(names)}")
    for section in dict.fromkeys(row.section for row in comparison.rows):
        rows = [row for row in comparison.section(section) if shown_row(row, whole=whole)]
        if section not in sections or not rows:
            continue
        if section != "run":
            print(f"| **{section}** |{' |' * len(names)}")
        for row in rows:
            name = row_name(row) + (f" {row.stat}" if row.better else "")
            cells = " | ".join(_markdown_cells(row, comparison.reference))
            print(f"| {_escaped(name)} | {cells} |")
    print()


def print_as(comparison: Comparison, sections: Sequence[str], *, whole: bool, format: str) -> None:
    """Print the rows as a table to paste, a column a run, the best of each metric in bold."""
    from tui_tracker.handing_on.table_texts import TextColumn, write_table

    rows = [
        row for row in comparison.rows if row.section in sections and shown_row(row, whole=whole)
    ]
    names = [row_name(row) + (f" {row.stat}" if row.better else "") for row in rows]
    columns = [
        TextColumn("section", [row.section for row in rows]),
        TextColumn(
            "field", names, values=[_field(row) for row in rows] if format in _EXACT else ()
        ),
    ]
    texts = [cell_texts(row, comparison.reference) for row in rows]
    for place, label in enumerate(label_runs(comparison.runs)):
        columns.append(
            TextColumn(
                _shown(label),
                [crop(_shown(cells[place]), _LONGEST) for cells in texts],
                right=True,
                values=[_exact(row.values[place]) for row in rows] if format in _EXACT else (),
                best=frozenset(n for n, row in enumerate(rows) if place in row.best),
            )
        )
    print(write_table(columns, format), end="")  # type: ignore[arg-type]


def _field(row: Row) -> str:
    return f"{row.name}.{row.stat}" if row.metric else row.name


def _exact(value: object) -> object:
    """Return a value as CSV has it; what a run lacks is nothing there."""
    if isinstance(value, Unsaid):
        return None
    if isinstance(value, (bool, int, float, str, datetime)) or value is None:
        return redact_text(value) if isinstance(value, str) else value
    return redact_text(str(value))


_EXACT = ("csv", "tsv")


def _markdown_cells(row: Row, reference: int) -> list[str]:
    cells = []
    for place, text in enumerate(cell_texts(row, reference)):
        told = delta_text(row, place, reference) if row.metric else ""
        shown = _escaped(crop(text, _LONGEST)) + (f" ({told})" if told else "")
        cells.append(f"**{shown}**" if place in row.best else shown)
    return cells


_LONGEST = 60
_MARKS = re.compile(r"[\\`*|]|(?<!\w)_|_(?!\w)|~~|\[(?=[^\]]*\]\()")


def _escaped(text: str) -> str:
    """Return a text that Markdown shows as it is, on one line."""
    return _MARKS.sub(lambda found: f"\\{found[0]}", _shown(text)).replace("<", "&lt;") or " "
