"""Points gathered metric by metric until they are worth handing on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from tui_tracker.importers.records import BATCH_POINTS, Points

_Column = tuple[list[int], list[int], list[float]]


@dataclass(slots=True)
class Batches:
    """Points of several runs and metrics; of each metric they leave in the order they came."""

    _waiting: dict[tuple[str, str, str, bool], _Column] = field(default_factory=dict)
    _count: int = 0

    @property
    def is_full(self) -> bool:
        return self._count >= BATCH_POINTS

    def full(self) -> Iterator[Points]:
        """Yield all that waits, if it is enough for a batch."""
        if self.is_full:
            yield from self.take()

    def add(
        self,
        run: str,
        metric: str,
        step: int,
        time_ms: int,
        value: float,
        context: str = "",
        *,
        system: bool = False,
    ) -> None:
        name = (run, metric, context, system)
        column = self._waiting.get(name)
        if column is None:
            column = self._waiting[name] = ([], [], [])
        column[0].append(step)
        column[1].append(time_ms)
        column[2].append(value)
        self._count += 1

    def take(self) -> Iterator[Points]:
        """Yield all that waits."""
        waiting, self._waiting, self._count = self._waiting, {}, 0
        for (run, metric, context, system), (steps, times_ms, values) in waiting.items():
            yield Points(run, metric, steps, times_ms, values, context, system)
