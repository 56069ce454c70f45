"""Empty the trash for good and give back the space of what no run uses any more."""

from __future__ import annotations

import argparse

from tui_tracker import edits, sweep
from tui_tracker.cli.opening import open_store
from tui_tracker.cli.output import plural, say, tell
from tui_tracker.formatting import format_size


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What is in the trash can be seen with `tt ls --trash` before."""


def run(args: argparse.Namespace) -> int:
    with open_store(args) as store:
        emptied = edits.empty_trash(store)
        swept = sweep.sweep(store)
    tell(
        f"{plural(len(emptied.runs), 'run')} removed for good, "
        f"{plural(swept.artifacts, 'unused file')} ({format_size(swept.artifact_bytes)}), "
        f"the database is {format_size(swept.database_bytes)} smaller"
    )
    if swept.code.snapshots:
        size = format_size(swept.code.size_bytes)
        tell(f"{plural(swept.code.snapshots, 'snapshot')} of code that no run names ({size})")
    for name in emptied.kept:
        say(f"{name!r} stays in the trash: something of it is still being written")
    if swept.problem:
        say(swept.problem)
    return 0
