"""Put runs into the trash; tt undo or tt restore brings them back until tt gc empties it."""

from __future__ import annotations

import argparse

from tui_tracker import edits
from tui_tracker.cli.opening import add_runs, find_runs, open_store
from tui_tracker.cli.output import plural, tell


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_runs(parser)


def run(args: argparse.Namespace) -> int:
    with open_store(args) as store:
        changed = edits.trash(store, find_runs(store, args.runs))
    if changed:
        tell(f"{plural(changed, 'run')} put into the trash: tt undo brings back, tt gc removes")
    else:
        tell("nothing to do: already in the trash")
    return 0
