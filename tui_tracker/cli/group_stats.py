"""Further statistics of groups, worked out from the runs' values each time; none is stored."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from tui_tracker.equivalence import mean_interval
from tui_tracker.errors import InvalidArgument
from tui_tracker.estimates import find_outlier, interquartile_mean
from tui_tracker.queries import ColumnSpec, RunKey, get_rows
from tui_tracker.queries.groups import GroupRow, GroupStat, member_values
from tui_tracker.store import Store
from tui_tracker.values import is_seed

STATS = ("n", "mean", "std", "sem", "median", "iqm", "ci", "min", "max", "outlier")
LEVEL = 0.95
_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Figures:
    """What one metric comes to over the finite values of a group; None where undefined."""

    basic: GroupStat
    sem: float | None
    median: float | None
    iqm: float | None
    """Mean of the middle half; the mean where there are fewer than four values."""
    interval: tuple[float, float] | None
    """Of the mean, by Student's t at 95 %."""
    outlier: str | None
    """Seed of the run far from the others (modified z beyond 3.5), of at least five."""

    def number(self, stat: str) -> float | None:
        """Return a statistic that is one number."""
        found = getattr(self if stat in ("sem", "median", "iqm") else self.basic, stat)
        return None if found is None else float(found)


def read_stats(text: str) -> tuple[str, ...]:
    """Return the statistics that are named, in their order.

    Raises:
        InvalidArgument: one is none.
    """
    from difflib import get_close_matches

    names = [name.strip().lower() for name in text.split(",") if name.strip()]
    for name in names:
        if name not in STATS:
            near = get_close_matches(name, STATS, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(STATS)}"
            raise InvalidArgument(f"--stats: {name!r} is no statistic: {hint}")
    return tuple(dict.fromkeys(names))


def figures_of(
    store: Store, groups: Sequence[GroupRow], metrics: Sequence[ColumnSpec], stats: Sequence[str]
) -> list[tuple[Figures, ...]]:
    """Return the figures of each group by the metrics."""
    values = member_values(store, groups, metrics)
    seeds = _seeds(store, groups) if "outlier" in stats else {}
    return [
        tuple(
            _figures(stat, found, seeds) for stat, found in zip(group.stats, columns, strict=True)
        )
        for group, columns in zip(groups, values, strict=True)
    ]


def shape_of(figures: Figures, stats: Sequence[str]) -> dict[str, object]:
    """Return the keys that `--stats` adds to a metric in JSON."""
    shape: dict[str, object] = {}
    for stat in stats:
        if stat == "ci":
            low, high = figures.interval or (None, None)
            shape["ci"] = {"low": low, "high": high, "level": LEVEL, "method": "t"}
        elif stat == "outlier":
            shape["outlier"] = figures.outlier
        elif stat in ("sem", "median", "iqm"):
            shape[stat] = figures.number(stat)
    return shape


def cells_of(figures: Sequence[Figures], stat: str) -> list[str]:
    """Return a column of a statistic."""
    from tui_tracker.formatting import MISSING, align_points, format_number, printable

    if stat == "outlier":
        return [printable(f"seed {one.outlier}") if one.outlier else "" for one in figures]
    if stat == "ci":
        ends = [one.interval for one in figures]
        return [" to ".join(map(format_number, pair)) if pair else MISSING for pair in ends]
    if stat == "n":
        return [str(one.basic.n) for one in figures]
    return align_points(format_number(one.number(stat)) for one in figures)


def values_of(figures: Sequence[Figures], stat: str) -> list[object]:
    """Return what is behind such a column."""
    if stat == "outlier":
        return [one.outlier for one in figures]
    if stat == "ci":
        return [list(one.interval) if one.interval else None for one in figures]
    return [one.basic.n if stat == "n" else one.number(stat) for one in figures]


def _figures(
    stat: GroupStat, found: Mapping[RunKey, float], seeds: Mapping[RunKey, str]
) -> Figures:
    values = list(found.values())
    if not values:
        return Figures(stat, None, None, None, None, None)
    named: dict[str, float] = {}
    for key, value in found.items():
        name = seeds.get(key, "")
        named[name if name and name not in named else f"{name or '?'} (run {key})"] = value
    return Figures(
        basic=stat,
        sem=None if stat.std is None else stat.std / math.sqrt(stat.n),
        median=median(values),
        iqm=interquartile_mean(values),
        interval=mean_interval(values, LEVEL) if len(values) > 1 else None,
        outlier=find_outlier(named) if seeds else None,
    )


def _seeds(store: Store, groups: Sequence[GroupRow]) -> dict[RunKey, str]:
    """Return the seed of each run; its name where it has none."""
    keys = [key for group in groups for key in group.members]
    found: dict[RunKey, str] = {}
    for start in range(0, len(keys), _AT_ONCE):
        for row in get_rows(store, keys[start : start + _AT_ONCE], params=None):
            seed = next((v for name, v in row.params.items() if is_seed(name)), None)
            found[row.key] = row.name if seed is None else str(seed)
    return found
