"""Read the runs of an MLflow file store, a folder that is mostly called `mlruns`.

    mlruns/<experiment id>/meta.yaml              name, lifecycle_stage, artifact_location
    mlruns/<experiment id>/<run id>/meta.yaml     run_name, status (a number), start_time and
                                                  end_time (Unix milliseconds), user_id,
                                                  lifecycle_stage, artifact_uri
    .../<run id>/params/<name>                    the value as text
    .../<run id>/tags/<name>                      alike
    .../<run id>/metrics/<name>                   see `mlflow_metric_file`
    .../<run id>/artifacts/                       files
    .../<run id>/inputs/<id>/meta.yaml            a dataset in <experiment id>/datasets, or a model
    .../<run id>/outputs/<id>/meta.yaml           a model in <experiment id>/models (MLflow 3)
    mlruns/.trash/<experiment id>/                deleted experiments
    mlruns/models/                                the registry of models, which is not read

A name of a param, tag or metric may contain `/`, and is then a path. A deleted run stays where it
is, with `lifecycle_stage: deleted`. An experiment's or a run's folder may be opened alone.

Source: mlflow/mlflow, mlflow/store/tracking/file_store.py.
Checked with stores of MLflow 1.30, 2.9, 2.22 and 3.17.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tui_tracker.errors import ImportFailed
from tui_tracker.importers.cells import text
from tui_tracker.importers.claims import HEAD_BYTES, Claim, Listing
from tui_tracker.importers.mlflow_facts import TOOL
from tui_tracker.importers.mlflow_folder import META, TRASH, RunFolder, list_folders, read_meta
from tui_tracker.importers.records import Piece, Reader, Unread
from tui_tracker.importers.regular import open_regular
from tui_tracker.importers.rewritten import reason
from tui_tracker.importers.yaml_text import NotYaml

__all__ = ["TOOL", "find_claims", "open_reader"]

_NO_RUNS = frozenset({"datasets", "models", "tags", "traces", "assessments"})


def find_claims(listing: Listing) -> Iterator[Claim]:
    """Yield stores, or the one experiment or run that was opened alone."""
    if META in listing.files and _kind(listing.head(META)):
        yield listing.claim_all(TOOL)
        return
    stores = {
        name
        for name in listing.folders
        if _kind(_head(listing.folder / name / META)) == "experiment"
    }
    trash = listing.folder / TRASH
    if TRASH in listing.folders and any(
        _kind(_head(one / META)) == "experiment" for one in list_folders(trash)
    ):
        stores.add(TRASH)
    if stores:
        takes = stores | ({"models"} & listing.folders)
        yield Claim(TOOL, listing.folder, listing.root, frozenset(takes))


def open_reader(claim: Claim) -> Reader:
    """Return a reader of a store, an experiment or a run."""
    return MlflowFiles(claim)


def _kind(head: bytes) -> str:
    """Return what a `meta.yaml` that begins so is of: an experiment, a run, or "" for neither."""
    keys = {line.partition(b":")[0] for line in head.splitlines()}
    if b"experiment_id" not in keys:
        return ""
    if keys & {b"run_id", b"run_uuid"}:
        return "run"
    return "experiment" if {b"artifact_location", b"name"} <= keys else ""


def _head(path: Path) -> bytes:
    try:
        with open_regular(path) as file:
            return file.read(HEAD_BYTES)
    except OSError:
        return b""


@dataclass(slots=True)
class _Experiment:
    """A folder of runs."""

    name: str
    deleted: bool
    runs: dict[Path, RunFolder] = field(default_factory=dict)


class MlflowFiles:
    """The runs of a store, read on from where the last look ended."""

    def __init__(self, claim: Claim) -> None:
        self._path = claim.path
        self._bases = (claim.path, claim.root) if claim.root != claim.path else (claim.path,)
        self._experiments: dict[Path, _Experiment] = {}
        self._told: set[str] = set()

    def read(self) -> Iterator[Piece]:
        """Yield what is new; see `records.Reader`."""
        if not os.path.isdir(self._path):
            raise ImportFailed(str(self._path), "", "is not there any more")
        kind = _kind(_head(self._path / META))
        if kind == "run":
            yield from self._read_run_alone()
        elif kind == "experiment":
            yield from self._read_experiment(self._path)
        else:
            for folder in sorted([*list_folders(self._path), *list_folders(self._path / TRASH)]):
                if _kind(_head(folder / META)) == "experiment":
                    yield from self._read_experiment(folder)
                elif os.path.exists(folder / META) and folder.name.isdigit():
                    yield from self._tell(folder / META, "is of no experiment, and was passed over")

    def close(self) -> None:
        """Nothing is held between two reads."""

    def _tell(self, path: Path, problem: str) -> Iterator[Unread]:
        """Tell of something once."""
        if str(path) not in self._told:
            self._told.add(str(path))
            yield Unread(path, "", problem, skipped=True)

    def _read_experiment(self, folder: Path) -> Iterator[Piece]:
        try:
            meta = read_meta(folder / META)
        except (NotYaml, OSError) as error:
            yield from self._tell(
                folder / META, f"cannot be read: {reason(error)}; it was passed over"
            )
            return
        deleted = text(meta.get("lifecycle_stage")) == "deleted" or folder.parent.name == TRASH
        name = text(meta.get("name")) or folder.name
        known = self._experiments.setdefault(folder, _Experiment(name, deleted))
        known.name, known.deleted = name, deleted
        for path in sorted(list_folders(folder)):
            if path not in known.runs:
                if path.name in _NO_RUNS:
                    continue
                try:
                    os.stat(path / META)
                except FileNotFoundError:
                    continue
                except OSError as error:
                    yield from self._tell(path, f"cannot be looked into: {error.strerror}")
                    continue
                known.runs[path] = RunFolder(path, self._bases)
            yield from known.runs[path].read(name, deleted=deleted)

    def _read_run_alone(self) -> Iterator[Piece]:
        """Read a run that was opened by itself; its experiment's name stands one folder above."""
        above = self._path.parent
        try:
            name = text(read_meta(above / META).get("name")) or above.name
        except (NotYaml, OSError):
            name = above.name
        known = self._experiments.setdefault(above, _Experiment(name, deleted=False))
        run = known.runs.setdefault(self._path, RunFolder(self._path, self._bases))
        yield from run.read(known.name, deleted=False)
