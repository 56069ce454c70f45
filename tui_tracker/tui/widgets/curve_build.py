"""From runs, curves that were read and modes to the lines of a chart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tui_tracker.curves import Band, Curve, Spread, band
from tui_tracker.formatting import format_count
from tui_tracker.tui.widgets.curve_model import Look, ShownRun, Trace, letter, role

Difference = tuple[int, int]
"""The runs of which the first minus the second is drawn."""
Bands = dict[tuple[str, str, Spread, tuple[int, ...]], Band | None]
"""Bands that were worked out, by metric, group and the curves they are of."""


@dataclass(slots=True)
class Sources:
    """What was read."""

    curves: dict[tuple[str, int], Curve] = field(default_factory=dict)
    """By metric and run."""
    differences: dict[str, tuple[Curve, int] | None] = field(default_factory=dict)
    """By metric: the curve, and how many of its steps are interpolated."""
    bands: Bands = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Modes:
    """Which runs and metrics stand out, and what is drawn instead of single runs."""

    difference: Difference | None = None
    pinned_runs: frozenset[int] = frozenset()
    pinned_metrics: tuple[str, ...] = ()
    chosen_run: int | None = None


def traces(
    labels: Sequence[str], runs: Sequence[ShownRun], sources: Sources, look: Look, modes: Modes
) -> tuple[Trace, ...]:
    """Return the lines of a chart of these metrics, the first of which it is about."""
    if modes.difference is not None:
        return _difference(labels[0], runs, sources, modes.difference)
    made: list[Trace] = []
    for label in labels:
        start = len(made)
        if look.spread is not None:
            made += _bands(label, runs, sources, look.spread, start, several=len(labels) > 1)
        else:
            made += _runs(label, runs, sources, modes, labels)
    return tuple(made)


def _runs(
    label: str, runs: Sequence[ShownRun], sources: Sources, modes: Modes, labels: Sequence[str]
) -> list[Trace]:
    made = []
    start = labels.index(label) * len(runs)
    standing_out = bool(modes.pinned_runs) or modes.chosen_run is not None
    for number, run in enumerate(runs):
        if label not in run.metrics:
            continue
        pinned, chosen = run.key in modes.pinned_runs, run.key == modes.chosen_run
        made.append(
            Trace(
                letter=letter(start + number),
                name=_name(label, run, alone=len(runs) == 1, several=len(labels) > 1),
                role=role(start + number) if len(runs) * len(labels) > 1 else "accent",
                curve=sources.curves.get((label, run.key)),
                summary=run.metrics[label],
                run=run.key,
                faded=standing_out and not (pinned or chosen),
                pinned=pinned,
                chosen=chosen,
            )
        )
    return made


def _name(label: str, run: ShownRun, *, alone: bool, several: bool) -> str:
    if not several:
        return run.name
    return label if alone else f"{label} {run.name}"


def _bands(
    label: str,
    runs: Sequence[ShownRun],
    sources: Sources,
    spread: Spread,
    start: int,
    *,
    several: bool,
) -> list[Trace]:
    groups: dict[str, list[ShownRun]] = {}
    for run in runs:
        groups.setdefault(run.group, []).append(run)
    made = []
    for number, (group, members) in enumerate(groups.items(), start):
        curves = [sources.curves.get((label, run.key)) for run in members if label in run.metrics]
        read = [curve for curve in curves if curve is not None]
        if not curves:
            continue
        key = (label, group, spread, tuple(map(id, read)))
        if key not in sources.bands:
            sources.bands[key] = band(read, spread)
        found = sources.bands[key]
        name = members[0].group_name or members[0].name
        made.append(
            Trace(
                letter=letter(number),
                name=f"{label} {name}" if several else name,
                role=role(number),
                curve=found.mean if found else None,
                spread=found.spread if found else None,
                run=members[0].key,
                note=_over(found) if found else "",
            )
        )
    return made


def _over(found: Band) -> str:
    """Return over how many runs the means are, where that changes along the curve."""
    return "" if found.fewest == found.most else f"of {found.fewest} to {found.most}"


def _difference(
    label: str, runs: Sequence[ShownRun], sources: Sources, pair: Difference
) -> tuple[Trace, ...]:
    by_key = {run.key: (number, run) for number, run in enumerate(runs)}
    if not all(key in by_key and label in by_key[key][1].metrics for key in pair):
        return ()
    (first, one), (_, other) = (by_key[key] for key in pair)
    read = sources.differences.get(label)
    note = ""
    if read is not None and read[1]:
        note = f"{format_count(read[1])} of {format_count(read[0].count)} steps interpolated"
    return (
        Trace(
            letter=letter(first),
            name=f"{one.name} − {other.name}",
            role=role(first),
            curve=read[0] if read is not None else None,
            run=pair[0],
            note=note,
        ),
    )


def seed_groups(runs: Sequence[ShownRun]) -> int:
    """Return how many groups of two or more runs differ only by their seed."""
    counts: dict[str, int] = {}
    for run in runs:
        if run.group:
            counts[run.group] = counts.get(run.group, 0) + 1
    return sum(1 for count in counts.values() if count > 1)


def labels_of(runs: Sequence[ShownRun], ranked: Sequence[str], text: str) -> list[str]:
    """Return the metrics that contain a text, in their order."""
    wanted = text.casefold()
    there: Mapping[str, None] = dict.fromkeys(label for run in runs for label in run.metrics)
    return [label for label in ranked if label in there and wanted in label.casefold()]
