"""What a reader remembers of what it told, so that it tells only what is new."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tui_tracker.importers.databases import Database
from tui_tracker.importers.liveness import status_without_end
from tui_tracker.importers.records import ImportedRun, StartedOver, Status


class Told:
    """Runs as they were told last."""

    def __init__(self) -> None:
        self._seen: dict[str, int] = {}

    def tell(self, run: ImportedRun) -> Iterator[ImportedRun]:
        """Yield the run if it is not what was told of it before."""
        seen = hash(repr(run))
        if self._seen.get(run.key) != seen:
            self._seen[run.key] = seen
            yield run

    def start_over(self) -> Iterator[StartedOver]:
        """Declare all void that was told."""
        seen, self._seen = self._seen, {}
        for key in seen:
            yield StartedOver(key)


class Watched:
    """A database whose runs may be without an end: whether there is anything to read in it."""

    def __init__(self, path: Path) -> None:
        self.database = Database(path)
        self._beside = [path, path.with_name(path.name + "-wal")]
        self.open_status: Status = "running"
        """What runs without an end are now."""
        self.has_open = False
        """Whether the last look met such runs."""

    def is_due(self) -> bool:
        """Return whether a look may show something new; a run may end by silence alone."""
        status = status_without_end(*self._beside)
        ended = self.has_open and status != self.open_status
        if not ended and not self.database.has_changed():
            return False
        self.open_status, self.has_open = status, False
        return True

    def open(self) -> Status:
        """Return the status of a run that has no end."""
        self.has_open = True
        return self.open_status
