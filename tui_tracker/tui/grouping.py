"""What the group view makes of the columns of the table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tui_tracker.formatting import printable
from tui_tracker.tui.columns import Column, plain_column

BUT_SEED = "params-but-seed"
"""In place of a column: runs whose params differ in nothing but the seed."""
RUNS = Column("runs", "runs", "count", spec="runs", pinned=True)
"""How many runs a group has; stands in the group view alone."""
WORDS = {BUT_SEED: "all but the seed"}


def by_words(by: Sequence[str]) -> str:
    """Return what runs are grouped by, as the header has it."""
    return " · ".join(WORDS.get(spec, printable(spec.partition(":")[2] or spec)) for spec in by)


def with_groups(columns: Sequence[Column], by: Sequence[str]) -> tuple[Column, ...]:
    """Return the columns of the group view: the name tells the group, and its size stands beside.

    What runs are grouped by has no column of its own: it is the group's name.
    """
    if not by or not columns:
        return tuple(columns)
    found: list[Column] = []
    for column in columns:
        if column.kind == "name":
            found.append(replace(column, title=by_words(by), renamed=False))
        elif column.spec not in by:
            found.append(column)
    if all(column.kind != "name" for column in found):
        # Hidden for runs, it is all that tells a group.
        name = replace(plain_column("name", pinned=True), title=by_words(by))
        found.insert(sum(column.pinned for column in found), name)
    at = sum(column.pinned for column in found)
    found.insert(at, RUNS)
    return tuple(found)


def without_groups(columns: Sequence[Column]) -> tuple[Column, ...]:
    """Return the columns as they are for runs."""
    plain = plain_column("name")
    return tuple(
        replace(column, title=plain.title)
        if column.kind == "name" and not column.renamed
        else column
        for column in columns
        if column.kind != "count"
    )
