"""Read the runs that Sacred's FileStorageObserver keeps.

    <basedir>/<run id>/
        run.json       experiment {name, base_dir, mainfile, sources, dependencies, repositories},
                       command, host, meta, status, start_time, stop_time, heartbeat (UTC, ISO,
                       no zone), result, fail_trace [lines], artifacts [names], resources
                       [[path, stored as]]
        config.json    the config, nested; a tuple is {"py/tuple": [...]}, objects are jsonpickle
        metrics.json   {name: {"steps": [...], "timestamps": [...], "values": [...]}}; values of
                       numpy are {"dtype": "float64", "py/object": ..., "value": 0.1}
        info.json      what the script put into `_run.info`
        cout.txt       what was printed
        <artifact> ...
    <basedir>/_sources/, _resources/   files by content, shared by the runs

run.json and metrics.json are written anew at each heartbeat (10 s); cout.txt is appended to.
Statuses are QUEUED, RUNNING, COMPLETED, INTERRUPTED, TIMEOUT, FAILED; DIED is said by viewers of
a run whose heart stopped. `result` and numbers in info.json are series; lists of numbers
there count their steps from 0. The seed is in the config, where Sacred puts it itself.

Source: IDSIA/sacred, sacred/observers/file_storage.py, sacred/serializer.py,
sacred/metrics_logger.py, jsonpickle/jsonpickle (tags.py). Checked with 0.8.7.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tui_tracker.errors import ImportFailed
from tui_tracker.importers.claims import Claim, Listing
from tui_tracker.importers.liveness import status_without_end
from tui_tracker.importers.news import News
from tui_tracker.importers.printed_text import PrintedFile
from tui_tracker.importers.records import (
    ImportedArtifact,
    ImportedNote,
    ImportedRun,
    ParamValue,
    Piece,
    Printed,
    Status,
    Unread,
    flatten,
    ms_from_utc,
)
from tui_tracker.importers.rewritten import (
    Stamp,
    ToldSeries,
    mapping,
    read_json,
    read_json_start,
    reason,
    stamp_of,
)
from tui_tracker.importers.run_folders import (
    KINDS,
    artifact,
    folder_name,
    is_plain_file,
    list_artifacts,
    run_key,
    utc,
)
from tui_tracker.importers.sacred_values import Series, plain, read_info, read_metrics

TOOL = "sacred"

_OWN = ("run.json", "config.json", "metrics.json", "info.json", "cout.txt")
_STATUS: dict[str, Status] = {
    "COMPLETED": "finished",
    "FAILED": "failed",
    "DIED": "crashed",
    "INTERRUPTED": "killed",
    "TIMEOUT": "killed",
    "KILLED": "killed",
}


def find_claims(listing: Listing) -> Iterator[Claim]:
    """Yield the folder if it is a run's; `_sources` and `_resources` belong to their runs."""
    if "run.json" in listing.files and listing.files & {"config.json", "metrics.json", "cout.txt"}:
        head = listing.head("run.json")
        if b'"experiment"' in head or b'"heartbeat"' in head or b'"artifacts"' in head:
            yield listing.claim_all(TOOL)


def open_reader(claim: Claim) -> Reader:
    return Reader(claim.path)


