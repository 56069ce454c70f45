"""Print what a run printed, both of its streams in one order.

On a terminal every line is made safe to show: what a run printed months ago must not
move the cursor today. Into a pipe it goes as it was. --grep looks at what a line showed,
and takes a capital letter at its word; --since takes a time (14:30, 2026-11-01, 2h ago)
or a span (10m), counted back from the last line.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import deque
from collections.abc import Iterable
from datetime import datetime

from tui_tracker.ansi import line_text
from tui_tracker.cli.opening import READ_WAIT_S, add_json, add_run, from_number, open_store
from tui_tracker.cli.output import on_terminal, print_json, say
from tui_tracker.errors import InvalidArgument, TrackerError
from tui_tracker.formatting import printable
from tui_tracker.queries import ConsoleLine, find_run, get_rows, read_console
from tui_tracker.queries.console import count_lines, find_line_since, walk_console
from tui_tracker.queries.records import iso_time
from tui_tracker.store import Store

LOOK_S = 0.5
"""How often a run that is followed is looked at."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_run(parser)
    parser.add_argument("--grep", metavar="TEXT", help="only lines that contain it")
    parser.add_argument("--since", metavar="TIME", help="only lines printed at that time or after")
    parser.add_argument("--tail", metavar="N", type=from_number(0), help="the last N lines only")
    parser.add_argument(
        "--follow",
        action="store_true",
        help="go on until the run ends; with --json one object a line",
    )
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    with open_store(args, wait_s=READ_WAIT_S) as store:
        key = find_run(store, args.run)
        if not args.follow:
            lines = _chosen(store, key, args)
            if args.json:
                print_json([_shape(line) for line in lines])
            else:
                _print(lines)
            return 0
        _follow(store, key, args)
    return 0


def _chosen(store: Store, key: int, args: argparse.Namespace) -> Iterable[ConsoleLine]:
    """Return the lines that are there now and wanted."""
    first = _first(store, key, args.since)
    if first is None:
        return []
    lines = walk_console(store, key, first=first, text=args.grep or "")
    if args.tail is None:
        return lines
    if not args.grep:
        count = _count(store, key)
        first = max(first, count - args.tail)
        return read_console(store, key, first, max(0, count - first))
    return deque(lines, maxlen=args.tail)


def _follow(store: Store, key: int, args: argparse.Namespace) -> None:
    """Print what is wanted, and what comes, until the run has ended."""
    from tui_tracker.drain import recover

    (row,) = get_rows(store, [key])
    done = count_lines(store, key)
    shown = (line for line in _chosen(store, key, args) if line.number < done)
    _tell(shown, args)
    while row.status == "running":
        time.sleep(LOOK_S)
        try:
            recover(store)
            (row,) = get_rows(store, [key])
            end = count_lines(store, key) if row.status == "running" else _count(store, key)
            new = walk_console(store, key, first=done, text=args.grep or "")
            _tell((line for line in new if line.number < end), args)
            done = end
        except TrackerError as error:  # a store that is busy for a moment is looked at again
            say(str(error))


def _tell(lines: Iterable[ConsoleLine], args: argparse.Namespace) -> None:
    if args.json:
        for line in lines:
            sys.stdout.write(json.dumps(_shape(line)) + "\n")
    else:
        _print(lines)
    sys.stdout.flush()


def _print(lines: Iterable[ConsoleLine]) -> None:
    safe = on_terminal()
    for line in lines:
        sys.stdout.write((printable(line_text(line.text)) if safe else line.text) + "\n")


def _count(store: Store, key: int) -> int:
    return int(store.read("SELECT console_lines FROM run WHERE id=?", (key,))[0][0])


def _first(store: Store, key: int, since: str | None) -> int | None:
    """Return the first line that is wanted; None where there is none."""
    if since is None:
        return 0
    from tui_tracker.language import units

    now = datetime.now().astimezone()
    seconds = units.span(since) if units.is_span(since) else None
    if seconds is not None:
        count = _count(store, key)
        last = read_console(store, key, max(0, count - 1), 1)
        until = last[0].at if last else now
        return find_line_since(store, key, round(until.timestamp() * 1000 - seconds * 1000))
    text = f"{now:%Y-%m-%d} {since}" if _is_clock(since) else since
    found = units.moment(text, now)
    if found is None:
        raise InvalidArgument(
            f"{since!r} is no time: 14:30, 2026-11-01, 2h ago and yesterday are, and 10m is a span"
        )
    return find_line_since(store, key, found[0])


def _is_clock(text: str) -> bool:
    """Return whether a text is a time of day: `14:30`, `9:05:30`."""
    return ":" in text and text.replace(":", "").replace(".", "").isdigit()


def _shape(line: ConsoleLine) -> dict[str, object]:
    return {
        "number": line.number,
        "at": iso_time(round(line.at.timestamp() * 1000)),
        "stream": line.stream,
        "text": line.text,
    }
