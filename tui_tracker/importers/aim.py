"""Read the runs of an Aim repository: a folder `.aim`, without Aim and without RocksDB.

    run_metadata.sqlite      run (hash, name, description, is_archived, created_at, finalized_at,
                             experiment_id), experiment, tag, run_tag, note; times are UTC
    meta/chunks/<hash>/      RocksDB: what a run is. Below `meta/chunks/<hash>/`: `attrs` (params),
                             `contexts/<number>`, `traces/<context>/<metric>`, `end_time`
    seqs/chunks/<hash>/      RocksDB: its sequences, as arrays val, step, epoch, time of the same
                             keys below `seqs/v2/chunks/<hash>/<context>/<metric>/`; without `v2`
                             and `step`, as in versions before 3.17 and for objects, the key is
                             the step

A context is told as `subset=train`. Metrics of `__system__` were sampled, `attrs/__system_params`
are facts of the machine. The sequence `logs` has printed lines; all other sequences of objects
(images, distributions, texts ...) are counted and passed over. Points are in order of times.
A run without an end is over when its files are.

Source: aimhubio/aim, aim/sdk/base_run.py, aim/sdk/tracker.py, aim/sdk/run.py,
aim/storage/structured/sql_engine/models.py. See `rocksdb` and `aim_values` for the bytes.
Checked with Aim 3.29.
"""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tui_tracker.errors import ImportFailed
from tui_tracker.importers.aim_values import ObjectOf, Part, leaves, plain, put
from tui_tracker.importers.batches import Batches
from tui_tracker.importers.cells import moment, number, text, whole
from tui_tracker.importers.claims import Claim, Listing
from tui_tracker.importers.databases import Database
from tui_tracker.importers.liveness import status_without_end
from tui_tracker.importers.records import (
    ImportedNote,
    ImportedRun,
    Piece,
    Printed,
    Reader,
    StartedOver,
    Status,
    Unread,
    flatten,
    utc_from_ms,
)
from tui_tracker.importers.rewritten import reason
from tui_tracker.importers.rocksdb import Folder, Unreadable

TOOL = "aim"
_FOLDER = ".aim"
_SQL = "run_metadata.sqlite"
_SYSTEM = "__system__"
_FACTS = "__system_params"
_LINES = "aim.log_line"
_FAR = 1e15

Stamps = tuple[tuple[str, int, int], ...]
Leaves = list[tuple[tuple[Part, ...], object]]
Key = tuple[int, str]
"""The number of a context, and a metric."""


def find_claims(listing: Listing) -> Iterator[Claim]:
    """Yield repositories."""
    if _SQL in listing.files and {"meta", "seqs"} <= listing.folders:
        yield listing.claim_all(TOOL)
    elif _FOLDER in listing.folders and os.path.isdir(listing.folder / _FOLDER / "meta"):
        yield listing.claim(TOOL, _FOLDER)


def open_reader(claim: Claim) -> Reader:
    """Return a reader of a repository."""
    return AimRepository(claim)


@dataclass(slots=True)
class _Known:
    """What was told of a run so far."""

    stamps: tuple[object, ...] = ()
    seen: int = 0
    counts: dict[Key, int] = field(default_factory=dict)
    """Points and lines that were told, by series."""
    last: dict[Key, tuple[float, int]] = field(default_factory=dict)
    """Time and step of the last of them."""
    passed: dict[str, int] = field(default_factory=dict)
    problems: set[str] = field(default_factory=set)
    status: Status = "running"
    folders: dict[Path, Folder] = field(default_factory=dict)
    """While it may go on."""


@dataclass(slots=True)
class _Series:
    """A sequence as it is kept: arrays by the same keys."""

    kind: str = ""
    arrays: dict[str, dict[Part, object]] = field(default_factory=lambda: defaultdict(dict))

    def points(self) -> list[tuple[float, int, object]]:
        """Return time in seconds, step and value of all points, in order of times."""
        times, steps = self.arrays["time"], self.arrays["step"]
        found = [
            (_seconds(times.get(key)), whole(steps.get(key, key)) or 0, value)
            for key, value in self.arrays["val"].items()
        ]
        return sorted(found, key=lambda point: point[:2])


