"""Show runs in groups, with mean ± spread (n) of metrics over all runs of each.

QUERY is as in `tt ls`. SPECS are what the runs of a group have in common: params, facts, tags,
experiment, status, host ...; without --by it is params-but-seed, all params but the seed, in
one experiment. Metrics are compared by their best value unless another is said (val_f1.last);
the spread is the standard deviation by n - 1, and n are the runs with a finite value. Without
--metrics the most telling one is shown.

SORT is runs, started, a column of --by, or a metric, whose mean is taken; std:val_f1, n:, min:
and max: take another of its figures. `-` puts the largest first.

Runs tagged reproduction repeat a run and are no further seeds: they are left out, and how many
is said, unless QUERY speaks of them (tag = reproduction).

STATS are n, mean, std, sem (std / root of n), median, iqm (mean of the middle half), ci (95 %
interval of the mean by Student's t), min, max and outlier (the seed of a run far from the
others, of five or more). All are worked out from the runs' values each time; none is stored.

--json prints a list of groups:
  by        their values by column; null for runs without one
  params    with params-but-seed, the params that the runs share
  runs, counts (by status)
  reproductions  how many runs of the group were left out as such
  metrics   by name: n, mean, std, min, max, not_finite and missing (runs left out of the mean)
            with --stats also sem, median, iqm, ci (low, high, level, method), outlier
  members   ids of the runs, newest first
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING

from tui_tracker.cli.opening import READ_WAIT_S, add_format, add_json, from_number, open_store
from tui_tracker.cli.output import print_json_list, say
from tui_tracker.queries.groups import BUT_SEED, GroupOrder, GroupRow, group_runs
from tui_tracker.queries.selection import ABSENT, Selection

if TYPE_CHECKING:
    from tui_tracker.cli.group_stats import Figures
    from tui_tracker.cli.tables import Column
    from tui_tracker.queries import ColumnSpec, RunRow
    from tui_tracker.queries.groups import GroupStat
    from tui_tracker.queries.naming import Names
    from tui_tracker.store import Store

_SAMPLED = 60
_CENTRES = ("mean", "median", "iqm", "min", "max")
"""Statistics in which the direction of a metric says what is best."""
_APART = "mean,std,n"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("query", metavar="QUERY", nargs="*", help="which runs, all by default")
    parser.add_argument(
        "--by", metavar="SPECS", default=BUT_SEED, help="what the runs of a group share"
    )
    parser.add_argument("--metrics", metavar="SPECS", default="", help="metrics to average")
    parser.add_argument(
        "--stats", metavar="STATS", default="", help="statistics, a column each: mean,sem,ci,n"
    )
    parser.add_argument("--sort", metavar="SORT", default="", help="what to sort the groups by")
    parser.add_argument("--limit", metavar="N", type=from_number(0), help="at most so many groups")
    parser.add_argument("--archived", action="store_true", help="also archived runs")
    how = parser.add_mutually_exclusive_group()
    add_format(how)
    add_json(how)


def run(args: argparse.Namespace) -> int:
    from tui_tracker.cli.group_stats import figures_of, read_stats
    from tui_tracker.queries.columns import split_specs
    from tui_tracker.queries.naming import Names

    # What goes on has figures of its own, not three in one cell.
    asked = args.stats or (_APART if args.format in ("csv", "tsv") else "")
    stats = read_stats(asked)
    selection = Selection(query=" ".join(args.query), archived=args.archived)
    with open_store(args, wait_s=READ_WAIT_S) as store:
        names = Names(store)
        by = [
            text if text == BUT_SEED else names.column(text).field for text in split_specs(args.by)
        ]
        metrics = _metrics(store, selection, names, args.metrics)
        order = [_order(names, text, by) for text in split_specs(args.sort)]
        fields = [spec.field for spec in metrics]
        found = group_runs(store, selection, by, fields, order)
        groups = found[: args.limit]
        further = figures_of(store, groups, metrics, stats) if stats else []
        if args.json:
            print_json_list(_json(store, by, fields, groups, stats, further))
        elif groups:
            _print(store, by, metrics, groups, stats, further, args.format)
        elif not found:
            say("no run fits" if args.query else "no runs yet")
        _say_left_out(store, selection)
    return 0


def _say_left_out(store: Store, selection: Selection) -> None:
    from tui_tracker.lineage.words import plural
    from tui_tracker.queries.groups import REPRODUCTION, left_out

    if count := len(left_out(store, selection)):
        are = "is" if count == 1 else "are"
        words = f"{plural(count, REPRODUCTION)} {are} left out of the groups"
        say(f"{words}: `tag = {REPRODUCTION}` asks for them")


def _metrics(store: Store, selection: Selection, names: Names, texts: str) -> list[ColumnSpec]:
    from tui_tracker.queries.columns import ColumnSpec, split_specs

    if texts:
        return [names.metric(text) for text in split_specs(texts)]
    from tui_tracker.queries import list_columns
    from tui_tracker.telling import rank_metrics

    ranked = rank_metrics(list_columns(store, selection)[1])
    return [ColumnSpec("metric", label) for label in ranked[:1]]


def _order(names: Names, text: str, by: Sequence[str]) -> GroupOrder:
    """Return a sort key; bare names mean what they mean in the other options."""
    from tui_tracker.queries.groups import STATISTICS, parse_group_order

    sign = text[:1] if text[:1] in ("-", "+") else ""
    head, colon, rest = text[len(sign) :].partition(":")
    statistic = f"{head}:" if colon and head in STATISTICS else ""
    name = rest if statistic else text[len(sign) :]
    plain = name in ("runs", BUT_SEED) or (name == "started" and name not in by)
    field = name if plain else names.column(name).field
    return parse_group_order(f"{sign}{statistic}{field}")


def _json(
    store: Store,
    by: Sequence[str],
    metrics: Sequence[str],
    groups: Sequence[GroupRow],
    stats: Sequence[str],
    further: Sequence[tuple[Figures, ...]],
) -> list[str]:
    from tui_tracker.cli.group_stats import shape_of
    from tui_tracker.queries.records import to_json
    from tui_tracker.queries.rows import run_uuid

    ids = {key: run_uuid(uuid) for key, uuid in store.read("SELECT id, uuid FROM run")}
    shared = {row.key: row for row in _newest(store, groups)} if BUT_SEED in by else {}
    found = []
    for number, group in enumerate(groups):
        more = [shape_of(one, stats) for one in further[number]] if further else []
        values = zip(by, group.values, strict=True)
        row = shared.get(group.members[0])
        found.append(
            to_json(
                {
                    "by": {field: None if v is ABSENT else v for field, v in values},
                    **({"params": _but_seed(row)} if row else {}),
                    "runs": group.runs,
                    "counts": group.counts,
                    "reproductions": group.reproductions,
                    "metrics": {
                        name: _figures(stat) | (more[place] if more else {})
                        for place, (name, stat) in enumerate(zip(metrics, group.stats, strict=True))
                    },
                    "members": [ids[key] for key in group.members],
                }
            )
        )
    return found


def _figures(stat: GroupStat) -> dict[str, object]:
    return {
        "n": stat.n,
        "mean": stat.mean,
        "std": stat.std,
        "min": stat.min,
        "max": stat.max,
        "not_finite": stat.not_finite,
        "missing": stat.missing,
    }


def _newest(store: Store, groups: Sequence[GroupRow]) -> list[RunRow]:
    """Return the newest run of each group, with all params."""
    from tui_tracker.queries import get_rows

    keys = [group.members[0] for group in groups]
    rows: list[RunRow] = []
    for start in range(0, len(keys), 500):
        rows += get_rows(store, keys[start : start + 500], params=None)
    return rows


def _but_seed(row: RunRow) -> dict[str, object]:
    from tui_tracker.values import is_seed

    return {name: value for name, value in row.params.items() if not is_seed(name)}


def _print(
    store: Store,
    by: Sequence[str],
    metrics: Sequence[ColumnSpec],
    groups: Sequence[GroupRow],
    stats: Sequence[str],
    further: Sequence[tuple[Figures, ...]],
    format: str,
) -> None:
    from tui_tracker.cli.tables import Column, print_table
    from tui_tracker.formatting import MISSING, format_count, format_value
    from tui_tracker.queries.columns import parse_column

    columns: list[Column] = []
    for place, field in enumerate(by):
        if field == BUT_SEED:
            columns += _params_apart(_newest(store, groups))
            continue
        values = [group.values[place] for group in groups]
        cells = [MISSING if value is ABSENT else format_value(value) for value in values]
        spec = parse_column(field)
        told = [None if value is ABSENT else value for value in values]
        columns.append(Column(spec.heading, cells, spec.kind == "param", values=told, name=field))
    counted = [group.runs for group in groups]
    columns.append(Column("runs", list(map(format_count, counted)), right=True, values=counted))
    for place, spec in enumerate(metrics):
        if stats:
            columns += _stats(spec, [row[place] for row in further], stats, len(metrics))
        else:
            columns.append(_metric(spec, [group.stats[place] for group in groups], 1 + place))
    statuses = ("running", "failed", "killed", "crashed", "pruned")
    for rank, status in enumerate(statuses, start=30):
        counts = [group.counts.get(status, 0) for group in groups]  # type: ignore[call-overload]
        if any(counts):
            shown = [format_count(count) if count else "" for count in counts]
            columns.append(Column(status, shown, right=True, rank=rank))
    print_table(columns, format)


def _params_apart(rows: Sequence[RunRow]) -> list[Column]:
    """Return experiment and params in which the groups differ, those of few values first."""
    from tui_tracker.cli.tables import Column
    from tui_tracker.formatting import MISSING, format_value, printable

    params = [_but_seed(row) for row in rows]
    experiments = [row.experiment for row in rows]
    names = sorted({name for values in params for name in values})
    apart = {name: {repr(values.get(name)) for values in params} for name in names}
    differing = sorted((n for n in names if len(apart[n]) > 1), key=lambda n: len(apart[n]))
    columns = []
    if len(set(experiments)) > 1:
        columns.append(Column("experiment", [printable(name) for name in experiments], rank=3))
    for rank, name in enumerate(differing, start=4):
        cells = [format_value(v[name]) if name in v else MISSING for v in params]
        given = [v.get(name) for v in params]
        columns.append(Column(printable(name), cells, right=True, rank=rank, values=given))
    return columns


def _metric(spec: ColumnSpec, stats: Sequence[GroupStat], rank: int) -> Column:
    """Return `mean ± std (n)`, and where runs are left out how many: `(4 of 5)`."""
    from tui_tracker.cli.cells import title_of
    from tui_tracker.cli.tables import Column
    from tui_tracker.formatting import MISSING, align_points
    from tui_tracker.telling import metric_stat

    figures = [_words(stat) for stat in stats]
    means = align_points(mean for mean, _ in figures)
    spreads = [f" ± {spread}" if spread else "" for _, spread in figures]
    widest = max(map(len, spreads), default=0)
    counts = []
    for stat in stats:
        left_out = stat.not_finite + stat.missing
        counts.append(f"({stat.n} of {stat.n + left_out})" if left_out else f"({stat.n})")
    room = max(map(len, counts), default=0)
    cells = [
        f"{mean}{spread:<{widest}} {count:>{room}}" if stat.n else MISSING
        for mean, spread, count, stat in zip(means, spreads, counts, stats, strict=True)
    ]
    told = [stat.mean if stat.n else None for stat in stats]
    better = metric_stat(spec.key)
    return Column(title_of(spec), cells, True, rank, values=told, better=better)


def _stats(
    spec: ColumnSpec, figures: Sequence[Figures], stats: Sequence[str], metrics: int
) -> list[Column]:
    """Return a column for each statistic, under its own name where there is one metric."""
    from tui_tracker.cli.cells import title_of
    from tui_tracker.cli.group_stats import cells_of, values_of
    from tui_tracker.cli.tables import Column
    from tui_tracker.telling import metric_stat

    lone = metrics == 1
    return [
        Column(
            f"{title_of(spec)} {stat}" if not lone or rank == 1 else stat,
            cells_of(figures, stat),
            right=True,
            rank=rank,
            values=values_of(figures, stat),
            better=metric_stat(spec.key) if stat in _CENTRES else "",
            name=f"{spec.field} {stat}",
        )
        for rank, stat in enumerate(stats, start=1)
    ]


def _words(stat: GroupStat) -> tuple[str, str]:
    """Return mean and spread, to as many digits as the spread leaves sense in."""
    from tui_tracker.formatting import format_number, spread_words

    if stat.mean is None or stat.std is None:
        return format_number(stat.mean), ""
    return spread_words(stat.mean, stat.std)
