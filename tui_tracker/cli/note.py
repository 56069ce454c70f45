"""Add a note to a run: free text, kept with its time and author; - reads it from stdin."""

from __future__ import annotations

import argparse
import sys

from tui_tracker import edits
from tui_tracker.cli.opening import add_more, add_run, find_runs, open_store
from tui_tracker.cli.output import plural, tell


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_run(parser)
    parser.add_argument("text", metavar="TEXT", nargs="+", help="the words, or - for stdin")
    add_more(parser)


def run(args: argparse.Namespace) -> int:
    text = sys.stdin.read() if args.text == ["-"] else " ".join(args.text)
    with open_store(args) as store:
        changed = edits.note(store, find_runs(store, [args.run, *args.more]), text)
    tell(f"noted on {plural(changed, 'run')}")
    return 0
