"""One run of event files: a folder, maybe with the folder of its hyperparameters.

The files are read one after the other, by name, as TensorBoard does, so that points come in
the order in which they were logged; further ones, and what is added to them, follow as it
comes. Where a writer began anew at a step (a `session_log` of START), what was logged before
from that step on is void; where steps merely go back, all is kept.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tui_tracker.importers.event_values import NO_BOUND, EventValues, Start
from tui_tracker.importers.framing import Damage, Record, RecordFile
from tui_tracker.importers.liveness import status_without_end
from tui_tracker.importers.news import News
from tui_tracker.importers.records import (
    ImportedNote,
    ImportedRun,
    Piece,
    Printed,
    Status,
    Unread,
    utc_from_ms,
)
from tui_tracker.importers.wire import WireError

_MOST_LINES = 5000
_FIRST_BATCHES, _FIRST_BYTES = 1, 1 << 14
_LONGEST_START = 1024


@dataclass(frozen=True, slots=True)
class EventFile:
    """An event file of a run."""

    path: Path
    context: str = ""
    """The name of the sub-folder that it lies in, where that belongs to the run."""


class EventRun:
    """The event files of one run, read as they grow.

    `list_files` tells which they are, in order; `describe` makes the run of what they held and of
    its status by them.
    """

    def __init__(
        self,
        key: str,
        list_files: Callable[[], Iterable[EventFile]],
        describe: Callable[[EventValues, Status], ImportedRun],
        *,
        make_values: Callable[[], EventValues] = EventValues,
        is_empty_told: bool = False,
    ) -> None:
        self.key = key
        self._list_files = list_files
        self._describe = describe
        self._starts: dict[Path, dict[int, int]] = {}
        """Of each file the places where a writer began anew, and the steps."""
        self._news = News()
        self._make_values = make_values
        self._is_empty_told = is_empty_told
        self._begin()

    def _begin(self) -> None:
        self._files: dict[EventFile, RecordFile] = {}
        self._values = self._make_values()
        self._status: Status | None = None

    def read(self) -> Iterator[Piece]:
        """Yield what is new, see `records.Reader`."""
        files = list(self._list_files())
        if self._must_start_over(files):
            yield from self._start_over(files)
        grew = yield from self._read_files(files)
        if grew is None:  # a restart in the middle of a file, after points of it were handed on
            yield from self._start_over(files)
            yield from self._read_files(files)
        yield from self._finish(bool(grew is None or grew))

    def _must_start_over(self, files: list[EventFile]) -> bool:
        """Look at new files; return whether what was read of the others is void by them."""
        is_void = any(record.was_replaced() for record in self._files.values())
        is_void |= any(known not in files for known in self._files)
        for file in files:
            if file in self._files:
                continue
            starts = self._starts[file.path] = dict(_find_starts(file.path, _FIRST_BATCHES))
            is_last = not self._files or files.index(file) > max(map(files.index, self._files))
            started = min(starts.values(), default=NO_BOUND)
            is_void |= bool(self._files) and (not is_last or started <= self._values.largest_step)
        return is_void

    def _start_over(self, files: list[EventFile]) -> Iterator[Piece]:
        for file in files:
            self._starts[file.path] = dict(_find_starts(file.path))
        yield from self._news.start_over()
        self._begin()

    def _read_files(self, files: list[EventFile]) -> Generator[Piece, None, bool | None]:
        """Yield what the files hold beyond what was read; return whether that was anything.

        None where a restart in it makes points void that were taken in before.
        """
        grew = False
        for number, file in enumerate(files):
            record = self._files.setdefault(file, RecordFile(file.path))
            if record.size and not record.grew():
                continue
            grew = True
            later = [
                step for one in files[number + 1 :] for step in self._starts[one.path].values()
            ]
            is_void = yield from self._read_file(file, record, min(later, default=NO_BOUND))
            if is_void:
                return None
        return grew

    def _read_file(
        self, file: EventFile, record: RecordFile, later: int
    ) -> Generator[Piece, None, bool]:
        """Yield what a file holds beyond what was read; return whether other points are void."""
        try:
            for batch in record.read():
                if isinstance(batch, Damage):
                    yield from self._tell(file.path, f"byte {batch.at}", batch.problem)
                elif (yield from self._take_batch(file, batch, later)):
                    return True
                elif self._values.is_full or len(self._values.lines) > _MOST_LINES:
                    yield from self._flush("running")
        except OSError as error:
            yield from self._tell(file.path, "", f"cannot be read: {error.strerror}")
        return False

    def _take_batch(
        self, file: EventFile, batch: list[Record], later: int
    ) -> Generator[Piece, None, bool]:
        """Take in records; return whether a restart among them makes earlier points void."""
        starts, values = self._starts[file.path], self._values
        first = batch[0][0] if batch else 0
        values.bound = min([later, *(step for at, step in starts.items() if at >= first)])
        for at, trouble in values.add(batch, file.context):
            if isinstance(trouble, WireError):
                problem = f"a record was passed over: {trouble}"
                yield from self._tell(file.path, f"byte {at}", problem)
                continue
            values.settle()
            if at not in starts and trouble.step <= values.largest_step:
                return True
            starts[at] = trouble.step
            values.bound = min([later, *(step for one, step in starts.items() if one > at)])
        return False

    # -- what is handed on

    def _flush(self, status: Status) -> Iterator[Piece]:
        self._values.settle()
        yield from self._news.run(self._describe(self._values, status))
        yield from self._values.batches(self.key)
        if lines := self._values.take_lines():
            yield Printed(self.key, lines)

    def _finish(self, grew: bool) -> Iterator[Piece]:
        status = self._find_status()
        if not grew and status == self._status:
            return
        self._status = status
        if self._values.has_any or self._is_empty_told:
            yield from self._flush(status)
        if status != "running":
            yield from self._unread_at_rest()

    def _unread_at_rest(self) -> Iterator[Unread]:
        for file, record in self._files.items():
            if record.torn_bytes:
                problem = f"the last {record.torn_bytes} bytes are no whole record"
                yield from self._tell(
                    file.path, f"byte {record.offset}", f"{problem}; they were left out"
                )
        paths = [file.path for file in self._files]
        for problem in self._values.told():
            yield from self._tell(paths[0] if len(paths) == 1 else paths[0].parent, "", problem)

    def _tell(self, path: Path, place: str, problem: str) -> Iterator[Unread]:
        run = self.key if self._news.status(self.key) else ""
        yield from self._news.trouble([Unread(path, place, problem, run)])

    def _find_status(self) -> Status:
        """Return `killed` where the last file ends within a record: such a writer never closed."""
        own = [record for file, record in self._files.items() if not file.context]
        torn = bool(own) and own[-1].torn_bytes > 0
        otherwise: Status = "failed" if self._values.session.has_failed else "finished"
        paths = [file.path for file in self._files] or [Path()]
        return status_without_end(*paths, otherwise="killed" if torn else otherwise)


def notes_of(values: EventValues) -> tuple[ImportedNote, ...]:
    """Return the last text of each tag as a note."""
    return tuple(
        ImportedNote(f"{name}:\n{text}" if "\n" in text else f"{name}: {text}", utc_from_ms(at_ms))
        for name, (at_ms, text) in values.texts.items()
    )


def _find_starts(path: Path, batches: float = math.inf) -> Iterator[tuple[int, int]]:
    """Yield places and steps of the records in a file that say that a writer began anew."""
    probe = EventValues()
    try:
        for number, batch in enumerate(RecordFile(path, _FIRST_BYTES).read()):
            if number >= batches:
                return
            if isinstance(batch, Damage):
                continue
            # Field 7 of an event is short and stands behind the step: most events fail this.
            likely = [
                (at, payload)
                for at, payload in batch
                if len(payload) <= _LONGEST_START and b"\x3a" in payload[9:21]
            ]
            for at, trouble in probe.add(likely):
                if isinstance(trouble, Start):
                    yield at, trouble.step
    except OSError:
        return
