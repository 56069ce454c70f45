"""Lay two to twenty runs side by side: what differs, what is best, and whether they may compare.

What differs between any two runs (process id, host, times) is no difference. Ends with 1
where something differs, with 0 where nothing does.
"""

from __future__ import annotations

import argparse
import os
from typing import TYPE_CHECKING

from tui_tracker.cli.opening import (
    READ_WAIT_S,
    TEXT_FORMATS,
    add_json,
    find_runs,
    from_number,
    open_store,
)
from tui_tracker.cli.output import print_json
from tui_tracker.compare import MOST_RUNS, SECTIONS, compare_many
from tui_tracker.compare.ignoring import project_patterns
from tui_tracker.errors import InvalidArgument
from tui_tracker.queries import Order, RunKey, Selection, find_run, list_run_keys
from tui_tracker.store import Store

if TYPE_CHECKING:
    from tui_tracker.compare import Comparison


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "runs", metavar="RUN", nargs="*", help="ids, their beginnings or ends, or names of runs"
    )
    parser.add_argument("--query", metavar="QUERY", help="the runs that fit it, oldest first")
    parser.add_argument(
        "--reference", metavar="RUN", help="measure the others against it (else the first)"
    )
    parser.add_argument(
        "--metric",
        metavar="NAME",
        action="append",
        default=[],
        help="draw it (else the most telling); may be given several times",
    )
    parser.add_argument(
        "--only",
        metavar="SECTION",
        action="append",
        help=f"one of {', '.join(SECTIONS)}",
        choices=SECTIONS,
    )
    parser.add_argument(
        "--ignore", metavar="KEY", action="append", default=[], help="names that may differ, a glob"
    )
    parser.add_argument("--all", action="store_true", help="print what is the same as well")
    parser.add_argument("--no-chart", action="store_true", help="draw no curves")
    parser.add_argument("--width", metavar="CELLS", type=from_number(40), help="of the output")
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--md", action="store_true", help="print Markdown, for a README or a chat")
    how.add_argument(
        "--format",
        choices=("table", *TEXT_FORMATS),
        default="table",
        help="print the table alone, to be pasted: csv and tsv have all digits",
    )
    add_json(how)


def run(args: argparse.Namespace) -> int:
    ignore = [*project_patterns(os.getcwd()), *args.ignore]
    with open_store(args, wait_s=READ_WAIT_S) as store:
        keys = _chosen(store, args)
        comparison = compare_many(
            store,
            keys,
            reference=_reference(store, args.reference, keys),
            ignore=ignore,
            metric=args.metric[0] if args.metric else None,
        )
        if args.json:
            from tui_tracker.cli.compare_json import comparison_shape

            print_json(comparison_shape(comparison, args.only or SECTIONS), indent=2)
        elif args.format != "table":
            from tui_tracker.cli.compare_text import print_as

            print_as(comparison, args.only or SECTIONS, whole=args.all, format=args.format)
        else:
            _print(store, comparison, args)
    return 1 if comparison.differs else 0


def _chosen(store: Store, args: argparse.Namespace) -> list[RunKey]:
    """Return the runs that were asked for, each once.

    Raises:
        InvalidArgument: they are fewer than two or more than `MOST_RUNS`.
    """
    keys = find_runs(store, args.runs)
    if args.query is not None:
        found = list_run_keys(store, Selection(query=args.query), Order("started", False))
        keys = list(dict.fromkeys([*keys, *found]))
    if args.reference and (key := find_run(store, args.reference)) not in keys:
        keys.insert(0, key)
    if not 2 <= len(keys) <= MOST_RUNS:
        runs = "1 run was" if len(keys) == 1 else f"{len(keys):,} runs were"
        raise InvalidArgument(f"{runs} chosen: two to {MOST_RUNS} can be compared")
    return keys


def _reference(store: Store, address: str | None, keys: list[RunKey]) -> int:
    return keys.index(find_run(store, address)) if address else 0


def _print(store: Store, comparison: Comparison, args: argparse.Namespace) -> None:
    from tui_tracker.cli.compare_chart import print_charts
    from tui_tracker.cli.compare_text import print_markdown, print_text

    sections = args.only or SECTIONS
    (print_markdown if args.md else print_text)(
        comparison, sections, whole=args.all, width=args.width
    )
    if not args.no_chart:
        print_charts(store, comparison, args.metric, width=args.width, markdown=args.md)
