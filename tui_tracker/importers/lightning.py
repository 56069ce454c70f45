"""Read the version folders of Lightning's CSVLogger and TensorBoardLogger.

    <save_dir>/<name>/version_<n>/
        hparams.yaml             hyperparameters, nested; tuples and the like as tags of Python
        metrics.csv              CSVLogger: a column a metric, `step` and mostly `epoch`; holes
                                 where a metric was not logged with the others
        events.out.tfevents...   TensorBoardLogger, see `tensorboard.py`
        checkpoints/             what was saved

A run is a version folder; the logger's `name` is the experiment, unless it is the default
`lightning_logs`. A new metric makes CSVLogger write its file anew. There is no end record: a run
that is not written any more is finished. Rows have no times.

Source: Lightning-AI/pytorch-lightning, src/lightning/fabric/loggers/csv_logs.py,
src/lightning/pytorch/loggers. Checked with 2.6.6.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from tui_tracker.importers.claims import Claim, Listing
from tui_tracker.importers.columns import Columns
from tui_tracker.importers.event_run import EventRun, notes_of
from tui_tracker.importers.event_values import EventValues
from tui_tracker.importers.news import News
from tui_tracker.importers.records import (
    ImportedArtifact,
    ImportedRun,
    ParamValue,
    Piece,
    Status,
    Unread,
    flatten,
    utc_from_ms,
)
from tui_tracker.importers.rewritten import mapping, reason
from tui_tracker.importers.run_folders import (
    KINDS,
    experiment_of,
    folder_name,
    list_artifacts,
    run_id,
    run_key,
)
from tui_tracker.importers.table_of_run import TableOfRun
from tui_tracker.importers.table_text import Form
from tui_tracker.importers.tensorboard import (
    host_of,
    hparams_folder,
    is_event_file,
    list_event_files,
)
from tui_tracker.importers.yaml_text import read_yaml

TOOL = "lightning"

_METRICS, _PARAMS, _CHECKPOINTS = "metrics.csv", "hparams.yaml", "checkpoints"
_VERSION = re.compile(r"version_\d+")
_DEFAULT_NAME = "lightning_logs"


def find_claims(listing: Listing) -> Iterator[Claim]:
    """Yield a version folder: metrics or events beside hyperparameters."""
    is_version = _VERSION.fullmatch(listing.folder.name) is not None
    if listing.given or not (_PARAMS in listing.files or is_version):
        return
    events = {name for name in listing.files if is_event_file(name)}
    if events and _PARAMS in listing.files:
        takes = {*events, _PARAMS, hparams_folder(listing.folder)}
        if not _has_metrics(listing):
            takes.add(_CHECKPOINTS)
        yield Claim(TOOL, listing.folder, listing.root, frozenset(takes - {""}))
    if _has_metrics(listing):
        takes = {_METRICS, _PARAMS, _CHECKPOINTS}
        yield Claim(TOOL, listing.folder / _METRICS, listing.root, frozenset(takes))


def open_reader(claim: Claim) -> CsvReader | EventReader:
    return CsvReader(claim) if claim.path.name == _METRICS else EventReader(claim)


def _has_metrics(listing: Listing) -> bool:
    if _METRICS not in listing.files:
        return False
    names = listing.head(_METRICS).split(b"\n", 1)[0].strip().split(b",")
    return b"step" in names


class _Facts:
    """What lies beside the metrics of one run."""

    def __init__(self, folder: Path, claim: Claim) -> None:
        self.folder, self.claim = folder, claim
        self.params: dict[str, ParamValue] = {}

    def look(self, problems: list[Unread]) -> None:
        """Read the hyperparameters, which may be written late."""
        path = self.folder / _PARAMS
        if not os.path.isfile(path):
            return
        try:
            self.params = flatten(mapping(read_yaml(path)))
        except (OSError, ValueError) as error:
            problem = f"the params cannot be read: {reason(error)}"
            problems.append(Unread(path, "", problem, run_key(self.folder)))

    @property
    def experiment(self) -> str:
        name = folder_name(self.folder.absolute().parent)
        is_named = _VERSION.fullmatch(self.folder.name) and name != _DEFAULT_NAME
        return name if is_named else experiment_of(self.claim)

    def checkpoints(self) -> list[ImportedArtifact]:
        folder = self.folder / _CHECKPOINTS
        return list(list_artifacts(folder, kinds=KINDS, prefix=f"{_CHECKPOINTS}/"))


class EventReader:
    """A version folder of the TensorBoardLogger."""

    def __init__(self, claim: Claim) -> None:
        self._facts = _Facts(claim.path, claim)
        self._news = News()
        self._run = EventRun(
            run_key(claim.path), lambda: list_event_files(claim.path), self._describe
        )

    def close(self) -> None:
        """Nothing is held open."""

    def read(self) -> Iterator[Piece]:
        """Yield what is new, see `records.Reader`."""
        problems: list[Unread] = []
        self._facts.look(problems)
        yield from self._run.read()
        yield from self._news.trouble(problems)

    def _describe(self, values: EventValues, status: Status) -> ImportedRun:
        facts = self._facts
        name = run_id(facts.claim, facts.folder)
        return ImportedRun(
            key=self._run.key,
            id=name,
            name=name,
            experiment=facts.experiment,
            status=status,
            path=facts.folder,
            started_at=utc_from_ms(values.first_ms),
            ended_at=None if status == "running" else utc_from_ms(values.last_ms),
            params=facts.params or dict(values.session.params),
            notes=notes_of(values),
            artifacts=facts.checkpoints(),
            host=host_of(list_event_files(facts.folder)),
        )


class CsvReader:
    """A version folder of the CSVLogger."""

    def __init__(self, claim: Claim) -> None:
        folder = claim.path.parent
        self._facts = _Facts(folder, claim)
        columns = Columns(("step",), Form(","), step="step", step_is_sure=True)
        # Beside events of the same folder it is a run of its own.
        key = run_key(claim.path if any(list_event_files(folder)) else folder)
        self._table = TableOfRun(claim.path, columns, key)

    def close(self) -> None:
        """Nothing is held open."""

    def read(self) -> Iterator[Piece]:
        """Yield what is new, see `records.Reader`."""
        yield from self._table.read(self._describe)

    def _describe(self, problems: list[Unread]) -> ImportedRun:
        facts = self._facts
        facts.look(problems)
        status, ended_at = self._table.standing()
        name = run_id(facts.claim, facts.folder)
        return ImportedRun(
            key=self._table.key,
            id=name,
            name=name,
            experiment=facts.experiment,
            status=status,
            path=facts.folder,
            ended_at=ended_at,
            params=facts.params,
            artifacts=facts.checkpoints(),
        )