class AimRepository:
    """The runs of one repository; a run whose files changed is read again."""

    def __init__(self, claim: Claim) -> None:
        self._path = claim.path / _FOLDER if os.path.isdir(claim.path / _FOLDER) else claim.path
        self._root = claim.root
        self._sql = Database(self._path / _SQL)
        self._named: dict[str, dict[str, object]] = {}
        self._runs: dict[str, _Known] = {}

    def read(self) -> Iterator[Piece]:
        """Yield what is new; see `records.Reader`."""
        yield from self._read_names()
        folder = self._path / "meta" / "chunks"
        try:
            hashes = sorted(one.name for one in folder.iterdir() if os.path.isdir(one))
        except FileNotFoundError:
            # A repository whose first run has not begun.
            if not os.path.isdir(self._path):
                raise ImportFailed(str(self._path), "", "is not there any more") from None
            return
        except OSError as error:
            raise ImportFailed(str(folder), "", f"cannot be read: {error.strerror}") from error
        for run in hashes:
            yield from self._read_run(run)

    def close(self) -> None:
        """Nothing is held between two reads."""

    # -- names, experiments, tags and notes

    def _read_names(self) -> Iterator[Piece]:
        if not self._sql.has_changed():
            return
        young = status_without_end(self._path) == "running"
        if young and not os.path.exists(self._sql.path):
            return
        try:
            with self._sql.look() as session:
                columns = ("id", "hash", "name", "description", "is_archived", "created_at")
                rows = session.table("run", *columns, "finalized_at", "experiment_id")
                experiments: dict[object, object] = dict(session.table("experiment", "id", "name"))
                tags: dict[object, object] = dict(session.table("tag", "id", "name"))
                tagged: dict[object, list[str]] = defaultdict(list)
                for run, tag in session.table("run_tag", "run_id", "tag_id"):
                    tagged[run].append(text(tags.get(tag)))
                notes: dict[object, list[str]] = defaultdict(list)
                for run, content in session.table("note", "run_id", "content"):
                    notes[run].append(text(content))
                yield from session.damages
        except ImportFailed as error:
            yield Unread(self._path / _SQL, "", f"{error.problem}; names and tags are missing")
            return
        for key, run, name, description, archived, created, final, experiment in rows:
            self._named[text(run)] = {
                "name": text(name),
                "notes": [one for one in (text(description), *notes[key]) if one.strip()],
                "archived": bool(archived),
                "created": created,
                "final": final,
                "experiment": text(experiments.get(experiment)),
                "tags": [tag for tag in tagged[key] if tag],
            }

    # -- one run

    def _read_run(self, run: str) -> Iterator[Piece]:
        known = self._runs.setdefault(run, _Known())
        folders = [self._path / part / "chunks" / run for part in ("meta", "seqs")]
        status = status_without_end(*folders, *[file for one in folders for file in _files(one)])
        state = (*map(_stamps, folders), repr(self._named.get(run)))
        ended = known.status == "running" and status != "running"
        if state == known.stamps and not ended:
            return
        # What a point hangs on is written before it, so it is read after it.
        series = yield from self._leaves(run, folders[1], known)
        facts = yield from self._leaves(run, folders[0], known)
        tree: dict[Part, object] = {}
        for path, value in facts:
            put(tree, path, value)
        about = _below(tree, "meta", "chunks", run)
        told = self._run(run, about, status)
        known.stamps, known.status = state, told.status
        if told.status != "running":
            known.folders.clear()
        if hash(repr(told)) != known.seen:
            known.seen = hash(repr(told))
            yield told
        yield from self._points(told, known, _series(series), _below(about, "contexts"))

    def _leaves(self, run: str, folder: Path, known: _Known) -> Generator[Piece, None, Leaves]:
        """Return the leaves of a folder, read again where files were replaced meanwhile."""
        if not os.path.isdir(folder):
            return []
        try:
            contents = known.folders.setdefault(folder, Folder(folder)).read()
            items = contents.items()
        except (OSError, Unreadable) as error:
            yield Unread(folder, "", f"cannot be read: {reason(error)}", run)
            return []
        for path, problem in contents.problems:
            if f"{path}{problem}" not in known.problems:
                known.problems.add(f"{path}{problem}")
                yield Unread(path, "", f"{problem}; it was passed over", run)
        return list(leaves(items))

    def _run(self, run: str, about: Mapping[Part, object], status: Status) -> ImportedRun:
        named = self._named.get(run, {})
        attributes = plain(about.get("attrs"))
        params = dict(attributes) if isinstance(attributes, dict) else {}
        machine = params.pop(_FACTS, None)
        end = number(about.get("end_time")) if about.get("end_time") else None
        ended = utc_from_ms(end * 1000) if end else moment(named.get("final"))
        tags, notes = named.get("tags"), named.get("notes")
        return ImportedRun(
            key=run,
            id=run,
            name=text(named.get("name")) or run[:8],
            experiment=text(named.get("experiment")) or "default",
            status="finished" if ended else status,
            path=self._path,
            started_at=moment(named.get("created")),
            ended_at=ended,
            params=flatten(params),
            tags=tags if isinstance(tags, list) else (),
            notes=[ImportedNote(note) for note in notes] if isinstance(notes, list) else (),
            lineage=_lineage(machine if isinstance(machine, dict) else {}),
            archived=bool(named.get("archived")),
        )

    def _points(
        self,
        run: ImportedRun,
        known: _Known,
        series: dict[Key, _Series],
        contexts: Mapping[Part, object],
    ) -> Iterator[Piece]:
        found = {
            key: one.points()
            for key, one in series.items()
            if key[0] in contexts or run.status != "running"
        }
        if any(_is_changed(known, key, points) for key, points in found.items()):
            yield StartedOver(run.key)
            yield run
            known.counts.clear()
            known.last.clear()
        passed: Counter[str] = Counter()
        batches = Batches()
        for key, points in found.items():
            new = points[known.counts.get(key, 0) :]
            kind, name = series[key].kind, key[1]
            context = ",".join(f"{k}={v}" for k, v in flatten(_mapping(contexts, key[0])).items())
            if kind == _LINES:
                yield from _lines(run.key, new)
            else:
                system, shown = name.startswith(_SYSTEM), name.removeprefix(_SYSTEM)
                for at, step, value in new:
                    reached = number(value) if isinstance(value, (int, float)) else None
                    if reached is None:
                        passed[f"{kind or 'values'} of {name!r}"] += 1
                    else:
                        point = step, round(at * 1000), reached
                        batches.add(run.key, shown, *point, context, system=system)
                yield from batches.take()
            known.counts[key] = len(points)
            if points:
                known.last[key] = points[-1][:2]
        for what, count in passed.items():
            problem = f"{count} {what} were passed over: they are no numbers"
            yield Unread(self._path, "sequences", problem, run.key)


