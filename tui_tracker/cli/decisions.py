"""List the decisions that were stored, and say which of them no longer hold.

A decision is stale where runs came, went or changed since; it is then made again, and the
list says who would win now. `tt decisions show N` prints one with its ranking and notes.
The exit code is 1 where one is stale.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from tui_tracker.cli.opening import READ_WAIT_S, add_json, open_store
from tui_tracker.cli.output import print_json, rich_console, say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tui_tracker.decide.records import Recorded, Staleness


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "words",
        metavar="EXPERIMENT",
        nargs="*",
        help="an experiment, all by default; or: show N",
    )
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    from tui_tracker.decide import records
    from tui_tracker.errors import InvalidArgument

    words = list(args.words)
    if words[:1] == ["show"] and not (len(words) == 2 and words[1].isdigit()):
        raise InvalidArgument("which decision? tt decisions show N, the number that it has")
    one = len(words) == 2 and words[0] == "show" and words[1].isdigit()
    with open_store(args, wait_s=READ_WAIT_S) as store:
        if one:
            listed = [records.get_decision(store, int(words[1]))]
        else:
            listed = records.list_decisions(store, " ".join(words) or None)
        found = [(each, records.check_decision(store, each)) for each in listed]
    if args.json:
        shapes = [records.to_record_shape(each, stale, whole=one) for each, stale in found]
        print_json(shapes[0] if one else shapes, indent=1)
    elif one:
        _print_one(*found[0])
    elif found:
        _print(found)
    elif words:
        about = " ".join(words)
        say(f"no decision about {about!r} is stored: tt decisions lists all there are")
    else:
        say('no decision is stored yet: tt decide EXPERIMENT "highest mean val_f1"')
    return 1 if any(stale.is_stale for _, stale in found) else 0


def _print(found: Sequence[tuple[Recorded, Staleness]]) -> None:
    from tui_tracker.cli.tables import Column, print_table
    from tui_tracker.decide.records import stale_words
    from tui_tracker.formatting import MISSING, format_time, printable

    listed = [each for each, _ in found]
    print_table(
        [
            Column("id", [str(each.id) for each in listed], right=True),
            Column("experiment", [printable(each.experiment) for each in listed]),
            Column("winner", [printable(each.winner or MISSING) for each in listed],
                   styles=("bold",)),
            Column("when", [format_time(each.at) for each in listed], rank=1),
            Column("who", [printable(each.who) for each in listed], rank=2),
        ]
    )  # fmt: skip
    console = rich_console()
    from rich.text import Text

    for each, stale in found:
        console.print()
        console.print(Text(f"{each.id}  {printable(each.rule)}"), soft_wrap=True)
        words = stale_words(each, stale)
        style = "yellow" if words else "dim"
        console.print(Text(f"   {printable(words or 'it still holds')}", style), soft_wrap=True)


def _print_one(each: Recorded, stale: Staleness) -> None:
    from rich.text import Text

    from tui_tracker.cli.tables import Column, print_table
    from tui_tracker.decide.records import stale_words
    from tui_tracker.formatting import MISSING, align_points, format_number, format_time, printable

    console = rich_console()
    head = Text(f"{each.id}  {printable(each.winner or 'no winner')}", "bold")
    head.append(f"  in {printable(each.experiment)} by {printable(each.rule)}", "dim")
    console.print(head, soft_wrap=True)
    console.print(Text(f"{format_time(each.at)}  {printable(each.who)}", "dim"), soft_wrap=True)
    words = stale_words(each, stale)
    console.print(
        Text(printable(words or "it still holds"), "yellow" if words else ""), soft_wrap=True
    )
    ranking = each.whole.get("ranking", [])
    names = list(dict.fromkeys(name for row in ranking for name in row["stats"] if name != "n"))
    labels = [", ".join(f"{k}={v}" for k, v in row["group"].items()) for row in ranking]
    columns = [
        Column("#", [str(row["rank"] or MISSING) for row in ranking], right=True),
        Column("configuration", [printable(text) or "all runs" for text in labels]),
        Column("n", [str(row["n"]) for row in ranking], right=True),
    ]
    for rank, name in enumerate(names):
        cells = align_points(format_number(row["stats"].get(name)) for row in ranking)
        columns.append(Column(name, cells, right=True, rank=rank))
    columns.append(Column("eliminated", [printable(row["eliminated"] or "") for row in ranking]))
    console.print()
    print_table(columns)
    if note := each.whole.get("note"):
        console.print()
        console.print(Text(printable(note)))
