"""Read the JSON lines that `tt export --to jsonl` writes; `handing_on.lines_format` tells the form.

As any foreign file they can be looked at where they lie. `tt import` brings all of them back
instead (`handing_on.lines_reading`): ids, times, changes and lineage as they were, more than
what readers hand on can hold. Version 1.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, cast, get_args

from tui_tracker.errors import ImportFailed, InvalidArgument
from tui_tracker.handing_on import lines_format as form
from tui_tracker.handing_on.lines_file import read_lines
from tui_tracker.importers.claims import Claim, Listing
from tui_tracker.importers.records import (
    ImportedArtifact,
    ImportedNote,
    ImportedRun,
    ParamValue,
    Piece,
    Points,
    Printed,
    StartedOver,
    Status,
    Unread,
    utc_from_ms,
)
from tui_tracker.importers.regular import open_regular

TOOL = "tui_tracker"
_ODD = (ValueError, TypeError, LookupError, OverflowError, AttributeError, RecursionError)
"""What is said to values of other kinds than we write."""
_STATUSES: tuple[Status, ...] = get_args(Status)


def find_claims(listing: Listing) -> Iterator[Claim]:
    for name in sorted(listing.files):
        named = name.endswith((".jsonl", ".ndjson")) or listing.given
        if named and form.is_lines(listing.head(name)):
            yield listing.claim(TOOL, name)


def open_reader(claim: Claim) -> TrackerLines:
    return TrackerLines(claim.path)


class TrackerLines:
    """An opened file; what is appended to it later is read on from there."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._place = 0
        self._line = 1
        self._runs: set[str] = set()
        self._now = _Run(path)
        self._identity: tuple[int, int] | None = None

    def read(self) -> Iterator[Piece]:
        """Yield what is new since the last call.

        Raises:
            ImportFailed: it cannot be read, or is of another version.
        """
        try:
            yield from self._read()
        except OSError as error:
            raise ImportFailed(str(self._path), "", f"cannot be read: {error.strerror}") from error

    def close(self) -> None: ...

    def _read(self) -> Iterator[Piece]:
        facts = self._path.stat()
        identity = facts.st_dev, facts.st_ino
        if self._identity not in (None, identity) or facts.st_size < self._place:
            yield from map(StartedOver, sorted(self._runs))
            self._place, self._line, self._now = 0, 1, _Run(self._path)
            self._runs = set()
        self._identity = identity
        with open_regular(self._path) as file:
            file.seek(self._place)
            for line in read_lines(file, self._line):
                self._line, self._place = line.number + 1, file.tell()
                if line.number == 1:
                    self._check(line.value)
                elif line.problem:
                    yield self._unread(line.number, line.problem)
                else:
                    yield from self._take(line.number, line.value)
        yield from self._take(self._line - 1, {})

    def _check(self, first: dict[str, Any]) -> None:
        try:
            form.check_head(first)
        except InvalidArgument as error:
            raise ImportFailed(str(self._path), "line 1", str(error)) from error

    def _take(self, number: int, line: dict[str, Any]) -> Iterator[Piece]:
        try:
            pieces = list(self._pieces(line))
        except _ODD:
            yield self._unread(number, "is not of the form that tt export writes")
        else:
            yield from pieces

    def _pieces(self, line: dict[str, Any]) -> Iterator[Piece]:
        if "run" not in line:
            yield from self._now.changed()
            return
        key = _text(line["run"])
        if "is" in line:
            yield from self._now.changed()
            self._now = _Run(self._path)
            self._now.begin(key, line["is"])
            self._runs.add(key)
        elif key != self._now.key:
            raise ValueError(key)
        elif "points" in line:
            yield from self._now.changed()
            kind, name, context = line["points"]
            yield Points(
                run=key,
                metric=_text(name),
                steps=array("q", line["steps"]),
                times_ms=array("q", line["times_ms"]),
                values=form.read_numbers(line["values"]),
                context=_text(context),
                system=kind == "system",
            )
        elif "printed" in line:
            yield from self._now.changed()
            lines = line["printed"]
            yield Printed(key, [(int(at), stream.lower(), _text(one)) for at, stream, one in lines])
        else:
            self._now.add(line)

    def _unread(self, number: int, problem: str) -> Unread:
        return Unread(self._path, f"line {number}", problem, self._now.key)


class _Run:
    """A run whose lines come."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.key = ""
        self._facts: dict[str, Any] = {}
        self._params: dict[str, ParamValue] = {}
        self._tags: list[str] = []
        self._notes: list[ImportedNote] = []
        self._artifacts: list[ImportedArtifact] = []
        self._lineage: dict[str, dict[str, object]] = {}
        self._told = True

    def begin(self, key: str, facts: dict[str, Any]) -> None:
        self.key, self._facts, self._told = str(key), facts, False
        for name, value in facts.get("params", {}).items():
            self._params[name] = _param(value)

    def add(self, line: dict[str, Any]) -> None:
        """Take a line about the run that is neither points nor printed lines."""
        if "tag" in line:
            self._tags.append(_text(line["tag"]["tag"]))
        elif "note" in line:
            note = line["note"]
            at = utc_from_ms(note["at_ms"])
            self._notes.append(ImportedNote(_text(note["text"]), at, _text(note["author"])))
        elif "artifact" in line:
            one = line["artifact"]
            self._artifacts.append(
                ImportedArtifact(
                    *(_text(one["path"]), None, _text(one["kind"])),
                    *(
                        None if one["size"] is None else int(one["size"]),
                        _text(one["sha256"] or ""),
                    ),
                )
            )
        elif "lineage" in line and isinstance(content := line["lineage"]["content"], dict):
            self._lineage[_text(line["lineage"]["part"])] = content
        else:
            return
        self._told = False

    def changed(self) -> Iterator[ImportedRun]:
        """Yield the run if something of it was not told yet."""
        if self._told:
            return
        self._told = True
        facts = self._facts
        yield ImportedRun(
            key=self.key,
            id=self.key,
            name=_text(facts["name"]),
            experiment=_text(facts["experiment"]),
            status=_STATUSES[_STATUSES.index(facts["status"])],
            path=self._path,
            started_at=utc_from_ms(facts["started_ms"]),
            ended_at=_time(facts.get("ended_ms")),
            parent=_text(facts.get("parent") or ""),
            params=dict(self._params),
            tags=tuple(self._tags),
            notes=tuple(self._notes),
            artifacts=tuple(self._artifacts),
            lineage=dict(self._lineage),
            host=_text(facts.get("host") or ""),
            user=_text(facts.get("user") or ""),
            archived=bool(facts.get("archived_ms") or facts.get("deleted_ms")),
        )


def _param(value: Any) -> ParamValue:
    if isinstance(value, dict) and len(value) == 1:
        if "float" in value:
            return form.read_number(value["float"])
        return str(value["list"])
    return cast("ParamValue", value)


def _text(value: object) -> str:
    """Return a text.

    Raises:
        ValueError: it is none.
    """
    if not isinstance(value, str):
        raise ValueError(value)
    return value


def _time(ms: int | None) -> datetime | None:
    return utc_from_ms(ms)
