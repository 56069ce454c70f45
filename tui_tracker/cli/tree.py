"""Show runs as a tree, by experiment or by any levels.

QUERY is as in `tt ls`. LEVELS are separated by commas, the topmost first: experiment, status,
host, user, name, started (a branch for each day), tags (for each tag), a param, a fact
(data.version, commit), tag:KEY. Each branch tells how many runs it has, how many of them did
not finish or are running, when the newest began, and with --metric the best value in it. A
run with several tags is counted below each of them, and once above.

--json prints a list of branches, the topmost first:
  field     the level, as in --columns of `tt ls`
  value     null for runs without it; of an experiment its whole path
  label     what the tree shows
  runs, counts (by status), newest (UTC), best (null without --metric, or a finite value)
  where     [field, value] of the branch and of those above it; [field] where there is no value
  query     what `tt ls` takes to list these runs
  branches  those below
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from tui_tracker.cli.opening import READ_WAIT_S, add_format, add_json, open_store
from tui_tracker.cli.output import on_terminal, print_json, say
from tui_tracker.queries.selection import ABSENT, Selection

if TYPE_CHECKING:
    from tui_tracker.cli.tables import Column
    from tui_tracker.queries.branches import Branch
    from tui_tracker.queries.columns import ColumnSpec

_ENDED_BADLY = ("failed", "killed", "crashed")
_STYLES = {"running": "green", "failed": "red", "crashed": "red", "killed": "yellow"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("query", metavar="QUERY", nargs="*", help="which runs, all by default")
    parser.add_argument(
        "--by", metavar="LEVELS", default="experiment", help="the levels, experiment by default"
    )
    parser.add_argument("--metric", metavar="SPEC", help="show the best value of this metric")
    parser.add_argument("--archived", action="store_true", help="also archived runs")
    how = parser.add_mutually_exclusive_group()
    add_format(how)
    add_json(how)


def run(args: argparse.Namespace) -> int:
    from tui_tracker.queries.branches import read_branches
    from tui_tracker.queries.naming import Names

    selection = Selection(query=" ".join(args.query), archived=args.archived)
    with open_store(args, wait_s=READ_WAIT_S) as store:
        names = Names(store)
        levels = [spec.field for spec in names.columns(args.by)]
        metric = names.metric(args.metric) if args.metric else None
        found = read_branches(
            store, selection, levels, metric=metric.field if metric else None
        ).found
    if args.json:
        print_json([_json(branch) for branch in found], indent=1)
    elif found:
        _print(found, metric, args.format)
    else:
        say("no run fits" if args.query else "no runs yet")
    return 0


def _json(branch: Branch) -> dict[str, object]:
    from tui_tracker.cli.cells import iso
    from tui_tracker.queries.branch_query import branch_query
    from tui_tracker.queries.rows import moment

    return {
        "field": branch.field,
        "value": None if branch.value is ABSENT else branch.value,
        "label": branch.label,
        "runs": branch.runs,
        "counts": branch.counts,
        "newest": iso(moment(branch.newest_ms)),
        "best": branch.best,
        "where": [[name] if value is ABSENT else [name, value] for name, value in branch.where],
        "query": branch_query(branch.where),
        "branches": [_json(child) for child in branch.children],
    }


def _print(branches: Sequence[Branch], metric: ColumnSpec | None, format: str) -> None:
    from tui_tracker.cli.cells import title_of
    from tui_tracker.cli.tables import Column, print_table
    from tui_tracker.formatting import align_points, format_count, format_number, printable
    from tui_tracker.telling import metric_stat

    lines = list(_lines(branches, ""))
    shown = [branch for _, branch in lines]
    names = [f"{stem}{printable(branch.label)}" for stem, branch in lines]
    columns = [
        _names(branches, lines, names, format),
        Column(
            "runs",
            [format_count(branch.runs) for branch in shown],
            right=True,
            values=[branch.runs for branch in shown],
        ),
    ]
    if metric is not None:
        best = align_points(format_number(branch.best) for branch in shown)
        values = [branch.best for branch in shown]
        better = metric_stat(metric.key)
        columns.append(
            Column(title_of(metric), best, True, 1, values=values, better=better, name=metric.field)
        )
    for rank, status in enumerate(("running", *_ENDED_BADLY), start=3):
        counts = [branch.counts.get(status, 0) for branch in shown]  # type: ignore[call-overload]
        if any(counts):
            cells = [format_count(count) if count else "" for count in counts]
            styles = (_STYLES[status],)
            columns.append(Column(status, cells, True, rank, styles, counts))
    columns.append(_newest(shown))
    print_table(columns, format)


def _names(
    branches: Sequence[Branch], lines: Sequence[tuple[str, Branch]], names: list[str], format: str
) -> Column:
    """Return the column of the branches; in a table that goes on each has its whole path."""
    from tui_tracker.cli.tables import Column

    shown = [branch for _, branch in lines]
    values = [branch.label for branch in shown]
    # A stem of a level takes three cells.
    depths = [len(stem) // 3 for stem, _ in lines]
    if format in ("csv", "tsv"):
        path: list[str] = []
        for place, (label, depth) in enumerate(zip(values, depths, strict=True)):
            path[depth:] = [label]
            values[place] = " / ".join(path)
    return Column(_heading(branches), names, values=values, indents=depths)


def _heading(branches: Sequence[Branch]) -> str:
    """Return the levels, from the top."""
    fields: dict[str, None] = {}
    waiting = list(branches)
    while waiting:
        branch = waiting.pop(0)
        fields[branch.field.partition(":")[2] or branch.field] = None
        waiting += branch.children[:1]
    return " / ".join(fields)


def _newest(branches: Sequence[Branch]) -> Column:
    from datetime import UTC, datetime

    from tui_tracker.cli.tables import Column
    from tui_tracker.formatting import format_ago, format_time
    from tui_tracker.queries.rows import moment

    now, ago = datetime.now(UTC), on_terminal()
    times = [moment(branch.newest_ms) for branch in branches]
    cells = [format_ago(time, now) if ago else format_time(time) for time in times]
    return Column("newest", cells, right=ago, rank=2, styles=("dim",), values=times)


def _lines(branches: Iterable[Branch], indent: str) -> Iterator[tuple[str, Branch]]:
    """Yield each branch with the lines that tie it to the one above."""
    listed = list(branches)
    for number, branch in enumerate(listed, start=1):
        last = number == len(listed)
        top = not indent and branch.depth == 0 and len(branch.where) == 1 and _is_top(branch)
        stem = "" if top else f"{indent}{'└─ ' if last else '├─ '}"
        yield stem, branch
        below = " " if top else f"{indent}{'   ' if last else '│  '}"
        yield from _lines(branch.children, below)


def _is_top(branch: Branch) -> bool:
    return branch.field != "experiment" or "/" not in str(branch.value)
