"""What configurations came to, as a table: mean ± spread (n), and an interval for the main one."""

from __future__ import annotations

from collections.abc import Sequence

from tui_tracker.estimates import FEW, Estimate
from tui_tracker.formatting import MISSING, format_count, format_number, spread_words
from tui_tracker.report.blocks import Column, Inline, Line, Mono, Table
from tui_tracker.report.findings import Configuration, Findings
from tui_tracker.report.private import public

MOST_ROWS = 40
_LABEL, _NARROW = 160, 44
"""Cells of a configuration's params, and up to how many take one line."""


def value_words(found: Estimate | None, *, level: bool = False) -> str:
    """Return `0.957 ± 0.064 (n=3)`, and with `level` the interval in words."""
    if found is None:
        return "without a finite value"
    if found.std is None:
        return f"{format_number(found.mean)} (n=1, so no spread is known)"
    mean, std = spread_words(found.mean, found.std)
    words = f"{mean} ± {std} (n={found.n}"
    if level and found.interval is not None:
        low, high = (format_number(end) for end in (found.interval.low, found.interval.high))
        words += f"; {found.interval.level * 100:g} % interval of the mean {low} to {high}"
    return f"{words})"


def configuration_table(found: Findings) -> Table | None:
    """Return the table; None where no configuration takes part."""
    shown = found.configurations[:MOST_ROWS]
    if not shown:
        return None
    ranked = bool(found.decision is not None)
    places = [(str(one.rank) if one.rank is not None else MISSING,) for one in shown]
    columns = [Column("#", tuple(places), right=True)] if ranked else []
    labels = [public(one.group.label, _LABEL) for one in shown]
    wide = max(map(len, labels)) > _NARROW
    columns.append(Column("configuration", tuple((label,) for label in labels), wide=wide))
    if not found.metrics:
        counts = tuple((format_count(len(one.group.runs)),) for one in shown)
        columns.append(Column("runs", counts, right=True))
    for place, label in enumerate(found.metrics):
        estimates = [one.estimates.get(label) for one in shown]
        columns.append(Column(public(label, 40), _cells(estimates), right=True))
        if place == 0 and any(e is not None and e.interval is not None for e in estimates):
            columns.append(Column(_level(estimates), _intervals(estimates), right=True))
    return Table(tuple(columns), _caption(found, shown), first=found.winner is not None)


def _cells(estimates: Sequence[Estimate | None]) -> tuple[Line, ...]:
    means, spreads = [], []
    for one in estimates:
        if one is None:
            means.append(MISSING)
            spreads.append("")
        elif one.std is None:
            means.append(format_number(one.mean))
            spreads.append(f" ({one.n})")
        else:
            mean, std = spread_words(one.mean, one.std)
            means.append(mean)
            spreads.append(f" ± {std} ({one.n})")
    return tuple((f"{mean}{spread}",) for mean, spread in zip(means, spreads, strict=True))


def _level(estimates: Sequence[Estimate | None]) -> str:
    level = next(e.interval.level for e in estimates if e is not None and e.interval is not None)
    return f"{level * 100:g} % interval"


def _intervals(estimates: Sequence[Estimate | None]) -> tuple[Line, ...]:
    lows, highs = [], []
    for one in estimates:
        known = one is not None and one.interval is not None
        lows.append(format_number(one.interval.low) if known else "")  # type: ignore[union-attr]
        highs.append(format_number(one.interval.high) if known else "")  # type: ignore[union-attr]
    return tuple(
        (f"{low} to {high}" if low else MISSING,) for low, high in zip(lows, highs, strict=True)
    )


def _caption(found: Findings, shown: Sequence[Configuration]) -> Line:
    words: list[Inline] = []
    if found.metrics:
        words.append(
            "Mean ± standard deviation over the runs (by n - 1), with the number of runs that "
            "have a finite value."
        )
        intervals = [e.interval for one in shown if (e := one.estimates.get(found.main))]
        methods = {interval.method for interval in intervals if interval is not None}
        named = {"t": "Student's t", "bca": f"a BCa bootstrap from {FEW} runs on"}
        if methods:
            told = " and ".join(named[m] for m in ("t", "bca") if m in methods)
            words.append(f" The interval of the mean is {told}.")
        words += _which(found)
    left = len(found.configurations) - len(shown)
    if any(one.eliminated for one in shown):
        words.append(f" {MISSING} is eliminated by the rule, for the reason below.")
    if left:
        words.append(f" {format_count(left)} more configurations are left out.")
    return tuple(words)


def _which(found: Findings) -> list[Inline]:
    """Return which value of a run counts."""
    pick = found.pick.pick
    if not isinstance(pick, int) and pick != "best":
        return [" Each run counts with its last value."]
    which = f"the value at step {pick:,}" if isinstance(pick, int) else "the best value"
    others = ", of the others the last." if len(found.metrics) > 1 else "."
    return [" Of ", Mono(public(found.main, 60)), f" {which} counts{others}"]
