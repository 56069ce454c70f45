"""Read the metrics of an MLflow file store: one text file a metric, one value a line.

    <Unix time in milliseconds> <value> [<step> [<dataset name> <dataset digest>]]

Fields are apart by one space. The oldest lines have no step, which reads as 0; the dataset is not
read. A line is appended in one write, with its end. Logging a model appends an earlier point of
each metric once more, as it was: a line that goes back in time and was there before is dropped,
and in a run that made a model also one of the same time. Elsewhere a script may well
have logged the same value twice within a millisecond.

Source: mlflow/mlflow, mlflow/store/tracking/file_store.py (_log_run_metric, _log_model_metrics).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tui_tracker.importers.batches import Batches
from tui_tracker.importers.cells import number, whole
from tui_tracker.importers.mlflow_facts import is_system
from tui_tracker.importers.regular import open_regular

_CHUNK = 4 << 20
_LONGEST_LINE = 1 << 16


class Replaced(Exception):
    """The file is shorter than what was read of it, or another one."""


@dataclass(slots=True)
class MetricFile:
    """How far the file of one metric was read."""

    path: Path
    name: str
    has_model: bool = False
    """The run made a model, so that points may be there twice."""
    offset: int = 0
    inode: int = 0
    lines: int = 0
    last_ms: int = -(2**63)
    at_last: set[bytes] = field(default_factory=set)
    """The points of the last time, as they are written."""
    earlier: set[bytes] | None = None
    """All points, as they are written; None while none went back in time."""
    told_cut: bool = False

    def read(self, run: str, points: Batches) -> Iterator[tuple[str, str]]:
        """Gather new points; yield what could not be read as place and problem.

        Raises:
            Replaced: what was read before is not there any more.
            OSError: it cannot be read.
        """
        facts = os.stat(self.path)
        if facts.st_size < self.offset or (self.inode and facts.st_ino != self.inode):
            raise Replaced
        self.inode = facts.st_ino
        if facts.st_size == self.offset:
            return
        with open_regular(self.path) as file:
            file.seek(self.offset)
            rest = b""
            while chunk := file.read(_CHUNK):
                *lines, rest = (rest + chunk).split(b"\n")
                yield from self._take(lines, run, points)
                if len(rest) > _LONGEST_LINE:
                    yield f"line {self.lines + 1}", "has no end, and was passed over"
                    self.offset, rest = file.tell(), b""

    def is_cut(self) -> bool:
        """Return whether a line without an end stands at the end, and was not told of before."""
        try:
            cut = not self.told_cut and os.stat(self.path).st_size > self.offset
        except OSError:
            return False
        self.told_cut = self.told_cut or cut
        return cut

    def _take(self, lines: list[bytes], run: str, points: Batches) -> Iterator[tuple[str, str]]:
        for line in lines:
            place, before = self.lines + 1, self.offset
            self.lines, self.offset = place, before + len(line) + 1
            point = _point(line)
            if point is None:
                if line.strip():
                    shown = line[:60].decode("utf-8", "replace")
                    yield f"line {place}", f"expected 'milliseconds value step', got {shown!r}"
            elif not self._was_there(line, point[0], before):
                time_ms, value, step = point
                points.add(run, self.name, step, time_ms, value, system=is_system(self.name))

    def _was_there(self, line: bytes, time_ms: int, before: int) -> bool:
        """Return whether a point is one of those before it, logged once more with a model."""
        if self.earlier is not None and time_ms >= self.last_ms:
            self.earlier.add(_fields(line))
        if time_ms > self.last_ms:
            self.last_ms, self.at_last = time_ms, {_fields(line)}
            return False
        if time_ms == self.last_ms:
            known = _fields(line) in self.at_last
            self.at_last.add(_fields(line))
            return known and self.has_model
        if self.earlier is None:
            # Few files ever go back in time: only those pay for knowing all their lines.
            self.earlier = set(self._lines_up_to(before))
        known = _fields(line) in self.earlier
        self.earlier.add(_fields(line))
        return known

    def _lines_up_to(self, end: int) -> Iterator[bytes]:
        with open_regular(self.path) as file:
            while file.tell() < end:
                yield _fields(file.readline(_LONGEST_LINE))


def _fields(line: bytes) -> bytes:
    return b" ".join(line.split()[:3])


def _point(line: bytes) -> tuple[int, float, int] | None:
    """Return time, value and step of a line; None where it is of another form."""
    fields = line.decode("utf-8", "replace").split()
    if len(fields) < 2:
        return None
    time_ms, value = whole(fields[0]), number(fields[1])
    step = whole(fields[2]) if len(fields) > 2 else 0
    return None if time_ms is None or value is None or step is None else (time_ms, value, step)
