"""Open the app on the store; where there is no terminal, print the table of runs.

What is said here holds for this time; `tt config` tells what is set for always.
"""

from __future__ import annotations

import argparse
import sys

from tui_tracker.cli.output import on_terminal
from tui_tracker.settings import COLORS, LINKS, THEMES, read_settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--open",
        metavar="PLACE",
        default="",
        help="the page to begin with: runs, help, run:RUN, or TAB:RUN such as curves:RUN",
    )
    parser.add_argument("--theme", metavar="NAME", choices=THEMES, help=", ".join(THEMES))
    parser.add_argument("--colors", metavar="HOW", choices=COLORS, help=", ".join(COLORS))
    parser.add_argument("--ascii", action="store_true", default=None, help="draw in ASCII only")
    parser.add_argument(
        "--link", metavar="HOW", choices=LINKS, help="slow for a bad line, fast, or auto"
    )
    parser.add_argument(
        "--no-mouse",
        dest="mouse",
        action="store_false",
        default=None,
        help="leave the mouse to the terminal, for selecting text",
    )


def run(args: argparse.Namespace) -> int:
    if not (on_terminal() and sys.stdin.isatty()):
        from tui_tracker.cli import main

        return main([*(["--store", args.store] if args.store else []), "ls"])
    said = {name: getattr(args, name) for name in ("theme", "colors", "link", "mouse")}
    settings = read_settings(said={**said, "ascii": "on" if args.ascii else None})
    from tui_tracker.tui.opening import open_app

    return open_app(args.store, settings, args.open)
