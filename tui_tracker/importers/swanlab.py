"""Read the run folders of SwanLab, of offline and local runs.

    swanlog/run-<YYYYMMDD_HHMMSS>-<id>/
        run-<id>.swanlab       all records, or backup.swanlab before 0.8
        files/config.yaml      {<param>: {"desc", "sort", "value"}}
        files/swanlab-metadata.json, files/requirements.txt, files/conda.yaml
        media/<kind>/<file>    images, texts, audio
        console/, logs/, debug/   what the records hold as well

The records are framed as a LevelDB log (see `framing.BlockLog`) behind a head of 7 bytes: `:SWL`,
the magic 0xE1D6 and a version. What they hold stands in `swanlab_records`.

Local runs before 0.6 have no such file, only SQLite and `logs/`, and are not read.

Source: SwanHubX/SwanLab, swanlab/sdk/internal/core_python/store/, swanlab/proto/. Checked with
0.7.0 (version 1) and 0.10.3 (version 2).
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from io import TextIOWrapper
from pathlib import Path
from typing import cast

from tui_tracker.errors import ImportFailed
from tui_tracker.importers.batches import Batches
from tui_tracker.importers.claims import Claim, Listing
from tui_tracker.importers.framing import BlockLog, Damage
from tui_tracker.importers.liveness import status_without_end
from tui_tracker.importers.news import News
from tui_tracker.importers.printed_text import last_state
from tui_tracker.importers.records import (
    ImportedNote,
    ImportedRun,
    ParamValue,
    Piece,
    Printed,
    Status,
    Unread,
    flatten,
)
from tui_tracker.importers.regular import open_regular
from tui_tracker.importers.rewritten import mapping, read_json, reason
from tui_tracker.importers.run_folders import KINDS, folder_name, list_artifacts
from tui_tracker.importers.swanlab_records import (
    Begun,
    Column,
    Ended,
    Line,
    Media,
    Scalar,
    read_record,
)
from tui_tracker.importers.yaml_text import read_yaml

TOOL = "swanlab"

_HEAD = b":SWL\xd6\xe1"
_VERSIONS = (1, 2)
_LINES = 2000
_MOST_TOLD = 5


def find_claims(listing: Listing) -> Iterator[Claim]:
    """Yield the folder if a log of SwanLab lies in it."""
    for name in sorted(listing.files):
        if name.endswith(".swanlab") and listing.head(name).startswith(b":SWL"):
            claim = listing.claim_all(TOOL) if not listing.given else listing.claim(TOOL, name)
            yield replace(claim, path=listing.folder / name)
            return


def open_reader(claim: Claim) -> Reader:
    return Reader(claim.path)


@dataclass(slots=True)
class _Known:
    """What the records said so far."""

    begun: Begun = field(default_factory=lambda: Begun(None))
    ended: Ended | None = None
    system: set[str] = field(default_factory=set)
    unknown: int = 0

    def learn(self, event: Begun | Ended | Column | Media) -> None:
        if isinstance(event, Begun):
            names = [name for name in event.__slots__ if getattr(event, name)]
            self.begun = replace(self.begun, **{name: getattr(event, name) for name in names})
            self.ended = None
        elif isinstance(event, Ended):
            self.ended = event
        elif isinstance(event, Column) and event.is_system:
            self.system.add(event.key)


@dataclass(slots=True)
class Reader:
    """One log and the folder it lies in."""

    path: Path
    _log: BlockLog = field(init=False)
    _known: _Known = field(default_factory=_Known)
    _news: News = field(default_factory=News)
    _batches: Batches = field(default_factory=Batches)
    _lines: list[tuple[int, str, str]] = field(default_factory=list)
    _problems: list[Unread] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._log = BlockLog(self.path)

    def close(self) -> None:
        """Nothing is held open."""

    @property
    def _folder(self) -> Path:
        return self.path.parent

    @property
    def _key(self) -> str:
        return folder_name(self._folder)

    def read(self) -> Iterator[Piece]:
        if self._log.was_replaced():
            yield from self._news.start_over()
            self._log, self._known = BlockLog(self.path), _Known()
        is_first = self._news.status(self._key) is None
        if is_first:
            self._check_head()
        try:
            for record in self._log.read():
                self._take(record)
                if self._batches.is_full or len(self._lines) >= _LINES:
                    yield from self._gathered()
        except OSError as error:
            if is_first:
                raise ImportFailed(
                    str(self.path), "", f"cannot be read: {error.strerror}"
                ) from error
            return
        run = self._run()
        yield from self._gathered(run)
        if run.status != "running" and self._log.torn_bytes:
            problem = f"{self._log.torn_bytes} bytes at the end are no whole record; left out"
            self._doubt(f"byte {self._log.offset}", problem)
        problems, self._problems = self._problems, []
        yield from self._news.trouble(problems)

    def _check_head(self) -> None:
        try:
            with open_regular(self.path) as file:
                head = file.read(7)
        except OSError as error:
            raise ImportFailed(str(self.path), "", f"cannot be read: {error.strerror}") from error
        if not head.startswith(_HEAD) or len(head) < 7:
            raise ImportFailed(str(self.path), "byte 0", "does not begin as a log of SwanLab does")
        if head[6] not in _VERSIONS:
            problem = f"is of version {head[6]}, which is not known; it was read as far as possible"
            self._doubt("byte 6", problem)

    def _doubt(self, place: str, problem: str) -> None:
        self._problems.append(Unread(self.path, place, problem, self._key))

    def _take(self, record: bytes | Damage) -> None:
        if isinstance(record, Damage):
            self._doubt(f"byte {record.at}", record.problem)
            return
        try:
            event = read_record(record)
        except ValueError:
            self._known.unknown += 1
            if self._known.unknown <= _MOST_TOLD:
                self._doubt(f"byte {self._log.offset}", "a record cannot be understood; left out")
            return
        if isinstance(event, Scalar):
            is_system = event.key in self._known.system or event.key.startswith("__swanlab__.")
            point = event.key or "_", event.step, event.time_ms, event.value
            self._batches.add(self._key, *point, system=is_system)
        elif isinstance(event, Line):
            stream = "e" if event.is_error else "o"
            self._lines += [
                (event.time_ms, stream, last_state(one)) for one in event.text.split("\n")
            ]
        elif event is not None:
            self._known.learn(event)

    def _gathered(self, run: ImportedRun | None = None) -> Iterator[Piece]:
        yield from self._news.run(run or self._run())
        yield from self._batches.take()
        lines, self._lines = self._lines, []
        for first in range(0, len(lines), _LINES):
            yield Printed(self._key, lines[first : first + _LINES])

    def _status(self) -> Status:
        ended = self._known.ended
        if ended and ended.state:
            return cast("Status", ended.state)
        return status_without_end(self.path)

    def _run(self) -> ImportedRun:
        begun, ended = self._known.begun, self._known.ended
        own_id = begun.id or self._folder.name.rpartition("-")[2]
        metadata = self._metadata()
        labels = [("group", begun.group), ("job_type", begun.job_type)]
        notes = [begun.description, ended.error if ended else ""]
        status = self._status()
        return ImportedRun(
            key=self._key,
            id=own_id,
            name=begun.name or own_id,
            experiment=begun.project or folder_name(self._folder.parent),
            status=status,
            path=self._folder,
            started_at=begun.at,
            ended_at=ended.at if ended and status != "running" else None,
            params=self._params(),
            tags=[*begun.tags, *(f"{name}:{value}" for name, value in labels if value)],
            notes=[ImportedNote(text) for text in notes if text],
            artifacts=[
                *list_artifacts(self._folder / "files", kinds=KINDS, prefix="files/"),
                *list_artifacts(self._folder / "media", kinds=KINDS, prefix="media/"),
            ],
            lineage=_lineage(metadata, self._packages()),
            host=str(_runtime(metadata).get("hostname") or ""),
        )

    def _params(self) -> dict[str, ParamValue]:
        path = self._folder / "files" / "config.yaml"
        if not os.path.isfile(path):
            return {}
        try:
            config = mapping(read_yaml(path))
            # Each param is wrapped; what is not was written by hand.
            values = {
                name: one.get("value", one) if isinstance(one, dict) and "desc" in one else one
                for name, one in config.items()
            }
            return flatten(values)
        except (OSError, ValueError) as error:
            problem = f"the params cannot be read: {reason(error)}"
            self._problems.append(Unread(path, "", problem, self._key))
            return {}

    def _metadata(self) -> Mapping[str, object]:
        path = self._folder / "files" / "swanlab-metadata.json"
        if not os.path.isfile(path):
            return {}
        try:
            return mapping(read_json(path))
        except (OSError, ValueError) as error:
            self._problems.append(Unread(path, "", f"cannot be read: {reason(error)}", self._key))
            return {}

    def _packages(self) -> dict[str, str]:
        path = self._folder / "files" / "requirements.txt"
        try:
            with TextIOWrapper(open_regular(path), "utf-8", "replace") as file:
                lines = file.read(1 << 20).splitlines()
        except OSError:
            return {}
        pairs = (line.partition("==") for line in lines)
        return {name.strip(): version.strip() for name, equals, version in pairs if equals}


def _runtime(metadata: Mapping[str, object]) -> Mapping[str, object]:
    """Return the facts of the process: nested since 0.8, flat before."""
    return mapping(metadata.get("runtime")) or metadata


def _lineage(
    metadata: Mapping[str, object], packages: dict[str, str]
) -> dict[str, dict[str, object]]:
    runtime = _runtime(metadata)
    environment: dict[str, object] = {}
    version = runtime.get("python_version") or runtime.get("python")
    if version:
        environment["python"] = {"version": str(version)}
    if packages:
        environment["packages"] = packages
    system = runtime.get("os_pretty") or runtime.get("os_pretty_name") or runtime.get("os")
    if system:
        environment["system"] = {"name": str(system)}
    process: dict[str, object] = {}
    if runtime.get("command"):
        process["argv"] = str(runtime["command"]).split()
    if runtime.get("cwd"):
        process["cwd"] = str(runtime["cwd"])
    parts = {
        "code": _code(metadata),
        "environment": environment,
        "hardware": _hardware(metadata),
        "process": process,
    }
    return {name: facts for name, facts in parts.items() if facts}


def _code(metadata: Mapping[str, object]) -> dict[str, object]:
    git = dict(mapping(metadata.get("git")))
    old = metadata.get("git_info")
    if isinstance(old, list) and len(old) == 2:
        git |= {"branch": old[0], "commit": old[1], "remote_url": metadata.get("git_remote")}
    names = ("commit", "branch", "remote_url")
    return {name: str(git[name]) for name in names if git.get(name)}


def _hardware(metadata: Mapping[str, object]) -> dict[str, object]:
    hardware = mapping(metadata.get("hardware")) or metadata
    facts: dict[str, object] = {}
    cpu = mapping(hardware.get("cpu"))
    if cpu.get("brand"):
        facts["cpu"] = str(cpu["brand"])
    cores = cpu.get("logical_count") or cpu.get("cores")
    if isinstance(cores, int):
        facts["cores"] = cores
    memory = mapping(hardware.get("memory"))
    if isinstance(memory.get("total"), int) and memory.get("total_unit") == "GB":
        facts["memory_bytes"] = cast("int", memory["total"]) << 30
    gpus = [
        {"name": str(mapping(one).get("name") or mapping(one).get("brand") or "")}
        for one in _listed(hardware.get("accelerators"))
    ]
    if gpus := [gpu for gpu in gpus if gpu["name"]]:
        facts["gpus"] = gpus
    return facts


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else []
