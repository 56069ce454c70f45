"""Say which settings are in force, and where each comes from.

They are read from one file for all stores; `--path` prints where that is. What cannot be
used is told, and the default holds.
"""

from __future__ import annotations

import argparse

from tui_tracker.cli.opening import add_json
from tui_tracker.cli.output import print_json, say
from tui_tracker.formatting import printable
from tui_tracker.settings import config_path, effective, read_settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--path", action="store_true", help="print where the file is or would be")
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    if args.path:
        print(config_path())
        return 0
    settings = read_settings()
    rows = effective(settings)
    if args.json:
        values = {name: {"value": value, "from": source} for name, value, source in rows}
        facts = {"path": str(config_path()), "settings": values, "problems": settings.problems}
        print_json(facts, indent=2)
    else:
        _print(rows)
    for problem in settings.problems:
        say(problem)
    return 1 if settings.problems else 0


def _print(rows: list[tuple[str, object, str]]) -> None:
    from tui_tracker.cli.tables import Column, print_table

    print_table(
        [
            Column("setting", [printable(name) for name, _, _ in rows], styles=("bold",)),
            Column("value", [printable(_words(value)) for _, value, _ in rows], rank=1),
            Column("from", [printable(source) for _, _, source in rows], rank=2, styles=("dim",)),
        ]
    )


def _words(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return ", ".join(value) or "none"
    return str(value) or "none"
