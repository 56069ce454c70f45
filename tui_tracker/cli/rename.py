"""Give a run another name; its id stays."""

from __future__ import annotations

import argparse

from tui_tracker import edits
from tui_tracker.cli.opening import add_run, open_store
from tui_tracker.cli.output import tell
from tui_tracker.queries import find_run


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_run(parser)
    parser.add_argument("name", metavar="NAME", help="the new name")


def run(args: argparse.Namespace) -> int:
    with open_store(args) as store:
        changed = edits.rename(store, find_run(store, args.run), args.name)
    tell(f"renamed to {args.name.strip()!r}" if changed else "nothing to do: it has that name")
    return 0
