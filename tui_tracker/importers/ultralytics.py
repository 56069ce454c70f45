"""Read the training folders of Ultralytics YOLO.

    <project>/<name>/
        args.yaml          the settings, flat (before 8.0 opt.yaml and hyp.yaml: YOLOv5)
        results.csv        `epoch`, `time` (s since the start) and series; names and cells padded
                           with blanks before 8.1; epochs from 1 (from 0 before 8.1 and in YOLOv5)
        weights/best.pt, weights/last.pt, *.png, *.jpg

results.csv is appended to epoch by epoch, with no end: a run that is left alone counts as
finished, which is also how early stopping looks. `time` is a series like the others; points have
the time of the file's last change.

Source: ultralytics/ultralytics, ultralytics/engine/trainer.py (save_metrics, read_results_csv);
ultralytics/yolov5, utils/loggers/__init__.py. Checked with ultralytics 8.4.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tui_tracker.importers.claims import Claim, Listing
from tui_tracker.importers.columns import Columns
from tui_tracker.importers.records import (
    ImportedRun,
    ParamValue,
    Piece,
    Unread,
    flatten,
)
from tui_tracker.importers.rewritten import mapping, reason
from tui_tracker.importers.run_folders import (
    KINDS,
    experiment_of,
    list_artifacts,
    run_id,
    run_key,
)
from tui_tracker.importers.table_of_run import TableOfRun
from tui_tracker.importers.table_text import Form
from tui_tracker.importers.yaml_text import read_yaml

TOOL = "ultralytics"

_SETTINGS = ("args.yaml", "opt.yaml", "hyp.yaml")
_HEADS = (b"metrics/", b"train/", b"val/", b"train_loss", b"top1")


def find_claims(listing: Listing) -> Iterator[Claim]:
    """Yield the folder if it has results of a YOLO beside its settings, or with its names."""
    if "results.csv" not in listing.files:
        return
    first = listing.head("results.csv").split(b"\n", 1)[0].strip()
    if not first.startswith(b"epoch") or not any(one in first for one in _HEADS):
        return
    if listing.files & set(_SETTINGS) or b"metrics/" in first:
        yield listing.claim_all(TOOL)


def open_reader(claim: Claim) -> Reader:
    return Reader(claim)


@dataclass(slots=True)
class Reader:
    """One folder."""

    claim: Claim
    _table: TableOfRun = field(init=False)

    def __post_init__(self) -> None:
        columns = Columns(("epoch",), Form(","), step="epoch")
        self._table = TableOfRun(self._folder / "results.csv", columns, run_key(self._folder))

    @property
    def _folder(self) -> Path:
        path = self.claim.path
        return path.parent if path.name == "results.csv" else path

    def close(self) -> None:
        """Nothing is held open."""

    def read(self) -> Iterator[Piece]:
        """Yield what is new, see `records.Reader`."""
        yield from self._table.read(self._run)

    def _run(self, problems: list[Unread]) -> ImportedRun:
        folder = self._folder
        params = self._params(problems)
        status, ended_at = self._table.standing()
        project = str(params.get("project") or "").replace("\\", "/").rstrip("/")
        return ImportedRun(
            key=self._table.key,
            id=run_id(self.claim, folder),
            name=run_id(self.claim, folder),
            experiment=project.rpartition("/")[2] or experiment_of(self.claim),
            status=status,
            path=folder,
            ended_at=ended_at,
            params=params,
            artifacts=list(list_artifacts(folder, without=[self._table.path], kinds=KINDS)),
        )

    def _params(self, problems: list[Unread]) -> dict[str, ParamValue]:
        params: dict[str, ParamValue] = {}
        for name in _SETTINGS:
            path = self._folder / name
            if not os.path.isfile(path):
                continue
            try:
                params |= flatten(mapping(read_yaml(path)))
            except (OSError, ValueError) as error:
                problem = f"the params cannot be read: {reason(error)}"
                problems.append(Unread(path, "", problem, self._table.key))
        return params
