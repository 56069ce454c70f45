"""Read what a program printed: a console log as a run, with params, metrics and all its lines.

Any text: what `nohup`, `tee`, Slurm or a redirection left. What is a metric in it, and what a
step, is the business of `tui_tracker.parsing`. Checked with what these printed: catboost 1.2.10,
fastai 2.8.12, keras 3.15.1, lightgbm 4.7.0, lightning 2.6.6, optuna 5.0.0, scikit-learn 1.9.1, tqdm
4.70.1, transformers 5.23.0, xgboost 3.2.0; and with lines as fairseq, Megatron-LM, nanoGPT, timm,
Ultralytics, Stable-Baselines3, TensorFlow's estimators, spaCy, ESPnet, OpenMMLab, Ray, DeepSpeed,
Flax and the examples of PyTorch print them (`tests/data/logs`).

A run is known by its path and the first line of the file, so a log that was written over by the
next training is another run, and one that grows is the same. Several processes in one log
(`[rank0]:`) are one run whose further ranks have contexts of their own; what begins anew in a
file is a further run; trials of a study belong to the run of the whole log.

Each line has a time of its own, later than that of the line before, and a value has the time of
its line: so the console and the curves of a run find each other. The time is the printed one
where a line has one; else lines are a millisecond apart, and the last has the time of the file.
"""

from __future__ import annotations

import hashlib
import os
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from tui_tracker.errors import ImportFailed, InvalidArgument
from tui_tracker.importers.appended import AppendedFile
from tui_tracker.importers.claims import Claim, Listing
from tui_tracker.importers.liveness import status_without_end
from tui_tracker.importers.log_lines import LogLines
from tui_tracker.importers.log_runs import LogRuns
from tui_tracker.importers.records import Piece, Printed, StartedOver, Unread
from tui_tracker.importers.regular import open_regular
from tui_tracker.importers.run_folders import clean
from tui_tracker.parsing.config import read_patterns
from tui_tracker.parsing.events import Begun, Event, Values
from tui_tracker.parsing.parser import LogParser
from tui_tracker.parsing.patterns import Pattern, read_pattern
from tui_tracker.parsing.preview import Preview
from tui_tracker.parsing.preview import preview as _preview

TOOL = "log"

_CHUNK = 1 << 18
_ENDINGS = (".log", ".out", ".txt")
_FIRST_LINE = 4096
_CLEARLY = 3
"""So many values one metric must have in the head of a file that lies in a folder."""


def preview(path: Path, patterns: Sequence[Pattern] = ()) -> Preview:
    """Return what a log holds before it is taken.

    Raises:
        ImportFailed: the file cannot be read.
    """
    return _preview(path, patterns)


def find_claims(listing: Listing) -> Iterator[Claim]:
    """Yield a text file that was named; in a folder only logs that clearly hold curves."""
    for name in sorted(listing.files):
        if listing.given:
            if is_text(listing.head(name)):
                yield listing.claim(TOOL, name)
        elif _is_named_so(name) and holds_curves(listing.head(name)):
            yield listing.claim(TOOL, name)


def _is_named_so(name: str) -> bool:
    low = name.lower()
    return low.endswith(_ENDINGS) or low.startswith("stdout")


