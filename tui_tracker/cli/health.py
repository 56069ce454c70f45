"""Say what is wrong with runs, by their curves and how they ended: NaN, divergence, stalls ...

WHAT is a run, or words to look for as `tt ls` takes them; without any, all runs are judged.
Ends with 1 where something was found.
"""

from __future__ import annotations

import argparse

from tui_tracker.cli.opening import READ_WAIT_S, add_json, from_number, open_store
from tui_tracker.cli.output import print_json, say
from tui_tracker.errors import NotFound

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tui_tracker.health import Health
    from tui_tracker.queries import RunKey, RunRow
    from tui_tracker.store import Store

_AT_ONCE = 200
_STYLES = {"bad": "red", "warn": "yellow", "note": ""}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", metavar="WHAT", nargs="*", help="a run, or words to look for")
    parser.add_argument("--archived", action="store_true", help="also archived runs")
    parser.add_argument(
        "--limit", metavar="N", type=from_number(1), help="at most the N newest of them"
    )
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    with open_store(args, wait_s=READ_WAIT_S) as store:
        keys = _chosen(store, args)
        found = _read(store, keys)
        if args.json:
            _print_json(store, keys, found)
        else:
            _print(store, keys, found)
    return 1 if any(found.values()) else 0


def _chosen(store: Store, args: argparse.Namespace) -> list[RunKey]:
    """Return the run that an address means, else the runs that the words find."""
    from tui_tracker.queries import Selection, find_run, list_run_keys

    if len(args.what) == 1:
        try:
            return [find_run(store, args.what[0])]
        except NotFound:
            pass  # then it is a word to look for
    selection = Selection(query=" ".join(args.what), archived=args.archived)
    return list_run_keys(store, selection)[: args.limit]


def _read(store: Store, keys: list[RunKey]) -> dict[RunKey, tuple[Health, ...]]:
    from tui_tracker.queries import read_health

    found: dict[RunKey, tuple[Health, ...]] = {}
    for start in range(0, len(keys), _AT_ONCE):
        found.update(read_health(store, keys[start : start + _AT_ONCE]))
    return found


def _print_json(store: Store, keys: list[RunKey], found: dict[RunKey, tuple[Health, ...]]) -> None:
    from tui_tracker.queries import get_rows

    print_json([_shape(row, found[row.key]) for row in get_rows(store, keys)], indent=2)


def _shape(row: RunRow, found: tuple[Health, ...]) -> dict[str, object]:
    return {
        "id": row.id,
        "name": row.name,
        "experiment": row.experiment,
        "status": row.status,
        "health": [health_shape(one) for one in found],
    }


def health_shape(one: Health) -> dict[str, object]:
    """Return a finding as its JSON has it."""
    return {
        "kind": one.kind,
        "severity": one.severity,
        "metric": one.metric or None,
        "step": one.step,
        "words": one.words,
    }


def _print(store: Store, keys: list[RunKey], found: dict[RunKey, tuple[Health, ...]]) -> None:
    from tui_tracker.cli.output import plural
    from tui_tracker.cli.tables import Column, print_table
    from tui_tracker.formatting import printable
    from tui_tracker.health import glyph
    from tui_tracker.queries import get_rows

    if not keys:
        say("no run fits")
        return
    ill = [key for key in keys if found.get(key)]
    rows = [(row, one) for row in get_rows(store, ill) for one in found[row.key]]
    if rows:
        marks = [f"{glyph(one.severity)} {one.kind}" for _, one in rows]
        styles = [_STYLES[one.severity] for _, one in rows]
        print_table(
            [
                Column("health", marks, styles=styles),
                Column("run", [printable(row.name) for row, _ in rows], styles=("bold",)),
                Column("experiment", [printable(row.experiment) for row, _ in rows], rank=2),
                Column("metric", [printable(one.metric) for _, one in rows]),
                Column("what", [printable(one.words) for _, one in rows]),
            ]
        )
    well = len(keys) - len(ill)
    say(f"{plural(well, 'run')} well, {plural(len(ill), 'run')} with something to look at")
