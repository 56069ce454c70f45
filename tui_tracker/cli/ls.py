"""List runs, newest first, or by any field.

QUERY are words that are found in name, id, experiment, status, tags or notes, and comparisons:
lr < 1e-3, val_f1.max >= 0.9, optimizer = adam*, status in (failed, crashed), tag:best,
started > 2 days ago, duration > 1h, dirty, missing:seed, joined by and, or, not and brackets.
Put it into quotes for the shell. `tt fields` lists the fields, `tt values FIELD` their values.

COLUMNS and SORT name what runs have, with commas between: status, name, experiment, started,
ended, duration, tags, notes, host, user, id, health, a param, a metric (val_f1 is its best
value, then there are val_f1.last, .min, .max, .mean, .std, .first, .count), spark:METRIC (its
curve), a fact (data.version, commit), tag:KEY. param:lr, metric:lr or fact:python say which is
meant; `val_f1.max=best F1|10` has a title and a width. In SORT, `-` puts the largest first.

--format markdown or latex is the same table, with the best values in bold; csv and tsv have
all digits. --json prints whole runs; with --columns, of each run its id and these columns by
their names.
"""

from __future__ import annotations

import argparse

from tui_tracker.cli.opening import READ_WAIT_S, add_format, add_json, from_number, open_store
from tui_tracker.cli.output import on_terminal, print_json_list, say
from tui_tracker.queries.records import run_records
from tui_tracker.queries.selection import STATUSES, Order, Selection, list_run_keys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tui_tracker.cli.tables import Column
    from tui_tracker.queries import ColumnSpec, RunKey, RunRow
    from tui_tracker.store import Store
    from tui_tracker.tui.columns import Column as RunColumn

