"""Bring runs back from the archive or from the trash."""

from __future__ import annotations

import argparse

from tui_tracker import edits
from tui_tracker.cli.opening import add_runs, find_runs, open_store
from tui_tracker.cli.output import plural, tell


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_runs(parser)


def run(args: argparse.Namespace) -> int:
    with open_store(args) as store:
        changed = edits.restore(store, find_runs(store, args.runs))
    tell(f"{plural(changed, 'run')} restored" if changed else "nothing to do: not put away")
    return 0
