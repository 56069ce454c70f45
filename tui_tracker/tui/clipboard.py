"""Copying text to the person's clipboard, and telling the truth about the way it went.

OSC 52 asks the terminal, also over SSH; nobody answers whether it did. Inside tmux it is
swallowed unless `set-clipboard` is on, while `tmux load-buffer -w` reaches the outer
terminal with tmux's own defaults; so that is tried first. GNU screen hands on what is
wrapped for it. A program of the desktop is asked where the app runs on the person's own
machine, for some terminals there ignore OSC 52. What is too long for a terminal goes to a
file, and the file is named.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from tui_tracker.remembered import state_folder

MOST_BYTES = 74_000
"""Many terminals drop an OSC 52 sequence of more than 100,000 base64 letters."""
_SCREEN_BYTES = 700
"""GNU screen takes no longer string than 768 bytes at once."""
_PATIENCE_S = 2.0

Write = Callable[[str], None]
"""Writes a control sequence to the terminal as it is."""


def copy(text: str, write: Write, environ: Mapping[str, str] = os.environ) -> str:
    """Copy `text` and return by which way it went, in words to show.

    Raises:
        OSError: it is too long for a terminal and could not be saved to a file either.
    """
    data = text.encode("utf-8", "replace")
    if environ.get("TMUX") and _gave(["tmux", "load-buffer", "-w", "-"], data, environ):
        return "through tmux"
    for command, words in _desktop(environ):
        if _gave(command, data, environ):
            return words
    if len(data) > MOST_BYTES:
        return f"to a file, it is too long for a terminal: {_saved(data)}"
    if environ.get("TERM") == "linux":
        return f"to a file, this console has no clipboard: {_saved(data)}"
    sequence = f"\x1b]52;c;{b64encode(data).decode()}\a"
    if environ.get("TMUX"):
        write(_for_tmux(sequence))
        return "by asking the terminal through tmux, which may keep it (OSC 52)"
    if environ.get("STY"):
        write(_for_screen(sequence))
        return "by asking the terminal through screen (OSC 52)"
    write(sequence)
    return "by asking the terminal (OSC 52)"


def _desktop(environ: Mapping[str, str]) -> Sequence[tuple[list[str], str]]:
    """Return the programs that hold the clipboard of this machine's own desktop."""
    if environ.get("SSH_CONNECTION") or environ.get("SSH_TTY"):
        return ()
    if sys.platform == "darwin":
        return ((["pbcopy"], "to the clipboard (pbcopy)"),)
    found = []
    if environ.get("WAYLAND_DISPLAY"):
        found.append((["wl-copy"], "to the clipboard (wl-copy)"))
    if environ.get("DISPLAY"):
        found.append((["xclip", "-selection", "clipboard"], "to the clipboard (xclip)"))
        found.append((["xsel", "--clipboard", "--input"], "to the clipboard (xsel)"))
    return found


def _gave(command: list[str], data: bytes, environ: Mapping[str, str]) -> bool:
    """Return whether a program took the text."""
    if shutil.which(command[0], path=environ.get("PATH")) is None:
        return False
    try:
        # wl-copy and xclip stay to serve the clipboard: pipes of theirs would be waited for.
        done = subprocess.run(
            command,
            input=data,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=_PATIENCE_S,
            env=dict(environ),
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def _for_tmux(sequence: str) -> str:
    """Return a sequence as tmux hands it on, where `allow-passthrough` is on."""
    doubled = sequence.replace("\x1b", "\x1b\x1b")
    return f"{sequence}\x1bPtmux;{doubled}\x1b\\"


def _for_screen(sequence: str) -> str:
    """Return a sequence as GNU screen hands it on, in strings that it can hold."""
    parts = [sequence[i : i + _SCREEN_BYTES] for i in range(0, len(sequence), _SCREEN_BYTES)]
    return "".join(f"\x1bP{part}\x1b\\" for part in parts)


def _saved(data: bytes) -> Path:
    folder = state_folder()
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"copied-{datetime.now():%Y%m%d-%H%M%S}.txt"
    path.write_bytes(data)
    return path
