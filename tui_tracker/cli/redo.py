"""Make the change again that tt undo took back last."""

from __future__ import annotations

import argparse

from tui_tracker import edits
from tui_tracker.capture.process import user_name
from tui_tracker.cli.opening import open_store
from tui_tracker.cli.output import tell
from tui_tracker.cli.undo import tell_undone


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--anyone", action="store_true", help="what was taken back last, whoever made it"
    )


def run(args: argparse.Namespace) -> int:
    with open_store(args) as store:
        redone = edits.redo(store, who=None if args.anyone else user_name())
        if redone is None:
            tell("nothing to do again")
        else:
            tell_undone(store, redone)
    return 0
