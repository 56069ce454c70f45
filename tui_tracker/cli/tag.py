"""Add tags to runs; a tag with a key reads purpose:baseline.

tt tag RUN TAG ... [--run RUN]
tt tag --query QUERY TAG ...
"""

from __future__ import annotations

import argparse

from tui_tracker import edits
from tui_tracker.cli.choosing import add_choice, choose, only_told, told
from tui_tracker.cli.opening import add_more, open_store
from tui_tracker.cli.output import tell
from tui_tracker.errors import InvalidArgument


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", metavar="RUN", nargs="?", help="a run, unless --query is given")
    parser.add_argument("tags", metavar="TAG", nargs="*", help="a short label")
    add_more(parser)
    add_choice(parser)


def run_and_labels(args: argparse.Namespace, what: str) -> tuple[list[str], list[str]]:
    """Return the runs that were named, and the words after them.

    Raises:
        InvalidArgument: there are no such words.
    """
    words = [args.run, *args.tags] if args.run is not None else []
    runs = [] if args.query is not None else words[:1]
    labels = words[len(runs) :]
    if not labels:
        raise InvalidArgument(f"which {what}? Give one or more")
    return [*runs, *args.more], labels


def run(args: argparse.Namespace) -> int:
    runs, tags = run_and_labels(args, "tag")
    with open_store(args) as store:
        keys = choose(store, args, runs)
        if only_told(store, args, keys, "tagged"):
            return 0
        changed = edits.tag(store, keys, tags)
    done = told(args, keys, changed, "tagged")
    tell(done if changed or not keys else "nothing to do: the tags are there")
    return 0
