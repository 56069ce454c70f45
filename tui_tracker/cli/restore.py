"""Bring runs back from the archive and from the trash."""

from __future__ import annotations

import argparse

from tui_tracker import edits
from tui_tracker.cli.choosing import add_choice, choose, only_told, told
from tui_tracker.cli.opening import add_some_runs, open_store
from tui_tracker.cli.output import tell
from tui_tracker.queries import Selection, get_rows


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_some_runs(parser)
    add_choice(parser)


def run(args: argparse.Namespace) -> int:
    away = [
        Selection(query=args.query or "", archived=True),
        Selection(query=args.query or "", deleted=True),
    ]
    with open_store(args) as store:
        keys = choose(store, args, args.runs, selections=away)
        if args.query is not None:
            # Those that are in the lists anyway were not meant.
            rows = get_rows(store, keys)
            keys = [row.key for row in rows if row.archived or row.deleted]
        if only_told(store, args, keys, "restored"):
            return 0
        changed = edits.restore(store, keys)
    done = told(args, keys, changed, "restored")
    tell(done if changed else "nothing to do: neither archived nor in the trash")
    return 0
