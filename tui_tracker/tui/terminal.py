"""What the terminal can show, by what it says of itself and what the person set.

Read from the environment before anything is drawn; what only the terminal can answer (its
ground, how long a round trip takes) comes later and changes the `Terminal` then.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from tui_tracker.glyphs import needs_ascii
from tui_tracker.settings import Settings
from tui_tracker.tui.palettes import Depth

SLOW_RTT_S = 0.15
"""From this round trip on a link is taken for slow, where nobody said what it is."""

_TRUE = re.compile(r"kitty|alacritty|ghostty|wezterm|foot|direct|contour|iterm", re.I)
_FEW = re.compile(r"xterm|screen|linux|rxvt|ansi|cygwin|konsole|vte|tmux|putty", re.I)


@dataclass(frozen=True, slots=True)
class Terminal:
    """How to draw on this terminal."""

    depth: Depth = "truecolor"
    ascii: bool = False
    """Only ASCII can be shown."""
    letters: bool = False
    """Not even the person's own words beyond ASCII can be."""
    light: bool | None = None
    """Whether its ground is light; None where it has not said."""
    slow: bool = False
    mouse: bool = True


def describe(settings: Settings, environ: Mapping[str, str] = os.environ) -> Terminal:
    """Return how to draw, before the terminal was asked anything."""
    slow = settings.link == "slow"
    other = needs_ascii(environ)
    return Terminal(
        depth=_depth(settings, environ, slow=slow),
        ascii=other if settings.ascii == "auto" else settings.ascii == "on",
        letters=other and settings.ascii != "off",
        light=_light(environ.get("COLORFGBG", "")),
        slow=slow,
        mouse=settings.mouse,
    )


def after_asking(
    terminal: Terminal, settings: Settings, *, light: bool | None, rtt_s: float | None
) -> Terminal:
    """Return how to draw once the terminal said how light it is and how far away."""
    slow = terminal.slow or (settings.link == "auto" and rtt_s is not None and rtt_s >= SLOW_RTT_S)
    few = slow and settings.colors == "auto" and terminal.depth != "none"
    return replace(
        terminal,
        light=terminal.light if light is None else light,
        slow=slow,
        depth="16" if few else terminal.depth,
    )


def _depth(settings: Settings, environ: Mapping[str, str], *, slow: bool) -> Depth:
    if settings.colors != "auto":
        return settings.colors
    if slow:
        return "16"
    if environ.get("COLORTERM", "").lower() in ("truecolor", "24bit"):
        return "truecolor"
    term = environ.get("TERM", "")
    if _TRUE.search(term) or not term or term == "dumb":
        return "truecolor"
    if "256color" in term:
        return "256"
    return "16" if _FEW.search(term) else "none"


def _light(colorfgbg: str) -> bool | None:
    """Return whether rxvt, Konsole or iTerm2 say that their ground is light."""
    ground = colorfgbg.rpartition(";")[2]
    if not ground.isdigit():
        return None
    return int(ground) in (7, 15)


def is_light(answer: str) -> bool | None:
    """Return whether a colour as terminals answer it (`rgb:ffff/ffff/ffff`) is light."""
    found = re.search(r"rgba?:([0-9a-f]+)/([0-9a-f]+)/([0-9a-f]+)", answer, re.I)
    if found is None:
        return None
    parts = [int(part, 16) / float(16 ** len(part) - 1) for part in found.groups()]
    red, green, blue = parts
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.5
