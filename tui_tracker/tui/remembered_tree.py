"""What is folded in the tree, as it is remembered: JSON has no word for a missing value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from tui_tracker.queries.selection import ABSENT

if TYPE_CHECKING:
    from tui_tracker.tui.tree import Where

MOST = 200
"""Folds that are remembered, those of the branches folded last."""


def write_folds(folds: Mapping[Where, bool]) -> list[object]:
    """Return the folds as JSON holds them: `[open, field, [value], field, [], ...]`."""
    return [
        [is_open, *(part for name, value in where for part in (name, _boxed(value)))]
        for where, is_open in list(folds.items())[-MOST:]
    ]


def read_folds(kept: Sequence[object]) -> dict[Where, bool]:
    """Return the folds that were remembered; what cannot be one is left out."""
    found: dict[Where, bool] = {}
    for one in kept:
        if not isinstance(one, list) or len(one) % 2 == 0 or not isinstance(one[0], bool):
            continue
        pairs = list(zip(one[1::2], one[2::2], strict=True))
        if all(isinstance(name, str) and _is_box(box) for name, box in pairs):
            found[tuple((name, box[0] if box else ABSENT) for name, box in pairs)] = one[0]
    return found


def _boxed(value: object) -> list[object]:
    return [] if value is ABSENT else [value]


def _is_box(box: object) -> bool:
    plain = (str, int, float, type(None))
    return isinstance(box, list) and (not box or (len(box) == 1 and isinstance(box[0], plain)))
