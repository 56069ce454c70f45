"""The palettes as Textual's themes, and finished lines in fewer colours and signs."""

from __future__ import annotations

from functools import lru_cache

from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.filter import LineFilter
from textual.theme import BUILTIN_THEMES, Theme

from tui_tracker.glyphs import to_ascii
from tui_tracker.tui.palettes import Depth, Palette, palettes

_OWN = "ansi_default"


def themes(depth: Depth) -> list[Theme]:
    """Return a Textual theme for each palette, under the palette's name."""
    return [_theme(palette) for palette in palettes(depth).values()]


def _theme(palette: Palette) -> Theme:
    builtin = BUILTIN_THEMES["ansi-dark" if palette.dark else "ansi-light"]
    return Theme(
        palette.name,
        primary=palette.accent,
        ansi=True,
        dark=palette.dark,
        foreground=_OWN,
        background=_OWN,
        surface=_OWN,
        variables={**builtin.variables, **palette.variables()},
    )


class PlainFilter(LineFilter):
    """Takes every colour out; bold, dim, underline and reverse stay."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:  # noqa: ARG002
        return [
            Segment(text, _plain(style) if style else None, control)
            for text, style, control in segments
        ]


@lru_cache(maxsize=256)
def _plain(style: Style) -> Style:
    return Style(bold=style.bold, dim=style.dim, underline=style.underline, reverse=style.reverse)


class AsciiFilter(LineFilter):
    """Puts ASCII in the place of our signs; `letters` also of the person's own words."""

    def __init__(self, *, letters: bool) -> None:
        super().__init__()
        self._letters = letters

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:  # noqa: ARG002
        return [
            Segment(to_ascii(text, letters=self._letters), style, control)
            for text, style, control in segments
        ]
