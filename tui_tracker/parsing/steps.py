"""Printed steps as the whole numbers that a store keeps."""

from __future__ import annotations

from tui_tracker.parsing.events import Step


class WholeSteps:
    """Turns steps into whole numbers that keep their order, series by series.

    Epoch and batch become one number where it is known how many batches an epoch has; else, as
    fractions of epochs, they are counted.
    """

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}

    def whole(self, series: str, step: Step, total: int = 0) -> int:
        """Return the step of the next value of a series."""
        if isinstance(step, int):
            whole = step
        elif isinstance(step, tuple) and total > 0:
            whole = step[0] * total + step[1]
        else:
            whole = self._counts.get(series, 0)
        self._counts[series] = whole + 1
        return whole
