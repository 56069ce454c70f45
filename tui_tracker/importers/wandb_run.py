"""One run of W&B, read from all its record files: a resumed run has a folder for each time.

Pieces are handed on as records come; what can still change (values that only the summary
has, the end of an unfinished line) waits until the run is at rest. A run that was rewound to a
step loses what earlier files have beyond it, as W&B shows it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

from tui_tracker.importers.batches import Batches
from tui_tracker.importers.files import safe_name
from tui_tracker.importers.framing import LOG_HEAD, BlockLog, Damage
from tui_tracker.importers.liveness import status_without_end
from tui_tracker.importers.news import News
from tui_tracker.importers.printed_text import PrintedText
from tui_tracker.importers.records import (
    ImportedArtifact,
    ImportedNote,
    ImportedRun,
    Piece,
    Points,
    Printed,
    Status,
    Unread,
    flatten,
    ms_from_utc,
    utc_from_ms,
)
from tui_tracker.importers.regular import open_regular
from tui_tracker.importers.wandb_facts import RunFacts, milliseconds_of
from tui_tracker.importers.wandb_folder import (
    OWN_FILES,
    add_folder_facts,
    folder_started_at,
    kind_of,
    list_files,
    read_text,
    signs_of_life,
)
from tui_tracker.importers.wandb_history import (
    History,
    Summary,
    as_float,
    loaded,
    path_of,
    split_items,
)
from tui_tracker.importers.wandb_segment import RUN, Segment
from tui_tracker.importers.wire import Message, WireError, read_fields

_HISTORY, _SUMMARY, _REQUEST = 2, 3, 100
_WITHOUT_MEANING = frozenset((1, 9, 11, 12, 16, 19, 20, 21, 22, 23, 24, 200))
"""Numbering, control, telemetry, definitions of charts, news of preemption, heads and feet."""
_PARTIAL_HISTORY = 10
_INTERRUPTED = 255
_MOST_LINES = 5000
_MOST_PARTIAL = 1000


class WandbRun:
    """All that is known of one run."""

    def __init__(self, run_id: str, project: str, experiment: str) -> None:
        self.id, self.project = run_id, project
        self.key = f"{project}/{run_id}"
        self.segments: list[Segment] = []
        self._experiment = experiment
        self._news = News()
        self._begin()

    def _begin(self) -> None:
        self._facts = RunFacts()
        self._history = History()
        self._summary = Summary()
        self._text = PrintedText()
        self._has_text = False
        self._system = Batches()
        self._partial: list[bytes] = []
        self._unknown: dict[int, int] = {}
        self._summary_told: dict[str, float] = {}
        self._status: Status | None = None
        self._last_ms = 0
        self._readers: dict[int, Callable[[bytes], None]] = self._by_number()
        for segment in self.segments:
            segment.log = BlockLog(segment.path)

    def add(self, segment: Segment) -> bool:
        """Take in a further file; return whether what was read before is void by it."""
        read_before = self._is_told
        self.segments.append(segment)
        self.segments.sort(key=lambda one: (str((one.folder or one.path).name), str(one.path)))
        is_last = self.segments[-1] is segment
        return read_before and (not is_last or segment.rewound_to < self._history.last_step)

    def start_over(self) -> Iterator[Piece]:
        yield from self._news.start_over()
        self._begin()

    @property
    def _is_told(self) -> bool:
        return self._news.status(self.key) is not None

    def read(self) -> Iterator[Piece]:
        """Yield what is new, see `records.Reader`."""
        if any(segment.log.was_replaced() for segment in self.segments):
            yield from self.start_over()
        grew = False
        for number, segment in enumerate(self.segments):
            if not self._is_told or segment.log.grew():
                grew = True
                later = self.segments[number + 1 :]
                below = min((one.rewound_to for one in later), default=math.inf) + 1
                yield from self._read_segment(segment, below)
        status = self._find_status()
        if not grew and status == self._status:
            return
        self._status = status
        yield from self._finish(status)

    # -- one file

    def _read_segment(self, segment: Segment, below: float) -> Iterator[Piece]:
        if segment.path == segment.folder:
            return
        self._facts.exit_code = None
        try:
            yield from self._unread_head(segment.path)
            for record in segment.log.read():
                if isinstance(record, Damage):
                    yield from self._tell(segment.path, f"byte {record.at}", record.problem)
                    continue
                try:
                    self._take(record, below)
                except WireError as error:
                    place = f"byte {segment.log.offset}"
                    problem = f"a record was passed over: {error}"
                    yield from self._tell(segment.path, place, problem)
                if self._is_full:
                    yield from self._flush("running")
        except OSError as error:
            yield from self._tell(segment.path, "", f"cannot be read: {error.strerror}")

    @property
    def _is_full(self) -> bool:
        waiting = self._history.is_full or self._system.is_full
        return waiting or len(self._text.lines) > _MOST_LINES

    def _unread_head(self, path: Path) -> Iterator[Unread]:
        with open_regular(path) as file:
            head = file.read(len(LOG_HEAD) + 1)
        if len(head) <= len(LOG_HEAD):
            return
        if not head.startswith(LOG_HEAD):
            yield from self._tell(path, "", "does not begin as W&B's files do; records were sought")
        elif head[-1] != 0:
            problem = f"is of version {head[-1]} of the format; it was read as version 0"
            yield from self._tell(path, "", problem)

    def _take(self, record: bytes, below: float) -> None:
        for number, value in read_fields(record):
            if not isinstance(value, bytes):
                continue
            if number == _HISTORY:
                self._partial = []
                self._history.add(value, self._started_ms(), below)
            elif number == _SUMMARY:
                self._summary.add(value)
            elif (reader := self._readers.get(number)) is not None:
                reader(value)
            elif number not in _WITHOUT_MEANING:
                self._unknown[number] = self._unknown.get(number, 0) + 1

    def _by_number(self) -> dict[int, Callable[[bytes], None]]:
        facts = self._facts
        return {
            4: self._take_output,
            5: facts.take_config,
            6: facts.take_files,
            7: self._take_stats,
            8: facts.take_artifact,
            10: facts.take_alert,
            13: self._take_output,
            RUN: facts.take_run,
            18: facts.take_exit,
            25: facts.take_used_artifact,
            26: facts.take_environment,
            27: self._take_logger_output,
            _REQUEST: self._take_request,
        }

    def _take_output(self, data: bytes) -> None:
        output = Message(data)
        self._has_text = True
        self._last_ms = max(
            self._last_ms, at_ms := milliseconds_of(output.message(2), self._now_ms())
        )
        self._text.add("o" if output.integer(1) == 1 else "e", output.text(3), at_ms)

    def _take_logger_output(self, data: bytes) -> None:
        self._has_text = True
        self._text.add("o", f"{Message(data).text(1)}\n", self._now_ms())

    def _take_stats(self, data: bytes) -> None:
        stats = Message(data)
        at_ms = milliseconds_of(stats.message(2), self._now_ms())
        self._last_ms = max(self._last_ms, at_ms)
        step = max(0, at_ms - self._started_ms()) // 1000
        pairs, _ = split_items(b"".join(_items(data)))
        for name, text in pairs:
            value = loaded(text)
            if any(path_of(name)) and isinstance(value, (int, float)):
                metric = ".".join(path_of(name))
                self._system.add(self.key, metric, step, at_ms, as_float(value), system=True)

    def _take_request(self, data: bytes) -> None:
        """Keep history that was not yet made a record; it is void once the record comes."""
        if partial := Message(data).raw(_PARTIAL_HISTORY):
            self._partial.append(partial)
            if len(self._partial) > _MOST_PARTIAL:
                self._history.add(self._partial.pop(0), self._started_ms())

    # -- what is handed on

    def _flush(self, status: Status) -> Iterator[Piece]:
        if not self._is_told:
            yield from self._news.run(self._run(status, ()))
        yield from self._history.batches(self.key)
        yield from self._system.take()
        if lines := self._text.take():
            yield Printed(self.key, lines)

    def _finish(self, status: Status) -> Iterator[Piece]:
        """Yield all that is left; what may still change only if the run is at rest."""
        if status != "running":
            self._text.finish()
            for partial in self._partial:
                self._history.add(partial, self._started_ms())
            self._partial = []
            if not self._has_text:
                self._add_kept_output()
        artifacts = tuple(self._artifacts())
        yield from self._news.run(self._run(status, artifacts))
        yield from self._flush(status)
        if status != "running":
            yield from self._summary_points()
            yield from self._unread_at_rest()

    def _run(self, status: Status, artifacts: tuple[ImportedArtifact, ...]) -> ImportedRun:
        facts = self._facts
        config = {name: value for name, value in facts.config.items() if name != "_wandb"}
        return ImportedRun(
            key=self.key,
            id=self.id,
            name=facts.name or self.id,
            experiment=facts.project or self.project or self._experiment,
            status=status,
            path=self.segments[0].folder or self.segments[0].path,
            started_at=self._started_at(),
            ended_at=None if status == "running" else self._ended_at(),
            parent=f"{self.project}/{facts.parent_id}" if facts.parent_id else "",
            params=flatten(config),
            tags=tuple(
                dict.fromkeys(
                    [*filter(None, facts.tags), *(f"{k}:{v}" for k, v in facts.labels.items())]
                )
            ),
            notes=self._notes(),
            artifacts=artifacts,
            lineage={part: dict(said) for part, said in facts.lineage.items() if said},
            host=facts.host,
            user=facts.user,
        )

    def _notes(self) -> tuple[ImportedNote, ...]:
        notes = [ImportedNote(self._facts.notes)] if self._facts.notes else []
        if self._status not in (None, "running"):
            said = self._summary.beyond(self._history)
            texts = {name: text for name, text in said.items() if isinstance(text, str)}
            notes += [ImportedNote(f"{name}: {text}") for name, text in texts.items()]
        return (*notes, *self._facts.alerts)

    def _artifacts(self) -> Iterator[ImportedArtifact]:
        kinds = self._facts.media | self._history.files
        found: dict[str, ImportedArtifact] = dict(self._facts.logged)
        for segment in self.segments:
            if segment.folder is not None:
                add_folder_facts(segment.folder, self._facts)
                found |= {one.path: one for one in list_files(segment.folder, kinds)}
        for name in kinds:
            path = safe_name(name)
            if path and path not in found and path not in OWN_FILES:
                found[path] = ImportedArtifact(path, None, kind_of(name, kinds))
        yield from found.values()

    def _summary_points(self) -> Iterator[Piece]:
        """Yield a point for each number that only the summary has."""
        at_ms = self._now_ms()
        for name, value in self._summary.beyond(self._history).items():
            if isinstance(value, str) or _same(self._summary_told.get(name), value):
                continue
            self._summary_told[name] = value
            yield Points(self.key, name, [self._history.last_step], [at_ms], [value])

    def _unread_at_rest(self) -> Iterator[Unread]:
        for segment in self.segments:
            log = segment.log
            if segment.path != segment.folder and not self._told_any(segment):
                yield from self._tell(segment.path, "", "holds no record; it was killed too early")
            elif segment.path != segment.folder and log.torn_bytes:
                problem = f"the last {log.torn_bytes} bytes are no whole record; they were left out"
                yield from self._tell(segment.path, f"byte {log.offset}", problem)
        path = self.segments[0].path
        for number, count in sorted(self._unknown.items()):
            records = "1 record" if count == 1 else f"{count} records"
            problem = f"{records} of the unknown kind {number} passed over"
            yield from self._tell(path, "", problem)
        for (kind, name), count in sorted(self._history.media.items()):
            if not kind.endswith("-file") and kind != "images/separated":
                values = "1 value" if count == 1 else f"{count} values"
                problem = f"{values} of the kind {kind} in {name} passed over"
                yield from self._tell(path, "", problem)

    def _told_any(self, segment: Segment) -> bool:
        return segment.log.offset > len(LOG_HEAD) + 1

    def _tell(self, path: Path, place: str, problem: str) -> Iterator[Unread]:
        yield from self._news.trouble([Unread(path, place, problem, self.key)])

    def _add_kept_output(self) -> None:
        """Take lines from `output.log`, where the records have none."""
        for segment in self.segments:
            if segment.folder is not None:
                text = read_text(segment.folder / "files" / "output.log")
                if text:
                    self._has_text = True
                    self._text.add("o", text, self._now_ms())
        self._text.finish()

    # -- time and status

    def _find_status(self) -> Status:
        facts = self._facts
        if facts.exit_code is not None:
            if facts.exit_code == _INTERRUPTED:
                return "killed"
            return "failed" if facts.exit_code else "finished"
        last = self.segments[-1]
        return status_without_end(*signs_of_life(last.path, last.folder))

    def _started_at(self) -> datetime | None:
        if self._facts.started_at is not None:
            return self._facts.started_at
        folder = self.segments[0].folder
        return None if folder is None else folder_started_at(folder)

    def _started_ms(self) -> int:
        started = self._started_at()
        return 0 if started is None else ms_from_utc(started)

    def _now_ms(self) -> int:
        """Return the time of the latest record that told one."""
        return max(self._history.last_ms or 0, self._last_ms) or self._started_ms()

    def _ended_at(self) -> datetime | None:
        latest = self._now_ms()
        if self._facts.exit_code is not None and len(self.segments) == 1:
            latest = max(latest, self._started_ms() + 1000 * self._facts.runtime_s)
        return utc_from_ms(latest) if latest else None


def _items(stats: bytes) -> Iterator[bytes]:
    """Yield the items of a stats record as those of history are written."""
    for number, value in read_fields(stats):
        if number == 3 and isinstance(value, bytes):
            yield b"\x0a" + _varint(len(value)) + value


def _varint(value: int) -> bytes:
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*found, value])


def _same(one: float | None, other: float) -> bool:
    return one is not None and (one == other or (math.isnan(one) and math.isnan(other)))
