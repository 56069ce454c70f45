"""Rows of an MLflow database as runs; see `mlflow_sqlite` for its tables."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace

from tui_tracker.importers.cells import number, text
from tui_tracker.importers.claims import Claim
from tui_tracker.importers.databases import Row, Session
from tui_tracker.importers.mlflow_artifacts import find_folder, is_elsewhere, list_files
from tui_tracker.importers.mlflow_facts import (
    CONTEXT,
    NAME,
    PARENT,
    STATUSES,
    USER,
    Dataset,
    told,
)
from tui_tracker.importers.records import (
    ImportedArtifact,
    ImportedRun,
    Status,
    Unread,
    typed,
    utc_from_ms,
)

RUN_COLUMNS = (
    *("run_uuid", "name", "experiment_id", "status", "start_time", "end_time"),
    *("lifecycle_stage", "artifact_uri", "user_id", "source_name", "source_version"),
)


@dataclass(frozen=True, slots=True)
class _Experiment:
    name: str
    deleted: bool


@dataclass(slots=True)
class _Parts:
    """What hangs on some runs, by their ids."""

    params: dict[str, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))
    tags: dict[str, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))
    datasets: dict[str, list[Dataset]] = field(default_factory=lambda: defaultdict(list))
    models: dict[str, list[tuple[str, str, bool]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    """Name, location and whether the run used it."""


class Builder:
    """Makes runs of rows; artifacts are looked for below the database and what was opened."""

    def __init__(self, claim: Claim) -> None:
        self._claim = claim
        folder = claim.path.parent
        self._bases = (folder, claim.root) if folder != claim.root else (folder,)
        self._unread: list[Unread] = []
        self._told: set[str] = set()

    def build(
        self, session: Session, rows: list[Row], known: Collection[str]
    ) -> Iterator[ImportedRun]:
        """Yield the runs of some rows; `known` are the ids of all runs."""
        experiments = _experiments(session)
        parts = _parts(session, [text(row[0]) for row in rows])
        for row in rows:
            yield self._run(row, experiments, parts, known)

    def problems(self) -> Iterator[Unread]:
        """Yield what has to be told besides, once each."""
        unread, self._unread = self._unread, []
        for one in unread:
            if str(one) not in self._told:
                self._told.add(str(one))
                yield one

    def _run(
        self,
        row: Row,
        experiments: Mapping[str, _Experiment],
        parts: _Parts,
        known: Collection[str],
    ) -> ImportedRun:
        key, name, experiment_id, status, start, end, stage, location, user, script, commit = row
        run, tags = text(key), parts.tags[text(key)]
        experiment = experiments.get(text(experiment_id))
        if experiment is None:
            experiment = _Experiment(text(experiment_id) or "Default", deleted=False)
        columns = {"mlflow.source.name": text(script), "mlflow.source.git.commit": text(commit)}
        deleted = text(stage) == "deleted" or experiment.deleted
        facts = told({**columns, **tags}, parts.datasets[run], deleted=deleted)
        parent = tags.get(PARENT, "")
        return ImportedRun(
            key=run,
            id=run,
            name=text(name) or tags.get(NAME) or run[:8],
            experiment=experiment.name,
            status=STATUSES.get(text(status)) or self._odd_status(run, text(status)),
            path=self._claim.path,
            started_at=utc_from_ms(number(start)),
            ended_at=utc_from_ms(number(end)),
            parent=parent if parent in known and parent != run else "",
            params={name: typed(value) for name, value in parts.params[run].items()},
            tags=facts.tags,
            notes=facts.notes,
            artifacts=tuple(self._artifacts(text(location), parts.models[run])),
            lineage=facts.lineage,
            user=tags.get(USER) or text(user),
            archived=deleted,
        )

    def _odd_status(self, run: str, status: str) -> Status:
        problem = f"the unknown status {status!r} was read as running"
        self._unread.append(Unread(self._claim.path, "table runs", problem, run))
        return "running"

    def _artifacts(
        self, location: str, models: list[tuple[str, str, bool]]
    ) -> Iterator[ImportedArtifact]:
        folder = find_folder(location, *self._bases)
        if folder is not None:
            yield from list_files(folder, self._claim.root)
        elif is_elsewhere(location):
            self._tell_elsewhere(location)
        for name, place, used in models:
            found = find_folder(place, *self._bases)
            files = (
                []
                if found is None
                else [
                    *list_files(found, self._claim.root, kind="model", under=f"{name}/", used=used)
                ]
            )
            yield from files or [ImportedArtifact(name, None, kind="model", used=used)]

    def _tell_elsewhere(self, location: str) -> None:
        where = "/".join(location.split("/")[:3])
        problem = f"artifacts kept at {where!r} are not here, and were not taken"
        self._unread.append(Unread(self._claim.path, "column artifact_uri", problem))


def _experiments(session: Session) -> dict[str, _Experiment]:
    rows = session.table("experiments", "experiment_id", "name", "lifecycle_stage", "workspace")
    return {
        text(number): _Experiment(
            _experiment_name(text(name) or text(number), text(space)),
            text(stage) == "deleted",
        )
        for number, name, stage, space in rows
    }


def _experiment_name(name: str, workspace: str) -> str:
    return name if workspace in ("", "default") else f"{workspace}/{name}"


def _parts(session: Session, runs: list[str]) -> _Parts:
    parts = _Parts()
    some = f"IN ({','.join('?' * len(runs))})"
    given = tuple(runs)
    for table, target in (("params", parts.params), ("tags", parts.tags)):
        where = f"WHERE run_uuid {some} ORDER BY rowid"
        for run, key, value in session.table(
            table, "run_uuid", "key", "value", where=where, given=given
        ):
            target[text(run)][text(key)] = text(value)
    _add_inputs(session, parts, some, given)
    return parts


def _add_inputs(session: Session, parts: _Parts, some: str, given: tuple[str, ...]) -> None:
    columns = ("input_uuid", "source_type", "source_id", "destination_type", "destination_id")
    where = f"WHERE destination_id {some} OR source_id {some} ORDER BY rowid"
    inputs = session.table("inputs", *columns, where=where, given=given * 2)
    if not inputs:
        return
    roles = {
        text(one): text(value)
        for one, name, value in session.table("input_tags", "input_uuid", "name", "value")
        if name == CONTEXT
    }
    datasets = _datasets(session)
    models = {
        text(row[0]): (text(row[1]), text(row[2]))
        for row in session.table("logged_models", "model_id", "name", "artifact_location")
    }
    for one, source_type, source, target_type, target in inputs:
        if (source_type, target_type) == ("DATASET", "RUN") and text(source) in datasets:
            dataset = replace(datasets[text(source)], context=roles.get(text(one), ""))
            parts.datasets[text(target)].append(dataset)
        elif source_type in ("RUN_INPUT", "RUN_OUTPUT") and text(target) in models:
            used = source_type == "RUN_INPUT"
            parts.models[text(source)].append((*models[text(target)], used))


def _datasets(session: Session) -> dict[str, Dataset]:
    columns = ("dataset_uuid", "name", "digest", "dataset_source_type", "dataset_source")
    rows = session.table("datasets", *columns, "dataset_schema", "dataset_profile")
    return {text(row[0]): Dataset(*map(text, row[1:])) for row in rows}
