"""List the keys of the app, with your own from the settings.

The last column names the action; in the settings' table `[keys]` it takes other keys, as
in `"table.sort" = ["s", "f5"]`. An empty list takes its keys away.
"""

from __future__ import annotations

import argparse

from tui_tracker.cli.output import print_json, say
from tui_tracker.settings import read_settings
from tui_tracker.tui.keymap import Keymap, lay_over
from tui_tracker.tui.keys import TITLES, Key, key_name, markdown_table


def add_arguments(parser: argparse.ArgumentParser) -> None:
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print JSON, for scripts")
    form.add_argument("--md", action="store_true", help="print a Markdown table")


def run(args: argparse.Namespace) -> int:
    keymap = lay_over(read_settings().keys)
    if args.md:
        print(markdown_table(keymap.keys), end="")
    elif args.json:
        print_json([_as_json(key, keymap) for key in keymap.keys], indent=2)
    else:
        _print(keymap)
    for problem in keymap.problems:
        say(problem)
    return 1 if keymap.problems else 0


def _as_json(key: Key, keymap: Keymap) -> dict[str, object]:
    return {
        "action": key.name,
        "where": key.place,
        "keys": [key_name(name) for name in key.keys],
        "does": key.description,
        "own": key.name in keymap.changes() and key.name not in keymap.displaced,
        "taken": [key_name(name) for name in keymap.displaced.get(key.name, ())],
    }


def _print(keymap: Keymap) -> None:
    from tui_tracker.cli.tables import Column, print_table

    keys = [key for place in TITLES for key in keymap.keys if key.place == place]
    changed = keymap.changes()
    print_table(
        [
            Column("where", [TITLES[key.place] for key in keys], rank=2, styles=("dim",)),
            Column("key", [_names(key, keymap) for key in keys], styles=("bold",)),
            Column("what it does", [key.description for key in keys], rank=1),
            Column(
                "action",
                [f"{key.name}{' *' * (key.name in changed)}" for key in keys],
                rank=3,
                styles=("dim",),
            ),
        ]
    )
    if changed:
        print("* changed by your settings")


def _names(key: Key, keymap: Keymap) -> str:
    if key.keys:
        return " ".join(map(key_name, key.keys))
    lost = " ".join(map(key_name, keymap.displaced.get(key.name, ())))
    return f"none (your settings use {lost})" if lost else "none"
