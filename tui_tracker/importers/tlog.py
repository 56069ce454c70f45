"""Read the run folders of tlog.

    <root>/<project>/<name>__<YYYYMMDD-HHMMSS>__<id>/
        meta.json        id, name, project, group, created_at, finished_at (Unix seconds),
                         state (running, finished), restarts [Unix seconds], env {...}
        config.json      what was given as config, nested
        metrics.jsonl    {"_step", "_ts" (Unix seconds), <metric>: number or text ...} a call
        system.jsonl     the same, sampled from the machine; `_step` may be absent
        console.log      what was printed, with carriage returns; written from the start
        media/index.jsonl, media/<key>/step<N>_<i>.png
        diff.patch, launch.sh, heartbeat (touched every 15 s while it runs)

A run that was not finished says `running` for ever; then the files tell. A resumed run goes on
in the same files. Texts among the metrics are counted and passed over.

Source: tlog-ml on PyPI (run.py, writer.py, meta.py, system.py, media.py). Checked with 0.3.0.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from tui_tracker.errors import ImportFailed
from tui_tracker.importers.batches import Batches
from tui_tracker.importers.claims import Claim, Listing
from tui_tracker.importers.jsonl_lines import JsonLines
from tui_tracker.importers.liveness import status_without_end
from tui_tracker.importers.news import News
from tui_tracker.importers.printed_text import PrintedFile
from tui_tracker.importers.records import (
    ImportedRun,
    ParamValue,
    Piece,
    Printed,
    Status,
    Unread,
    flatten,
    ms_from_utc,
    utc_from_ms,
)
from tui_tracker.importers.rewritten import as_number, as_step, mapping, read_json, reason
from tui_tracker.importers.run_folders import KINDS, folder_name, list_artifacts

TOOL = "tlog"

_DATA = ("meta.json", "config.json", "metrics.jsonl", "system.jsonl", "console.log", "heartbeat")
_NAME = re.compile(r"(.+)__\d{8}-\d{6}__(.+)")


def find_claims(listing: Listing) -> Iterator[Claim]:
    """Yield the folder if it is a run's: a meta.json of tlog beside metrics."""
    if "meta.json" not in listing.files or not listing.files & {"metrics.jsonl", "heartbeat"}:
        return
    head = listing.head("meta.json")
    if b'"created_at"' in head and b'"state"' in head and b'"restarts"' in head:
        yield listing.claim_all(TOOL)


def open_reader(claim: Claim) -> Reader:
    return Reader(claim.path)


