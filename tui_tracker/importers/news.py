"""What a reader told of its runs and of trouble, so that it tells only what is new."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tui_tracker.importers.records import ImportedRun, StartedOver, Status, Unread


class News:
    """Runs as they were told last, and all trouble that was told."""

    def __init__(self) -> None:
        self._runs: dict[str, tuple[int, Status]] = {}
        self._trouble: set[Unread] = set()

    def run(self, run: ImportedRun) -> Iterator[ImportedRun]:
        """Yield the run if it is not what was told of it before."""
        # By its text: a param that is NaN differs from itself, and thousands of runs stay small.
        seen = hash(repr(run)), run.status
        if self._runs.get(run.key) != seen:
            self._runs[run.key] = seen
            yield run

    def status(self, key: str) -> Status | None:
        """Return what a run was told to be; None if it was not told since all started over."""
        return self._runs[key][1] if key in self._runs else None

    def trouble(self, found: Iterable[Unread]) -> Iterator[Unread]:
        """Yield what was not told before."""
        for one in found:
            if one not in self._trouble:
                self._trouble.add(one)
                yield one

    def start_over(self) -> Iterator[StartedOver]:
        """Declare all void that was told of runs."""
        told, self._runs = self._runs, {}
        for key in told:
            yield StartedOver(key)
