"""The base of all our widgets: a line is a row of spans, each with a role.

What a span looks like is decided once, in `app.tcss`, by its role. A span of the role ""
carries no style at all, which is what keeps a line cheap on a slow link.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any, ClassVar, Literal, TypeVar, cast

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region, Size
from textual.strip import Strip
from textual.widget import Widget

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


class LineWidget(Widget, can_focus=False, inherit_bindings=False):
    """A widget that is drawn line by line from spans."""

    PLACE: Place = "everywhere"
    """Whose keys work while this has the focus."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {f"role--{role}" for role in ROLES} | {"role--cursor"}

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
        segments = [Segment(text, self.role_style(role)) for text, role in spans if text]
        strip = Strip(segments)
        if strip.cell_length != width:
            strip = strip.adjust_cell_length(width)
        return strip.apply_style(self.role_style("cursor")) if cursor else strip


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
