"""Take back the last change that you made: tag, note, rename, archive, rm ..."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime

from tui_tracker import edits
from tui_tracker.capture.process import user_name
from tui_tracker.cli.opening import open_store
from tui_tracker.cli.output import plural, say, tell
from tui_tracker.formatting import format_ago
from tui_tracker.queries import get_rows
from tui_tracker.store import Store

_MOST_NAMES = 3


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--anyone", action="store_true", help="the last change of all, whoever made it"
    )


def run(args: argparse.Namespace) -> int:
    with open_store(args) as store:
        undone = edits.undo(store, who=None if args.anyone else user_name())
        if undone is None:
            tell(_nothing(store))
            return 0
        tell_undone(store, undone)
    return 0


def tell_undone(store: Store, done: edits.Undone) -> None:
    """Say what was taken back, or made once more, and what could not be."""
    names = [repr(row.name) for row in get_rows(store, done.runs[:_MOST_NAMES])]
    more = f" and {len(done.runs) - _MOST_NAMES:,} more" if len(done.runs) > _MOST_NAMES else ""
    what = "rm" if done.what == "trash" else done.what
    verb = "did again" if done.again else "took back"
    if names:
        when = format_ago(done.at, datetime.now(UTC))
        tell(f"{verb} {what} of {', '.join(names)}{more} (by {done.who}, {when})")
    if done.overtaken:
        by = f" by {', '.join(done.overtaken_by)}" if done.overtaken_by else ""
        stays = "stays" if done.overtaken == 1 else "stay"
        changes = plural(done.overtaken, "change")
        say(f"{changes} by {what} {stays}: it was changed again meanwhile{by}")


def _nothing(store: Store) -> str:
    newest = next((one for one in edits.list_history(store) if one.undone_at is None), None)
    if newest is None:
        return "nothing to undo"
    return f"nothing of yours to undo; the last change is by {newest.who} (--anyone takes it back)"
