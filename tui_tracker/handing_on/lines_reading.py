"""Bring runs from our JSON lines back: into a store of their own first, then merged.

The file may come from anywhere. What of it is not as `lines_format` says is told with its
line and passed over; the store that the rest makes is looked through as a bundle's is
before one run is taken.
"""

from __future__ import annotations

import os
import sqlite3
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass

from tui_tracker import folder as folders
from tui_tracker import merge
from tui_tracker.bundle.inspection import inspect_rows
from tui_tracker.bundle.staging import open_staged
from tui_tracker.errors import BundleError, ImportFailed, InvalidArgument
from tui_tracker.handing_on import lines_format as form
from tui_tracker.handing_on.lines_file import Read, read_lines
from tui_tracker.handing_on.lines_rows import RowWriter
from tui_tracker.handing_on.losses import Progress
from tui_tracker.store import Store

ODD = (
    *(ValueError, TypeError, LookupError, OverflowError, AttributeError, RecursionError),
    *(sqlite3.IntegrityError, sqlite3.InterfaceError, sqlite3.ProgrammingError),
)
"""What is said to values of other kinds than we write."""
_AT_ONCE = 2000
"""Lines that go into one transaction of the store in between."""


@dataclass(frozen=True, slots=True)
class Restored:
    """What came of a file."""

    merged: merge.Merged
    points: int
    """In the file."""
    problems: tuple[str, ...]
    """Lines that could not be taken, and why; the rest was."""


def restore(path: str, target: Store, *, progress: Progress | None = None) -> Restored:
    """Bring the runs of a file into a store, as it was there that they were written.

    A run that is there already is brought up to date, as `merge` does it.

    Raises:
        ImportFailed: it is no such file, of a later version, or made to do harm.
        OSError: it cannot be read.
    """
    place = folders.artifacts(target.folder)
    with (
        tempfile.TemporaryDirectory(prefix="tt-lines-") as temporary,
        open_staged(temporary) as staged,
    ):
        problems = _Staging(path, staged, progress).take_all()
        points = staged.read("SELECT coalesce(sum(count), 0) FROM metric")[0][0]
        try:
            inspect_rows(path, staged)
        except BundleError as error:
            raise ImportFailed(path, "", error.problem) from error
        merged = merge.merge_runs(
            staged,
            target,
            fetch=lambda sha256: "" if merge.has_file(place, sha256) else form.NOT_INSIDE,
        )
    return Restored(merged, points, tuple(problems))


class _Staging:
    """A file on its way into a store of its own."""

    def __init__(self, path: str, store: Store, progress: Progress | None) -> None:
        self._path, self._store, self._progress = path, store, progress
        self._problems: list[str] = []
        self._done = 0
        self._ended = False

    def take_all(self) -> list[str]:
        size = os.path.getsize(self._path)
        with open(self._path, "rb") as file:
            lines = read_lines(file)
            self._check_first(next(lines, None))
            writer, more = RowWriter(), True
            while more:
                with self._store.write() as writer.connection:
                    more = self._take_some(writer, lines)
                if self._progress is not None:
                    self._progress(self._done, size)
        if not self._ended:
            self._problems.append("the file ends before its last line: the last run may lack some")
        return self._problems

    def _check_first(self, first: Read | None) -> None:
        if first is None or first.value.get("tui_tracker") != form.MAGIC:
            raise ImportFailed(self._path, "", "holds no JSON lines that tt export wrote")
        try:
            form.check_head(first.value)
        except InvalidArgument as error:
            raise ImportFailed(self._path, "line 1", str(error)) from error

    def _take_some(self, writer: RowWriter, lines: Iterator[Read]) -> bool:
        """Take some lines; return whether there may be more."""
        for count, line in enumerate(lines, start=1):
            self._done += line.size_bytes
            if line.problem:
                self._problems.append(f"line {line.number} {line.problem}")
                continue
            self._ended = "end" in line.value
            try:
                writer.take(line.value)
            except ODD as error:
                said = str(error) if isinstance(error, ValueError) else "is none that is written so"
                self._problems.append(f"line {line.number}: {said}")
            if count >= _AT_ONCE:
                return True
        writer.settle()
        return False
