"""What MLflow's own tags, datasets and models of a run mean; the same in all of its stores.

Tags of the namespace `mlflow.` that say what something else of ours says become that: the name,
the parent, the note, the user, the code and the process. Lists of artifacts that MLflow keeps
as JSON in tags are dropped, the artifacts themselves are found. All others stay tags.

Source: mlflow/mlflow, mlflow/utils/mlflow_tags.py, mlflow/entities/run_status.py,
mlflow/entities/source_type.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tui_tracker.importers.records import DELETED, ImportedNote, Status

TOOL = "mlflow"
STATUSES: Mapping[str, Status] = {
    "RUNNING": "running",
    "SCHEDULED": "running",
    "FINISHED": "finished",
    "FAILED": "failed",
    "KILLED": "killed",
}
NUMBERED_STATUSES = ("", "RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED")
"""As a file store has them: the names' places in RunStatus."""
NOTE = "mlflow.note.content"
PARENT = "mlflow.parentRunId"
NAME = "mlflow.runName"
USER = "mlflow.user"
CONTEXT = "mlflow.data.context"
_CODE = {
    "mlflow.source.git.commit": "commit",
    "mlflow.source.git.branch": "branch",
    "mlflow.source.git.repoURL": "remote_url",
}
_DIRTY = "mlflow.source.git.dirty"
_PROCESS = {
    "mlflow.source.name": "script",
    "mlflow.source.type": "kind",
    "mlflow.project.entryPoint": "entry_point",
    "mlflow.project.backend": "backend",
    "mlflow.docker.image.uri": "image",
}
_DROPPED = frozenset(
    {
        "mlflow.log-model.history",
        "mlflow.loggedArtifacts",
        "mlflow.loggedImages",
        "mlflow.source.git.diff",
        "mlflow.gitRepoURL",
        "mlflow.gitBranchName",
    }
)
_OWN = frozenset({NOTE, PARENT, NAME, USER, _DIRTY, *_CODE, *_PROCESS, *_DROPPED})

Lineage = dict[str, Mapping[str, object]]


@dataclass(frozen=True, slots=True)
class Dataset:
    """A dataset that a run read, and as what."""

    name: str
    digest: str = ""
    source_type: str = ""
    source: str = ""
    schema: str = ""
    profile: str = ""
    context: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """What the tags of a run say in our words."""

    tags: tuple[str, ...] = ()
    notes: tuple[ImportedNote, ...] = ()
    lineage: Lineage = field(default_factory=dict)


def told(tags: Mapping[str, str], datasets: list[Dataset], *, deleted: bool) -> Told:
    """Return what tags and datasets say of a run."""
    shown = [
        f"{name}:{value}" if value else name for name, value in tags.items() if name not in _OWN
    ]
    if deleted:
        shown.append(DELETED)
    lineage = _code_and_process(tags)
    for number, dataset in enumerate(datasets):
        part = f"data:{dataset.name}"
        lineage[part if part not in lineage else f"{part}#{number + 1}"] = _data(dataset)
    note = tags.get(NOTE, "")
    notes = (ImportedNote(note),) if note.strip() else ()
    return Told(tuple(tag for tag in shown if tag), notes, lineage)


def _code_and_process(tags: Mapping[str, str]) -> Lineage:
    code: dict[str, object] = {ours: tags[name] for name, ours in _CODE.items() if tags.get(name)}
    if _DIRTY in tags:
        code["dirty"] = tags[_DIRTY].lower() == "true"
    process = {ours: tags[name] for name, ours in _PROCESS.items() if tags.get(name)}
    parts: Lineage = {"code": code, "process": process}
    return {part: facts for part, facts in parts.items() if facts}


def _data(dataset: Dataset) -> Mapping[str, object]:
    facts = {
        "name": dataset.name,
        "digest": dataset.digest,
        "role": dataset.context,
        "kind": dataset.source_type,
        "source": dataset.source,
        "schema": dataset.schema,
        "profile": dataset.profile,
    }
    return {name: value for name, value in facts.items() if value}


def metric_value(value: float) -> float:
    """Return a value as it was logged: databases hold the largest float for infinities."""
    if value >= 1.7976931348623157e308:
        return float("inf")
    return float("-inf") if value <= -1.7976931348623157e308 else value


def is_system(metric: str) -> bool:
    """Return whether MLflow sampled a metric from the machine."""
    return metric.startswith("system/")
