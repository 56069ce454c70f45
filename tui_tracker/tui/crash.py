"""What is left of an app that broke: a file with the traceback, and one sentence."""

from __future__ import annotations

import platform
import sys
import traceback
from datetime import datetime

from tui_tracker.remembered import state_folder


def keep_traceback(error: BaseException | None) -> str:
    """Write the traceback to a file and return the sentence that names it."""
    cause = getattr(error, "error", None) or error  # Textual wraps what a worker raised
    what = f"{type(cause).__name__}: {cause}".splitlines()[0] if cause else "an unknown error"
    lines = "".join(traceback.format_exception(cause)) if cause else ""
    head = f"tui-tracker {_version()}, Python {platform.python_version()}, {sys.platform}\n\n"
    path = state_folder() / f"crash-{datetime.now():%Y%m%d-%H%M%S}.log"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(head + lines, encoding="utf-8", errors="replace")
    except OSError:
        return f"tt: the app broke: {what}\n{lines}"
    return f"tt: the app broke: {what}. The store is as it was; the traceback is in {path}"


def _version() -> str:
    from tui_tracker import __version__

    return __version__
