"""Take back the last change: tag, untag, note, rename, archive, restore or rm."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime

from tui_tracker import edits
from tui_tracker.cli.opening import open_store
from tui_tracker.cli.output import plural, say, tell
from tui_tracker.formatting import format_ago
from tui_tracker.queries import get_rows

_MOST_NAMES = 3


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What is undone is always the last change that was not taken back yet."""


def run(args: argparse.Namespace) -> int:
    with open_store(args) as store:
        undone = edits.undo(store)
        if undone is None:
            tell("nothing to undo")
            return 0
        names = [repr(row.name) for row in get_rows(store, undone.runs)]
    shown = ", ".join(names[:_MOST_NAMES])
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    what = "rm" if undone.what == "trash" else undone.what
    when = format_ago(undone.at, datetime.now(UTC))
    if names:
        tell(f"took back {what} of {shown}{more} (by {undone.who}, {when})")
    if undone.overtaken:
        say(f"{plural(undone.overtaken, 'change')} by {what} stays: it was changed again meanwhile")
    return 0
