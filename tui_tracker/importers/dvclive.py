"""Read the folders of DVCLive.

    <dir>/
        params.yaml             nested params (YAML 1.2: ruamel.yaml writes it)
        metrics.json            the last values, nested, and `step`
        plots/metrics/<name>.tsv   [timestamp (Unix ms)] step <last part of the name>;
                                `/` in a name makes folders. System metrics below `system/`
        plots/images/, plots/sklearn/, plots/custom/   pictures and data of plots
        artifacts/, dvc.yaml, report.md, report.html ...

One folder is one run; DVCLive writes no end record and no times of its own. dvc.yaml (in the
folder, or beside it) names artifacts with labels. Before 1.0 the series lay in `scalars/`, and the
last values in `<dir>.json`. A value that is a text is counted and passed over. A metric that is in
metrics.json alone (logged with `plot=False`) has one point.

Source: iterative/dvclive, src/dvclive/live.py, plots/metric.py, dvc.py, utils.py. Checked with
0.12, 1.4, 2.16 and 3.49.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from tui_tracker.errors import ImportFailed
from tui_tracker.importers.claims import Claim, Listing
from tui_tracker.importers.columns import Columns
from tui_tracker.importers.liveness import status_without_end
from tui_tracker.importers.news import News
from tui_tracker.importers.records import (
    ImportedNote,
    ImportedRun,
    ParamValue,
    Piece,
    Points,
    Unread,
    flatten,
    utc_from_ms,
)
from tui_tracker.importers.rewritten import as_number, as_step, mapping, read_json, reason
from tui_tracker.importers.run_folders import (
    KINDS,
    changed_ms,
    clean,
    experiment_of,
    list_artifacts,
    run_id,
    run_key,
)
from tui_tracker.importers.table_runs import TableRuns
from tui_tracker.importers.table_text import Form, GrowingTable
from tui_tracker.importers.yaml_text import read_yaml

TOOL = "dvclive"

_SERIES = ("plots/metrics", "scalars")
_OWN = (
    "params.yaml metrics.json dvc.yaml report.md report.html report.ipynb "
    "plots scalars artifacts images"
).split()
"""Of a folder that may be a whole project's."""
_MOST_SERIES = 50_000


def find_claims(listing: Listing) -> Iterator[Claim]:
    """Yield the folder if its series lie where DVCLive keeps them."""
    places = [place for place in _SERIES if place.partition("/")[0] in listing.folders]
    if not any(_first_series(listing.folder / place) for place in places):
        bare = {"metrics.json", "params.yaml", "dvc.yaml"} <= listing.files
        if not (bare and listing.folder.name.startswith("dvclive")):
            return
    names = {*_OWN, ".gitignore"} & (listing.files | listing.folders)
    yield Claim(TOOL, listing.folder, listing.root, frozenset(names))


def _first_series(folder: Path) -> Path | None:
    return next(_series_files(folder), None)


def _series_files(folder: Path) -> Iterator[Path]:
    if os.path.islink(folder) or not os.path.isdir(folder):
        return
    for one in list_artifacts(folder):
        if one.file is not None and one.file.suffix == ".tsv":
            yield one.file


def open_reader(claim: Claim) -> Reader:
    return Reader(claim)


@dataclass(slots=True)
class _SeriesFile:
    """One metric's file."""

    name: str
    is_system: bool
    runs: TableRuns


