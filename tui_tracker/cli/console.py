"""Print what a run printed, both of its streams in one order.

On a terminal every line is made safe to show: what a run printed months ago must not
move the cursor today. Into a pipe it goes as it was.
"""

from __future__ import annotations

import argparse
import sys

from tui_tracker.cli.opening import READ_WAIT_S, add_json, add_run, from_number, open_store
from tui_tracker.cli.output import on_terminal, print_json
from tui_tracker.formatting import printable
from tui_tracker.queries import ConsoleLine, find_run, get_run, read_console
from tui_tracker.queries.records import iso_time

_TAB = 8


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_run(parser)
    parser.add_argument("--tail", metavar="N", type=from_number(0), help="the last N lines only")
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    with open_store(args, wait_s=READ_WAIT_S) as store:
        key = find_run(store, args.run)
        count = get_run(store, key).console_lines
        first = 0 if args.tail is None else max(0, count - args.tail)
        lines = read_console(store, key, first, max(0, count - first))
    if args.json:
        print_json([_shape(line) for line in lines])
        return 0
    safe = on_terminal()
    for line in lines:
        text = printable(line.text.expandtabs(_TAB)) if safe else line.text
        sys.stdout.write(text + "\n")
    return 0


def _shape(line: ConsoleLine) -> dict[str, object]:
    return {
        "number": line.number,
        "at": iso_time(round(line.at.timestamp() * 1000)),
        "stream": line.stream,
        "text": line.text,
    }
