"""The numbers behind the charts of `tt curve`: aligned series as CSV, what is made as JSON."""

from __future__ import annotations

import argparse
import csv
import math
import sys
from collections.abc import Sequence

from tui_tracker.cli.curve_words import Wanted
from tui_tracker.curves import difference
from tui_tracker.queries import XAxis, first_crossings, read_series
from tui_tracker.queries.records import iso_time, json_number
from tui_tracker.store import Store

_MOST_SLOTS = 100_000
"""Steps that a band is told at; longer runs are averaged over neighbouring steps."""


def print_csv(store: Store, wanted: Sequence[Wanted], args: argparse.Namespace) -> None:
    """Print a line for every step that any curve has, a column a curve, blank where it has none.

    Of several values at one step the last is printed. With `--diff` the last column is the
    difference, with `--band` the columns are those of the bands.
    """
    writer = csv.writer(sys.stdout, lineterminator="\n")
    if args.band:
        _write_bands(store, wanted, args, writer)
        return
    columns: list[dict[float, float]] = []
    for one in wanted:
        series = read_series(store, *one.pair)
        columns.append(dict(zip(series.steps, series.values, strict=True)))
    heads = [_head(one, wanted) for one in wanted]
    if args.diff:
        steps, values, _ = _difference(store, wanted)
        columns.append(dict(zip(steps, values, strict=True)))
        heads.append("difference")
    writer.writerow(["step", *heads])
    for step in sorted({step for column in columns for step in column}):
        writer.writerow([step, *(_cell(column.get(step)) for column in columns)])


def _head(one: Wanted, wanted: Sequence[Wanted]) -> str:
    runs = len({other.run.row.key for other in wanted})
    metrics = len({other.metric.label for other in wanted})
    if runs == 1:
        return one.metric.label
    return one.run.row.name if metrics == 1 else f"{one.run.row.name} {one.metric.label}"


def _cell(value: float | None) -> str:
    if value is None:
        return ""
    return repr(value) if math.isfinite(value) else str(json_number(value))


def _difference(store: Store, wanted: Sequence[Wanted]) -> tuple[list[float], list[float], int]:
    sides = [read_series(store, *one.pair) for one in wanted]
    (first, second) = ((side.steps, side.values) for side in sides)
    return difference(first, second)


def _write_bands(
    store: Store, wanted: Sequence[Wanted], args: argparse.Namespace, writer: object
) -> None:
    bands = _bands(store, wanted, args.band)
    heads = [f"{name} {part}" for name in bands for part in ("mean", "low", "high", "runs")]
    writer.writerow(["step", *heads])  # type: ignore[attr-defined]
    rows: dict[int, list[str]] = {}
    for number, shape in enumerate(bands.values()):
        names = ("steps", "mean", "low", "high", "runs")
        for step, *values, runs in zip(*(shape[name] for name in names), strict=True):
            row = rows.setdefault(int(step), [""] * len(heads))
            row[4 * number : 4 * number + 4] = [*map(_cell, values), str(int(runs))]
    for step in sorted(rows):
        writer.writerow([step, *rows[step]])  # type: ignore[attr-defined]


def _bands(
    store: Store, wanted: Sequence[Wanted], spread: str
) -> dict[str, dict[str, list[float]]]:
    from tui_tracker.cli.curve_chart import read_band, seed_groups

    made: dict[str, dict[str, list[float]]] = {}
    for name, members in seed_groups(store, wanted).items():
        last = max(one.metric.last_step for one in members)
        first = min(one.metric.first_step for one in members)
        slots = max(1, min(_MOST_SLOTS, abs(last - first) + 1))
        found = read_band(store, members, slots, XAxis(), spread)
        if found is not None:
            made[name] = {
                "steps": list(found.mean.lows),
                "mean": list(found.mean.means),
                "low": list(found.spread.mins),
                "high": list(found.spread.maxs),
                # Of runs that are not as long as others the last means are over fewer.
                "runs": list(map(float, found.counts)),
            }
    return made


def made_json(
    store: Store, wanted: Sequence[Wanted], args: argparse.Namespace
) -> list[dict[str, object]]:
    """Return what is made of curves: crossings, a difference, or bands."""
    if args.cross is not None:
        return _crossings(store, wanted, args.cross)
    if args.diff:
        steps, values, made = _difference(store, wanted)
        return [
            {
                "runs": [one.run.row.id for one in wanted],
                "metrics": [one.metric.label for one in wanted],
                "steps": steps,
                "values": [json_number(value) for value in values],
                "interpolated": made,
            }
        ]
    return [
        {
            "group": name,
            "band": args.band,
            "runs": int(max(shape["runs"])),
            "counts": [int(runs) for runs in shape["runs"]],
            "steps": shape["steps"],
        }
        | {part: [json_number(value) for value in shape[part]] for part in ("mean", "low", "high")}
        for name, shape in _bands(store, wanted, args.band).items()
    ]


def _crossings(store: Store, wanted: Sequence[Wanted], value: float) -> list[dict[str, object]]:
    found = first_crossings(store, [one.pair for one in wanted], value)
    rows: list[dict[str, object]] = []
    for one in wanted:
        crossing = found.get(one.pair)
        at = crossing.at if crossing is not None else None
        rows.append(
            {
                "run": one.run.row.id,
                "metric": one.metric.label,
                "threshold": value,
                "step": crossing.step if crossing else None,
                "time": iso_time(round(at.timestamp() * 1000)) if at is not None else None,
                "value": crossing.value if crossing else None,
            }
        )
    return rows
