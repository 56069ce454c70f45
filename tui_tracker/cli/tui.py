"""Open the app on the store; where there is no terminal, print the table of runs.

What is said here holds for this time; `tt config` tells what is set for always.
"""

from __future__ import annotations

import argparse
import os
import sys


def add_arguments(parser: argparse.ArgumentParser) -> None:
    # The choices are checked with the settings, which are not loaded before the first frame.
    parser.add_argument(
        "--open",
        metavar="PLACE",
        default="",
        help="the page to begin with: runs, help, audit, plan, run:RUN, or TAB:RUN as curves:RUN",
    )
    parser.add_argument(
        "--theme",
        metavar="NAME",
        help="auto, tracker-dark, tracker-light, ansi, red-green-safe, blue-yellow-safe",
    )
    parser.add_argument("--colors", metavar="HOW", help="auto, truecolor, 256, 16, none")
    parser.add_argument("--ascii", action="store_true", default=None, help="draw in ASCII only")
    parser.add_argument("--link", metavar="HOW", help="auto, fast, or slow for a bad line")
    parser.add_argument(
        "--no-mouse",
        dest="mouse",
        action="store_false",
        default=None,
        help="leave the mouse to the terminal, for selecting text",
    )


def settings_said(args: argparse.Namespace) -> dict[str, object]:
    """Return what the command line says of the settings."""
    said = {name: getattr(args, name) for name in ("theme", "colors", "link", "mouse")}
    said["ascii"] = "on" if args.ascii else None
    return said


def run(args: argparse.Namespace) -> int:
    said = settings_said(args)
    if os.environ.get("TEXTUAL_DRIVER"):  # `tt serve` runs it for a browser
        from tui_tracker.tui.opening import open_served

        return open_served(args.store, said)
    on_terminal = sys.stdout.isatty() and os.environ.get("TERM") != "dumb"
    if not (on_terminal and sys.stdin.isatty()):
        from tui_tracker.cli import main

        return main([*(["--store", args.store] if args.store else []), "ls"])
    from tui_tracker.tui.opening import open_app

    return open_app(args.store, said, args.open)
