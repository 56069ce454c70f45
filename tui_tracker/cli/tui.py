"""Open the app on the store; where there is no terminal, print the table of runs."""

from __future__ import annotations

import argparse
import sys

from tui_tracker.cli.output import on_terminal
from tui_tracker.store import Store


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The app takes nothing but the store."""


def run(args: argparse.Namespace) -> int:
    if not (on_terminal() and sys.stdin.isatty()):
        from tui_tracker.cli import main

        return main([*(["--store", args.store] if args.store else []), "ls"])
    from tui_tracker.tui.app import run_app

    with Store.open(args.store) as store:
        return run_app(store)
