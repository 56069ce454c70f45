"""Frames that carry only what changed, also from the left.

Textual cuts a changed part of a line at its right end and sends what stands left of it all
the same. A live run changes a few cells near the end of a line each second, so this makes
a third of what an idle page with a live run sends. Where a later Textual has no such
method, its own way stays.

Source: textual 8.2, `_compositor.ChopsUpdate.render_segments`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.control import Control
from textual import _compositor

if TYPE_CHECKING:
    from rich.console import Console


def install() -> None:
    """Let all frames be cut on both sides."""
    update = getattr(_compositor, "ChopsUpdate", None)
    if update is not None and hasattr(update, "render_segments"):
        update.render_segments = _render_changes


def _render_changes(self: _compositor.ChopsUpdate, console: Console) -> str:
    sequences: list[str] = []
    last_y = self.spans[-1][0]
    for y, x1, x2 in self.spans:
        for end, (x, strip) in zip(self.chop_ends[y], self.chops[y].items(), strict=False):
            if strip is None or x > x2 or end <= x1:
                continue
            start = max(x, x1)
            part = (
                strip
                if (start, x2 >= end) == (x, True)
                else strip.crop(start - x, min(end, x2) - x)
            )
            sequences += (Control.move_to(start, y).segment.text, part.render(console))
        if y != last_y:
            sequences.append("\n")
    return "".join(sequences)
