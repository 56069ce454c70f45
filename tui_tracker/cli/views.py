"""List the saved views of the store, or show one of them.

They live in `views.toml` in the store's folder, which may be edited and shared; `V` in
the app saves and opens them, and `tt ls --view NAME` lists the runs of one.
"""

from __future__ import annotations

import argparse
from dataclasses import asdict

from tui_tracker import folder as folders
from tui_tracker.cli.opening import add_json
from tui_tracker.cli.output import print_json, say
from tui_tracker.formatting import printable
from tui_tracker.views import View, get_view, list_views

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", choices=("list", "show"), nargs="?", default="list")
    parser.add_argument("name", metavar="VIEW", nargs="?", help="the view to show")
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    folder = folders.locate(args.store)
    if args.what == "show":
        if args.name is None:
            say("which view? `tt views` lists them")
            return 2
        view = get_view(folder, args.name)
        print_json(as_json(view), indent=2) if args.json else _print(view)
        return 0
    views = list_views(folder)
    if args.json:
        print_json([as_json(view) for view in views], indent=2)
    elif views:
        _print_all(views)
    else:
        say("no views are saved yet: press V in the app")
    return 0


def as_json(view: View) -> dict[str, object]:
    """Return a view as JSON holds it."""
    return asdict(view)


def _print_all(views: Sequence[View]) -> None:
    from tui_tracker.cli.tables import Column, print_table

    def cells(name: str) -> list[str]:
        return [printable(", ".join(getattr(view, name))) for view in views]

    print_table(
        [
            Column("name", [printable(view.name) for view in views], styles=("bold",)),
            Column("query", [printable(view.query) for view in views], rank=1),
            Column("sort", cells("sort"), rank=2),
            Column("group", cells("group"), rank=3),
            Column("columns", cells("columns"), rank=4),
        ]
    )


def _print(view: View) -> None:
    from tui_tracker.cli.tables import print_facts

    lists = ("columns", "sort", "group", "tree")
    panes = ", ".join(f"{name} {width}" for name, width in view.panes.items())
    print_facts(
        [
            ("name", printable(view.name)),
            ("query", printable(view.query)),
            *((name, printable(", ".join(getattr(view, name)))) for name in lists),
            ("panes", printable(panes)),
            ("archived", "shown too" if view.archived else ""),
            *((printable(key), printable(str(value))) for key, value in view.extra.items()),
        ]
    )
