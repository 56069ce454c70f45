"""Say who changed what, when, from what to what: of all runs, or of one."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime

from tui_tracker.cli.opening import READ_WAIT_S, add_json, from_number, open_store
from tui_tracker.cli.output import print_json, tell
from tui_tracker.edits import Change, list_history
from tui_tracker.queries import find_run, run_id

_LONGEST = 60


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", metavar="RUN", nargs="?", help="a run; without it all of them")
    parser.add_argument(
        "--limit", metavar="N", type=from_number(0), default=50, help="the newest N (50)"
    )
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    with open_store(args, wait_s=READ_WAIT_S) as store:
        key = None if args.run is None else find_run(store, args.run)
        changes = list_history(store, key, args.limit)
        ids = {one.run: run_id(store, one.run) for one in changes} if args.json else {}
    if args.json:
        print_json([_shape(one, ids[one.run]) for one in changes])
        return 0
    if not changes:
        tell("nobody changed anything yet")
    for row in _rows(changes):
        print(row)
    return 0


def _rows(changes: list[Change]) -> list[str]:
    from tui_tracker.formatting import cell_width, fit, format_ago, printable

    now = datetime.now(UTC)
    cells = [
        (
            format_ago(one.at, now),
            printable(one.who),
            one.what,
            printable(one.name) if one.runs == 1 else f"{one.runs:,} runs",
            "taken back" if one.undone_at else "",
            _values(one),
        )
        for one in changes
    ]
    widths = [max(map(cell_width, column)) for column in zip(*cells, strict=True)]
    return ["  ".join(map(fit, row, widths)).rstrip() for row in cells]


def _values(change: Change) -> str:
    """Return from what to what: `+ new`, `- old`, or both with an arrow between them."""
    from tui_tracker.formatting import crop, printable

    shown = [
        crop(printable(text), _LONGEST) for text in (change.old, change.new) if text is not None
    ]
    mark = "" if len(shown) != 1 else "+ " if change.old is None else "- "
    return mark + " → ".join(shown)


def _shape(change: Change, first: str) -> dict[str, object]:
    return {
        "at": _iso(change.at),
        "who": change.who,
        "what": change.what,
        "from": change.old,
        "to": change.new,
        "runs": change.runs,
        "run": first,
        "name": change.name,
        "batch": change.batch,
        "taken_back_at": _iso(change.undone_at) if change.undone_at else None,
    }


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