@dataclass(slots=True)
class Reader:
    """One run folder."""

    folder: Path
    _metrics: JsonLines = field(init=False)
    _system: JsonLines = field(init=False)
    _console: PrintedFile = field(init=False)
    _news: News = field(default_factory=News)
    _texts: dict[str, int] = field(default_factory=dict)
    _texts_told: bool = False
    _system_steps: int = 0

    def __post_init__(self) -> None:
        self._metrics = JsonLines(self.folder / "metrics.jsonl")
        self._system = JsonLines(self.folder / "system.jsonl")
        self._console = PrintedFile(self.folder / "console.log")

    def close(self) -> None:
        """Nothing is held open."""

    def read(self) -> Iterator[Piece]:
        unread: list[Unread] = []
        try:
            meta = mapping(read_json(self.folder / "meta.json"))
        except (OSError, ValueError) as error:
            if self._news.status(self._key) is not None:  # in the middle of being replaced
                return
            meta = self._without_meta(error, unread)
        run = self._run(meta, unread)
        yield from self._news.trouble(unread)
        if self._has_started_over():
            yield from self._news.start_over()
        yield from self._news.run(run)
        is_over = run.status != "running"
        yield from self._points(self._metrics, run.key, is_over=is_over)
        yield from self._points(self._system, run.key, is_over=is_over, system=True)
        yield from self._printed(run)
        if is_over:
            yield from self._passed_over(run.key)

    @property
    def _key(self) -> str:
        return f"{folder_name(self.folder.parent)}/{folder_name(self.folder)}"

    def _without_meta(self, error: Exception, unread: list[Unread]) -> dict[str, object]:
        """Tell that a run has to do without what meta.json says.

        Raises:
            ImportFailed: there is nothing else.
        """
        path = self.folder / "meta.json"
        if not os.path.exists(self.folder / "metrics.jsonl"):
            raise ImportFailed(str(path), "", f"cannot be read: {reason(error)}") from error
        problem = f"cannot be read: {reason(error)}; the name of the folder has to do"
        unread.append(Unread(path, "", problem, self._key))
        return {}

    def _has_started_over(self) -> bool:
        over = False
        for lines in (self._metrics, self._system):
            try:
                over |= lines.has_started_over()
            except OSError:
                continue
        over |= self._console.began_anew()
        if over:
            self._metrics.text.start_over()
            self._system.text.start_over()
            self._console.start_over()
        return over

    def _run(self, meta: Mapping[str, object], unread: list[Unread]) -> ImportedRun:
        named = _NAME.fullmatch(self.folder.name)
        own_id = str(meta.get("id") or (named.group(2) if named else self.folder.name))
        name = str(meta.get("name") or (named.group(1) if named else self.folder.name))
        key = self._key
        env = mapping(meta.get("env"))
        group = meta.get("group")
        return ImportedRun(
            key=key,
            id=own_id,
            name=name,
            experiment=str(meta.get("project") or folder_name(self.folder.parent)),
            status=self._status(meta),
            path=self.folder,
            started_at=_moment(meta.get("created_at")),
            ended_at=_moment(meta.get("finished_at")) if meta.get("state") == "finished" else None,
            params=self._params(key, unread),
            tags=[f"group:{group}"] if group else [],
            artifacts=list(
                list_artifacts(
                    self.folder, without=[self.folder / name for name in _DATA], kinds=KINDS
                )
            ),
            lineage=_lineage(env),
            host=str(env.get("hostname") or ""),
            user=str(env.get("user") or ""),
        )

    def _status(self, meta: Mapping[str, object]) -> Status:
        if meta.get("state") == "finished":
            return "finished"
        if meta.get("state") in ("failed", "crashed"):
            return "failed"
        return status_without_end(*(self.folder / name for name in _DATA))

    def _params(self, key: str, unread: list[Unread]) -> dict[str, ParamValue]:
        path = self.folder / "config.json"
        if not os.path.exists(path):
            return {}
        try:
            return flatten(mapping(read_json(path)))
        except (OSError, ValueError, RecursionError) as error:
            unread.append(Unread(path, "", f"the params cannot be read: {reason(error)}", key))
            return {}

    def _points(
        self, lines: JsonLines, run: str, *, is_over: bool, system: bool = False
    ) -> Iterator[Piece]:
        batches = Batches()
        try:
            for found in lines.read(run):
                if isinstance(found, Unread):
                    yield found
                    continue
                self._take(found[1], run, batches, system=system)
                if batches.is_full:
                    yield from batches.take()
            if is_over:
                for found in lines.read_last(run):
                    if isinstance(found, Unread):
                        yield found
                    else:
                        self._take(found[1], run, batches, system=system)
        except OSError as error:
            yield from self._unreadable(lines.path, error, run)
        yield from batches.take()

    def _take(
        self, record: Mapping[str, object], run: str, batches: Batches, *, system: bool
    ) -> None:
        seconds = as_number(record.get("_ts")) or 0.0
        time_ms = _ms(seconds)
        step = as_step(record.get("_step"))
        if step is None:
            step = self._system_steps if system else 0
        if system:
            self._system_steps = step
        for name, value in record.items():
            if name in ("_step", "_ts"):
                continue
            number = as_number(value)
            if number is not None:
                batches.add(run, name or "_", step, time_ms, number, system=system)
            elif value is not None:
                self._texts[name] = self._texts.get(name, 0) + 1

    def _printed(self, run: ImportedRun) -> Iterator[Piece]:
        try:
            # The file has no times; what was printed is told in order.
            at = ms_from_utc(run.started_at) if run.started_at else 0
            for lines in self._console.read(is_over=run.status != "running"):
                yield Printed(run.key, [(at, "o", line) for line in lines])
        except OSError as error:
            yield from self._unreadable(self._console.path, error, run.key)

    def _unreadable(self, path: Path, error: OSError, run: str) -> Iterator[Unread]:
        problem = f"cannot be read: {reason(error)}"
        yield from self._news.trouble([Unread(path, "", problem, run, skipped=True)])

    def _passed_over(self, run: str) -> Iterator[Unread]:
        if self._texts and not self._texts_told:
            self._texts_told = True
            names = ", ".join(
                f"{count} of {name}" for name, count in sorted(self._texts.items())[:8]
            )
            problem = f"values that are no numbers were passed over: {names}"
            yield Unread(self._metrics.path, "", problem, run)


def _ms(seconds: float) -> int:
    return round(seconds * 1000) if abs(seconds) < 1e14 else 0


def _moment(seconds: object) -> datetime | None:
    number = as_number(seconds)
    return utc_from_ms(number * 1000) if number is not None else None


def _lineage(env: Mapping[str, object]) -> dict[str, dict[str, object]]:
    git = mapping(env.get("git"))
    code = {
        ours: git[theirs]
        for ours, theirs in (("commit", "commit"), ("branch", "branch"), ("remote_url", "remote"))
        if git.get(theirs)
    }
    if isinstance(git.get("dirty"), bool):
        code["dirty"] = git["dirty"]
    environment: dict[str, object] = {}
    if env.get("python"):
        environment["python"] = {"version": str(env["python"])}
    frameworks = mapping(env.get("frameworks"))
    if frameworks:
        environment["packages"] = {name: str(version) for name, version in frameworks.items()}
    if env.get("platform"):
        environment["system"] = {"name": str(env["platform"])}
    gpus = env.get("gpus")
    process = {
        ours: env[theirs]
        for ours, theirs in (
            ("argv", "argv"),
            ("script", "entrypoint"),
            ("cwd", "cwd"),
            ("world_size", "world_size"),
        )
        if env.get(theirs)
    }
    slurm = mapping(env.get("slurm"))
    if slurm:
        process["slurm"] = json.loads(json.dumps(slurm))
    parts: dict[str, dict[str, object]] = {
        "code": code,
        "environment": environment,
        "hardware": {"gpus": gpus} if isinstance(gpus, list) and gpus else {},
        "process": process,
    }
    return {name: facts for name, facts in parts.items() if facts}
