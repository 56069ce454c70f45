"""The chart of `tt curve`: lines, bands, differences and levels, with a legend above it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace

from tui_tracker.cli.chart import Curve, Look, X, draw_chart, print_legend
from tui_tracker.cli.curve_words import Wanted
from tui_tracker.cli.output import on_terminal, rich_console, say, terminal_size
from tui_tracker.curves import Band, band, smoothed
from tui_tracker.errors import NotFound
from tui_tracker.formatting import format_count, format_number, printable
from tui_tracker.queries import (
    ChartWanted,
    MetricSummary,
    XAxis,
    find_metric,
    first_crossings,
    read_curves,
    read_difference,
)
from tui_tracker.queries.seeds import seed_digests
from tui_tracker.store import Store

_SPARE_LINES = 4
"""For the legend, and the prompt that follows."""
_PIPED = 80, 24
"""A chart for a file or a chat has the width of a plain terminal."""
_AXES: dict[str, X] = {"step": "step", "time": "relative", "clock": "wall"}


def print_chart(store: Store, wanted: Sequence[Wanted], args: argparse.Namespace) -> None:
    """Print legend, chart, and what was asked about it."""
    look = _look(args)
    if args.diff:
        curves = _difference(store, wanted, look)
    elif args.band:
        curves = _banded(store, wanted, look, args)
    else:
        curves = _plain(store, wanted, look, args)
    chart = draw_chart(curves, look) if curves else None
    if chart is None:
        where = " above zero" if look.log_y else ""
        say(f"no finite value{where} to draw")
        return
    print_legend(curves, look)
    print(chart)
    if args.cross is not None:
        print()
        for line in crossing_lines(store, wanted, args.cross):
            print(line)


def _look(args: argparse.Namespace) -> Look:
    terminal = on_terminal()
    columns, lines = terminal_size() if terminal else _PIPED
    console = rich_console() if terminal else None
    levels: tuple[float, ...] = () if args.cross is None else (args.cross,)
    return Look(
        width=args.width or columns,
        height=args.height or max(8, min(24, lines - _SPARE_LINES)),
        log_y=args.log_y,
        log_x=args.log_x and args.x != "clock",
        ascii=args.ascii or "utf" not in (sys.stdout.encoding or "").lower(),
        colour=console is not None and console.color_system is not None and not console.no_color,
        x=_AXES.get(args.x, "metric"),
        x_name=args.x,
        levels=(0.0, *levels) if args.diff else levels,
    )


def _axis(wanted: Sequence[Wanted], name: str) -> XAxis:
    """Return the axis that `--x` names.

    Raises:
        NotFound: it is no axis and no metric of the runs.
    """
    if name in _AXES:
        return XAxis(_AXES[name])
    for one in wanted:
        try:
            return XAxis("metric", find_metric(one.run, name).key)
        except NotFound:
            continue
    known = [*_AXES, *dict.fromkeys(label for one in wanted for label in one.run.row.metrics)]
    raise NotFound("axis", name, known)


def _plain(
    store: Store, wanted: Sequence[Wanted], look: Look, args: argparse.Namespace
) -> list[Curve]:
    pairs = tuple(one.pair for one in wanted)
    found = read_curves(store, [ChartWanted(pairs)], 2 * look.width, _axis(wanted, args.x))
    curves = []
    for one in wanted:
        curve = found.get(one.pair)
        if curve is None:
            continue
        label = f"{one.metric.label}  {one.run.row.name} ({_standing(one.metric)})"
        if args.smooth:
            over = smoothed(curve, args.smooth)
            curves.append(Curve(f"{label}, smoothed {args.smooth:g}", over, behind=curve))
        else:
            curves.append(Curve(label, curve))
    return curves


def _difference(store: Store, wanted: Sequence[Wanted], look: Look) -> list[Curve]:
    first, second = wanted
    found = read_difference(store, first.pair, second.pair, 2 * look.width, low=None, high=None)
    if found is None:
        return []
    curve, made = found
    names = [f"{one.metric.label} {one.run.row.name}" for one in wanted]
    if first.metric.label == second.metric.label:
        names = [f"{first.metric.label}  {first.run.row.name}", second.run.row.name]
    words = f", {format_count(made)} interpolated" if made else ""
    label = f"{names[0]} minus {names[1]} ({format_count(curve.count)} steps{words})"
    return [Curve(label, curve)]


def _banded(
    store: Store, wanted: Sequence[Wanted], look: Look, args: argparse.Namespace
) -> list[Curve]:
    curves = []
    for name, members in seed_groups(store, wanted).items():
        found = read_band(store, members, 2 * look.width, _axis(wanted, args.x), args.band)
        if found is None:
            continue
        runs = f"mean of {found.most} runs" if found.most != 1 else "1 run"
        if found.fewest != found.most:
            runs = f"mean of {found.fewest} to {found.most} runs"
        spread = "smallest and largest" if args.band == "range" else "± std"
        mean = smoothed(found.mean, args.smooth) if args.smooth else found.mean
        mean = replace(mean, mins=mean.means, maxs=mean.means)
        curves.append(Curve(f"{name} ({runs}, {spread})", mean, spread=found.spread))
    return curves


def read_band(
    store: Store, members: Sequence[Wanted], slots: int, axis: XAxis, spread: str
) -> Band | None:
    """Return runs of one group and metric as one; None where they have no point."""
    pairs = tuple(one.pair for one in members)
    found = read_curves(store, [ChartWanted(pairs)], slots, axis)
    read = [found[pair] for pair in pairs if pair in found]
    return band(read, "std" if spread == "std" else "range")


def seed_groups(store: Store, wanted: Sequence[Wanted]) -> dict[str, list[Wanted]]:
    """Return the curves whose runs differ only by their seed, by metric and first run."""
    digests = seed_digests(store, [one.run.row.key for one in wanted])
    groups: dict[tuple[str, str], list[Wanted]] = {}
    for one in wanted:
        digest = digests.get(one.run.row.key, str(one.run.row.key))
        groups.setdefault((one.metric.label, digest), []).append(one)
    found: dict[str, list[Wanted]] = {}
    for (label, _), members in groups.items():
        found[f"{label}  {members[0].run.row.name}"] = members
    return found


def crossing_lines(store: Store, wanted: Sequence[Wanted], value: float) -> list[str]:
    """Return a sentence a curve: where it first reaches a value."""
    found = first_crossings(store, [one.pair for one in wanted], value)
    lines = []
    for one in wanted:
        crossing = found.get(one.pair)
        name = f"{one.run.row.name} {one.metric.label}"
        if crossing is None or crossing.step is None:
            best = one.metric.min if crossing and not crossing.rising else one.metric.max
            lines.append(f"{name} never reaches {value:g} (nearest {format_number(best)})")
        else:
            at = format_count(crossing.step)
            lines.append(f"{name} crosses {value:g} at step {at} ({format_number(crossing.value)})")
    return [printable(line) for line in lines]


def _standing(metric: MetricSummary) -> str:
    parts = [f"last {format_number(metric.last)}"]
    if metric.min is not None and metric.max is not None:
        parts.append(f"{format_number(metric.min)} to {format_number(metric.max)}")
    parts.append(f"{format_count(metric.count)} points")
    if metric.nan or metric.inf:
        parts.append(f"{metric.nan} NaN, {metric.inf} inf")
    return ", ".join(parts)
