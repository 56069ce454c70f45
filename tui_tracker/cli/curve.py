"""Draw metrics of a run over steps, or print their points with --json.

Several metrics, or further runs with --run, share one chart.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from tui_tracker.cli.opening import (
    READ_WAIT_S,
    add_json,
    add_more,
    add_run,
    find_runs,
    from_number,
    open_store,
)
from tui_tracker.cli.output import on_terminal, print_json, rich_console, say, terminal_size
from tui_tracker.cli.points import reduce_points
from tui_tracker.queries import MetricSummary, RunDetail, find_metric, get_run, read_series
from tui_tracker.queries.records import iso_time, json_number
from tui_tracker.store import Store

_SPARE_LINES = 4
"""For the legend, and the prompt that follows."""


@dataclass(frozen=True, slots=True)
class _Wanted:
    """One curve: a metric of a run."""

    run: RunDetail
    metric: MetricSummary


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_run(parser)
    parser.add_argument(
        "metrics", metavar="METRIC", nargs="+", help="a metric's name, or name@context"
    )
    add_more(parser)
    parser.add_argument(
        "--points",
        metavar="N",
        type=from_number(2),
        help="with --json: at most so many points, smallest and largest of each stretch kept",
    )
    parser.add_argument("--width", metavar="CELLS", type=from_number(20), help="of the chart")
    parser.add_argument("--height", metavar="LINES", type=from_number(6), help="of the chart")
    parser.add_argument("--log-y", action="store_true", help="logarithmic values")
    parser.add_argument("--ascii", action="store_true", help="no braille, no box drawing")
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    with open_store(args, wait_s=READ_WAIT_S) as store:
        runs = [get_run(store, key) for key in find_runs(store, [args.run, *args.more])]
        wanted = [_Wanted(run, find_metric(run, name)) for run in runs for name in args.metrics]
        if not args.json:
            _print_chart(store, wanted, args)
        elif len(wanted) == 1:
            print_json(_shape(store, wanted[0], args.points))
        else:
            print_json(
                [
                    {"run": one.run.row.id, "metric": one.metric.label}
                    | _shape(store, one, args.points)
                    for one in wanted
                ]
            )
    return 0


def _shape(store: Store, wanted: _Wanted, points: int | None) -> dict[str, object]:
    series = read_series(store, wanted.run.row.key, wanted.metric.key)
    if points is not None:
        series = reduce_points(series, points)
    return {
        "steps": list(series.steps),
        "times": [iso_time(ms) for ms in series.times_ms],
        "values": [json_number(value) for value in series.values],
    }


def _print_chart(store: Store, wanted: Sequence[_Wanted], args: argparse.Namespace) -> None:
    from tui_tracker.cli.chart import Curve, Look, draw_chart, print_legend
    from tui_tracker.queries import read_buckets

    columns, lines = terminal_size()
    console = rich_console() if on_terminal() else None
    look = Look(
        width=args.width or columns,
        height=args.height or max(8, min(24, lines - _SPARE_LINES)),
        log_y=args.log_y,
        ascii=args.ascii or not _speaks_unicode(),
        colour=console is not None and console.color_system is not None and not console.no_color,
    )
    curves = []
    for one in wanted:
        buckets = read_buckets(store, one.run.row.key, one.metric.key, 2 * look.width)
        if buckets is not None:
            label = f"{one.metric.label}  {one.run.row.name} ({_standing(one.metric)})"
            curves.append(Curve(label, buckets))
    chart = draw_chart(curves, look) if curves else None
    if chart is None:
        where = " above zero" if look.log_y else ""
        say(f"no finite value{where} to draw")
        return
    print_legend(curves, look)
    print(chart)


def _standing(metric: MetricSummary) -> str:
    from tui_tracker.formatting import format_count, format_number

    parts = [f"last {format_number(metric.last)}"]
    if metric.min is not None and metric.max is not None:
        parts.append(f"{format_number(metric.min)} to {format_number(metric.max)}")
    parts.append(f"{format_count(metric.count)} points")
    if metric.nan or metric.inf:
        parts.append(f"{metric.nan} NaN, {metric.inf} inf")
    return ", ".join(parts)


def _speaks_unicode() -> bool:
    return "utf" in (sys.stdout.encoding or "").lower()
