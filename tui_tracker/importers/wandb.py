"""Read the run folders of Weights & Biases, offline or synced, and their `.wandb` files.

    wandb/
        latest-run -> offline-run-20261123_070300-kill0001
        offline-run-20261123_070150-uu34r34d/     see `wandb_folder.py`
            run-uu34r34d.wandb

A `.wandb` file is a log in blocks (`framing.py`) of protobuf messages (`wire.py`), each a `Record`
with one kind set:

    2 history   3 summary   4 output   5 config   6 files   7 stats   8 artifact   10 alert
    13 output_raw   17 run   18 exit   25 use_artifact   26 environment
    27 output_logger   100 request, which may hold history that was not flushed

Kinds without meaning for us (numbering, telemetry, definitions of charts, preemption, head
and foot) are passed over, unknown ones are counted and told. History and summary are told of in
`wandb_history.py`, the others in `wandb_facts.py`. An exit code of 0 is a finished run, 255 an
interrupted one, any other a failed one; without an exit record it was killed, or is running.
Several folders with one run id are one run that was resumed.

Source: wandb/wandb, wandb/proto/wandb_internal.proto, core/internal/stream, core/internal/leet.
Checked with files of wandb 0.12.21, 0.13.11, 0.15.12, 0.16.6, 0.17.9, 0.19.11, 0.21.4 and 0.31.0.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from tui_tracker.errors import ImportFailed
from tui_tracker.importers.claims import Claim, Listing
from tui_tracker.importers.framing import LOG_HEAD
from tui_tracker.importers.liveness import status_without_end
from tui_tracker.importers.records import Piece
from tui_tracker.importers.run_folders import experiment_of
from tui_tracker.importers.wandb_folder import FOLDER, id_of, signs_of_life
from tui_tracker.importers.wandb_run import WandbRun
from tui_tracker.importers.wandb_segment import Segment

TOOL = "wandb"

_ENDING = ".wandb"
_BESIDE = ("files", "logs", "tmp")


def find_claims(listing: Listing) -> Iterator[Claim]:
    """Yield a folder of run folders as one claim, else each file of records in it."""
    runs = {name for name in listing.folders if _records_in(listing.folder / name)}
    if runs:
        yield Claim(TOOL, listing.folder, listing.root, frozenset(runs))
    records = sorted(name for name in listing.files if _is_records(listing, name))
    if len(records) == 1 and not listing.given and listing.folders & set(_BESIDE):
        takes = frozenset((*records, *(listing.folders & set(_BESIDE))))
        yield Claim(TOOL, listing.folder / records[0], listing.root, takes)
        return
    for name in records:
        yield listing.claim(TOOL, name)


def open_reader(claim: Claim) -> Reader:
    return Reader(claim)


class Reader:
    """A folder of run folders, or one file of records."""

    def __init__(self, claim: Claim) -> None:
        self._claim = claim
        self._runs: dict[tuple[str, str], WandbRun] = {}
        self._waiting: dict[Path, Segment] = {}
        self._known: set[Path] = set()

    def close(self) -> None:
        """Nothing is held open."""

    def read(self) -> Iterator[Piece]:
        """Yield what is new, see `records.Reader`."""
        yield from self._look()
        for run in self._runs.values():
            yield from run.read()

    def _look(self) -> Iterator[Piece]:
        """Find new files of records, and the runs that they are of."""
        try:
            found = list(self._list())
        except OSError as error:
            raise ImportFailed(
                str(self._claim.path), "", f"cannot be read: {error.strerror}"
            ) from error
        for path, folder in found:
            if path not in self._known:
                self._known.add(path)
                self._waiting[path] = Segment(path, folder)
        for segment in self._waiting.values():
            segment.peek()
        told_first = sorted(self._waiting.items(), key=lambda pair: pair[1].project is None)
        for path, segment in told_first:
            # A run that only began has no project yet; its key must not change later.
            signs = signs_of_life(path, segment.folder)
            if segment.project is None and status_without_end(*signs) == "running":
                continue
            del self._waiting[path]
            run = self._run_of(segment)
            if run.add(segment):
                yield from run.start_over()

    def _run_of(self, segment: Segment) -> WandbRun:
        run_id = id_of(segment.path)
        if segment.project is None:
            for (_, known), run in self._runs.items():
                if known == run_id:
                    return run
        name = (segment.project or "", run_id)
        if name not in self._runs:
            self._runs[name] = WandbRun(run_id, name[0], self._experiment())
        return self._runs[name]

    def _experiment(self) -> str:
        """Return where a run belongs that tells no project: to its neighbours, if they agree."""
        projects = {project for project, _ in self._runs if project}
        return projects.pop() if len(projects) == 1 else experiment_of(self._claim)

    def _list(self) -> Iterator[tuple[Path, Path | None]]:
        """Yield each file of records and its run folder."""
        path = self._claim.path
        if os.path.isfile(path):
            folder = path.parent
            yield path, folder if os.path.isdir(folder / "files") else None
            return
        for name in sorted(os.listdir(path)):
            folder = path / name
            if not folder.is_symlink():
                for file in _records_in(folder):
                    yield file, folder


def _is_records(listing: Listing, name: str) -> bool:
    if not name.endswith(_ENDING):
        return False
    head = listing.head(name)
    return listing.given or head.startswith(LOG_HEAD) or not head


def _records_in(folder: Path) -> list[Path]:
    """Return the files of records in a run folder; none if it is no such folder."""
    if not FOLDER.fullmatch(folder.name):
        return []
    try:
        names = sorted(name for name in os.listdir(folder) if name.endswith(_ENDING))
    except OSError:
        return []
    return [folder / name for name in names]
