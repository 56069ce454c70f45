"""Remove tags from runs.

tt untag RUN TAG ... [--run RUN]
tt untag --query QUERY TAG ...
"""

from __future__ import annotations

import argparse

from tui_tracker import edits
from tui_tracker.cli.choosing import add_choice, choose, only_told, told
from tui_tracker.cli.opening import add_more, open_store
from tui_tracker.cli.output import tell
from tui_tracker.cli.tag import run_and_labels


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", metavar="RUN", nargs="?", help="a run, unless --query is given")
    parser.add_argument("tags", metavar="TAG", nargs="*", help="a tag that it has")
    add_more(parser)
    add_choice(parser)


def run(args: argparse.Namespace) -> int:
    runs, tags = run_and_labels(args, "tag")
    with open_store(args) as store:
        keys = choose(store, args, runs)
        if only_told(store, args, keys, "untagged"):
            return 0
        changed = edits.untag(store, keys, tags)
    done = told(args, keys, changed, "untagged")
    tell(done if changed or not keys else "nothing to do: no such tag is there")
    return 0
