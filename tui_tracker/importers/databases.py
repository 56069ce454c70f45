"""Foreign SQLite files: what is in them as rows, whoever is writing to them.

A look at a file (`Database.look`) gives a `Session`; each question to it is answered from
one consistent state, later questions perhaps from a later state. So readers ask first
how far rows go, then what hangs on them. Between two looks nothing is held open.
How the file is opened so that no byte changes is told in `database_files`.
"""

from __future__ import annotations

import random
import sqlite3
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from tui_tracker.errors import ImportFailed
from tui_tracker.importers.database_files import (
    Busy,
    Stamps,
    Torn,
    Way,
    are_settled,
    connected,
    copied_with_journal,
    find_way,
    stamps,
)
from tui_tracker.importers.records import Unread

Row = tuple[Any, ...]
"""Cells hold whatever is there: SQLite's column types bind nobody. See `cells`."""
Given = tuple[object, ...]

SLICE_ROWS = 50_000
_MAGIC = b"SQLite format 3\0"
_TRIES = 40
_LONGEST_WAIT_S = 0.1
_FASTER = "it is written faster than it can be read"
_LOST_ROWS = 1_000_000
"""At most so many rows are held that lie behind damage."""


class Damaged(Exception):
    """Rows could be read up to some damage only."""

    def __init__(self, rows: list[Row], problem: str) -> None:
        super().__init__(problem)
        self.rows, self.problem = rows, problem


def is_database(head: bytes) -> bool:
    """Return whether a file that begins so is an SQLite database; an empty file is none."""
    return head.startswith(_MAGIC)


def list_tables(path: Path) -> frozenset[str]:
    """Return the names of the tables; none where it cannot be read, or is no database."""
    try:
        with Database(path).look() as session:
            return session.tables
    except ImportFailed:
        return frozenset()


def list_columns(path: Path, table: str) -> frozenset[str]:
    """Return the names of a table's columns; none where there is no such table."""
    try:
        with Database(path).look() as session:
            return session.columns(table)
    except ImportFailed:
        return frozenset()


