"""How a line of the group view reads: what its runs have in common, mean and spread."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import takewhile
from typing import TYPE_CHECKING

from tui_tracker.formatting import (
    MISSING,
    cell_width,
    fit,
    format_count,
    format_number,
    format_value,
    printable,
    spread_words,
)
from tui_tracker.tui.cells import cell_text
from tui_tracker.tui.columns import GLYPHS, Column
from tui_tracker.tui.grouping import BUT_SEED
from tui_tracker.values import is_seed

if TYPE_CHECKING:
    from datetime import datetime

    from tui_tracker.queries import RunRow
    from tui_tracker.queries.groups import GroupRow, GroupStat

TAKEN_NAMES = 12
"""Members whose names are compared for what they have in common."""
SEED_ENDS = "seed", "fold", "run", "rep", "s"
"""What a name in common may end in, before the number that it does not have."""
SHARED = ("experiment", "host", "user", "tag", "fact", "grade")
"""Kinds of columns that a group fills where it is grouped by them."""


def group_label(by: Sequence[str], group: GroupRow, names: Sequence[str], widths: list[int]) -> str:
    """Return what a group is called: its values side by side, or what its names have in common.

    `widths` are the cells that each value was seen to take so far, and grow.
    """
    parts = []
    for place, (spec, value) in enumerate(zip(by, group.values, strict=True)):
        if spec == BUT_SEED:
            parts.append(common_name(names))
            continue
        absent = not isinstance(value, (bool, int, float, str, list)) and value is not None
        text = MISSING if absent else format_value(value)
        widths.extend([0] * (place + 1 - len(widths)))
        widths[place] = min(24, max(widths[place], cell_width(text)))
        last = place + 1 == len(by)
        parts.append(text if last else fit(text, widths[place]))
    return "  ".join(parts) if parts else "all runs"


def common_name(names: Sequence[str]) -> str:
    """Return what names have in common at their beginning, without a dangling `-seed`."""
    shown = [printable(name) for name in names]
    if len(set(shown)) < 2:
        return shown[0] if shown else "…"
    low, high = min(shown), max(shown)
    # What the first and the last by letters have in common, all have.
    same = (one == other for one, other in zip(low, high, strict=False))
    head = low[: sum(takewhile(bool, same))]
    # Seeds 10 and 11 have a digit in common that is no part of the name.
    while head and head[-1].isdigit() and any(name[len(head) :][:1].isdigit() for name in shown):
        head = head[:-1]
    head = head.rstrip("-_ =./#:")
    for end in SEED_ENDS:
        if head.casefold().endswith(end) and head[: -len(end)][-1:] in tuple("-_ =./#:"):
            head = head[: -len(end)].rstrip("-_ =./#:")
            break
    return f"{head}…" if head else f"{shown[0]} …"


def group_cell(
    group: GroupRow,
    first: RunRow,
    column: Column,
    by: Sequence[str],
    stats: Mapping[str, GroupStat],
    now: datetime,
) -> str:
    """Return the text of a group's cell; "" where its runs may differ."""
    if column.kind == "count":
        return format_count(group.runs)
    if column.kind == "status":
        counts = ((glyph, group.counts.get(status)) for status, glyph in GLYPHS.items())
        return " ".join(f"{glyph}{count}" for glyph, count in counts if count)
    if column.kind == "metric":
        return spread_cell(stats.get(column.spec))
    if column.spec == "started" or _is_shared(column, by):
        return cell_text(first, column, {}, now=now, elapsed_s=0.0)
    return ""


def _is_shared(column: Column, by: Sequence[str]) -> bool:
    if column.spec in by:
        return True
    if BUT_SEED not in by:
        return False
    return column.kind == "experiment" or (column.kind == "param" and not is_seed(column.key))


def spread_cell(stat: GroupStat | None) -> str:
    """Return `mean ± std (n)`."""
    if stat is None or stat.mean is None:
        lost = stat.not_finite if stat is not None else 0
        return f"NaN ({lost})" if lost else MISSING
    if stat.std is None:
        return f"{format_number(stat.mean)} ({stat.n})"
    mean, std = spread_words(stat.mean, stat.std)
    return f"{mean} ± {std} ({stat.n})"
