"""The colours of the app's themes, as plain values that the first frame needs no Textual for.

Foreground and background are the terminal's own: a page then fits whatever the person
likes to look at, and no line carries a colour it does not need. So every theme that has
colours of its own has them twice, for dark and for light grounds. Words have a contrast of
4.5 on the usual grounds, curves one of 3; the tests compute it.

The two safe themes take their colours from the published sets of Okabe and Ito (2008),
Paul Tol (2021) and IBM; which eight tell curves apart best was searched by simulation.

Source: Machado, Oliveira, Fernandes, A Physiologically-based Model for Simulation of Color
Vision Deficiency (2009), as the tests simulate it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

Depth = Literal["truecolor", "256", "16", "none"]

LOOKS: dict[str, str] = {
    "tracker-dark": "for a dark ground",
    "tracker-light": "for a light ground",
    "ansi": "the terminal's own 16 colours",
    "red-green-safe": "for protanopia and deuteranopia",
    "blue-yellow-safe": "for tritanopia",
}
"""What a person chooses from, and in which order `ctrl+t` goes through it."""
ON_LIGHT = "-on-light"
"""What ends the name of a palette that is another on a light ground."""


@dataclass(frozen=True, slots=True)
class Palette:
    """Colours by what they tell: hex, or the name of one of the terminal's own."""

    name: str
    dark: bool
    accent: str
    good: str
    bad: str
    second: str
    """What is neither: a warning, a second voice."""
    series: tuple[str, ...]
    """Eight, for curves; the first are farthest apart."""
    dim: str = "ansi_default"
    faint: str = "ansi_default"
    """Thumbs and frames, which nobody has to read."""
    cursor: str = "ansi_default"
    cursor_text: str = "ansi_default"
    mark: str = "ansi_default"
    """The ground of the open tab."""
    mark_text: str = "ansi_default"
    dim_style: str = "dim"
    cursor_style: str = "reverse"
    mark_style: str = "reverse bold"

    def variables(self) -> dict[str, str]:
        """Return the variables that `app.tcss` and the widgets read."""
        return {
            "accent": self.accent,
            "dim": self.dim,
            "faint": self.faint,
            "good": self.good,
            "bad": self.bad,
            "second": self.second,
            "cursor": self.cursor,
            "cursor-text": self.cursor_text,
            "mark": self.mark,
            "mark-text": self.mark_text,
            "dim-style": self.dim_style,
            "cursor-style": self.cursor_style,
            "mark-style": self.mark_style,
            **{f"series-{number}": colour for number, colour in enumerate(self.series, start=1)},
        }


def _hues(text: str) -> tuple[str, ...]:
    return tuple(f"#{hue}" for hue in text.split())


def _own(text: str) -> tuple[str, ...]:
    return tuple(f"ansi_{name}" for name in text.split())


_SOLID = {"dim_style": "none", "cursor_style": "none", "mark_style": "bold"}
DARK = Palette(
    "tracker-dark",
    True,
    accent="#6cb6ff",
    good="#57ab5a",
    bad="#f47067",
    second="#daaa3f",
    series=_hues("56b4e9 c38700 dc267f f0e442 008662 c7ecff 785ef0 f68fb4"),
    dim="#99a2ac",
    faint="#484f58",
    cursor="#22395a",
    cursor_text="#e6edf3",
    mark="#6cb6ff",
    mark_text="#0d1117",
    **_SOLID,
)
LIGHT = Palette(
    "tracker-light",
    False,
    accent="#0550ae",
    good="#116329",
    bad="#cf222e",
    second="#7d5200",
    series=_hues("0072b2 b27b00 008274 ee3377 52439a 8f240c 8c76f2 09411c"),
    dim="#636c76",
    faint="#bbc3cc",
    cursor="#d5e6fb",
    cursor_text="#1f2328",
    mark="#0550ae",
    mark_text="#ffffff",
    **_SOLID,
)
_RED_GREEN = replace(
    DARK,
    name="red-green-safe",
    accent="#88ccee",
    good="#56b4e9",
    bad="#ee7733",
    second="#f0e442",
    series=_hues("7ba0ff ddaa33 f4ec7b d85200 7cc3b8 b7528b c7ecff 785ef0"),
    mark="#88ccee",
)
_RED_GREEN_LIGHT = replace(
    LIGHT,
    name=f"red-green-safe{ON_LIGHT}",
    accent="#004488",
    good="#0072b2",
    bad="#a64900",
    second="#882255",
    series=_hues("5442a8 a88b26 4b132f 785ef0 753400 8f85be 2b1d74 8c5e67"),
    dim="#5c6570",
    mark="#004488",
)
_BLUE_YELLOW = replace(
    DARK,
    name="blue-yellow-safe",
    accent="#66ccee",
    good="#44bb99",
    bad="#ee6677",
    second="#ddcc77",
    series=_hues("52c5f1 dc267f 9fad2b f18b52 c7ecff 008662 eecc66 a76b77"),
    mark="#66ccee",
)
_BLUE_YELLOW_LIGHT = replace(
    LIGHT,
    name=f"blue-yellow-safe{ON_LIGHT}",
    accent="#004488",
    good="#00705f",
    bad="#cc3311",
    second="#6b5300",
    series=_hues("26609a ad2b0e 009e73 f1528b 6b5300 332288 a88b26 4b132f"),
    dim="#5c6570",
    mark="#004488",
)
_ANSI = Palette(
    "ansi",
    True,
    accent="ansi_cyan",
    good="ansi_green",
    bad="ansi_red",
    second="ansi_yellow",
    series=_own("cyan yellow magenta green red bright_blue white bright_magenta"),
)
_ANSI_LIGHT = Palette(
    f"ansi{ON_LIGHT}",
    False,
    accent="ansi_blue",
    good="ansi_green",
    bad="ansi_red",
    second="ansi_magenta",
    series=_own("blue red green magenta cyan bright_black bright_red bright_magenta"),
)
_RICH = (
    DARK,
    LIGHT,
    _RED_GREEN,
    _RED_GREEN_LIGHT,
    _BLUE_YELLOW,
    _BLUE_YELLOW_LIGHT,
    _ANSI,
    _ANSI_LIGHT,
)
_BASIC = (
    replace(_ANSI, name="tracker-dark"),
    replace(_ANSI_LIGHT, name="tracker-light"),
    replace(_ANSI, name="red-green-safe", good="ansi_bright_blue", bad="ansi_bright_yellow"),
    replace(_ANSI_LIGHT, name=f"red-green-safe{ON_LIGHT}", good="ansi_blue"),
    replace(_ANSI, name="blue-yellow-safe", good="ansi_cyan"),
    replace(_ANSI_LIGHT, name=f"blue-yellow-safe{ON_LIGHT}", second="ansi_blue"),
    _ANSI,
    _ANSI_LIGHT,
)


def palettes(depth: Depth) -> Mapping[str, Palette]:
    """Return the palettes by name; those of few colours are the terminal's own.

    The nearest of 16 colours to a chosen one is often another hue, or the ground itself.
    """
    return {p.name: p for p in (_RICH if depth in ("truecolor", "256") else _BASIC)}


def palette_name(look: str, *, light: bool) -> str:
    """Return which palette shows a look on this ground; `auto` goes by the ground."""
    if look == "auto":
        return LIGHT.name if light else DARK.name
    if look in (DARK.name, LIGHT.name) or not light:
        return look
    return f"{look}{ON_LIGHT}"
