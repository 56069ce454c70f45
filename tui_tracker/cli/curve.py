"""Draw metrics of runs over steps or time, or print their points with --json or --csv.

First the runs, then the metrics: `tt curve RUN RUN METRIC`. All share one chart.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from tui_tracker.cli.curve_words import Wanted, find_wanted
from tui_tracker.cli.opening import (
    READ_WAIT_S,
    add_json,
    add_more,
    add_run,
    from_number,
    open_store,
)
from tui_tracker.cli.output import print_json, say
from tui_tracker.cli.points import reduce_points
from tui_tracker.errors import InvalidArgument
from tui_tracker.queries import Series, read_series
from tui_tracker.queries.records import iso_time, json_number
from tui_tracker.store import Store

AXES = ("step", "time", "clock")
"""What `--x` takes besides a metric: time since the run began, and the time of day."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_run(parser)
    parser.add_argument(
        "metrics",
        metavar="METRIC",
        nargs="+",
        help="a metric's name, or name@context; runs before the first one are drawn as well",
    )
    add_more(parser)
    _add_drawing(parser)
    _add_making(parser)
    parser.add_argument(
        "--points",
        metavar="N",
        type=from_number(2),
        help="with --json: at most so many points, smallest and largest of each stretch kept",
    )
    parser.add_argument(
        "--csv", action="store_true", help="print the values as CSV, a line a step, a column a run"
    )
    add_json(parser)


def _add_drawing(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--width", metavar="CELLS", type=from_number(20), help="of the chart")
    parser.add_argument("--height", metavar="LINES", type=from_number(6), help="of the chart")
    parser.add_argument("--log", "--log-y", dest="log_y", action="store_true", help="log values")
    parser.add_argument("--log-x", action="store_true", help="logarithmic steps")
    parser.add_argument("--ascii", action="store_true", help="no braille, no box drawing")
    parser.add_argument(
        "--x",
        metavar="AXIS",
        default="step",
        help="step, time since the run began, clock, or a metric such as epoch",
    )


def _add_making(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--smooth", metavar="WEIGHT", type=_weight, default=0.0, help="moving average, 0 to 0.999"
    )
    parser.add_argument(
        "--band",
        action="store_const",
        const="range",
        help="runs that differ only by seed as one: their mean, smallest and largest",
    )
    parser.add_argument(
        "--std", dest="band", action="store_const", const="std", help="the same with mean ± std"
    )
    parser.add_argument("--diff", action="store_true", help="first run minus second, by step")
    parser.add_argument(
        "--cross", metavar="VALUE", type=float, help="the first step at which a value is reached"
    )


def _weight(text: str) -> float:
    try:
        weight = float(text)
    except ValueError:
        weight = -1.0
    if not 0 <= weight <= 0.999:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 0 to 0.999")
    return weight


def run(args: argparse.Namespace) -> int:
    with open_store(args, wait_s=READ_WAIT_S) as store:
        wanted = find_wanted(store, args.run, args.metrics, args.more)
        if args.diff:
            _check_pair(wanted)
        if args.csv:
            from tui_tracker.cli.curve_table import print_csv

            print_csv(store, wanted, args)
        elif args.json:
            _print_json(store, wanted, args)
        else:
            from tui_tracker.cli.curve_chart import print_chart

            print_chart(store, wanted, args)
    return 0


def _check_pair(wanted: Sequence[Wanted]) -> None:
    if len(wanted) != 2:
        raise InvalidArgument(
            f"--diff takes two curves, here are {len(wanted)}: tt curve RUN RUN METRIC --diff"
        )


def _print_json(store: Store, wanted: Sequence[Wanted], args: argparse.Namespace) -> None:
    if args.cross is not None or args.diff or args.band:
        from tui_tracker.cli.curve_table import made_json

        print_json(made_json(store, wanted, args))
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


def _shape(store: Store, wanted: Wanted, points: int | None) -> dict[str, object]:
    series: Series = read_series(store, *wanted.pair)
    if points is not None:
        series = reduce_points(series, points)
    return {
        "steps": list(series.steps),
        "times": [iso_time(ms) for ms in series.times_ms],
        "values": [json_number(value) for value in series.values],
    }


__all__ = ["AXES", "add_arguments", "run", "say"]