@dataclass(slots=True)
class Reader:
    """One folder."""

    claim: Claim
    _files: dict[Path, _SeriesFile] = field(default_factory=dict)
    _news: News = field(default_factory=News)
    _singles: dict[str, tuple[int, float]] = field(default_factory=dict)

    def close(self) -> None:
        """Nothing is held open."""

    def read(self) -> Iterator[Piece]:
        folder = self.claim.path
        key = run_key(folder)
        if not os.path.isdir(folder):
            if self._news.status(key) is None:
                raise ImportFailed(str(folder), "", "is no folder any more")
            return
        self._find_files(key)
        problems: list[Unread] = []
        if any(_is_another(one.runs.table) for one in self._files.values()):
            yield from self._news.start_over()
            self._singles.clear()
            for one in self._files.values():
                one.runs.start_over()
        run = self._run(key, problems)
        yield from self._news.run(run)
        yield from self._points(run, problems)
        yield from self._news.trouble(problems)

    def _find_files(self, key: str) -> None:
        for place in _SERIES:
            below = self.claim.path / place
            for path in _series_files(below):
                if path in self._files or len(self._files) >= _MOST_SERIES:
                    continue
                name = clean(path.relative_to(below).with_suffix("").as_posix())
                own = path.stem
                columns = Columns(
                    ("step", "timestamp", own),
                    Form("\t"),
                    step="step",
                    time="timestamp",
                    metrics=(own,),
                )
                runs = TableRuns(GrowingTable(path, form=Form("\t")), columns, key)
                is_system = name.startswith("system/")
                self._files[path] = _SeriesFile(name, is_system, runs)

    def _run(self, key: str, problems: list[Unread]) -> ImportedRun:
        folder = self.claim.path
        seen = [folder / "params.yaml", folder / "metrics.json", *self._files]
        status = status_without_end(*seen, otherwise="finished")
        span = changed_ms(seen)
        own = [*self._files, folder / "params.yaml", folder / "metrics.json"]
        described = self._described(key, problems)
        artifacts = [
            replace(one, kind=str(mapping(described.get(one.path)).get("type") or one.kind))
            for one in list_artifacts(folder, without=own, kinds=KINDS, only=_OWN)
        ]
        return ImportedRun(
            key=key,
            id=run_id(self.claim),
            name=run_id(self.claim),
            experiment=experiment_of(self.claim),
            status=status,
            path=folder,
            ended_at=utc_from_ms(span[1]) if span and status != "running" else None,
            params=self._params(key, problems),
            tags=_labels(described),
            notes=_descriptions(described),
            artifacts=artifacts,
        )

    def _described(self, key: str, problems: list[Unread]) -> dict[str, dict[str, object]]:
        """Return what dvc.yaml says of artifacts, by their path in the folder."""
        folder = self.claim.path
        path = folder / "dvc.yaml"
        below = ""
        if not os.path.isfile(path):
            path, below = folder.parent / "dvc.yaml", f"{folder.name}/"
        if not os.path.isfile(path):
            return {}
        try:
            named = mapping(mapping(read_yaml(path, version="1.2")).get("artifacts"))
        except (OSError, ValueError) as error:
            problems.append(Unread(path, "", f"cannot be read: {reason(error)}", key))
            return {}
        found = {}
        for facts in named.values():
            where = str(mapping(facts).get("path") or "").removeprefix("./")
            if where.startswith(below):
                found[where.removeprefix(below)] = mapping(facts)
        return found

    def _params(self, key: str, problems: list[Unread]) -> dict[str, ParamValue]:
        path = self.claim.path / "params.yaml"
        if not os.path.exists(path):
            return {}
        try:
            return flatten(mapping(read_yaml(path, version="1.2")))
        except (OSError, ValueError) as error:
            problems.append(Unread(path, "", f"the params cannot be read: {reason(error)}", key))
            return {}

    def _points(self, run: ImportedRun, problems: list[Unread]) -> Iterator[Points]:
        for path, one in self._files.items():
            span = changed_ms([path])
            one.runs.time_ms = span[1] if span else 0
            try:
                if one.runs.table.look() == "grown":
                    yield from self._of_table(one, problems, last=False)
                if run.status != "running":
                    yield from self._of_table(one, problems, last=True)
            except OSError as error:
                problem = f"cannot be read: {error.strerror}"
                problems.append(Unread(path, "", problem, run.key, skipped=True))
        yield from self._last_values(run, problems)

    def _of_table(
        self, one: _SeriesFile, problems: list[Unread], *, last: bool
    ) -> Iterator[Points]:
        table = one.runs.table
        pieces = table.read_last() if last else table.read()
        for piece in one.runs.take(pieces, lambda _: None):
            if isinstance(piece, Unread):
                problems.append(piece)
            else:
                # The column has only the last part of the name.
                steps, times, values = piece.steps, piece.times_ms, piece.values
                yield Points(piece.run, one.name, steps, times, values, system=one.is_system)

    def _last_values(self, run: ImportedRun, problems: list[Unread]) -> Iterator[Points]:
        """Yield what is in the summary alone, once the run is over: until then it changes."""
        path = self.claim.path / "metrics.json"
        if not os.path.exists(path):  # before 1.0 it lay beside the folder
            path = self.claim.path.with_name(self.claim.path.name + ".json")
        if run.status == "running" or not os.path.isfile(path):
            return
        try:
            found = mapping(read_json(path))
        except (OSError, ValueError) as error:
            problems.append(Unread(path, "", f"cannot be read: {reason(error)}", run.key))
            return
        step = as_step(found.get("step")) or 0
        span = changed_ms([path])
        known = {one.name for one in self._files.values()}
        for name, value in _leaves(found):
            number = as_number(value)
            if name == "step" or name in known or number is None:
                continue
            if self._singles.get(name) != (step, number):
                self._singles[name] = (step, number)
                yield Points(run.key, name, [step], [span[1] if span else 0], [number])


def _is_another(table: GrowingTable) -> bool:
    try:
        return table.look() == "over"
    except OSError:  # told when it is read
        return False


def _leaves(
    values: Mapping[str, object], prefix: str = "", depth: int = 0
) -> Iterator[tuple[str, object]]:
    for name, value in values.items():
        if isinstance(value, Mapping) and depth < 50:
            yield from _leaves(value, f"{prefix}{name}/", depth + 1)
        else:
            yield f"{prefix}{name}", value


def _labels(described: Mapping[str, Mapping[str, object]]) -> list[str]:
    tags = []
    for facts in described.values():
        labels = facts.get("labels")
        tags += [str(one) for one in labels if one] if isinstance(labels, list) else []
    return list(dict.fromkeys(tags))


def _descriptions(described: Mapping[str, Mapping[str, object]]) -> list[ImportedNote]:
    return [
        ImportedNote(f"{path}: {facts['desc']}")
        for path, facts in described.items()
        if facts.get("desc")
    ]
