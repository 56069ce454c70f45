"""The table that a run writes into its folder, read as it grows.

Such tables tell no times: points have the time of the file's last change. They have no end
either: a run whose table is left alone is finished.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

from tui_tracker.errors import ImportFailed
from tui_tracker.importers.columns import Columns
from tui_tracker.importers.growing import Change
from tui_tracker.importers.liveness import changed_at, status_without_end
from tui_tracker.importers.news import News
from tui_tracker.importers.records import ImportedRun, Piece, Status, Unread, utc_from_ms
from tui_tracker.importers.rewritten import reason
from tui_tracker.importers.table_runs import TableRuns
from tui_tracker.importers.table_text import GrowingTable

Describe = Callable[[list[Unread]], ImportedRun]
"""Makes the run of what lies beside the table; the list takes what of it cannot be read."""


class TableOfRun:
    """A run's table, and what was told of it."""

    def __init__(self, path: Path, columns: Columns, key: str) -> None:
        self.path, self.key = path, key
        self._rows = TableRuns(GrowingTable(path), columns, key)
        self._news = News()

    def read(self, describe: Describe) -> Iterator[Piece]:
        """Yield what is new; see `records.Reader`.

        Raises:
            ImportFailed: the table cannot be read, or was never there.
        """
        change = self._look()
        if change == "gone":
            return
        if change == "over":
            yield from self._news.start_over()
            self._rows.start_over()
        problems: list[Unread] = []
        run = describe(problems)
        yield from self._news.run(run)
        yield from self._points(run, problems)
        yield from self._news.trouble(problems)

    def standing(self) -> tuple[Status, datetime | None]:
        """Return the run's status by the table, and when it ended."""
        status = status_without_end(self.path, otherwise="finished")
        ended = utc_from_ms(changed_at(self.path) * 1000)
        return status, None if status == "running" else ended

    def _look(self) -> Change:
        try:
            change = self._rows.table.look()
        except OSError as error:
            raise ImportFailed(str(self.path), "", f"cannot be read: {reason(error)}") from error
        if change == "gone" and self._news.status(self.key) is None:
            raise ImportFailed(str(self.path), "", "is not there any more")
        return change

    def _points(self, run: ImportedRun, problems: list[Unread]) -> Iterator[Piece]:
        rows = self._rows
        rows.time_ms = round(max(changed_at(self.path), 0.0) * 1000)
        try:
            if rows.table.look() == "grown":
                yield from rows.take(rows.table.read(), lambda _: None)
            if run.status != "running":
                yield from rows.take(rows.table.read_last(), lambda _: None)
        except OSError as error:
            problem = f"cannot be read: {reason(error)}"
            problems.append(Unread(self.path, "", problem, self.key, skipped=True))
