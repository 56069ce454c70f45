"""One run of an MLflow file store: its facts out of many small files; see `mlflow_files`."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tui_tracker.importers.batches import Batches
from tui_tracker.importers.cells import number, text
from tui_tracker.importers.files import is_inside
from tui_tracker.importers.liveness import status_without_end
from tui_tracker.importers.mlflow_artifacts import find_folder, list_files
from tui_tracker.importers.mlflow_facts import (
    CONTEXT,
    NAME,
    NUMBERED_STATUSES,
    PARENT,
    STATUSES,
    USER,
    Dataset,
    told,
)
from tui_tracker.importers.mlflow_metric_file import MetricFile, Replaced
from tui_tracker.importers.records import (
    ImportedArtifact,
    ImportedRun,
    Piece,
    StartedOver,
    Status,
    Unread,
    typed,
    utc_from_ms,
)
from tui_tracker.importers.regular import open_regular
from tui_tracker.importers.rewritten import reason
from tui_tracker.importers.yaml_text import NotYaml, read_yaml

META = "meta.yaml"
_LONGEST_VALUE = 1 << 20
_DATASET = ("name", "digest", "source_type", "source", "schema", "profile")
_PARTS = ("", META, "params", "tags", "metrics", "inputs", "outputs", "artifacts")
TRASH = ".trash"


def read_meta(path: Path) -> dict[str, object]:
    """Return what a `meta.yaml` says.

    Raises:
        NotYaml: it is no mapping of YAML.
        OSError: it cannot be read.
    """
    found = read_yaml(path)
    if not isinstance(found, dict):
        raise NotYaml(0, "it is no mapping")
    return {text(name): value for name, value in found.items()}


@dataclass(slots=True)
class RunFolder:
    """A run's folder, and how far its metrics were read."""

    path: Path
    bases: tuple[Path, ...]
    """Below these are its artifacts."""
    key: str = ""
    _metrics: dict[Path, MetricFile] = field(default_factory=dict)
    _stamps: tuple[object, ...] = ()
    _seen: int = 0
    _ended: bool = False

    def read(self, experiment: str, *, deleted: bool) -> Iterator[Piece]:
        """Yield what is new of the run."""
        stamps = (experiment, deleted, *(_stamp(self.path / part) for part in _PARTS))
        if self._ended and stamps == self._stamps:
            return
        try:
            meta = read_meta(self.path / META)
        except (NotYaml, OSError) as error:
            young = status_without_end(self.path / META) == "running"
            if young and not isinstance(error, PermissionError):
                return  # it may be just being written
            if stamps != self._stamps:
                problem = f"cannot be read: {reason(error)}; the run was passed over"
                yield Unread(self.path / META, "", problem, skipped=True)
            self._stamps = stamps
            return
        run = self._run(meta, experiment, deleted=deleted)
        self._stamps, self._ended = stamps, run.status != "running"
        if hash(repr(run)) != self._seen:
            self.key, self._seen = run.key, hash(repr(run))
            yield run
        yield from self._points(run)

    # -- metrics

    def _points(self, run: ImportedRun) -> Iterator[Piece]:
        try:
            yield from self._new_points()
        except Replaced:
            yield StartedOver(run.key)
            yield run
            self._metrics.clear()
            yield from self._new_points()

    def _new_points(self) -> Iterator[Piece]:
        points = Batches()
        has_model = os.path.isdir(self.path / "outputs")
        for path in _files(self.path / "metrics", self.path):
            metric = self._metrics.get(path)
            if metric is None:
                name = path.relative_to(self.path / "metrics").as_posix()
                metric = self._metrics[path] = MetricFile(path, name)
            metric.has_model = has_model
            try:
                for place, problem in metric.read(self.key, points):
                    yield Unread(path, place, problem, self.key)
            except OSError as error:
                yield Unread(path, "", f"cannot be read: {error.strerror}", self.key)
            if self._ended and metric.is_cut():
                problem = "is cut off in the middle, and was passed over"
                yield Unread(path, f"line {metric.lines + 1}", problem, self.key)
            yield from points.full()
        yield from points.take()

    # -- facts

    def _run(self, meta: dict[str, object], experiment: str, *, deleted: bool) -> ImportedRun:
        tags = _values(self.path / "tags", self.path)
        run = text(meta.get("run_id") or meta.get("run_uuid")) or self.path.name
        source = {
            "mlflow.source.name": text(meta.get("source_name")),
            "mlflow.source.git.commit": text(meta.get("source_version")),
        }
        deleted = deleted or text(meta.get("lifecycle_stage")) == "deleted"
        facts = told({**source, **tags}, list(self._datasets()), deleted=deleted)
        parent = tags.get(PARENT, "")
        params = _values(self.path / "params", self.path)
        return ImportedRun(
            key=run,
            id=run,
            name=text(meta.get("run_name") or tags.get(NAME) or meta.get("name")) or run[:8],
            experiment=experiment,
            status=_status(meta.get("status")),
            path=self.path,
            started_at=utc_from_ms(number(meta.get("start_time"))),
            ended_at=utc_from_ms(number(meta.get("end_time"))),
            parent=parent if parent != run else "",
            params={name: typed(value) for name, value in params.items()},
            tags=facts.tags,
            notes=facts.notes,
            artifacts=tuple(self._artifacts(text(meta.get("artifact_uri")))),
            lineage=facts.lineage,
            user=tags.get(USER) or text(meta.get("user_id")),
            archived=deleted,
        )

    def _datasets(self) -> Iterator[Dataset]:
        for link in _metas(self.path / "inputs"):
            source = text(link.get("source_id"))
            place = self.path.parent / "datasets" / source / META
            if text(link.get("source_type")) != "DATASET" or not _is_name(source):
                continue
            for kept in _metas(place.parent.parent, only=source):
                roles = link.get("tags")
                role = text(roles.get(CONTEXT)) if isinstance(roles, dict) else ""
                yield Dataset(**{name: text(kept.get(name)) for name in _DATASET}, context=role)

    def _artifacts(self, location: str) -> Iterator[ImportedArtifact]:
        folder: Path | None = self.path / "artifacts"
        if not (folder and os.path.isdir(folder) and is_inside(folder, *self.bases)):
            folder = find_folder(location, *self.bases)
        if folder is not None:
            yield from list_files(folder, self.bases[-1])
        for side, used in (("outputs", False), ("inputs", True)):
            for link in _metas(self.path / side):
                if text(link.get("destination_type")) in ("MODEL_OUTPUT", "MODEL_INPUT"):
                    yield from self._model(text(link.get("destination_id")), used=used)

    def _model(self, model: str, *, used: bool) -> Iterator[ImportedArtifact]:
        if not _is_name(model):
            return
        folder = self.path.parent / "models" / model
        meta = next(_metas(folder.parent, only=model), {})
        name = text(meta.get("name")) or model
        files = []
        if os.path.isdir(folder / "artifacts") and is_inside(folder / "artifacts", *self.bases):
            inside = folder / "artifacts"
            files = list(
                list_files(inside, self.bases[-1], kind="model", under=f"{name}/", used=used)
            )
        yield from files or [ImportedArtifact(name, None, kind="model", used=used)]


