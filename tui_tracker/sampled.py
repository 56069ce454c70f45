"""System samples while they are drained: from records of a journal to columns of series.

A record holds what was told at one moment, by name. As a step stands the whole second
since the run began: a sample belongs to no step of the training, and so a resumed run
goes on where it was.
"""

from __future__ import annotations

import math

from tui_tracker.facts import clean, number, whole

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tui_tracker.facts import Facts

    Column = tuple[Sequence[int], Sequence[int], Sequence[float]]

PREFIX = "system/"
_LARGEST_STEP = 2**62


def sampled_columns(records: Iterable[Facts], started_ms: int) -> dict[str, Column]:
    """Return steps, Unix milliseconds and values of each name, in log order.

    What is no finite number is left out.
    """
    found: dict[str, tuple[list[int], list[int], list[float]]] = {}
    for facts in records:
        at_ms, values = whole(facts, "t"), facts.get("values")
        if at_ms is None or not isinstance(values, dict):
            continue
        # A clock that was set back must not make a sample older than the run.
        step = min(max(0, at_ms - started_ms) // 1000, _LARGEST_STEP)
        for name in values:
            value = number(values, name)
            if value is None or not math.isfinite(value):
                continue
            steps, times, values_so_far = found.setdefault(clean(f"{PREFIX}{name}"), ([], [], []))
            steps.append(step)
            times.append(at_ms)
            values_so_far.append(float(value))
    return dict(found)
