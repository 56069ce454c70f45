"""Write runs as tables, or as what another program reads.

QUERY, --sort and --view are as in `tt ls`. What a target cannot hold is said, one line a kind.

  csv           points (run, metric, context, step, time, value), or with --shape runs a line
                a run: params, last, least, largest and count of metrics, or --columns
  parquet       the same tables, typed (needs pyarrow)
  jsonl         everything of the runs but files and code: `tt import` brings it back, to the
                last bit, and `tt unbundle` too
  tensorboard   a folder of event files, with params as hparams
  mlflow        a file store, with files
  wandb-config  a config.yaml for each run, and a sweep.yaml over their values

csv and jsonl go to stdout without --out. What looks like a secret is hidden. A place that is
taken is left alone without --force, and of folders only those that tt export made are replaced.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from tui_tracker.cli.opening import READ_WAIT_S, from_number, open_store
from tui_tracker.cli.output import plural, print_json, say, tell
from tui_tracker.handing_on.exporting import KINDS, TEXTS, Table, Wanted, check, export
from tui_tracker.queries.selection import STATUSES, Selection, list_run_keys

if TYPE_CHECKING:
    from tui_tracker.handing_on.exporting import Exported
    from tui_tracker.handing_on.run_table import Cell
    from tui_tracker.handing_on.secrets import Cleaner
    from tui_tracker.queries import ColumnSpec
    from tui_tracker.store import Store

_CHUNK = 500


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("query", metavar="QUERY", nargs="*", help="which runs, all by default")
    parser.add_argument("--to", choices=KINDS, required=True, help="what to write")
    parser.add_argument("--out", metavar="PATH", help="the file or folder to make")
    parser.add_argument("--force", action="store_true", help="replace what is at the place")
    parser.add_argument("--shape", choices=("points", "runs"), help="of a table (default: points)")
    parser.add_argument(
        "--columns", metavar="COLUMNS", action="append", default=[], help="of a table of runs"
    )
    parser.add_argument("--sort", metavar="SORT", default="started", help="which runs come first")
    direction = parser.add_mutually_exclusive_group()
    direction.add_argument("--up", action="store_true", help="smallest or first before others")
    direction.add_argument("--down", action="store_true", help="largest or last before others")
    parser.add_argument("--experiment", metavar="E", help="of this experiment or branch")
    parser.add_argument(
        "--status", metavar="S", action="append", choices=STATUSES, help="of this status"
    )
    parser.add_argument("--archived", action="store_true", help="also archived runs")
    parser.add_argument("--limit", metavar="N", type=from_number(0), help="at most so many")
    parser.add_argument("--view", metavar="VIEW", help="as a saved view has it (`tt views`)")
    parser.add_argument("--keep-secrets", action="store_true", help="hide nothing")
    parser.add_argument("--json", action="store_true", help="say what was made as JSON")


def run(args: argparse.Namespace) -> int:
    from tui_tracker.cli.ls import order_of
    from tui_tracker.cli.progress import Progress

    if args.view is not None:
        _take_view(args)
    if args.json and not args.out and args.to in TEXTS:
        say("--json says what was made: name a place for that with --out")
        return 2
    selection = Selection(
        experiment=args.experiment,
        statuses=frozenset(args.status) if args.status else None,
        query=" ".join(args.query),
        archived=args.archived,
    )
    with open_store(args, wait_s=READ_WAIT_S) as store, Progress("exporting", unit="points") as on:
        keys = list_run_keys(store, selection, order_of(store, args))[: args.limit]
        wanted = _wanted(store, args, keys)
        check(wanted)
        if not keys:
            say("no run fits")
            return 1
        made = export(store, keys, wanted, progress=on)
    _tell(args, made)
    return 0


def _take_view(args: argparse.Namespace) -> None:
    """Take the runs of a view; its columns only where a table of runs is wanted."""
    from tui_tracker.cli.viewing import take_view

    said = list(args.columns)
    take_view(args)
    if args.shape != "runs":
        args.columns = said


def _wanted(store: Store, args: argparse.Namespace, keys: Sequence[int]) -> Wanted:
    from tui_tracker import __version__

    return Wanted(
        kind=args.to,
        out=args.out,
        shape=args.shape or ("runs" if args.columns else "points"),
        force=args.force,
        keep_secrets=args.keep_secrets,
        table=_table(store, args.columns, keys) if args.columns else None,
        about={"tui_tracker": __version__, "query": " ".join(args.query)},
    )


def _table(store: Store, texts: Sequence[str], keys: Sequence[int]) -> Table:
    """Return the columns that were asked for, and what reads their cells."""
    from tui_tracker.cli.cells import cell_values, read_cells
    from tui_tracker.handing_on.run_table import as_cell, spec_columns
    from tui_tracker.queries.naming import Names

    specs: tuple[ColumnSpec, ...] = Names(store).columns(texts)
    columns = spec_columns(store, keys, specs)

    def read(cleaner: Cleaner) -> Iterator[list[list[Cell]]]:
        for start in range(0, len(keys), _CHUNK):
            found = read_cells(store, keys[start : start + _CHUNK], specs)
            yield [
                [
                    as_cell(values[spec.field], column, cleaner)
                    for spec, column in zip(specs, columns, strict=True)
                ]
                for values in cell_values(found, specs)
            ]

    return columns, read


def _tell(args: argparse.Namespace, made: Exported) -> None:
    if args.json:
        facts = {"path": made.path, "runs": made.runs, "points": made.points}
        print_json({**facts, "notes": list(made.notes)}, indent=2)
        return
    sys.stdout.flush()
    points = f", {plural(made.points, 'point')}" if made.points else ""
    where = f"{made.path}{os.sep if os.path.isdir(made.path) else ''}: " if made.path else ""
    tell(f"{where}{plural(made.runs, 'run')}{points}")
    for note in made.notes:
        say(note)
