"""List the values that runs have of a field, the most frequent first.

Numbers of which there are many different ones, and times, are told as ranges. QUERY takes
the runs that it fits.
"""

from __future__ import annotations

import argparse

from tui_tracker.cli.opening import READ_WAIT_S, add_format, add_json, from_number, open_store
from tui_tracker.cli.output import plural, print_json, say
from tui_tracker.queries.selection import Selection

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tui_tracker.queries.facets import FieldValues

_MOST = 50


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("field", metavar="QUERYFIELD", help="a field, as tt fields lists them")
    parser.add_argument("query", metavar="QUERY", nargs="*", help="which runs, all by default")
    parser.add_argument("--archived", action="store_true", help="also archived runs")
    parser.add_argument(
        "--limit", metavar="N", type=from_number(0), default=_MOST, help="at most so many"
    )
    how = parser.add_mutually_exclusive_group()
    add_format(how)
    add_json(how)


def run(args: argparse.Namespace) -> int:
    from tui_tracker.queries.facets import list_values

    selection = Selection(query=" ".join(args.query), archived=args.archived)
    with open_store(args, wait_s=READ_WAIT_S) as store:
        found = list_values(store, args.field, selection, limit=args.limit)
    if args.json:
        print_json(
            {
                "field": found.field,
                "kind": found.kind,
                "different": found.different,
                "missing": found.missing,
                "values": [
                    {"value": value.text, "runs": value.runs, "range": value.is_range}
                    for value in found.values
                ],
            },
            indent=1,
        )
    else:
        _print(found, args.format)
    return 0


def _print(found: FieldValues, format: str) -> None:
    from tui_tracker.cli.tables import Column, print_table
    from tui_tracker.formatting import format_count, printable

    if found.values:
        print_table(
            [
                Column("value", [printable(value.text) for value in found.values]),
                Column(
                    "runs",
                    [format_count(value.runs) for value in found.values],
                    right=True,
                    values=[value.runs for value in found.values],
                ),
            ],
            format,
        )
    if (more := found.different - len(found.values)) > 0:
        say(f"{plural(more, 'more value')}: --limit shows them")
    if found.missing:
        say(f"{plural(found.missing, 'run')} without {found.field}")
    elif not found.values:
        say(f"{found.field} has no values to list")
