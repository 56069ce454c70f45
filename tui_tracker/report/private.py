"""The user's words as they may be read by anybody: one line, no secrets, no places of a machine."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence

from tui_tracker.capture.redaction import redact_argv, redact_text
from tui_tracker.formatting import crop, printable
from tui_tracker.report.blocks import Line, Mono

LONGEST = 400
"""Cells of a text on the page; a note may be a whole page of its own."""
# From the first letter of a folder to the last of a name; `lr/10` and `http://host/x` are none.
_POSIX = re.compile(r"(?<![\w/.~-])(?:~|/(?!/))(?:/?[\w.+@%-]+/)+([\w.+@%-]*)")
_FILE = re.compile(r"(?i)\bfile:/+")
_WINDOWS = re.compile(r"(?<![\w\\])(?:[A-Za-z]:\\|\\\\)(?:[^\\\s\"'<>|]+\\)*([^\\\s\"'<>|]*)")


def public(text: str, longest: int = LONGEST) -> str:
    """Return a text on one line, secrets hidden and paths of a machine cut to their last name."""
    shown = _cut_paths(redact_text(text))
    return crop(printable(shown.strip()), longest)


def marked(text: str, longest: int = LONGEST) -> Line:
    """Return a sentence of ours as it may be read, with what stands in backquotes as names."""
    parts = public(text, longest).split("`")
    if len(parts) % 2 == 0:  # cut within a name, or somebody's backquote
        parts = [*parts[:-2], f"{parts[-2]}`{parts[-1]}"]
    return tuple(Mono(part) if place % 2 else part for place, part in enumerate(parts) if part)


def public_command(argv: Sequence[str], script: str) -> str:
    """Return a command as it would be typed in the project; `script` is its path there."""
    words = [_cut_paths(word) for word in redact_argv(list(argv))[0]]
    if not words:
        return ""
    words[0] = words[0].removeprefix("…/")
    if script and len(words) > 1 and words[1].removeprefix("…/") == script.rpartition("/")[2]:
        words[1] = script
    return crop(printable(" ".join(word if "…" in word else shlex.quote(word) for word in words)),
                LONGEST)  # fmt: skip


def _cut_paths(text: str) -> str:
    text = _POSIX.sub(lambda found: f"…/{found[1]}" if found[1] else "…/", _FILE.sub("/", text))
    return _WINDOWS.sub(lambda found: f"…/{found[1]}", text)
