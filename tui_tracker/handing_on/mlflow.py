"""Runs as a file store of MLflow (`mlruns`), which all of its versions read.

    FOLDER/<experiment id>/meta.yaml
    FOLDER/<experiment id>/<run id>/meta.yaml
                                    metrics/<name>     a line a point: <ms> <value> <step>
                                    params/<name>      the value as text
                                    tags/<name>        the value as text
                                    artifacts/...

An experiment's id is 18 digits of the hash of its name, a run's id its own without dashes. A
`/` in the name of a metric, param or tag makes a folder. Statuses are numbers: 1 running, 3
finished, 4 failed, 5 killed; one that MLflow has not is 4, or 3 for `pruned`, and stands in the
tag `tui_tracker.status`. A tag `key:value` is the tag `key`, one without a key has no value.
Metrics in a context are called `name@context`, written as `spelling.mlflow_name` does; what
was sampled from the machine is `system/name`, as MLflow's own is.

Not the database: its schema is another one in every few versions, and a client refuses all
but its own. MLflow 3.17, with which this was checked, asks for `MLFLOW_ALLOW_FILE_STORE=true` to
read a file store, or takes it over with `mlflow migrate-filestore`.

Source: mlflow/mlflow, mlflow/store/tracking/file_store.py and utils/validation.py.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import TypeVar

from tui_tracker import folder as folders
from tui_tracker.artifacts import stored_path
from tui_tracker.handing_on.losses import Losses
from tui_tracker.handing_on.points import Stretch, in_chunks, read_points
from tui_tracker.handing_on.secrets import Cleaner
from tui_tracker.handing_on.spelling import Spelling, file_name, mlflow_name
from tui_tracker.handing_on.yaml_writing import yaml_value
from tui_tracker.queries.answers import Artifact, ParamValue, RunDetail
from tui_tracker.queries.details import get_runs
from tui_tracker.store import Store

Name = TypeVar("Name")

HELD = ("param", "metric", "series of the machine", "tag", "note", "file")
READ_WITH = (
    "newer versions of MLflow read it where MLFLOW_ALLOW_FILE_STORE=true is set, or take it over "
    "with mlflow migrate-filestore"
)
_STATUSES = {"running": 1, "finished": 3, "failed": 4, "killed": 5, "pruned": 3}
_GIT = {"commit": "commit", "branch": "branch", "repoURL": "remote_url"}
_OWN = ("running", "finished", "failed", "killed")
_LONGEST_PARAM, _LONGEST_TAG = 6000, 8000


class _Writer:
    """One file store while it is written; `place` is where it will stand."""

    def __init__(
        self, store: Store, folder: Path, place: str, cleaner: Cleaner, losses: Losses
    ) -> None:
        self._store, self._folder, self._place = store, folder, place
        self._cleaner, self._losses = cleaner, losses
        self._experiments: dict[str, str] = {}
        self.spelling = Spelling(mlflow_name)

    def write_run(
        self, run: RunDetail, points: Iterator[Stretch], tell: Callable[[int], None]
    ) -> None:
        """Write a run with its points."""
        experiment = self._experiment(run)
        folder = self._folder / experiment / _run_id(run.row.id)
        for name in ("metrics", "params", "tags", "artifacts"):
            (folder / name).mkdir(parents=True)
        self._write_meta(folder, run, experiment)
        params = {
            name: _param(self._cleaner.param(name, value)) for name, value in run.row.params.items()
        }
        long = sum(len(text) > _LONGEST_PARAM for text in params.values())
        self._losses.add("param", "longer than MLflow's clients may write", long)
        self._write_texts(folder / "params", params)
        self._write_texts(folder / "tags", self._tags(run))
        labels = [(name, False) for name in run.row.metrics]
        labels += [(name, True) for name in run.system]
        paths = _apart({label: self._metric(*label) for label in labels})
        for (label, system), members in groupby(points, key=lambda one: (one.label, one.system)):
            path = folder / "metrics" / paths[label, system]
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("w", encoding="ascii") as file:
                for one in members:
                    rows = zip(one.times_ms, one.values, one.steps, strict=True)
                    file.writelines([f"{at} {value!r} {step}\n" for at, value, step in rows])
                    tell(len(one.values))
        self._copy_files(folder / "artifacts", run.artifacts)

    def _metric(self, label: str, system: bool) -> str:
        return self.spelling(f"system/{label}" if system else label)

    def _experiment(self, run: RunDetail) -> str:
        """Return the id of a run's experiment, whose folder is there then."""
        name = run.row.experiment
        if name not in self._experiments:
            digest = hashlib.sha256(name.encode("utf-8", "replace")).digest()
            made = self._experiments[name] = str(10**17 + int.from_bytes(digest) % (9 * 10**17))
            at = _ms(run.row.started_at.timestamp())
            _write_yaml(
                self._folder / made,
                {
                    "artifact_location": self._address(made),
                    "creation_time": at,
                    "experiment_id": made,
                    "last_update_time": at,
                    "lifecycle_stage": "active",
                    "name": name,
                },
            )
        return self._experiments[name]

    def _write_meta(self, folder: Path, run: RunDetail, experiment: str) -> None:
        row = run.row
        run_id = _run_id(row.id)
        _write_yaml(
            folder,
            {
                "artifact_uri": self._address(experiment, run_id, "artifacts"),
                "end_time": None if row.ended_at is None else _ms(row.ended_at.timestamp()),
                "entry_point_name": "",
                "experiment_id": experiment,
                "lifecycle_stage": "deleted" if row.archived or row.deleted else "active",
                "run_id": run_id,
                "run_name": row.name,
                "source_name": "",
                "source_type": 4,
                "source_version": "",
                "start_time": _ms(row.started_at.timestamp()),
                "status": _STATUSES.get(row.status, 4),
                "tags": [],
                "user_id": row.user,
            },
        )

    def _tags(self, run: RunDetail) -> dict[str, str]:
        tags = dict(_own_tags(run))
        for tag in run.row.tags:
            key, mark, value = tag.partition(":")
            # A second value of one key keeps the whole as its name.
            name, value = (key, value) if mark and key and key not in tags else (tag, "")
            tags[name] = value
        cleaned = {name: self._cleaner.text(text) for name, text in tags.items()}
        long = sum(len(text) > _LONGEST_TAG for text in cleaned.values())
        self._losses.add("tag", "longer than MLflow's clients may write", long)
        return cleaned

    def _write_texts(self, folder: Path, texts: Mapping[str, str]) -> None:
        paths = _apart({name: self.spelling(name) for name in texts})
        for name, text in texts.items():
            path = folder / paths[name]
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("w", encoding="utf-8", errors="replace", newline="") as file:
                file.write(text)

    def _copy_files(self, folder: Path, artifacts: Sequence[Artifact]) -> None:
        place = folders.artifacts(self._store.folder)
        # Of one path logged twice the last version counts.
        newest = {one.path: one for one in artifacts}
        self._losses.add("file", "left out for its newer version", len(artifacts) - len(newest))
        for path, one in newest.items():
            source = stored_path(place, one.sha256) if one.copied and one.sha256 else ""
            if not source or not os.path.isfile(source):
                self._losses.add("file", "left out: its bytes are not in the store")
                continue
            target = folder.joinpath(*(file_name(part) for part in path.split("/") if part))
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)

    def _address(self, *parts: str) -> str:
        return Path(self._place).absolute().joinpath(*parts).as_uri()


