"""From journal to store: live in the training process, and by whoever comes after a crash.

A drain reads whole records from where the store says the last one ended, and commits
what they say together with the new place. It may be killed between any two steps, run
twice, or run in two processes at once: the place in the store decides what is new.
What it keeps in memory (the unfilled block of each series, the key sets) is only a
copy of the store, and is dropped whenever the place is not the one it left.
"""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import time
import zlib
from itertools import chain
from operator import itemgetter

from tui_tracker import folder as folders
from tui_tracker import journal
from tui_tracker.errors import JournalDamaged, StoreBusy, StoreError
from tui_tracker.journal import KeySet
from tui_tracker.journal_reader import Batch, read_batch
from tui_tracker.printed import Console
from tui_tracker.records import METRIC, SYSTEM, RunWriter
from tui_tracker.sampled import sampled_columns
from tui_tracker.series import AxisCache, OpenSeries
from tui_tracker.store import Store

# Loaded by a training process too: `typing` and `dataclasses` would triple what it costs.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    Column = tuple[Sequence[int], Sequence[int], Sequence[float]]

_LIMIT = 4 << 20
"""Bytes of journal in one transaction."""
_LIVE_LIMIT = 256 << 10
"""The same while training waits for the interpreter."""


class Recovered:
    """What one look at a store's journals did."""

    __slots__ = ("ended", "locked", "points", "problems", "waiting")

    def __init__(
        self,
        points: int,
        ended: tuple[str, ...],
        problems: tuple[str, ...],
        waiting: int,
        *,
        locked: bool = False,
    ) -> None:
        self.points = points
        self.ended = ended
        """Ids of runs found dead at this look."""
        self.problems = problems
        """One sentence for each journal that could not be drained or was damaged."""
        self.waiting = waiting
        """Bytes that stay in journals."""
        self.locked = locked
        """Another process held the store's lock, so trying again will help."""


