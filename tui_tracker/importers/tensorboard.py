"""Read folders of TensorBoard event files, in both encodings of scalars.

    <root>/<run>/events.out.tfevents.<Unix seconds>.<host>[.<pid>.<n>][.<suffix>]

A run is a folder with such files; its name is the path from what was opened. They are
TFRecords (`framing.py`) of `Event` messages (`event_values.py`). `add_hparams` of PyTorch
and tensorboardX writes hyperparameters into a sub-folder: where a run has exactly one such
sub-folder, both are one run; its scalars keep their names, with the sub-folder as context where
the run logged the same name. Several of them are runs of their own.

Texts become notes, the last one of each tag; earlier ones are kept as printed lines. What is
neither number nor text nor hyperparameter (histograms, images, graphs) is counted and told.
There is no end record: a run that is not written any more is finished, or killed where the
last record of its last file is incomplete.

Source: tensorboard/tensorboard, tensorboard/backend/event_processing. Checked with files of
PyTorch 2.13 with tensorboard 2.21, of tensorboardX 2.6.5, and of tensorboard's own writers.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from tui_tracker.importers.claims import HEAD_BYTES, Claim, Listing
from tui_tracker.importers.event_run import EventFile, EventRun, notes_of
from tui_tracker.importers.event_values import EventValues
from tui_tracker.importers.hparams import SESSION_TAG
from tui_tracker.importers.records import ImportedRun, Piece, Status, utc_from_ms
from tui_tracker.importers.regular import open_regular
from tui_tracker.importers.run_folders import experiment_of, run_id, run_key

TOOL = "tensorboard"

_MARK = "tfevents"
_NOT_EVENTS = ".profile-empty"
_HOST = re.compile(r"tfevents\.\d+\.(.+?)(?:\.\d+\.\d+)?(?:\.v2)?$")


def find_claims(listing: Listing) -> Iterator[Claim]:
    """Yield a folder with event files, and the folder of its hyperparameters with it."""
    files = {name for name in listing.files if is_event_file(name)}
    if not files:
        return
    if listing.given:
        for name in sorted(files):
            yield listing.claim(TOOL, name)
        return
    within = hparams_folder(listing.folder)
    takes = files | ({within} if within in listing.folders else set())
    yield Claim(TOOL, listing.folder, listing.root, frozenset(takes))


def open_reader(claim: Claim) -> Reader:
    return Reader(claim)


class Reader:
    """A folder of event files, or one of them."""

    def __init__(self, claim: Claim) -> None:
        self._claim = claim
        self._run = EventRun(
            run_key(claim.path), lambda: list_event_files(claim.path), self._describe
        )

    def close(self) -> None:
        """Nothing is held open."""

    def read(self) -> Iterator[Piece]:
        """Yield what is new, see `records.Reader`."""
        yield from self._run.read()

    def _describe(self, values: EventValues, status: Status) -> ImportedRun:
        path = self._claim.path
        name = run_id(self._claim, path.parent if path.is_file() else path)
        return ImportedRun(
            key=self._run.key,
            id=name,
            name=name,
            experiment=experiment_of(self._claim),
            status=status,
            path=path,
            started_at=utc_from_ms(values.first_ms),
            ended_at=None if status == "running" else utc_from_ms(values.last_ms),
            params=dict(values.session.params),
            notes=notes_of(values),
            host=host_of(list_event_files(self._claim.path)),
        )


def is_event_file(name: str) -> bool:
    return _MARK in name and not name.endswith(_NOT_EVENTS)


def list_event_files(path: Path) -> list[EventFile]:
    """Return the event files of a run, by name; those of its hyperparameters come last."""
    if os.path.isfile(path):
        return [EventFile(path)]
    files = [EventFile(file) for file in _event_files_in(path)]
    if files and (within := hparams_folder(path)):
        files += [EventFile(file, within) for file in _event_files_in(path / within)]
    return files


def hparams_folder(folder: Path) -> str:
    """Return the name of the only sub-folder that holds hyperparameters; else ""."""
    own = _event_files_in(folder)
    if not own or any(_has_session(file) for file in own):
        return ""
    found = []
    try:
        with os.scandir(folder) as entries:
            for entry in sorted(entries, key=lambda one: one.name):
                if entry.is_dir(follow_symlinks=False) and _is_session(Path(entry.path)):
                    found.append(entry.name)
                    if len(found) > 1:
                        return ""
    except OSError:
        return ""
    return found[0] if found else ""


def host_of(files: list[EventFile]) -> str:
    """Return the machine that the first file's name tells."""
    found = _HOST.search(files[0].path.name) if files else None
    return found[1] if found else ""


def _is_session(folder: Path) -> bool:
    files = _event_files_in(folder)
    return bool(files) and any(_has_session(file) for file in files)


def _has_session(path: Path) -> bool:
    try:
        with open_regular(path) as file:
            return SESSION_TAG in file.read(HEAD_BYTES)
    except OSError:
        return False


def _event_files_in(folder: Path) -> list[Path]:
    """Return the event files of a folder by name; links to files count, other links do not."""
    try:
        with os.scandir(folder) as entries:
            names = [one.name for one in entries if is_event_file(one.name) and one.is_file()]
    except OSError:
        return []
    return [folder / name for name in sorted(names)]
