"""Look at what another tool left, in place: nothing there is changed, and nothing is kept.

PATH is a folder or file of any tool that `tt import` reads. Without a command the app opens
and follows what is still being written; with one, that is asked of it once all is read, such
as `tt open mlruns ls --json` or `tt open train.log curve train loss`. `tt PATH` is short for
`tt open PATH`.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from tui_tracker.cli.importing import add_told, told_of
from tui_tracker.errors import InvalidArgument

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tui_tracker.importers.told import Told

READS = frozenset(
    "ls tree group fields values show curve health console artifacts lineage diff compare audit "
    "names decide report export statement store watch tui".split()
)
"""Commands that a passing store can answer; what they would write is refused by the store."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("path", metavar="PATH", help="a folder or file of another tool")
    parser.add_argument(
        "--from", dest="tool", metavar="TOOL", default="", help="read it as this tool's alone"
    )
    add_told(parser)
    parser.add_argument(
        "command",
        nargs=argparse.REMAINDER,
        metavar="COMMAND ...",
        help="a command that reads, with its arguments; the app without one",
    )


def run(args: argparse.Namespace) -> int:
    from tui_tracker import folder as folders

    path = Path(args.path)
    command = _own_options(args, args.command) or ["tui"]
    if command[0].startswith("-"):
        command = ["tui", *command]
    if command[0] not in READS:
        known = ", ".join(sorted(READS - {"tui"}))
        raise InvalidArgument(f"{command[0]!r} cannot be asked of {args.path!r}: {known} can.")
    if path.is_dir() and folders.exists(folders.locate(path)):
        from tui_tracker.cli import main

        return main(["--store", str(path), *command])
    if not os.path.exists(path):
        raise InvalidArgument(f"there is nothing at {args.path!r} to read.")
    told = told_of(args)
    told.check()
    return _show(path, args.tool, told, command)


def _own_options(args: argparse.Namespace, words: list[str]) -> list[str]:
    """Take our own options from between the path and the command; return the command."""
    names = {"--from": "tool", "--columns": "columns", "--pattern": "patterns"}
    while words:
        name, equals, value = words[0].partition("=")
        if name not in names:
            break
        if not equals and len(words) < 2:
            raise InvalidArgument(f"{name} needs a value: `tt open --help` says which.")
        given = value if equals else words[1]
        setattr(args, names[name], [*args.patterns, given] if name == "--pattern" else given)
        words = words[1:] if equals else words[2:]
    return words


def _show(path: Path, tool: str, told: Told, command: list[str]) -> int:
    from tui_tracker.cli import command_parser, load
    from tui_tracker.cli.arguments import parse_words
    from tui_tracker.cli.output import say
    from tui_tracker.importers.opening import OpenedInPlace

    name, *words = command
    on_terminal = sys.stdin.isatty() and sys.stdout.isatty()
    if name == "tui" and (not on_terminal or os.environ.get("TERM") == "dumb"):
        name, words = "ls", []
    parser = command_parser(name)
    args = parse_words(parser, words)
    with OpenedInPlace(path, tool, told) as opened:
        if name == "tui":
            from tui_tracker.cli.tui import settings_said
            from tui_tracker.tui.opening import open_foreign

            return open_foreign(opened, settings_said(args), args.open)
        reading = opened.wait()
        for trouble in (*reading.skipped, *reading.warnings):
            say(trouble)
        if reading.error:
            say(f"{reading.error}; what was read before that follows")
        if reading.skipped and not reading.runs:
            return 2
        args.store = str(opened.folder)
        code = int(load(name).run(args))
        return 2 if reading.error else code
