"""Bell and desktop notification through the terminal, also inside tmux and screen.

A notification is OSC 9 (iTerm2, WezTerm, kitty, Ghostty, Windows Terminal) or OSC 777 (urxvt,
foot, terminals of VTE); a terminal that knows neither shows nothing. tmux hands such a
sequence on only where `allow-passthrough` is on, which is off by default; the bell goes
through, and tmux marks the window. GNU screen hands on what is wrapped for it, in parts of
at most 768 bytes.

Sources: iterm2.com/documentation-escape-codes, urxvt's notify extension, tmux(1), screen(1).
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping

BELL = "\a"
LONGEST = 200
_BY_777 = ("rxvt", "foot")
_PATIENCE_S = 2.0


def notification(text: str, environ: Mapping[str, str] = os.environ) -> str:
    """Return the sequence that asks the terminal to show `text`, wrapped as needed."""
    # Control characters would end the sequence, and a semicolon is a separator in it.
    plain = "".join(c if c.isprintable() and c != ";" else " " for c in text)[:LONGEST]
    if _speaks_777(environ):
        sequence = f"\x1b]777;notify;tui_tracker;{plain}\x1b\\"
    else:
        # A text that begins with a digit and a semicolon is another command of OSC 9.
        sequence = f"\x1b]9;tui_tracker: {plain}\x1b\\"
    if environ.get("TMUX"):
        return "\x1bPtmux;" + sequence.replace("\x1b", "\x1b\x1b") + "\x1b\\"
    if environ.get("STY"):
        # The string terminator must not end the wrapping early.
        return "\x1bP" + sequence.replace("\x1b\\", "\a") + "\x1b\\"
    return sequence


def _speaks_777(environ: Mapping[str, str]) -> bool:
    term = environ.get("TERM", "")
    return term.startswith(_BY_777) or "VTE_VERSION" in environ


def caveat(environ: Mapping[str, str] = os.environ) -> str:
    """Return why a notification may not arrive, and what helps; "" where nothing speaks against."""
    if environ.get("TMUX") and _tmux_option(environ) not in ("on", "all"):
        return (
            "tmux keeps notifications to itself: `tmux set -g allow-passthrough on` lets them "
            "out; the bell goes through"
        )
    if environ.get("TERM") in ("linux", "dumb", ""):
        return "this terminal shows no notifications"
    return ""


def _tmux_option(environ: Mapping[str, str]) -> str:
    try:
        done = subprocess.run(
            ["tmux", "show-options", "-gv", "allow-passthrough"],
            capture_output=True,
            text=True,
            timeout=_PATIENCE_S,
            check=False,
            env=dict(environ),
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip()


def write_to_terminal(sequence: str) -> bool:
    """Write to the terminal of this process, wherever its output goes; return whether it could."""
    try:
        terminal = os.open("/dev/tty", os.O_WRONLY | os.O_NOCTTY)
    except OSError:
        return False
    try:
        os.write(terminal, sequence.encode())
    except OSError:
        return False
    finally:
        os.close(terminal)
    return True