def _seconds(cell: object) -> float:
    """Return a Unix time; 0 where it is none that milliseconds of 64 bits can tell."""
    found = number(cell)
    return found if found is not None and abs(found) < _FAR else 0.0


def _is_changed(known: _Known, key: Key, points: list[tuple[float, int, object]]) -> bool:
    """Return whether what was told of a series is not its beginning any more."""
    count = known.counts.get(key, 0)
    if not count:
        return False
    return len(points) < count or points[count - 1][:2] != known.last[key]


def _series(entries: Leaves) -> dict[Key, _Series]:
    """Return all sequences by context and name."""
    found: dict[Key, _Series] = defaultdict(_Series)
    for path, value in entries:
        # seqs [v2] chunks HASH context name array key [data]
        rest = path[4:] if path[1:2] == ("v2",) else path[3:]
        if len(rest) < 4 or not isinstance(rest[0], int):
            continue
        one, array = found[rest[0], str(rest[1])], str(rest[2])
        if isinstance(value, ObjectOf):
            if array == "val":
                one.kind = str(value)
                one.arrays[array].setdefault(rest[3], None)
        elif len(rest) == 4 or rest[4] == "data":
            one.arrays[array][rest[3]] = value
    return found


def _lines(run: str, points: list[tuple[float, int, object]]) -> Iterator[Piece]:
    lines = [
        (round(at * 1000), "o", line)
        for at, _, value in points
        for line in text(value).splitlines()
    ]
    if lines:
        yield Printed(run, lines)


def _lineage(machine: Mapping[str, object]) -> dict[str, Mapping[str, object]]:
    git, packages = machine.get("git_info"), machine.get("packages")
    commit = git.get("commit") if isinstance(git, dict) else None
    code = {
        "commit": commit.get("hash") if isinstance(commit, dict) else None,
        "branch": git.get("branch") if isinstance(git, dict) else None,
        "remote_url": git.get("remote_origin_url") if isinstance(git, dict) else None,
    }
    process = {"argv": machine.get("arguments"), "executable": machine.get("executable")}
    parts: dict[str, Mapping[str, object]] = {
        "code": {name: value for name, value in code.items() if value},
        "process": {name: value for name, value in process.items() if value},
        "environment": {"packages": packages} if isinstance(packages, dict) else {},
    }
    return {part: facts for part, facts in parts.items() if facts}


def _below(tree: Mapping[Part, object], *path: Part) -> Mapping[Part, object]:
    for part in path:
        below = tree.get(part)
        tree = below if isinstance(below, dict) else {}
    return tree


def _mapping(tree: Mapping[Part, object], part: Part) -> Mapping[str, object]:
    found = plain(tree.get(part))
    return found if isinstance(found, dict) else {}


def _files(folder: Path) -> list[Path]:
    try:
        return sorted(one for one in folder.iterdir() if one.suffix in (".sst", ".log"))
    except OSError:
        return []


def _stamps(folder: Path) -> Stamps:
    found = []
    for path in _files(folder):
        try:
            facts = path.stat()
        except OSError:
            continue
        found.append((path.name, facts.st_size, facts.st_mtime_ns))
    return tuple(found)
