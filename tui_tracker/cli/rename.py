"""Give runs other names; their ids stay.

tt rename RUN NAME
tt rename --query QUERY NAME      {name} is the present name, {n} a number from 1
"""

from __future__ import annotations

import argparse

from tui_tracker import edits
from tui_tracker.cli.choosing import add_choice, choose, only_told, told
from tui_tracker.cli.opening import open_store
from tui_tracker.cli.output import tell
from tui_tracker.errors import InvalidArgument


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", metavar="RUN", nargs="?", help="a run, unless --query is given")
    parser.add_argument("name", metavar="NAME", nargs="?", help="the new name")
    add_choice(parser)


def run(args: argparse.Namespace) -> int:
    words = [word for word in (args.run, args.name) if word is not None]
    runs, names = ([], words) if args.query is not None else (words[:1], words[1:])
    if len(names) != 1:
        raise InvalidArgument("which name? Give one")
    (name,) = names
    with open_store(args) as store:
        keys = choose(store, args, runs)
        if only_told(store, args, keys, "renamed"):
            return 0
        if args.query is None:
            changed = int(edits.rename(store, keys[0], name))
        else:
            changed = edits.rename_all(store, keys, name)
    if args.query is not None:
        tell(told(args, keys, changed, "renamed"))
    else:
        tell(f"renamed to {name.strip()!r}" if changed else "nothing to do: it has that name")
    return 0