def _status(cell: object) -> Status:
    """Return a status, which is a number, or a name in other versions."""
    if isinstance(cell, int) and 0 <= cell < len(NUMBERED_STATUSES):
        return STATUSES.get(NUMBERED_STATUSES[cell], "running")
    return STATUSES.get(text(cell), "running")


def _values(folder: Path, base: Path) -> dict[str, str]:
    """Return the texts of small files by their paths below a folder."""
    found = {}
    for path in _files(folder, base):
        try:
            with open_regular(path) as file:
                value = file.read(_LONGEST_VALUE).decode("utf-8", "replace")
        except OSError:
            continue
        found[path.relative_to(folder).as_posix()] = value.removesuffix("\n")
    return found


def _files(folder: Path, base: Path) -> Iterator[Path]:
    """Yield the files below a folder in order of names, none that a link leads out to."""
    for top, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            path = Path(top, name)
            if os.path.isfile(path) and (not path.is_symlink() or is_inside(path, base)):
                yield path


def _metas(folder: Path, *, only: str = "") -> Iterator[dict[str, object]]:
    """Yield what can be read of the `meta.yaml` of each folder below one, or of one of them."""
    names = [only] if only else sorted(one.name for one in list_folders(folder))
    for name in names:
        try:
            yield read_meta(folder / name / META)
        except (NotYaml, OSError):
            continue


def list_folders(folder: Path) -> list[Path]:
    try:
        with os.scandir(folder) as entries:
            return [Path(one.path) for one in entries if one.is_dir(follow_symlinks=False)]
    except OSError:
        return []


def _is_name(text: str) -> bool:
    return bool(text) and "/" not in text and "\\" not in text and not text.startswith(".")


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        facts = os.stat(path)
    except OSError:
        return None
    return facts.st_mtime_ns, facts.st_size
