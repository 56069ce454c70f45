"""The runs that a command changes: named one by one, or all that a query finds."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from tui_tracker.cli.opening import find_runs
from tui_tracker.cli.output import plural, tell
from tui_tracker.errors import InvalidArgument
from tui_tracker.formatting import printable
from tui_tracker.queries import RunKey, Selection, get_rows, list_run_keys
from tui_tracker.store import Store

_MOST_NAMES = 5


def add_choice(parser: argparse.ArgumentParser) -> None:
    """Give a command the ways to say which runs it changes."""
    parser.add_argument(
        "--query", metavar="QUERY", help="all runs that this finds, instead of RUN (see tt ls)"
    )
    parser.add_argument("--archived", action="store_true", help="with --query: archived ones too")
    parser.add_argument("--dry-run", action="store_true", help="change nothing, say which runs")


def choose(
    store: Store,
    args: argparse.Namespace,
    addresses: Sequence[str],
    *,
    selections: Sequence[Selection] | None = None,
) -> list[RunKey]:
    """Return the runs that are meant, each once.

    `selections` are what a query looks through; by default what `tt ls` shows.

    Raises:
        InvalidArgument: none was named, or runs and a query were.
        NotFound: an address fits no run.
    """
    if args.query is None:
        if not addresses:
            raise InvalidArgument("which runs? Name some, or give --query")
        return find_runs(store, addresses)
    if addresses:
        raise InvalidArgument(f"either RUN or --query: {addresses[0]!r} is one run too many")
    wanted = selections or [Selection(query=args.query, archived=args.archived)]
    return [key for selection in wanted for key in list_run_keys(store, selection)]


def only_told(store: Store, args: argparse.Namespace, keys: Sequence[RunKey], what: str) -> bool:
    """Say what would be changed where that is all that is wanted; return whether it is."""
    if not args.dry_run:
        return False
    names = [printable(row.name) for row in get_rows(store, keys[:_MOST_NAMES])]
    more = f" and {len(keys) - _MOST_NAMES:,} more" if len(keys) > _MOST_NAMES else ""
    tell(f"{plural(len(keys), 'run')} would be {what}: {', '.join(names)}{more}".rstrip(": "))
    return True


def told(args: argparse.Namespace, keys: Sequence[RunKey], changed: int, what: str) -> str:
    """Return how many runs were changed, and of how many that a query found."""
    if args.query is not None and changed != len(keys):
        return f"{plural(changed, 'run')} {what}, of {len(keys):,} found"
    return f"{plural(changed, 'run')} {what}"