class Database:
    """A foreign SQLite file that is looked at again and again."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._seen: Stamps | None = None
        """As before the last look that came to its end."""

    def has_changed(self) -> bool:
        """Return whether there may be something new since the last whole look."""
        return self._seen is None or stamps(self.path) != self._seen

    @contextmanager
    def look(self) -> Iterator[Session]:
        """Give a session; what was there when it began counts as seen when it ends well.

        Raises:
            ImportFailed: there is no database.
        """
        before = stamps(self.path)
        settled = are_settled(before)
        with ExitStack() as held:
            yield Session(self.path, held)
        # A write within the same tick of the clock would not show.
        self._seen = before if settled else None

    def forget(self) -> None:
        """Take all for new at the next look."""
        self._seen = None


class Session:
    """Questions to a database during one look; copies that had to be made go with it."""

    def __init__(self, path: Path, held: ExitStack) -> None:
        self.path = path
        self.damages: list[Unread] = []
        """What could not be read so far."""
        self._held = held
        self._root: Path | None = None
        self._copy: Way | None = None
        self._tables: dict[str, frozenset[str]] | None = None

    @property
    def tables(self) -> frozenset[str]:
        """Names of the tables; views are none."""
        if self._tables is None:
            try:
                names = self.rows("SELECT name FROM sqlite_master WHERE type='table'")
            except Damaged as error:
                problem = f"cannot be read as a database: {error.problem}"
                raise ImportFailed(str(self.path), "", problem) from error
            self._tables = {str(name): frozenset() for (name,) in names}
        return frozenset(self._tables)

    def columns(self, table: str) -> frozenset[str]:
        """Return the names of a table's columns; none where there is no such table."""
        if table not in self.tables or self._tables is None:
            return frozenset()
        if not self._tables[table]:
            try:
                rows = self.rows("SELECT name FROM pragma_table_info(?)", table)
            except Damaged as error:
                self._tell(table, error)
                rows = error.rows
            self._tables[table] = frozenset(str(name) for (name,) in rows)
        return self._tables[table]

    def rows(self, question: str, *parameters: object) -> list[Row]:
        """Return all rows that answer a question, from one state.

        Raises:
            ImportFailed: there is no database, or its writer never let it be.
            Damaged: it is damaged; the rows before the damage are with it.
        """
        problem, damaged = "", 0
        for attempt in range(_TRIES):
            if attempt:
                # At random: a writer may come back at regular times.
                time.sleep(random.uniform(0, min(0.002 * 1.2**attempt, _LONGEST_WAIT_S)))
            before = stamps(self.path)
            try:
                return self._answer(question, parameters)
            except (Torn, Busy):
                self._copy, problem = None, _FASTER
            except Damaged as error:
                # Seen through a writer's half-done work, a sound file looks damaged.
                self._copy, problem = None, error.problem
                damaged += 1
                if stamps(self.path) == before and damaged > 1:
                    raise
            except OSError as error:
                reason = f"cannot be read: {error.strerror}"
                raise ImportFailed(str(self.path), "", reason) from error
        raise ImportFailed(str(self.path), "", f"cannot be read as a database: {problem}")

    def table(self, table: str, *columns: str, where: str = "", given: Given = ()) -> list[Row]:
        """Return rows of a small table; a column that it lacks is None, and none if it is absent.

        Damage is told in `damages`.
        """
        known = self.columns(table)
        if not known:
            return []
        names = ", ".join(_shown(name, known) for name in columns)
        try:
            return self.rows(f"SELECT {names} FROM {quoted(table)} {where}", *given)
        except Damaged as error:
            self._tell(table, error)
            return error.rows

    def slices(self, table: str, columns: Sequence[str], after: int = 0) -> Iterator[list[Row]]:
        """Yield a table's rows behind a rowid, in order of rowids, which come first in a row.

        Where it is damaged, what can be reached from both ends is yielded, and `damages` tells.
        """
        known = self.columns(table)
        if not known:
            return
        names = ", ".join(_shown(name, known) for name in columns)
        chosen = f"SELECT rowid, {names} FROM {quoted(table)} WHERE rowid>?"
        rows: list[Row] = []
        while not rows or len(rows) == SLICE_ROWS:
            try:
                rows = self.rows(f"{chosen} ORDER BY rowid LIMIT {SLICE_ROWS}", after)
            except Damaged as error:
                self._tell(table, error)
                yield error.rows
                yield self._behind(chosen, error.rows[-1][0] if error.rows else after)
                return
            if not rows:
                return
            after = rows[-1][0]
            yield rows

    def _behind(self, chosen: str, after: int) -> list[Row]:
        """Return the rows that can be reached from a table's end, in order of rowids."""
        try:
            rows = self.rows(f"{chosen} ORDER BY rowid DESC LIMIT {_LOST_ROWS}", after)
        except Damaged as error:
            rows = error.rows
        return rows[::-1]

    def _tell(self, table: str, error: Damaged) -> None:
        problem = f"is damaged ({error.problem}); the rows that could be reached were read"
        self.damages.append(Unread(self.path, f"table {table}", problem))

    def _answer(self, question: str, parameters: Given) -> list[Row]:
        way = self._copy or find_way(self.path, self._scratch)
        try:
            if way.copied:
                self._copy = way
            return _ask(way, question, parameters)
        except Busy:
            self._copy = copied_with_journal(self.path, self._scratch())
            return _ask(self._copy, question, parameters)

    def _scratch(self) -> Path:
        """Return an empty folder; the one before it is given up."""
        if self._root is None:
            folder = tempfile.TemporaryDirectory(prefix="tui_tracker-", ignore_cleanup_errors=True)
            self._root = Path(self._held.enter_context(folder))
        for old in self._root.iterdir():
            old.unlink()
        return self._root


def quoted(name: str) -> str:
    """Return a name as SQL has it."""
    return '"' + name.replace('"', '""') + '"'


def _shown(column: str, known: frozenset[str]) -> str:
    if column == "rowid":
        return column
    return quoted(column) if column in known else "NULL"


def _ask(way: Way, question: str, parameters: Given) -> list[Row]:
    rows: list[Row] = []
    try:
        with connected(way) as connection:
            for row in connection.execute(question, parameters):
                rows.append(row)
    except sqlite3.Error as error:
        raise Damaged(rows, str(error)) from error
    except UnicodeDecodeError as error:
        # Messages of the sqlite3 module quote names of the file, and are decoded strictly.
        raise Damaged(rows, "a name in it is no UTF-8") from error
    return rows