@dataclass(slots=True)
class Reader:
    """One run folder."""

    folder: Path
    _console: PrintedFile = field(init=False)
    _stamps: list[Stamp] = field(default_factory=list)
    _news: News = field(default_factory=News)
    _told: ToldSeries = field(default_factory=ToldSeries)

    def __post_init__(self) -> None:
        self._console = PrintedFile(self.folder / "cout.txt")

    def close(self) -> None:
        """Nothing is held open."""

    def read(self) -> Iterator[Piece]:
        stamps = [stamp_of(self.folder / name) for name in _OWN]
        told = self._news.status(run_key(self.folder))
        if stamps == self._stamps and told != "running":
            return
        problems: list[Unread] = []
        try:
            facts = mapping(read_json(self.folder / "run.json"))
        except (OSError, ValueError) as error:
            if told is not None:  # it is being written anew
                return
            facts = self._without_facts(error, problems)
        self._stamps = stamps
        yield from self._pieces(facts, problems)

    def _without_facts(self, error: Exception, problems: list[Unread]) -> dict[str, object]:
        """Tell that a run has to do without what run.json says.

        Raises:
            ImportFailed: there is nothing else.
        """
        path = self.folder / "run.json"
        if not any(os.path.exists(self.folder / name) for name in ("config.json", "metrics.json")):
            raise ImportFailed(str(path), "", f"cannot be read: {reason(error)}") from error
        problem = f"cannot be read: {reason(error)}; the run has no times and no facts of its host"
        problems.append(Unread(path, "", problem, run_key(self.folder)))
        return {}

    def _pieces(self, facts: Mapping[str, object], problems: list[Unread]) -> Iterator[Piece]:
        run = self._run(facts, problems)
        series = self._metrics(run, problems)
        if run.status != "running":  # until then its values come and go
            at = run.ended_at or run.started_at
            series += self._info(run, problems)
            series += read_info({"result": plain(facts.get("result"))}, at)
        if self._has_started_over(run.key, series):
            yield from self._news.start_over()
            self._told.forget(run.key)
            self._console.start_over()
        yield from self._news.run(run)
        for one in series:
            yield from self._told.fresh(run.key, one.name, one.steps, one.times_ms, one.values)
        yield from self._printed(run, problems)
        yield from self._news.trouble(problems)

    def _has_started_over(self, key: str, series: list[Series]) -> bool:
        return any(self._told.has_changed(key, one.name, one.steps, one.values) for one in series)

    def _run(self, facts: Mapping[str, object], problems: list[Unread]) -> ImportedRun:
        experiment = mapping(facts.get("experiment"))
        host = mapping(facts.get("host"))
        name = str(experiment.get("name") or folder_name(self.folder.parent))
        key = run_key(self.folder)
        command = facts.get("command")
        comment = mapping(facts.get("meta")).get("comment")
        status = self._status(facts)
        ended_at = utc(facts.get("stop_time")) or utc(facts.get("heartbeat"))
        return ImportedRun(
            key=key,
            id=folder_name(self.folder),
            name=name,
            experiment=name,
            status=status,
            path=self.folder,
            started_at=utc(facts.get("start_time")),
            ended_at=None if status == "running" else ended_at,
            params=self._params(key, problems),
            tags=[f"command:{command}"] if isinstance(command, str) and command != "main" else [],
            notes=_notes(comment, facts.get("fail_trace")),
            artifacts=self._artifacts(facts, experiment, key, problems),
            lineage=_lineage(facts, experiment, host),
            host=str(host.get("hostname") or ""),
        )

    def _status(self, facts: Mapping[str, object]) -> Status:
        said = str(facts.get("status") or "").upper()
        if said in _STATUS:
            return _STATUS[said]
        return status_without_end(*(self.folder / name for name in _OWN))

    def _params(self, key: str, problems: list[Unread]) -> dict[str, ParamValue]:
        config = self._json("config.json", key, problems, "the params cannot be read")
        try:
            return flatten(mapping(plain(config)))
        except RecursionError:
            path = self.folder / "config.json"
            problems.append(Unread(path, "", "is nested too deeply; it has no params", key))
            return {}

    def _json(self, name: str, key: str, problems: list[Unread], what: str) -> object:
        path = self.folder / name
        if not os.path.exists(path):
            return {}
        try:
            found, doubt = read_json_start(path)
        except (OSError, ValueError) as error:
            found, doubt = {}, f"{what}: {reason(error)}"
        if doubt:
            problems.append(Unread(path, "", doubt, key))
        return found

    def _metrics(self, run: ImportedRun, problems: list[Unread]) -> list[Series]:
        found = self._json("metrics.json", run.key, problems, "the metrics cannot be read")
        series, bad = read_metrics(mapping(found), run.started_at)
        path = self.folder / "metrics.json"
        problems += [Unread(path, place, problem, run.key) for place, problem in bad]
        return series

    def _info(self, run: ImportedRun, problems: list[Unread]) -> list[Series]:
        info = mapping(self._json("info.json", run.key, problems, "the info cannot be read"))
        # A list of what is logged, for readers of the observer's database.
        info = {name: value for name, value in info.items() if name != "metrics"}
        return read_info({"info": plain(info)}, run.ended_at or run.started_at)

    def _artifacts(
        self,
        facts: Mapping[str, object],
        experiment: Mapping[str, object],
        key: str,
        problems: list[Unread],
    ) -> list[ImportedArtifact]:
        own = [self.folder / name for name in _OWN if name != "info.json"]
        found = list(list_artifacts(self.folder, without=own, kinds=KINDS))
        names = {one.path for one in found}
        for name in _named(facts.get("artifacts")):
            if name not in names:
                problem = f"the artifact {name!r} is not there"
                problems.append(Unread(self.folder / "run.json", "artifacts", problem, key))
        pairs = [("sources", pair) for pair in _pairs(experiment.get("sources"))]
        pairs += [("resources", pair) for pair in _pairs(facts.get("resources"))]
        for what, (original, stored) in pairs:
            file = self._stored(stored, what)
            name = f"{what}/{Path(original).name}" if Path(original).name else ""
            if file is not None and name and name not in names:
                names.add(name)
                kind = {"sources": "code", "resources": "data"}[what]
                found.append(artifact(file, name, {file.suffix.lower(): kind}, used=True))
        return found

    def _stored(self, stored: str, what: str) -> Path | None:
        """Return a shared file of the observer; the folder may have been moved since."""
        below = self.folder.parent / f"_{what}"
        path = below / Path(stored).name
        return path if Path(stored).name and is_plain_file(path, below) else None

    def _printed(self, run: ImportedRun, problems: list[Unread]) -> Iterator[Piece]:
        try:
            at = ms_from_utc(run.started_at) if run.started_at else 0
            for lines in self._console.read(is_over=run.status != "running"):
                yield Printed(run.key, [(at, "o", line) for line in lines])
        except OSError as error:
            problems.append(
                Unread(self._console.path, "", f"cannot be read: {error.strerror}", run.key)
            )


