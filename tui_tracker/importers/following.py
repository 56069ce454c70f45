"""How far a database was read that its tool may still be writing to."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tui_tracker.importers.databases import Damaged, Database, Row, Session, quoted
from tui_tracker.importers.liveness import status_without_end
from tui_tracker.importers.records import Status


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


class Mark:
    """How far a table was read that grows at its end, by the last row that was read.

    Rowids grow with the time of writing, until a table is rebuilt or rows at its end go: then
    the row at the mark is not what it was, and all has to be read anew.
    """

    def __init__(self, table: str, *columns: str) -> None:
        self.table, self.columns = table, columns
        self._row: Row | None = None

    def forget(self) -> None:
        """Read all anew."""
        self._row = None

    def is_lost(self, session: Session) -> bool:
        """Return whether the last row that was read is not where it was."""
        if self._row is None:
            return False
        where, at = "WHERE rowid=?", (self._row[0],)
        return session.table(self.table, "rowid", *self.columns, where=where, given=at) != [
            self._row
        ]

    def last(self, session: Session) -> int:
        """Return the last row there is now.

        Who asks before reading what rows hang on, and reads up to it after, finds all of that.
        """
        try:
            rows = session.rows(f"SELECT max(rowid) FROM {quoted(self.table)}")
        except Damaged:
            return _END
        return int(rows[0][0] or 0) if rows else 0

    def read(self, session: Session, until: int) -> Iterator[list[Row]]:
        """Yield further rows up to one, some at a time; their rowids come first."""
        after = self._row[0] if self._row else 0
        for rows in session.slices(self.table, self.columns, after):
            kept = rows
            if rows and rows[-1][0] > until:
                kept = [row for row in rows if row[0] <= until]
            if kept:
                self._row = kept[-1]
                yield kept
            if len(kept) < len(rows):
                return


_END = 1 << 62
