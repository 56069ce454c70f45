"""Take runs out of the lists; tt ls --archived still shows them, tt restore brings them back."""

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
        if only_told(store, args, keys, "archived"):
            return 0
        changed = edits.archive(store, keys)
    done = told(args, keys, changed, "archived")
    tell(done if changed or not keys else "nothing to do: already archived")
    return 0
