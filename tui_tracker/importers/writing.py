"""Pieces of foreign runs into a store: gathered by run, one transaction a run.

A run of very many points is written in several transactions, so that memory stays bounded
and no other writer waits for long; if the import is stopped in between, the next one goes
on where this one was. Importing the same source again adds what grew, and nothing twice.
"""

from __future__ import annotations

import math
import sqlite3
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from tui_tracker import folder as folders
from tui_tracker.importers.known import KnownRun, identity, is_another, known_ids
from tui_tracker.importers.records import (
    ImportedRun,
    Piece,
    Points,
    Printed,
    StartedOver,
    Unread,
)
from tui_tracker.importers.run_points import label_of
from tui_tracker.importers.run_rows import Pending, Target, write_run
from tui_tracker.queries.rows import run_uuid
from tui_tracker.store import Store

MOST_POINTS, MOST_LINES, MOST_RUNS = 300_000, 50_000, 64
"""Of what is gathered before it is written."""

Progress = Callable[[int, int], None]
"""Hears how many runs and how many points were written so far."""


@dataclass(slots=True)
class Taken:
    """What became of a source, by run ids; complete once it was read to its end."""

    imported: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    same: list[str] = field(default_factory=list)
    unread: list[Unread] = field(default_factory=list)
    points: int = 0


class StoreWriter:
    """Takes the pieces of one source, over as many readings as it is followed."""

    def __init__(
        self,
        store: Store,
        tool: str,
        roots: Iterable[Path],
        *,
        keep_files: bool = True,
        progress: Progress | None = None,
        every_s: float = math.inf,
    ) -> None:
        """`every_s` is the longest that pieces are gathered before they are written."""
        self._every_s, self._written_at = every_s, 0.0
        self._store, self._tool, self._keep_files = store, tool, keep_files
        self._roots = tuple(roots)
        self._progress = progress or (lambda _runs, _points: None)
        self._pending: dict[str, Pending] = {}
        self._latest: dict[str, ImportedRun] = {}
        """What was told last of each run, for pieces that come without it."""
        self._known: dict[str, KnownRun] = {}
        self._ids: dict[bytes, bytes] | None = None
        self._parents: dict[str, str] = {}
        self._points = self._lines = 0
        self._taken = Taken()

    def take(self, pieces: Iterable[Piece]) -> Taken:
        """Write all pieces; return what came of them.

        Raises:
            StoreError: the store cannot be written.
            ImportFailed: nothing of the source can be read.
        """
        self._taken = Taken()
        before = {key: known.row for key, known in self._known.items()}
        for piece in pieces:
            self._gather(piece)
            full = self._points >= MOST_POINTS or self._lines >= MOST_LINES
            late = time.monotonic() - self._written_at > self._every_s
            if full or late or len(self._pending) > MOST_RUNS:
                self._flush()
        self._flush()
        self._join_parents()
        self._sum_up(before)
        return self._taken

    def _gather(self, piece: Piece) -> None:
        if isinstance(piece, Unread):
            self._taken.unread.append(piece)
        elif isinstance(piece, ImportedRun):
            self._latest[piece.key] = piece
            if piece.key in self._pending:
                self._pending[piece.key].run = piece
            else:
                self._pending[piece.key] = Pending(piece)
        elif isinstance(piece, StartedOver):
            if piece.run in self._latest:
                self._pending[piece.run] = Pending(self._latest[piece.run], start_over=True)
        else:
            self._gather_part(piece)

    def _gather_part(self, piece: Points | Printed) -> None:
        if piece.run not in self._pending:
            if piece.run not in self._latest:
                raise ValueError(f"points of a run {piece.run!r} that was not told of")
            self._pending[piece.run] = Pending(self._latest[piece.run])
        pending = self._pending[piece.run]
        if isinstance(piece, Points):
            pending.points.append(piece)
            self._points += len(piece.steps)
        else:
            pending.printed.append(piece)
            self._lines += len(piece.lines)

    def _flush(self) -> None:
        pending, self._pending = self._pending, {}
        for key, one in pending.items():
            with self._store.write() as connection:
                self._write(connection, key, one)
            self._taken.points += sum(len(points.steps) for points in one.points)
            self._progress(len(self._known), self._taken.points)
        self._points = self._lines = 0
        self._written_at = time.monotonic()

    def _write(self, connection: sqlite3.Connection, key: str, pending: Pending) -> None:
        known = self._known.get(key)
        part = identity(self._tool, key)
        if known is None:
            known, part = self._find(connection, key, pending)
            self._known[key] = known
        target = Target(
            *(connection, self._tool, folders.artifacts(self._store.folder)),
            *(self._roots, self._keep_files),
        )
        run = pending.run
        for problem in write_run(target, known, pending, part):
            self._taken.unread.append(Unread(run.path, "", problem, run=key))
        if run.parent:
            self._parents[key] = run.parent

    def _find(
        self, connection: sqlite3.Connection, key: str, pending: Pending
    ) -> tuple[KnownRun, bytes]:
        """Return the run as the store knows it, else a new one, and what tells it from others."""
        if self._ids is None:
            self._ids = known_ids(connection)
        first = {
            label_of(points): (points.steps[0], points.values[0])
            for points in reversed(pending.points)
        }
        number = 1
        while True:
            part = identity(self._tool, key if number == 1 else f"{key}\0{number}")
            if part not in self._ids:
                return KnownRun(b""), part
            known = _stored(connection, self._ids[part])
            if known is None:
                return KnownRun(b""), part
            if not is_another(connection, known.row, first):
                return known, part
            number += 1

    def _join_parents(self) -> None:
        """Say which run each belongs to, now that all of them have ids."""
        if not self._parents:
            return
        parents, self._parents = self._parents, {}
        with self._store.write() as connection:
            for key, parent in parents.items():
                self._join(connection, key, parent)

    def _join(self, connection: sqlite3.Connection, key: str, parent: str) -> None:
        run = self._latest[key]
        above = self._known.get(parent)
        uuid = above.uuid if above else (self._ids or {}).get(identity(self._tool, parent))
        child = self._known[key]
        if uuid is None:
            self._parents[key] = parent  # it may come with a later reading
        elif _leads_to(connection, uuid, child.uuid):
            problem = f"run {run.id!r} would be its own ancestor and was left without a parent"
            self._taken.unread.append(Unread(run.path, "", problem, run=key))
        else:
            connection.execute("UPDATE run SET parent=? WHERE id=?", (uuid, child.row))

    def _sum_up(self, before: dict[str, int]) -> None:
        for key, known in self._known.items():
            if not known.row:
                continue
            shown = run_uuid(known.uuid)
            if key not in before and not known.was_there:
                self._taken.imported.append(shown)
            elif known.changed:
                self._taken.updated.append(shown)
            elif key not in before:
                self._taken.same.append(shown)
            known.changed = False


def _stored(connection: sqlite3.Connection, uuid: bytes) -> KnownRun | None:
    row = connection.execute(
        "SELECT id, json_extract(source, '$.state') FROM run WHERE uuid=?", (uuid,)
    ).fetchone()
    if row is None:
        return None
    return KnownRun(uuid, int(row[0]), was_there=True, state=row[1] or "")


def _leads_to(connection: sqlite3.Connection, uuid: bytes, sought: bytes) -> bool:
    """Return whether a run, or one above it, is the sought one."""
    seen: set[bytes] = set()
    here: bytes | None = uuid
    while here is not None and here not in seen:
        if here == sought:
            return True
        seen.add(here)
        row = connection.execute("SELECT parent FROM run WHERE uuid=?", (here,)).fetchone()
        here = row[0] if row else None
    return False
