"""The curves of an experiment's configurations as pictures: means, and bands over their runs."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import islice

from tui_tracker.audit.record import RunRecord
from tui_tracker.curves import Curve, band
from tui_tracker.decide.measures import direction_of
from tui_tracker.formatting import printable
from tui_tracker.queries import ChartWanted, Pair, read_curves
from tui_tracker.report.blocks import Drawn, Picture
from tui_tracker.report.findings import Configuration, Findings
from tui_tracker.report.private import public
from tui_tracker.store import Store

MOST_LINES = 6
"""Configurations of one picture: more colours cannot be told apart."""
MOST_RUNS = 20
"""Runs of a configuration whose curves are read."""
_PICTURES = 2
_SLOTS = 96
_SPAN = 300.0
"""Values that reach so many times from smallest to largest are drawn on a log axis."""
_ASTRAY = 4.0
"""A line without which the others reach less far by so many times went astray."""


def draw(store: Store, found: Findings) -> list[Picture]:
    """Return the pictures of the first metrics that have a curve of more than one step."""
    made: list[Picture] = []
    for label in found.metrics:
        picture = _picture(store, found, label)
        if picture is not None:
            made.append(picture)
        if len(made) == _PICTURES:
            break
    return made


def _picture(store: Store, found: Findings, label: str) -> Picture | None:
    records = found.by_id
    having = ((one, _pairs(records, one, label)) for one in found.configurations)
    shown = list(islice(((one, pairs) for one, pairs in having if pairs), MOST_LINES))
    everything = tuple(pair for _, pairs in shown for pair in pairs)
    if not everything:
        return None
    curves = read_curves(store, [ChartWanted(everything)], _SLOTS)
    lines = []
    for one, pairs in shown:
        drawn = _drawn(one, [curves[pair] for pair in pairs if pair in curves])
        if drawn is not None:
            lines.append(drawn)
    first = min(curve.first for curve in curves.values())
    last = max(curve.last for curve in curves.values())
    inside = _inside(lines)
    finite = [v for line in inside for part in (line.means, line.lows, line.highs)
              for v in part if math.isfinite(v)]  # fmt: skip
    if not finite or first == last:
        return None
    # A band may reach below zero where no value does, so the means alone choose the axis.
    means = [v for line in inside for v in line.means if math.isfinite(v)]
    # A quality that fell to nothing is no reason to hide where the others differ.
    falls = direction_of(label) == "lowest"
    log = falls and min(means) > 0 and max(means) / min(means) >= _SPAN
    low, high = (min(means), max(means)) if log else (min(finite), max(finite))
    if low == high:
        room = abs(low) / 10 or 1.0
        low, high = low - room, high + room
    left_out = len(found.configurations) - len(lines)
    bands = any(len(pairs) > 1 for _, pairs in shown)
    words = "Mean over the runs of a configuration" if bands else "One run a configuration"
    words += "; the band is one standard deviation to each side" if bands else ""
    words += f"; {left_out} more configurations are not drawn" if left_out > 0 else ""
    words += "; the axis of values is logarithmic" if log else ""
    astray = [line.label for line in lines if line not in inside]
    words += f"; {' and '.join(astray)} leaves the picture" if astray else ""
    title = printable(label)
    return Picture(title, "step", title, tuple(lines), low, high, first, last, log,
                   (f"{words}.",))  # fmt: skip


def _inside(lines: Sequence[Drawn]) -> list[Drawn]:
    """Return the lines that choose the axis of values.

    One that went astray would press all others flat, so it is drawn at the edge instead;
    half of the lines have to be left, or nobody can tell which of them are astray.
    """
    inside = [line for line in lines if _span([line]) is not None]
    while len(inside) - 1 >= max(1, len(lines) / 2):
        without = [(_span([other for other in inside if other is not line]), line)
                   for line in inside]  # fmt: skip
        span, astray = min(((s, line) for s, line in without if s is not None),
                           key=lambda pair: pair[0])  # fmt: skip
        whole = _span(inside)
        if whole is None or span * _ASTRAY > whole:
            break
        inside.remove(astray)
    return inside


def _span(lines: Sequence[Drawn]) -> float | None:
    """Return how far the finite means of lines reach; None where there is none."""
    means = [value for line in lines for value in line.means if math.isfinite(value)]
    return max(means) - min(means) if means else None


def _pairs(records: Mapping[str, RunRecord], one: Configuration, label: str) -> list[Pair]:
    return [
        (records[run.id].key, run.metrics[label].key)
        for run in one.group.runs[:MOST_RUNS]
        if label in run.metrics and run.id in records
    ]


def _drawn(one: Configuration, curves: Sequence[Curve]) -> Drawn | None:
    made = band(curves, "std") if curves else None
    if made is None:
        return None
    mean, spread = made.mean, made.spread
    xs = [low / 2 + high / 2 for low, high in zip(mean.lows, mean.highs, strict=True)]
    label = public(one.group.label, 60)
    return Drawn(label, xs, list(mean.means), list(spread.mins), list(spread.maxs))
