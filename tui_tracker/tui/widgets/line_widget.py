"""The base of all our widgets: a line is a row of spans, each with a role.

What a span looks like is decided once, in `app.tcss`, by its role. A span of the role ""
carries no style at all, which is what keeps a line cheap on a slow link.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache, wraps
from typing import Any, ClassVar, Literal, TypeVar, cast

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region, Size
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from tui_tracker.formatting import cell_width, printable, wrap
from tui_tracker.tui.keys import Place

Role = Literal[
    "",
    "dim",
    "faint",
    "bold",
    "head",
    "accent",
    "good",
    "bad",
    "mark",
    "second",
    "line-1",
    "line-2",
    "line-3",
    "line-4",
    "line-5",
    "line-6",
    "line-7",
    "line-8",
]
Span = tuple[str, Role]
"""Printable text (never markup) and its role."""
Line = tuple[Span, ...]
NEAR = 16
"""Cells that are sent again rather than jumped over."""

SERIES: tuple[Role, ...] = (
    "line-1",
    "line-2",
    "line-3",
    "line-4",
    "line-5",
    "line-6",
    "line-7",
    "line-8",
)
"""The colours of curves."""
ROLES: tuple[Role, ...] = (
    "dim",
    "faint",
    "bold",
    "head",
    "accent",
    "good",
    "bad",
    "mark",
    "second",
    *SERIES,
)


_QUIET = frozenset(("dim", "faint", "head"))

_Method = TypeVar("_Method", bound=Callable[..., Any])


def at_one_size(method: _Method) -> _Method:
    """Look up the widget's size once for a method that goes through its lines.

    Textual finds it in its map of the screen each time, which for a page of lines takes
    longer than making them.
    """

    @wraps(method)
    def steady(self: LineWidget, *args: Any, **options: Any) -> Any:
        if self._steady_size is not None:
            return method(self, *args, **options)
        self._steady_size = self.size
        try:
            return method(self, *args, **options)
        finally:
            self._steady_size = None

    return cast("_Method", steady)


def changed_cells(old: Line, new: Line) -> list[tuple[int, int]]:
    """Return from which cells to which two lines differ.

    Parts that are close to each other are one: going to another place costs bytes as well.
    """
    before, after = _cells(old), _cells(new)
    if len(before) != len(after):
        return [(0, max(len(before), len(after)))]
    parts: list[tuple[int, int]] = []
    for at, (a, b) in enumerate(zip(before, after, strict=True)):
        if a == b:
            continue
        if parts and at - parts[-1][1] < NEAR:
            parts[-1] = (parts[-1][0], at + 1)
        else:
            parts.append((at, at + 1))
    return parts


def _cells(line: Line) -> list[Span]:
    """Return what each cell shows; a wide character stands in both of its cells."""
    cells: list[Span] = []
    for text, role in line:
        if text.isascii():
            cells += [(character, role) for character in text]
            continue
        for character in text:
            width = cell_width(character)
            if width == 0 and cells:
                cells[-1] = (cells[-1][0] + character, role)
            else:
                cells += [(character, role)] * max(1, width)
    return cells


class LineWidget(Widget, can_focus=False, inherit_bindings=False):
    """A widget that is drawn line by line from spans."""

    PLACE: Place = "everywhere"
    """Whose keys work while this has the focus."""

    @dataclass
    class EmptyChanged(Message):
        """There is something for the keys of this widget now, or no more."""

        widget: LineWidget

        @property
        def control(self) -> LineWidget:
            return self.widget

    COMPONENT_CLASSES: ClassVar[set[str]] = {f"role--{role}" for role in ROLES} | {"role--cursor"}

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing that the keys of this widget could act on."""
        return False

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        self._steady_size: Size | None = None
        super().__init__(id=id, classes=classes)
        self._role_styles: dict[str, Style] = {}

    @property
    def size(self) -> Size:
        return self._steady_size if self._steady_size is not None else super().size

    @at_one_size
    def render_lines(self, crop: Region) -> list[Strip]:
        return super().render_lines(crop)

    def notify_style_update(self) -> None:
        self._role_styles = {}
        super().notify_style_update()

    def refresh_parts(self, y: int, old: Line, new: Line) -> None:
        """Repaint of the line at `y` what differs."""
        for start, end in changed_cells(old, new):
            self.refresh(Region(start, y, end - start, 1))

    def role_style(self, role: str) -> Style:
        """Return the style of a role; empty for the role ""."""
        if (style := self._role_styles.get(role)) is None:
            style = (
                self.get_component_rich_style(f"role--{role}", partial=True)
                if role
                else Style.null()
            )
            self._role_styles[role] = style
        return style

    def strip(self, spans: Iterable[Span], width: int, *, cursor: bool = False) -> Strip:
        """Return spans as a strip of exactly `width` cells.

        Under the cursor what is dim elsewhere is read, so it looks like all else: one
        style for most of the line, and half the bytes of a cursor move.
        """
        if cursor:
            spans = _merged(spans)
        segments = [Segment(_harmless(text), self.role_style(role)) for text, role in spans if text]
        strip = Strip(segments)
        if strip.cell_length != width:
            strip = strip.adjust_cell_length(width)
        return strip.apply_style(self.role_style("cursor")) if cursor else strip


def _harmless(text: str) -> str:
    """Return a text that no terminal obeys, also where the line forgot to see to it."""
    return text if text.isprintable() else printable(text)


def _merged(spans: Iterable[Span]) -> list[Span]:
    """Return spans without quiet roles, neighbours of one role made one."""
    merged: list[Span] = []
    for text, role in spans:
        role = "" if role in _QUIET else role
        if merged and (merged[-1][1] == role or not text.strip()):
            merged[-1] = (merged[-1][0] + text, merged[-1][1])
        else:
            merged.append((text, role))
    return merged


@lru_cache(maxsize=32)
def wrapped(lines: tuple[Line, ...], width: int) -> tuple[Line, ...]:
    """Return lines of which those of one role go on where they are too long, under their words."""
    found: list[Line] = []
    for line in lines:
        text = line[0][0] if len(line) == 1 else ""
        words = text.lstrip(" ")
        indent = text[: len(text) - len(words)]
        if width - len(indent) < 8 or cell_width(text) <= width:
            found.append(line)
        else:
            parts = wrap(words, width - len(indent))
            found += [((indent + part, line[0][1]),) for part in parts]
    return tuple(found)
