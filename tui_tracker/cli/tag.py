"""Add tags to a run; a tag with a key reads purpose:baseline."""

from __future__ import annotations

import argparse

from tui_tracker import edits
from tui_tracker.cli.opening import add_more, add_run, find_runs, open_store
from tui_tracker.cli.output import plural, tell


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_run(parser)
    parser.add_argument("tags", metavar="TAG", nargs="+", help="a short label")
    add_more(parser)


def run(args: argparse.Namespace) -> int:
    with open_store(args) as store:
        changed = edits.tag(store, find_runs(store, [args.run, *args.more]), args.tags)
    tell(f"{plural(changed, 'run')} tagged" if changed else "nothing to do: the tags are there")
    return 0
