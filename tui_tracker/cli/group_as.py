"""Put runs into a group, instead of the one they are in: the tag group:NAME.

tt group-as NAME RUN ...
tt group-as NAME --query QUERY
tt group-as --none RUN ...        they leave their groups
"""

from __future__ import annotations

import argparse

from tui_tracker import edits
from tui_tracker.cli.choosing import add_choice, choose, only_told, told
from tui_tracker.cli.opening import open_store
from tui_tracker.cli.output import tell
from tui_tracker.errors import InvalidArgument


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", nargs="?", help="of the group")
    parser.add_argument("runs", metavar="RUN", nargs="*", help="ids or names of runs")
    parser.add_argument("--none", action="store_true", help="take them out of their groups")
    add_choice(parser)


def run(args: argparse.Namespace) -> int:
    words = [args.name, *args.runs] if args.name is not None else []
    if not args.none and not words:
        raise InvalidArgument("which group? Give its name, or --none")
    name, runs = (None, words) if args.none else (words[0], words[1:])
    what = "taken out of their group" if name is None else f"put into the group {name.strip()!r}"
    with open_store(args) as store:
        keys = choose(store, args, runs)
        if only_told(store, args, keys, what):
            return 0
        changed = edits.group(store, keys, name)
    nothing = "nothing to do: they are in " + ("no group" if name is None else "that group")
    tell(told(args, keys, changed, what) if changed or not keys else nothing)
    return 0
