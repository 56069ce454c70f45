"""Copying text to the person's clipboard, and telling the truth about the way it went.

OSC 52 asks the terminal, also over SSH. Inside tmux it is swallowed unless
`set-clipboard` is on, while `tmux load-buffer -w` reaches the outer terminal with tmux's
own defaults; so that is tried first.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable

MOST_BYTES = 74_000
"""Many terminals drop an OSC 52 sequence of more than 100,000 base64 letters."""


def copy(text: str, write_osc52: Callable[[str], None]) -> str:
    """Copy `text` and return by which way, in words to show.

    Raises:
        ValueError: the text is too long for a terminal to take.
    """
    if len(text.encode("utf-8", "replace")) > MOST_BYTES:
        raise ValueError("too long to copy through a terminal")
    if os.environ.get("TMUX") and _load_tmux_buffer(text):
        return "through tmux"
    write_osc52(text)
    return "by asking the terminal (OSC 52)"


def _load_tmux_buffer(text: str) -> bool:
    try:
        done = subprocess.run(
            ["tmux", "load-buffer", "-w", "-"],
            input=text.encode("utf-8", "replace"),
            capture_output=True,
            timeout=2,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0