def write_store(
    store: Store,
    keys: Sequence[int],
    folder: Path,
    place: str,
    *,
    cleaner: Cleaner,
    losses: Losses,
    tell: Callable[[int], None],
) -> Spelling:
    """Write these runs below `folder`, which will stand at `place`."""
    writer = _Writer(store, folder, place, cleaner, losses)
    known: dict[bytes, dict[str, object]] = {}
    for chunk in in_chunks(store, keys):
        points = groupby(read_points(store, chunk, system=True), key=lambda one: one.run)
        ahead = next(points, None)
        for run in get_runs(store, chunk, known):
            theirs = ahead[1] if ahead is not None and ahead[0] == run.row.key else iter(())
            writer.write_run(run, theirs, tell)
            if ahead is not None and ahead[0] == run.row.key:
                ahead = next(points, None)
        known.clear()
    return writer.spelling


def _own_tags(run: RunDetail) -> Iterator[tuple[str, str]]:
    """Yield the tags that MLflow itself reads."""
    row = run.row
    yield "mlflow.runName", row.name
    if row.user:
        yield "mlflow.user", row.user
    if row.notes or run.notes:
        yield "mlflow.note.content", "\n\n".join(note.text for note in run.notes)
    if run.parent:
        yield "mlflow.parentRunId", _run_id(run.parent)
    if row.status not in _OWN:
        yield "tui_tracker.status", row.status
    facts = {part.name: part.facts for part in run.lineage}
    for name, fact in _GIT.items():
        if isinstance(value := facts.get("code", {}).get(fact), str) and value:
            yield f"mlflow.source.git.{name}", value
    if isinstance(script := facts.get("process", {}).get("script"), str):
        yield "mlflow.source.name", script
        yield "mlflow.source.type", "LOCAL"


def _apart(paths: Mapping[Name, str]) -> dict[Name, str]:
    """Return the paths so that none is a folder of another: `a` and `a/b` cannot both be."""
    above: set[str] = set()
    for path in paths.values():
        parts = path.split("/")
        above.update("/".join(parts[:end]) for end in range(1, len(parts)))
    taken: Collection[str] = above.intersection(paths.values())
    return {
        name: path.replace("/", "_x2F_")
        if any(path.startswith(f"{one}/") for one in taken)
        else path
        for name, path in paths.items()
    }


def _param(value: ParamValue) -> str:
    """Return a param as MLflow writes it: the text that Python has for it."""
    return json.dumps(value) if isinstance(value, list) else str(value)


def _write_yaml(folder: Path, facts: Mapping[str, object]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    lines = [f"{name}: {yaml_value(value)}\n" for name, value in facts.items()]
    (folder / "meta.yaml").write_text("".join(lines), encoding="utf-8")


def _run_id(run_id: str) -> str:
    return run_id.replace("-", "")


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
