"""Read the runs of an MLflow database.

`mlflow.db` is SQLite, with these tables (columns that are read; some came with later versions):

    alembic_version       version_num: the last migration of the schema
    experiments           experiment_id, name, artifact_location, lifecycle_stage, workspace
    runs                  run_uuid, name, source_type, source_name, source_version, user_id,
                          status, start_time, end_time (Unix milliseconds), lifecycle_stage,
                          artifact_uri, experiment_id
    params                key, value, run_uuid: all as text
    tags                  key, value, run_uuid: changed in place
    metrics               key, value, timestamp, run_uuid, step, is_nan: one row a point
    inputs                source_type, source_id, destination_type, destination_id, input_uuid:
                          DATASET -> RUN, RUN_INPUT -> MODEL_INPUT, RUN_OUTPUT -> MODEL_OUTPUT
    input_tags            input_uuid, name, value: `mlflow.data.context` is a dataset's role
    datasets              dataset_uuid, name, digest, dataset_source_type, dataset_source ...
    logged_models         model_id, name, artifact_location, source_run_id (MLflow 3)

NaN is 0 with `is_nan`; infinities are the largest floats. Rows of `metrics` are never changed, and
their rowids grow in the order of logging, unless the database is rebuilt (VACUUM, a
migration): then the row at the mark is another one, and all is read anew.
What else of a run changed shows only when it is compared; so many runs a look are.

Source: mlflow/mlflow, mlflow/store/tracking/dbmodels/models.py and store/db_migrations.
Checked with stores of MLflow 1.30, 2.9, 2.22 and 3.17 (migrations 451aebb31d03 to dc11669786a5).
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

from tui_tracker.errors import ImportFailed
from tui_tracker.importers import mlflow_versions
from tui_tracker.importers.cells import text
from tui_tracker.importers.claims import Claim, Listing
from tui_tracker.importers.databases import Database, Row, Session, is_database, list_tables
from tui_tracker.importers.mlflow_artifacts import top_folder
from tui_tracker.importers.mlflow_facts import TOOL
from tui_tracker.importers.mlflow_points import metrics_mark, read_points
from tui_tracker.importers.mlflow_runs import RUN_COLUMNS, Builder
from tui_tracker.importers.records import ImportedRun, Piece, Reader, StartedOver, Unread

__all__ = ["TOOL", "find_claims", "open_reader"]

_NEEDED = frozenset({"alembic_version", "experiments", "runs", "params", "metrics", "tags"})
_QUIET_RUNS = 2_000
"""So many runs that show no sign of change are compared at one look."""
_CHUNK = 500


def find_claims(listing: Listing) -> Iterator[Claim]:
    """Yield MLflow databases, with the folders of artifacts beside them."""
    for name in sorted(listing.files):
        if is_database(listing.head(name)) and list_tables(listing.folder / name) >= _NEEDED:
            ends = ("-wal", "-shm", "-journal")
            beside = {f"{name}{end}" for end in ends} & listing.files
            yield listing.claim(TOOL, name, *beside, *_artifact_folders(listing, name))


def open_reader(claim: Claim) -> Reader:
    """Return a reader of an MLflow database."""
    return MlflowDatabase(claim)


def _artifact_folders(listing: Listing, name: str) -> set[str]:
    """Return the folders beside a database that hold its artifacts and no file store."""
    rows = []
    with contextlib.suppress(ImportFailed), Database(listing.folder / name).look() as session:
        rows = session.table("experiments", "artifact_location")
    found = {top_folder(text(location), listing.folders) for (location,) in rows}
    found |= {"mlartifacts"} & listing.folders
    stores = {one for one in found if any((listing.folder / one).glob("*/meta.yaml"))}
    return found - stores - {""}


@dataclass(slots=True)
class _Known:
    """What was told of a run so far."""

    row: Row
    seen: int = 0
    """Hash of all that was told."""
    look: int = 0
    """The number of the look at which it was compared last."""


class MlflowDatabase:
    """The runs of one database, read on from where the last look ended."""

    def __init__(self, claim: Claim) -> None:
        self._claim = claim
        self._database = Database(claim.path)
        self._points = metrics_mark()
        self._builder = Builder(claim)
        self._runs: dict[str, _Known] = {}
        self._params_to = 0
        self._look = 0
        """Grows with each change of the file."""
        self._owed = False
        """Not all runs were compared since the last change."""
        self._version = ""

    def read(self) -> Iterator[Piece]:
        """Yield what is new; see `records.Reader`."""
        changed = self._database.has_changed()
        if not changed and not self._owed:
            return
        self._look += changed
        with self._database.look() as session:
            yield from self._check_version(session)
            yield from self._start_over(session)
            until = self._points.last(session)
            found = session.table("runs", *RUN_COLUMNS)
            rows = {text(row[0]): row for row in found if text(row[0])}
            yield from self._tell_runs(session, rows)
            yield from read_points(session, self._points, until, rows.keys())
            yield from session.damages

    def close(self) -> None:
        """Nothing is held between two reads."""

    def _check_version(self, session: Session) -> Iterator[Piece]:
        version = ", ".join(text(one) for (one,) in session.table("alembic_version", "version_num"))
        if version != self._version:
            self._version = version
            if version not in mlflow_versions.KNOWN:
                problem = f"has the unknown version {version!r}, and was read as far as it is known"
                yield Unread(session.path, "table alembic_version", problem)

    def _start_over(self, session: Session) -> Iterator[Piece]:
        """Forget all if the database is not the one of the last look any more."""
        if not self._points.is_lost(session):
            return
        for key in self._runs:
            yield StartedOver(key)
        self._runs, self._params_to = {}, 0
        self._points.forget()

    def _tell_runs(self, session: Session, rows: dict[str, Row]) -> Iterator[Piece]:
        chosen = self._chosen(session, rows)
        for start in range(0, len(chosen), _CHUNK):
            keys = chosen[start : start + _CHUNK]
            for run in self._builder.build(session, [rows[key] for key in keys], rows):
                yield from self._tell(run, rows[run.key])
            yield from self._builder.problems()

    def _tell(self, run: ImportedRun, row: Row) -> Iterator[Piece]:
        known = self._runs.get(run.key)
        seen = hash(repr(run))
        if known is None or known.seen != seen:
            yield run
        self._runs[run.key] = _Known(row, seen, self._look)

    def _chosen(self, session: Session, rows: dict[str, Row]) -> list[str]:
        """Return the runs to be compared now: those that show a change, and some that do not."""
        moved = set()
        for params in session.slices("params", ("run_uuid",), self._params_to):
            moved |= {text(run) for _, run in params}
            self._params_to = params[-1][0] if params else self._params_to
        sure, quiet = [], []
        for key, row in rows.items():
            known = self._runs.get(key)
            if known is None or known.row != row or key in moved or row[_STATUS] == "RUNNING":
                sure.append(key)
            elif known.look < self._look:
                quiet.append(key)
        self._owed = len(quiet) > _QUIET_RUNS
        quiet.sort(key=lambda key: self._runs[key].look)
        return sure + quiet[:_QUIET_RUNS]


_STATUS = RUN_COLUMNS.index("status")
