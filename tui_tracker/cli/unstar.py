"""Take the stars of runs away."""

from __future__ import annotations

import argparse

from tui_tracker import edits
from tui_tracker.cli.choosing import add_choice, choose, only_told, told
from tui_tracker.cli.opening import add_some_runs, open_store
from tui_tracker.cli.output import tell


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_some_runs(parser)
    add_choice(parser)


def run(args: argparse.Namespace) -> int:
    with open_store(args) as store:
        keys = choose(store, args, args.runs)
        if only_told(store, args, keys, "unstarred"):
            return 0
        changed = edits.unstar(store, keys)
    done = told(args, keys, changed, "unstarred")
    tell(done if changed or not keys else "nothing to do: they have no star")
    return 0
