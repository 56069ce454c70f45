"""What stands on the terminal, cell by cell, so that a frame writes only what differs from it.

Textual writes a line again where one cell of it changed. A list that scrolls by one line, a
curve that grows, a duration that ticks change few cells of many lines: those alone are
written here, with the cursor moved between them. What is not known to stand there, as after
a change of the window's size, is written whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from rich.cells import cell_len
from rich.color import ColorSystem
from rich.console import Console
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual.strip import Strip

from tui_tracker.tui.scrolled import LEAST_LINES, Cells, find_shift

BRIDGED = 4
"""Cells between changed ones that are written again: moving past them takes as many bytes."""
ERASED = 6
"""From so many blanks on, the end of a line is erased rather than written."""
UNKNOWN = "\0"
_NARROW = re.compile("[ -~±·\u00c0-\u02ff–-…‹›←-↓−≈─-\u25fc★✓✗⠀-⣿]*")
"""A cell each without looking: letters, frames, signs of ours, and the dots of curves."""


class Written(CompositorUpdate):
    """An update whose control sequences are made already."""

    def __init__(self, sequences: str) -> None:
        self._sequences = sequences

    def render_segments(self, console: Console) -> str:  # noqa: ARG002
        return self._sequences


class Frame:
    """The cells of a terminal; what is not known of them is written at the next update."""

    def __init__(self) -> None:
        self._lines: dict[int, Cells] = {}

    def forget(self) -> None:
        """Know nothing of the terminal any more."""
        self._lines.clear()

    def changes(self, update: LayoutUpdate | ChopsUpdate, console: Console, width: int) -> str:
        """Return what to write for an update; afterwards it counts as written."""
        system = console._color_system or ColorSystem.TRUECOLOR
        pieces = [(y, x, strips, _cells(strips, system)) for y, x, strips in _pieces(update)]
        found: list[str] = []
        rest: list[tuple[int, int, Cells]] = []
        for y, x, strips, cells in pieces:
            if cells is None or x + len(cells[0]) > width:
                # A link, or a line that is wider than the terminal: as Textual writes it.
                found += [f"\x1b[{y + 1};{x + 1}H", *(strip.render(console) for strip in strips)]
                self._lines.pop(y, None)
            else:
                rest.append((y, x, cells))
        if len(rest) == len(pieces):
            found += self._scrolled(rest, width)
        for y, x, cells in rest:
            found += self._changes_of_line(y, x, cells, width)
        return "".join(found)

    def _scrolled(self, pieces: Sequence[tuple[int, int, Cells]], width: int) -> Iterator[str]:
        """Yield what has the terminal move lines; what was moved in vain is put back."""
        new: dict[int, Cells] = {}
        for y, x, (texts, codes) in pieces:
            line = new[y] if y in new else self._lines.get(y)
            if line is None or len(line[0]) != width or UNKNOWN in line[0]:
                return
            new[y] = _laid_over(line[0], x, texts), _laid_over(line[1], x, codes)
        if len(new) < LEAST_LINES:
            return
        left, right = min(x for _, x, _ in pieces), max(x + len(c[0]) for _, x, c in pieces)
        shift = find_shift(self._lines, new, left, right)
        if shift is None:
            return
        yield shift.sequences
        before = dict(self._lines)
        for y in range(shift.top, shift.bottom + 1):
            source = shift.source(y)
            texts, codes = before[source] if source is not None else ([" "] * width, [""] * width)
            self._lines[y] = [*texts], [*codes]
        for y in range(shift.top, shift.bottom + 1):
            yield from self._changes_of_line(y, 0, new[y], width)

    def _changes_of_line(self, y: int, x: int, new: Cells, width: int) -> Iterator[str]:
        """Yield what to write for cells that begin at `x`."""
        line = self._lines.get(y)
        if line is None or len(line[0]) != width:
            line = self._lines[y] = [UNKNOWN] * width, [UNKNOWN] * width
        texts, codes = new
        end = x + len(texts)
        old_texts, old_codes = line[0][x:end], line[1][x:end]
        if texts == old_texts and codes == old_codes:
            return
        at, code = -1, ""
        for first, stop in _runs(new, (old_texts, old_codes)):
            if at < 0:
                yield f"\x1b[{y + 1};{x + first + 1}H"
            else:
                yield f"\x1b[{first - at}C"
            parts, code, at = _written(new, first, stop, code, ends_line=x + stop == width)
            yield from parts
        if code:
            yield "\x1b[m"
        line[0][x:end], line[1][x:end] = texts, codes


def _laid_over(cells: list[str], at: int, new: list[str]) -> list[str]:
    return [*cells[:at], *new, *cells[at + len(new) :]]


def _pieces(update: LayoutUpdate | ChopsUpdate) -> Iterator[tuple[int, int, list[Strip]]]:
    """Yield line, first cell and strips of all that an update writes, as Textual finds them."""
    if isinstance(update, LayoutUpdate):
        for y, strips in enumerate(update.strips, update.region.y):
            yield y, update.region.x, list(strips)
        return
    for y, x1, x2 in update.spans:
        for end, (x, strip) in zip(update.chop_ends[y], update.chops[y].items(), strict=False):
            if strip is None or x > x2 or end <= x1:
                continue
            whole = x2 > x >= x1 and end <= x2
            yield y, x, [strip if whole else strip.crop(0, min(end, x2) - x)]


def _cells(strips: Iterable[Strip], system: ColorSystem) -> Cells | None:
    """Return the cells of strips; None where one cell is more than text and colours."""
    texts: list[str] = []
    codes: list[str] = []
    for strip in strips:
        for text, style, control in strip:
            if control or (style is not None and style._link):
                return None
            code = ""
            if style is not None:
                code = style._ansi if style._ansi is not None else Strip.render_ansi(style, system)
            found = list(text) if text.isascii() else _wide(text, texts)
            texts += found
            codes += [code] * len(found)
    return texts, codes


def _wide(text: str, before: list[str]) -> list[str]:
    """Return a text cell by cell; an accent at its beginning goes to the cells `before` it."""
    if _NARROW.fullmatch(text):
        return list(text)
    cells: list[str] = []
    for character in text:
        width = cell_len(character)
        if width:
            cells += [character, *([""] * (width - 1))]
        elif over := cells or before:
            # It is drawn over the character before.
            over[-1 if over[-1] else -2] += character
    return cells


def _runs(new: Cells, old: Cells) -> Iterator[tuple[int, int]]:
    """Yield beginning and end of the cells to write, in order."""
    texts, codes = new
    first = stop = -1
    for at, (text, code, old_text, old_code) in enumerate(zip(*new, *old, strict=True)):
        if text == old_text and code == old_code:
            continue
        begin = at
        while begin > stop and begin and not texts[begin]:
            begin -= 1  # a wide character is written with both of its cells
        if first < 0:
            first = begin
        elif begin - stop > BRIDGED or len(set(codes[stop - 1 : begin])) > 1:
            yield first, stop
            first = begin
        stop = at + 1
        while stop < len(texts) and not texts[stop]:
            stop += 1
    if first >= 0:
        yield first, stop


def _written(
    cells: Cells, first: int, stop: int, code: str, *, ends_line: bool
) -> tuple[list[str], str, int]:
    """Return cells as text and colours, the code in force behind them, and where they end."""
    texts, codes = cells
    last = stop
    if ends_line:
        while last > first and texts[last - 1] == " " and not codes[last - 1]:
            last -= 1
        if stop - last < ERASED:
            last = stop
    parts: list[str] = []
    at = first
    while at < last:
        begin, now = at, codes[at]
        while at < last and codes[at] == now:
            at += 1
        if now != code:
            parts.append(f"\x1b[{'0;' if code and now else ''}{now}m")
            code = now
        parts.append("".join(texts[begin:at]))
    if last < stop:
        parts.append("\x1b[m\x1b[K" if code else "\x1b[K")
        code = ""
    return parts, code, stop