PLAIN_FIELDS = ("started", "name", "experiment", "status", "duration")
_STYLES = {"running": "green", "failed": "red", "crashed": "red", "killed": "yellow"}
_SHORT_ID = 8
"""Of the end: runs that were started close together share the beginning."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("query", metavar="QUERY", nargs="*", help="which runs, all by default")
    parser.add_argument(
        "--experiment", metavar="E", help="of this experiment or branch (a takes a/...)"
    )
    parser.add_argument(
        "--status", metavar="S", action="append", choices=STATUSES, help="of this status"
    )
    parser.add_argument("--archived", action="store_true", help="also archived runs")
    parser.add_argument("--trash", action="store_true", help="the runs in the trash instead")
    parser.add_argument(
        "--columns", metavar="COLUMNS", action="append", default=[], help="what to show of each run"
    )
    parser.add_argument(
        "--sort", metavar="SORT", default="started", help="what to sort by, as in lr,-val_f1"
    )
    direction = parser.add_mutually_exclusive_group()
    direction.add_argument("--up", action="store_true", help="smallest or first at the top")
    direction.add_argument("--down", action="store_true", help="largest or last at the top")
    parser.add_argument("--limit", metavar="N", type=from_number(0), help="at most so many")
    parser.add_argument("--view", metavar="VIEW", help="as a saved view has it (`tt views`)")
    how = parser.add_mutually_exclusive_group()
    add_format(how)
    add_json(how)


def run(args: argparse.Namespace) -> int:
    if args.view is not None:
        from tui_tracker.cli.viewing import take_view

        take_view(args)
    selection = Selection(
        experiment=args.experiment,
        statuses=frozenset(args.status) if args.status else None,
        query=" ".join(args.query),
        archived=args.archived,
        deleted=args.trash,
    )
    with open_store(args, wait_s=READ_WAIT_S) as store:
        specs = _columns(store, args)
        keys = list_run_keys(store, selection, order_of(store, args))[: args.limit]
        if args.json and not specs:
            print_json_list(run_records(store, keys))
        elif args.json:
            _print_values(store, keys, specs)
        elif keys and specs:
            _print_columns(store, keys, specs, args.format)
        elif keys:
            print_runs(store, selection, keys, args.format)
        else:
            say("no run fits" if selection != Selection() else "no runs yet")
    return 0


def _columns(store: Store, args: argparse.Namespace) -> tuple[ColumnSpec, ...]:
    if not args.columns:
        return ()
    from tui_tracker.queries.naming import Names

    return Names(store).columns(args.columns)


def _print_columns(
    store: Store, keys: list[RunKey], specs: tuple[ColumnSpec, ...], format: str
) -> None:
    if format == "latex" and any(spec.kind == "spark" for spec in specs):
        say("curves are left out: LaTeX has no letters for them")
        specs = tuple(spec for spec in specs if spec.kind != "spark")
    from tui_tracker.cli.cells import columns_of, read_cells
    from tui_tracker.cli.tables import print_table

    print_table(columns_of(read_cells(store, keys, specs), specs), format)


def _print_values(store: Store, keys: list[RunKey], specs: tuple[ColumnSpec, ...]) -> None:
    from tui_tracker.cli.cells import cell_values, read_cells
    from tui_tracker.queries.records import to_json

    print_json_list(map(to_json, cell_values(read_cells(store, keys, specs), specs)))


def print_runs(
    store: Store, selection: Selection, keys: list[RunKey], format: str = "table"
) -> None:
    """Print the table of these runs, with the columns that tell them apart."""
    from tui_tracker.cli.tables import Column, print_table
    from tui_tracker.queries import get_rows, list_columns
    from tui_tracker.tui.columns import SAMPLED_PARAMS, SAMPLED_RUNS, table_columns

    params, metrics = list_columns(store, selection)
    apart = max(1, len(keys) // SAMPLED_RUNS)
    sample = get_rows(store, keys[::apart][:SAMPLED_RUNS], params=params[:SAMPLED_PARAMS])
    chosen = table_columns(metrics, params[:SAMPLED_PARAMS], sample)
    rows = get_rows(
        store,
        keys,
        params=[column.key for column in chosen if column.kind == "param"],
        metrics=[column.key for column in chosen if column.kind == "metric"],
    )
    short = [row.id[-_SHORT_ID:] for row in rows]
    whole = [row.id for row in rows] if format in ("csv", "tsv") else short
    ids = Column("id", short, rank=3, styles=("dim",), values=whole)
    columns = []
    for column in chosen:
        before = sum(other.kind == column.kind for other in chosen[: chosen.index(column)])
        columns.append(_table_column(column, rows, before))
    print_table([*columns, ids], format)


def _table_column(chosen: RunColumn, rows: list[RunRow], number: int) -> Column:
    """Return a column with its cells; `number` counts those of its kind from 0."""
    from tui_tracker.cli.tables import Column
    from tui_tracker.formatting import align_points, format_value
    from tui_tracker.tui.columns import metric_cell, metric_stat

    match chosen.kind:
        case "metric":
            cells = align_points(metric_cell(row, chosen) for row in rows)
            told = [_statistic(row, chosen) for row in rows]
            better = metric_stat(chosen.key)
            rank = 4 + 2 * number
            return Column(
                chosen.title, cells, True, rank, values=told, better=better, name=chosen.spec
            )
        case "param":
            from tui_tracker.tui.columns import param_cell

            values = [param_cell(row, chosen) for row in rows]
            given = [row.params.get(chosen.key) for row in rows]
            return Column(chosen.title, values, right=True, rank=5 + 2 * number, values=given)
        case "tags":
            tags = [format_value(", ".join(row.tags)) for row in rows]
            return Column(chosen.title, tags, rank=40)
        case _:
            return _fact_column(chosen, rows)


def _statistic(row: RunRow, chosen: RunColumn) -> object:
    summary = row.metrics.get(chosen.key)
    return None if summary is None else getattr(summary, chosen.stat)


def _fact_column(chosen: RunColumn, rows: list[RunRow]) -> Column:
    from datetime import UTC, datetime

    from tui_tracker.cli.tables import Column
    from tui_tracker.formatting import format_ago, format_duration, format_time, printable
    from tui_tracker.tui.columns import GLYPHS

    match chosen.kind:
        case "status":
            cells = [f"{GLYPHS[row.status]} {row.status}" for row in rows]
            styles = [_STYLES.get(row.status, "") for row in rows]
            return Column("status", cells, styles=styles, values=[row.status for row in rows])
        case "name":
            return Column("name", [printable(row.name) for row in rows], styles=("bold",))
        case "experiment":
            return Column("experiment", [printable(row.experiment) for row in rows], rank=2)
        case "duration":
            lengths = [format_duration(row.duration_s) for row in rows]
            told = [round(row.duration_s, 3) for row in rows]
            return Column("duration", lengths, right=True, rank=6, values=told, name="duration_s")
        case _:
            now = datetime.now(UTC)
            ago = on_terminal()
            started = [
                format_ago(row.started_at, now) if ago else format_time(row.started_at)
                for row in rows
            ]
            times = [row.started_at for row in rows]
            return Column("started", started, right=ago, rank=1, values=times)


def order_of(store: Store, args: argparse.Namespace) -> Order:
    """Return the order that `--sort`, `--up` and `--down` say."""
    wanted = True if args.down else False if args.up else None
    if args.sort in PLAIN_FIELDS:
        falls = args.sort in ("started", "duration") if wanted is None else wanted
        return Order(args.sort, falls)
    from tui_tracker.queries.naming import Names

    return Names(store).order(args.sort, descending=wanted)
