"""Remove tags from a run."""

from __future__ import annotations

import argparse

from tui_tracker import edits
from tui_tracker.cli.opening import add_more, add_run, find_runs, open_store
from tui_tracker.cli.output import plural, tell


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_run(parser)
    parser.add_argument("tags", metavar="TAG", nargs="+", help="a tag that it has")
    add_more(parser)


def run(args: argparse.Namespace) -> int:
    with open_store(args) as store:
        changed = edits.untag(store, find_runs(store, [args.run, *args.more]), args.tags)
    tell(f"{plural(changed, 'run')} untagged" if changed else "nothing to do: no such tag is there")
    return 0
