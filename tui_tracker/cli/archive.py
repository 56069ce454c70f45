"""Take runs out of the lists; tt ls --archived still shows them, tt restore brings them back."""

from __future__ import annotations

import argparse

from tui_tracker import edits
from tui_tracker.cli.opening import add_runs, find_runs, open_store
from tui_tracker.cli.output import plural, tell


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_runs(parser)


def run(args: argparse.Namespace) -> int:
    with open_store(args) as store:
        changed = edits.archive(store, find_runs(store, args.runs))
    tell(f"{plural(changed, 'run')} archived" if changed else "nothing to do: already archived")
    return 0