class JournalDrain:
    """Moves the records of one journal into a store."""

    def __init__(self, store: Store, path: str) -> None:
        self._store = store
        self.path = path
        self.name = os.path.basename(path)
        self.run_id = journal.run_id_of(path)
        self.drained = -1
        """Bytes of the file that the store has; -1 until the store was asked."""
        self.finished = False
        """The store has the journal's finish record."""
        self.problem = ""
        self._file = -1
        self._forget()

    def drain(self, *, final: bool, breathe: Callable[[], None] | None = None) -> int:
        """Move all whole records; return how many points they held.

        `final`: nobody writes any more. `breathe` is called between pieces of work,
        so that a training script's thread gets its turn.

        Raises:
            StoreError: the store cannot be written now; nothing was moved by halves.
            JournalDamaged: the journal is of a later version.
            OSError: the journal cannot be read.
        """
        self._open()
        points = 0
        # What is written meanwhile is for the next time: a busy run would never let go.
        goal = os.fstat(self._file).st_size
        limit = _LIMIT if breathe is None else _LIVE_LIMIT
        while True:
            if self.drained < 0:
                self._load_place()
            batch = read_batch(
                self._file, max(self.drained, 0), path=self.path, final=final, limit=limit
            )
            if batch.end == self.drained or (batch.end == 0 and not batch):
                return points
            try:
                moved = self._move(batch, breathe)
            except BaseException:
                self._forget()
                raise
            if moved is not None:
                points += moved
                if batch.end >= goal:
                    return points

    def end(self, *, found_dead: bool) -> str:
        """Settle a journal that nobody writes any more and remove its file.

        Return the status that the run ended in by it, "" where another journal decides.
        """
        with self._store.write() as connection:
            run = RunWriter(connection, self.run_id)
            place = run.journal_place(self.name)
            if (place or 0) != self.drained:
                self._forget()
                raise StoreError(self._store.path, "somebody replaced the store meanwhile")
            if place is None:
                self.problem = "it holds no record"
            elif found_dead and not self.finished:
                ended_ms = int(os.stat(self.path).st_mtime * 1000)
                run.end_journal(self.name, "crashed", _CRASHED, ended_ms)
            status = run.status()
        self.close()
        if self.is_kept:
            self.drained, self.finished = place or 0, True
        else:
            _put_away(self.path, damaged=bool(self.problem))
        return status

    @property
    def is_kept(self) -> bool:
        """The file stays when its run ended: readers on other machines drain it too."""
        return folders.is_network(self._store.folder)

    def waiting(self) -> int:
        """Return how many bytes of the file are not in the store, as the store says now."""
        self._load_place()
        return self.lag()

    def lag(self) -> int:
        """Return how many bytes of the file are not in the store."""
        try:
            return max(0, os.stat(self.path).st_size - max(self.drained, 0))
        except OSError:
            return 0

    def close(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1
        self._forget()

    def _open(self) -> None:
        if self._file >= 0 and not journal.same_file(self._file, self.path):
            self.close()  # its writer had to write it anew
        if self._file < 0:
            self._file = os.open(self.path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0))

    def _forget(self) -> None:
        self.drained = -1
        self._stamp = -1
        self._keysets: dict[int, KeySet] = {}
        self._series: dict[tuple[int, str, str], OpenSeries] = {}
        self._console: Console | None = None
        self._axes = AxisCache()

    def _load_place(self) -> None:
        rows = self._store.read(
            "SELECT drained, status, keysets, damage FROM journal WHERE name=?", (self.name,)
        )
        if not rows:
            self.drained = 0
            return
        self.drained, status, packed, self.problem = rows[0]
        self.finished = status not in ("", "running")
        self._keysets = _unpack_keysets(packed)

    def _move(self, batch: Batch, breathe: Callable[[], None] | None) -> int | None:
        """Commit a batch; return its points, None where somebody else was quicker."""
        before = len(self._keysets)
        records = list(self._readable(batch))
        columns, lost = self._columns(batch)
        with self._store.write() as connection:
            run = RunWriter(connection, self.run_id)
            place = run.journal_place(self.name)
            if (place or 0) != self.drained:
                self._forget()
                return None
            start = next((facts for kind, facts in records if kind == journal.START), None)
            run.open(self.name, start)
            if run.stamp() != self._stamp:
                # Another journal of this run was drained since: what this one remembers
                # of series and console is out of date.
                self._series.clear()
                self._console = None
            points = self._save_series(connection, run, columns, breathe)
            # What the machine was busy with is no point of the user's.
            self._save_series(connection, run, _samples(run, records), breathe, SYSTEM)
            self._axes.clear()
            if self._console is None:
                self._console = Console.load(connection, run.key)
            for kind, facts in records:
                self._apply(run, kind, facts)
            self._console.save(connection)
            damage = self._damage(batch, lost)
            packed = _pack_keysets(self._keysets) if len(self._keysets) != before else None
            run.save_journal(self.name, batch.end, packed, damage, points, lost)
            self._stamp = run.stamp()
        self.drained, self.problem = batch.end, damage or self.problem
        return points

    def _readable(self, batch: Batch) -> Iterator[tuple[int, dict[str, object]]]:
        for place, kind, payload in batch.records:
            try:
                facts = journal.decode(payload)
                if kind == journal.KEYSET:
                    keyset = journal.make_keyset(facts)
                    self._keysets[keyset.id] = keyset
                else:
                    yield kind, facts
            except ValueError:
                batch.damages.append((place, place + len(payload)))

    def _columns(self, batch: Batch) -> tuple[dict[tuple[str, str], list[Column]], int]:
        """Return the points by name and context, and how many records were unreadable."""
        columns: dict[tuple[str, str], list[Column]] = {}
        places: dict[tuple[str, str], list[list[int]]] = {}
        lost = 0
        for number, frames in batch.frames.items():
            keyset = self._keysets.get(number)
            if keyset is None or set(map(len, frames)) != {keyset.total}:
                lost += len(frames)
                continue
            size = keyset.batch
            for start in range(0, len(frames), size):
                steps, nanoseconds, values = keyset.columns(frames[start : start + size])
                times = tuple([ns // 1_000_000 for ns in nanoseconds])
                for name, column in zip(keyset.names, values, strict=True):
                    columns.setdefault((name, keyset.context), []).append((steps, times, column))
            for name in keyset.names:
                places.setdefault((name, keyset.context), []).append(batch.positions[number])
        for key, parts in places.items():
            if len(parts) > 1:
                columns[key] = [_in_file_order(columns[key], parts)]
        return columns, lost

    def _save_series(
        self,
        connection: sqlite3.Connection,
        run: RunWriter,
        columns: dict[tuple[str, str], list[Column]],
        breathe: Callable[[], None] | None,
        kind: int = METRIC,
    ) -> int:
        points = 0
        for (name, context), parts in columns.items():
            label = (kind, name, run.metric_context(self.name, context))
            series = self._series.get(label)
            if series is None:
                key = run.metric_key(*label[1:], kind)
                series = self._series[label] = OpenSeries.load(connection, run.key, key)
            for steps, times, values in parts:
                series.add(steps, times, values)
                points += len(values)
            series.save(connection, self._axes)
            if breathe is not None:
                breathe()
        return points

    def _apply(self, run: RunWriter, kind: int, facts: dict[str, object]) -> None:
        if kind == journal.CONSOLE:
            assert self._console is not None
            self._console.add(facts, run.rank(self.name))
        elif kind == journal.FINISH:
            run.finish(self.name, facts)
            self.finished = True
        elif kind != journal.SYSTEM:
            run.apply(kind, facts)

    def _damage(self, batch: Batch, lost: int) -> str:
        said = [self.problem] if self.problem else []
        batch.damages.sort()
        for start, end in batch.damages:
            said.append(f"bytes {start} to {end} are damaged and were passed over")
        if batch.torn:
            said[-1] = f"ends inside a record at byte {batch.damages[-1][0]}"
        if lost:
            said.append(f"{lost} log calls have no readable key set")
        return "; ".join(said[:20])


_CRASHED = "the process vanished without a word"
_RUNNING = (
    "SELECT r.uuid, j.name FROM run AS r CROSS JOIN journal AS j ON j.run = r.id "
    "WHERE r.status = 'running' AND r.source IS NULL AND j.status = 'running'"
)
"""Runs that the store takes for live, each with the journals that say so."""


def recover(
    store: Store, *, only: str = "", breathe: Callable[[], None] | None = None
) -> Recovered:
    """Drain all journals of a store, and end the runs whose process is gone.

    Cheap where nothing is new. `only` takes one run's journals. Safe while runs write
    and while other processes do the same. Never raises: what cannot be done now is in
    `problems`.
    """
    with store.draining:
        drains: dict[str, JournalDrain] = store.drains  # type: ignore[assignment]
        place = folders.journals(store.folder)
        try:
            paths = journal.list_journals(place, only)
        except OSError as error:
            return Recovered(0, (), (f"{place}: it cannot be read ({error.strerror})",), 0)
        for gone in set(drains).difference(paths) if not only else ():
            drains.pop(gone).close()
        for path in set(paths).difference(drains):
            drains[path] = JournalDrain(store, path)
        if store.read_only:
            return _count_waiting([drains[path] for path in paths])
        found = _recover([drains[path] for path in paths], breathe)
        if not only and not found.problems:
            try:
                found.ended += _end_orphans(store)
            except StoreError as error:
                found.problems += (str(error),)
        return found


def _recover(drains: list[JournalDrain], breathe: Callable[[], None] | None) -> Recovered:
    points, waiting, locked = 0, 0, False
    ended: list[str] = []
    problems: list[str] = []
    for drain in drains:
        if locked:
            # Each further try would wait as long for the same lock.
            waiting += drain.lag()
            continue
        try:
            new, settled = _recover_one(drain, ended, breathe)
        except FileNotFoundError:
            drain.close()  # another process was quicker
        except (StoreError, JournalDamaged, OSError) as error:
            waiting += drain.lag()
            locked = locked or isinstance(error, StoreBusy)
            problems.append(f"{drain.name}: {error}")
        else:
            points += new
            if settled and drain.problem:
                problems.append(f"{drain.name}: {drain.problem}")
    return Recovered(points, tuple(ended), tuple(problems), waiting, locked=locked)


def _end_orphans(store: Store) -> tuple[str, ...]:
    """End the runs whose journals somebody deleted; return their ids.

    Imported runs never had one. A run that lives writes its journal anew in a second,
    and is running again.
    """
    by_run: dict[bytes, list[str]] = {}
    for uuid, name in store.read(_RUNNING):
        by_run.setdefault(uuid, []).append(name)
    ended = []
    for uuid, names in by_run.items():
        if _any_there(store, names):
            continue
        with store.write() as connection:
            # A run that ends says so here first and removes its journals then, perhaps
            # between the question above and the look for its files.
            names = [row[1] for row in connection.execute(f"{_RUNNING} AND r.uuid=?", (uuid,))]
            if names and not _any_there(store, names):
                run = RunWriter(connection, uuid.hex())
                for name in names:
                    run.end_journal(name, "crashed", "its journal was deleted", run.last_ms())
                ended.append(run.id)
    return tuple(ended)


def _any_there(store: Store, names: Sequence[str]) -> bool:
    place = folders.journals(store.folder)
    return any(os.path.exists(os.path.join(place, name)) for name in names)


def _count_waiting(drains: list[JournalDrain]) -> Recovered:
    try:
        waiting = sum(drain.waiting() for drain in drains)
    except StoreError as error:
        return Recovered(0, (), (str(error),), 0)
    problem = f"{waiting} bytes wait in journals, and you may not write to this store"
    return Recovered(0, (), (problem,) if waiting else (), waiting)


def _recover_one(
    drain: JournalDrain, ended: list[str], breathe: Callable[[], None] | None
) -> tuple[int, bool]:
    """Return how many points were new, and whether the journal was settled for good."""
    known = drain.drained >= 0 and drain.lag() == 0
    if known and drain.finished and drain.is_kept:
        return 0, False
    live = journal.is_live(drain.path)
    if live:
        return (0 if known else drain.drain(final=False, breathe=breathe)), False
    points = drain.drain(final=True, breathe=breathe)
    was_finished = drain.finished
    status = drain.end(found_dead=True)
    if not was_finished and status:
        ended.append(drain.run_id)
    return points, True


def _samples(
    run: RunWriter, records: Sequence[tuple[int, dict[str, object]]]
) -> dict[tuple[str, str], list[Column]]:
    samples = [facts for kind, facts in records if kind == journal.SYSTEM]
    columns = sampled_columns(samples, run.started_ms()) if samples else {}
    return {(name, ""): [column] for name, column in columns.items()}


def _in_file_order(columns: list[Column], places: list[list[int]]) -> Column:
    """Merge the columns of one metric that was logged with several key sets."""
    rows = list(
        zip(
            chain.from_iterable(places),
            chain.from_iterable(column[0] for column in columns),
            chain.from_iterable(column[1] for column in columns),
            chain.from_iterable(column[2] for column in columns),
            strict=True,
        )
    )
    rows.sort(key=itemgetter(0))
    return [row[1] for row in rows], [row[2] for row in rows], [row[3] for row in rows]


def _pack_keysets(keysets: dict[int, KeySet]) -> bytes:
    facts = [[k.id, list(k.names), k.context] for k in keysets.values()]
    return zlib.compress(json.dumps(facts, separators=(",", ":")).encode(), 1)


def _unpack_keysets(packed: bytes) -> dict[int, KeySet]:
    if not packed:
        return {}
    facts = json.loads(zlib.decompress(packed))
    return {number: KeySet(number, tuple(names), context) for number, names, context in facts}


def _put_away(path: str, *, damaged: bool) -> None:
    """Remove a journal whose every record the store has; a damaged one is kept aside."""
    with contextlib.suppress(OSError):
        if damaged:
            aside = os.path.join(os.path.dirname(path), "damaged")
            os.makedirs(aside, exist_ok=True)
            os.replace(path, os.path.join(aside, f"{os.path.basename(path)}.{int(time.time())}"))
        else:
            os.unlink(path)
