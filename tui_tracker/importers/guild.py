"""Read the runs of Guild AI.

    <home>/runs/<id>/            the run's own folder: what it wrote, its sources, its inputs
        .guild/attrs/<name>      one YAML value a file: flags, label, tags, comments, cmd, host,
                                 started, stopped (Unix microseconds), exit_status ...
        .guild/opref             '<kind>:<package> <version> <model> <operation>', shell-quoted
        .guild/manifest          a line a file: 's' sources, 'd' inputs; path, SHA-1, origin
        .guild/output            what was printed, both streams
        .guild/output.index      9 bytes a line: Unix milliseconds (8, big-endian), 1 for stderr
        .guild/events.out.tfevents...   numbers that Guild found in the output, without times
        .guild/PENDING, STAGED, LOCK    while it did not begin, or is at work
    <home>/trash/runs/<id>/      the same, deleted

Event files elsewhere in the run's folder are the script's own; their metrics have the folder as
context. An exit status below 0 is a signal: one with which somebody stops a
process, or a fault. A run without one was killed, or is at work. What lies in the trash is deleted.

Source: guildai/guildai, guild/run.py, op_util.py, run_manifest.py, index.py. Checked with 0.9.0.
"""

from __future__ import annotations

import os
import shlex
import struct
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from tui_tracker.errors import ImportFailed
from tui_tracker.importers.claims import Claim, Listing
from tui_tracker.importers.event_run import EventFile, EventRun
from tui_tracker.importers.event_values import EventValues
from tui_tracker.importers.guild_facts import lineage_of, manifest_of
from tui_tracker.importers.liveness import status_without_end
from tui_tracker.importers.news import News
from tui_tracker.importers.printed_text import PrintedFile
from tui_tracker.importers.records import (
    DELETED,
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
    fill_times,
    flatten,
    ms_from_utc,
    utc_from_ms,
)
from tui_tracker.importers.regular import open_regular, read_regular
from tui_tracker.importers.rewritten import reason
from tui_tracker.importers.run_folders import (
    KINDS,
    artifact,
    clean,
    experiment_of,
    list_artifacts,
    run_key,
)
from tui_tracker.importers.tensorboard import is_event_file
from tui_tracker.importers.yaml_text import read_yaml

TOOL = "guild"

_BY_HAND = frozenset((1, 2, 3, 9, 15))
"""HUP, INT, QUIT, KILL, TERM, as `tt run` has it."""
_ENTRY = struct.Struct(">QB")
_MOST_EVENT_FILES = 1000


def find_claims(listing: Listing) -> Iterator[Claim]:
    """Yield the folder of a run: it has attributes of Guild."""
    guild = listing.folder / ".guild"
    if (
        ".guild" in listing.folders
        and os.path.isdir(guild / "attrs")
        and os.path.isfile(guild / "opref")
    ):
        yield listing.claim_all(TOOL)


def open_reader(claim: Claim) -> Reader:
    return Reader(claim)