def _named(artifacts: object) -> Iterator[str]:
    """Yield the names of artifacts, which are texts, or objects with a name."""
    for one in artifacts if isinstance(artifacts, list) else []:
        name = mapping(one).get("name") if isinstance(one, dict) else one
        if isinstance(name, str):
            yield name.replace("\\", "/").removeprefix("./")


def _pairs(value: object) -> Iterator[tuple[str, str]]:
    for one in value if isinstance(value, list) else []:
        pair = one.get("py/tuple") if isinstance(one, dict) else one
        if isinstance(pair, list) and len(pair) == 2 and all(isinstance(x, str) for x in pair):
            yield pair[0].replace("\\", "/"), pair[1].replace("\\", "/")


def _notes(comment: object, trace: object) -> list[ImportedNote]:
    texts = [comment] if isinstance(comment, str) and comment else []
    if isinstance(trace, list):
        texts.append("".join(str(line) for line in trace).strip())
    elif isinstance(trace, str):
        texts.append(trace.strip())
    return [ImportedNote(text) for text in texts if text]


def _lineage(
    facts: Mapping[str, object], experiment: Mapping[str, object], host: Mapping[str, object]
) -> dict[str, dict[str, object]]:
    parts = {
        "code": _code(experiment),
        "environment": _environment(experiment, host),
        "hardware": _hardware(host),
        "process": _process(facts, experiment),
    }
    return {name: part for name, part in parts.items() if part}


def _code(experiment: Mapping[str, object]) -> dict[str, object]:
    repositories = experiment.get("repositories")
    first = mapping(repositories[0]) if isinstance(repositories, list) and repositories else {}
    code: dict[str, object] = {}
    for ours, theirs in (("commit", "commit"), ("remote_url", "url")):
        if isinstance(first.get(theirs), str) and first[theirs]:
            code[ours] = first[theirs]
    if isinstance(first.get("dirty"), bool):
        code["dirty"] = first["dirty"]
    return code


def _environment(experiment: Mapping[str, object], host: Mapping[str, object]) -> dict[str, object]:
    environment: dict[str, object] = {}
    if isinstance(host.get("python_version"), str):
        environment["python"] = {"version": host["python_version"]}
    wanted = experiment.get("dependencies")
    packages: dict[str, str] = {}
    for one in wanted if isinstance(wanted, list) else []:
        # Before 0.7.4 a dependency was a pair of name and version.
        name, _, version = str(one).partition("==")
        if isinstance(one, list) and len(one) == 2:
            name, version = str(one[0]), str(one[1])
        packages[name] = version
    if packages:
        environment["packages"] = packages
    system = host.get("os")
    names = system.get("py/tuple") if isinstance(system, dict) else system
    if isinstance(names, list) and names:
        environment["system"] = {"name": str(names[-1])}
    return environment


def _hardware(host: Mapping[str, object]) -> dict[str, object]:
    hardware: dict[str, object] = {}
    if isinstance(host.get("cpu"), str):
        hardware["cpu"] = host["cpu"]
    gpus = mapping(host.get("gpus")).get("gpus")
    if isinstance(gpus, list):
        named = [{"name": str(mapping(gpu).get("model") or "")} for gpu in gpus]
        hardware["gpus"] = [gpu for gpu in named if gpu["name"]]
    return hardware


def _process(facts: Mapping[str, object], experiment: Mapping[str, object]) -> dict[str, object]:
    process: dict[str, object] = {}
    if isinstance(experiment.get("mainfile"), str):
        process["script"] = experiment["mainfile"]
        command = facts.get("command")
        process["argv"] = [experiment["mainfile"], *([command] if isinstance(command, str) else [])]
    if isinstance(experiment.get("base_dir"), str):
        process["cwd"] = experiment["base_dir"]
    return process
