"""How `tt ls --view NAME` takes over what a saved view says.

What stands on the command line beside it wins, but for the query: both have to hold.
"""

from __future__ import annotations

import argparse

from tui_tracker import folder as folders
from tui_tracker.views import get_view

UNSAID_SORT = "started"


def take_view(args: argparse.Namespace) -> None:
    """Write a saved view's query, order and columns into the arguments of `tt ls`.

    Raises:
        NotFound: no view has this name.
        ViewsDamaged: the file of views cannot be read.
    """
    view = get_view(folders.locate(args.store), args.view)
    if view.query:
        # An `or` of the view must not take in what comes after it.
        apart = bool(args.query) and " or " in view.query
        args.query = [f"({view.query})" if apart else view.query, *args.query]
    args.archived = args.archived or view.archived
    if view.sort and args.sort == UNSAID_SORT and not (args.up or args.down):
        # A view says all it means: what has no `-` rises.
        args.sort = ",".join(key if key.startswith("-") else f"+{key}" for key in view.sort)
    if view.columns and not args.columns:
        args.columns = list(view.columns)