class Reader:
    """The folder of one run."""

    def __init__(self, claim: Claim) -> None:
        self._claim = claim
        self._folder = claim.path
        self._guild = claim.path / ".guild"
        self._key = run_key(claim.path)
        self._attrs: dict[str, object] = {}
        self._unread: list[Unread] = []
        self._news = News()
        self._lines = 0
        self._output = PrintedFile(self._guild / "output")
        self._events = self._new_events()

    def close(self) -> None:
        """Nothing is held open."""

    def read(self) -> Iterator[Piece]:
        """Yield what is new, see `records.Reader`."""
        self._read_attrs()
        if self._output.began_anew():
            yield from self._news.start_over()
            self._output.start_over()
            self._lines = 0
        if self._news.status(self._key) is None:  # only now the attributes tell when the run began
            self._events = self._new_events()
        run = self._describe(EventValues(), "finished")
        yield from self._news.run(run)
        for piece in self._events.read():
            # The attributes know all of a run that its events know.
            if not isinstance(piece, ImportedRun):
                yield from self._passed_on(piece, run)
        yield from self._printed(run)
        yield from self._news.trouble(self._unread)

    def _passed_on(self, piece: Piece, run: ImportedRun) -> Iterator[Piece]:
        yield self._timed(piece, run) if isinstance(piece, Points) else piece
        if isinstance(piece, StartedOver):
            self._output.start_over()
            self._lines = 0
            yield run

    def _new_events(self) -> EventRun:
        return EventRun(
            self._key,
            self._list_events,
            self._describe,
            make_values=lambda: EventValues(self._started_ms(), always_context=True),
            is_empty_told=True,
        )

    # -- facts

    def _read_attrs(self) -> None:
        self._unread = []
        folder = self._guild / "attrs"
        try:
            names = sorted(os.listdir(folder))
        except OSError as error:
            raise ImportFailed(str(folder), "", f"cannot be read: {error.strerror}") from error
        self._attrs = {}
        for name in names:
            try:
                self._attrs[clean(name)] = read_yaml(folder / name)
            except (OSError, ValueError) as error:
                problem = f"cannot be read: {reason(error)}"
                self._unread.append(Unread(folder / name, "", problem, self._key))

    def _describe(self, values: EventValues, _: Status) -> ImportedRun:
        model, operation = self._operation()
        status = self._status()
        return ImportedRun(
            key=self._key,
            id=clean(self._folder.absolute().name),
            name=operation or clean(self._folder.absolute().name),
            experiment=model or experiment_of(self._claim),
            status=status,
            path=self._folder,
            started_at=self._moment("started") or self._moment("initialized"),
            ended_at=None if status == "running" else self._moment("stopped"),
            params=self._params() or dict(values.session.params),
            tags=self._tags(),
            notes=tuple(self._notes()),
            artifacts=tuple(self._artifacts()),
            lineage=lineage_of(self._attrs, self._guild),
            host=self._text("host"),
            user=self._text("user"),
            archived=self._is_deleted,
        )

    def _operation(self) -> tuple[str, str]:
        """Return the names of model and operation."""
        try:
            text = read_regular(self._guild / "opref").decode("utf-8", "replace")
            parts = shlex.split(text)
        except (OSError, ValueError):
            return "", ""
        return (parts[2], parts[3]) if len(parts) == 4 else ("", "")

    def _status(self) -> Status:
        code = self._attrs.get("exit_status")
        if isinstance(code, int):
            return "killed" if -code in _BY_HAND else "failed" if code else "finished"
        return status_without_end(
            self._guild / "output",
            self._guild / "attrs",
            *(one.path for one in self._list_events()),
        )

    def _params(self) -> dict[str, ParamValue]:
        flags = self._attrs.get("flags")
        return flatten(flags) if isinstance(flags, dict) else {}

    def _tags(self) -> tuple[str, ...]:
        tags = self._attrs.get("tags")
        found = [str(tag) for tag in tags if tag] if isinstance(tags, list) else []
        own = {"marked": self._attrs.get("marked"), DELETED: self._is_deleted}
        return tuple(dict.fromkeys([*found, *(tag for tag, holds in own.items() if holds)]))

    @property
    def _is_deleted(self) -> bool:
        return self._folder.absolute().parent.parent.name == "trash"

    def _notes(self) -> Iterator[ImportedNote]:
        label = self._text("label")
        if label and not all(part.partition("=")[0] in self._params() for part in label.split()):
            yield ImportedNote(label)  # else it is made of flags
        comments = self._attrs.get("comments")
        for one in comments if isinstance(comments, list) else []:
            if isinstance(one, dict) and one.get("body"):
                at = one.get("time")
                yield ImportedNote(
                    str(one["body"]),
                    utc_from_ms(at / 1000) if isinstance(at, int) else None,
                    str(one.get("user") or ""),
                )

    def _artifacts(self) -> Iterator[ImportedArtifact]:
        manifest = manifest_of(self._guild)
        without = [self._guild, *(one.path for one in self._list_events())]
        for one in list_artifacts(self._folder, without=without, kinds=KINDS):
            kind = manifest.get(one.path, "")
            if kind == "s":
                yield replace(one, kind="code")
            elif kind == "d" and one.file is not None:
                yield artifact(one.file, one.path, KINDS, used=True)
            else:
                yield one

    def _text(self, name: str) -> str:
        value = self._attrs.get(name)
        return value if isinstance(value, str) else ""

    def _moment(self, name: str) -> datetime | None:
        value = self._attrs.get(name)
        return utc_from_ms(value / 1000) if isinstance(value, int) else None

    def _started_ms(self) -> int:
        started = self._moment("started") or self._moment("initialized")
        return 0 if started is None else ms_from_utc(started)

    # -- numbers and lines

    def _list_events(self) -> list[EventFile]:
        found = []
        for place, folders, names in os.walk(self._folder):
            folders.sort()
            context = Path(place).relative_to(self._folder).as_posix()
            for name in sorted(filter(is_event_file, names)):
                told = "" if context in (".", ".guild") else clean(context)
                found.append(EventFile(Path(place, name), told))
            if len(found) > _MOST_EVENT_FILES:
                break
        return found

    def _timed(self, points: Points, run: ImportedRun) -> Points:
        """Return points with times: Guild's own files have none."""
        started = self._started_ms()
        if run.ended_at is None or set(points.times_ms) != {started}:
            return points
        ended = ms_from_utc(run.ended_at)
        return replace(points, times_ms=fill_times(len(points.steps), started, ended))

    def _printed(self, run: ImportedRun) -> Iterator[Piece]:
        try:
            for lines in self._output.read(is_over=run.status != "running"):
                yield self._stamped(lines)
        except OSError as error:
            problem = f"cannot be read: {error.strerror}"
            self._unread.append(Unread(self._output.path, "", problem, self._key))

    def _stamped(self, lines: list[str]) -> Printed:
        """Return lines with the times and streams that the index tells."""
        entries = self._entries(len(lines))
        self._lines += len(lines)
        return Printed(
            self._key,
            [(at, stream, text) for (at, stream), text in zip(entries, lines, strict=True)],
        )

    def _entries(self, count: int) -> list[tuple[int, str]]:
        found: list[tuple[int, str]] = []
        try:
            with open_regular(self._guild / "output.index") as file:
                file.seek(self._lines * _ENTRY.size)
                data = file.read(count * _ENTRY.size)
            whole = data[: len(data) // _ENTRY.size * _ENTRY.size]
            found = [(at, "e" if kind == 1 else "o") for at, kind in _ENTRY.iter_unpack(whole)]
        except OSError:
            pass
        last = found[-1][0] if found else self._started_ms()
        found = [(at if at < 1 << 53 else self._started_ms(), stream) for at, stream in found]
        return found + [(min(last, (1 << 53)), "o")] * (count - len(found))