def is_text(head: bytes) -> bool:
    """Return whether a file that begins so may be read as text."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return True
    return b"\0" not in head and not head.startswith((b"\x1f\x8b", b"PK\x03\x04", b"\x89PNG"))


def holds_curves(head: bytes) -> bool:
    """Return whether the head of a file has a metric with several values."""
    if not head or not is_text(head):
        return False
    parser = LogParser()
    counts: dict[str, int] = {}
    for event in (*parser.feed(head), *parser.finish()):
        if isinstance(event, Begun) and event.trial:
            return True
        if isinstance(event, Values):
            for name in event.names:
                counts[name] = counts.get(name, 0) + 1
    return max(counts.values(), default=0) >= _CLEARLY


def open_reader(claim: Claim, patterns: Sequence[Pattern] | None = None) -> Reader:
    return Reader(claim, patterns)


def patterns_of(path: Path, more: Sequence[str] = ()) -> tuple[Pattern, ...]:
    """Return the patterns that hold for a log: those that are told, and those of its project.

    Raises:
        QueryError: one that is told cannot be read, with the place.
        InvalidArgument: the project's cannot be read.
    """
    told = [read_pattern(text) for text in more]
    return (*told, *read_patterns(path.absolute().parent))


class Reader:
    """One log, and what of it was read."""

    def __init__(self, claim: Claim, patterns: Sequence[Pattern] | None = None) -> None:
        """`patterns` stand in for those of the project around the log."""
        self._claim = claim
        self._path = claim.path
        self._problem = ""
        self._patterns = self._taught() if patterns is None else tuple(patterns)
        self._file = AppendedFile(claim.path)
        self._key = ""
        self._is_over = False
        self._begin()

    def close(self) -> None:
        """Nothing is held open."""

    def _taught(self) -> tuple[Pattern, ...]:
        try:
            return read_patterns(self._path.absolute().parent)
        except InvalidArgument as error:
            self._problem = f"the project's patterns are not used: {error}"
            return ()

    def _begin(self) -> None:
        self._parser = LogParser(self._patterns)
        self._lines = LogLines()
        self._runs: LogRuns | None = None
        self._is_over = self._has_warned = False

    def read(self) -> Iterator[Piece]:
        """Yield the log's runs, values and lines: all of it, then what is new."""
        path = self._path
        if self._problem:
            yield Unread(path, "", self._problem)
            self._problem = ""
        if self._file.was_replaced():
            yield from self._start_over()
        try:
            with self._file.opened() as file:
                yield from self._read_on(file)
        except OSError as error:
            if self._runs is None:
                problem = f"cannot be read: {error.strerror}"
                raise ImportFailed(str(path), "", problem) from error
            yield Unread(path, "", f"cannot be read: {error.strerror}", self._key)
            return
        yield from self._end(status_without_end(path, otherwise="finished") == "running")

    def _start_over(self) -> Iterator[Piece]:
        """Begin anew: a first line that is another is another run, and the old one stays."""
        before, runs = self._key, self._runs
        self._file = AppendedFile(self._path)
        self._begin()
        try:
            key = self._identity()
        except OSError:
            return
        if key == before and runs is not None:
            for run in runs.list_keys():
                yield StartedOver(run)

    def _identity(self) -> str:
        """Return what tells this log from others: its path and its first line."""
        with open_regular(self._path) as file:
            first = file.readline(_FIRST_LINE)
        digest = hashlib.sha256(first.rstrip(b"\r\n")).hexdigest()[:16]
        return f"{clean(os.path.realpath(self._path))}#{digest}"

    def _read_on(self, file: BinaryIO) -> Iterator[Piece]:
        if self._runs is None:
            self._key = self._identity()
            facts = os.stat(self._path)
            self._lines.begin(self._path, facts.st_mtime_ns // 1_000_000)
            self._runs = LogRuns(self._claim, self._key)
        elif self._file.size > self._file.offset:
            self._lines.go_on(self._path, self._file.offset)
            self._is_over = False
        file.seek(self._file.offset)
        while chunk := file.read(_CHUNK):
            self._file.offset += len(chunk)
            yield from self._take(chunk)

    def _take(self, chunk: bytes) -> Iterator[Piece]:
        lines = self._lines.feed(chunk)
        yield from self._hand_on(self._parser.feed(chunk), lines)

    def _end(self, running: bool) -> Iterator[Piece]:
        """Yield what was held back, once the file is left alone."""
        runs = self._runs
        if runs is None:
            return
        if not running and not self._is_over:
            self._is_over = True
            yield from self._hand_on(self._parser.finish(), self._lines.finish())
        runs.tell_lines(self._parser.lines, self._parser.unused_lines)
        yield from runs.settle("running" if running else "finished", self._lines.last_ms)
        if not running and runs.is_plain and not self._has_warned:
            self._has_warned = True
            problem = "no value of a metric was found in it; its lines are kept as console"
            if not self._file.offset:
                problem = "is empty"
            yield Unread(self._path, "", problem, self._key)

    def _hand_on(self, events: list[Event], lines: list[tuple[int, str]]) -> Iterator[Piece]:
        runs = self._runs
        if runs is None:
            return
        first = self._lines.count - len(lines) + 1
        for event in events:
            runs.take(event, self._lines.time_of)
        yield from runs.pieces()
        yield from _printed(runs, lines, first)


def _printed(runs: LogRuns, lines: list[tuple[int, str]], first: int) -> Iterator[Piece]:
    """Yield lines, each to the run that was under way when it was printed."""
    bounds, keys = runs.bounds()
    at = 0
    while at < len(lines):
        index = bisect_right(bounds, first + at) - 1
        end = bounds[index + 1] - first if index + 1 < len(bounds) else len(lines)
        end = min(max(end, at + 1), len(lines))
        yield Printed(keys[max(index, 0)], [(ms, "o", text) for ms, text in lines[at:end]])
        at = end
