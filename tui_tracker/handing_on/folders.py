"""A folder for each run, below one for each part of its experiment's name."""

from __future__ import annotations

from pathlib import Path

from tui_tracker.handing_on.spelling import Spelling, file_name
from tui_tracker.queries.answers import RunRow

_SHORT_ID = 8
"""Of the end: runs that were started close together share the beginning."""


class RunFolders:
    """Makes folders, each for one run alone; names that had to change are in `spelling`."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._taken: set[str] = set()
        self.spelling = Spelling(file_name)
        self.runs: dict[str, str] = {}
        """The id of the run that each folder is of."""

    def make(self, row: RunRow) -> Path:
        """Make the folder of a run; one of the same name has the end of its id behind it."""
        parts = [self.spelling(part) for part in row.experiment.split("/")]
        name = self.spelling(row.name)
        place = "/".join([*parts, name])
        # Names that differ in case alone are one on some systems.
        if place.lower() in self._taken:
            place = f"{place}~~{row.id[-_SHORT_ID:]}"
        if place.lower() in self._taken:
            place = f"{place.rpartition('~~')[0]}~~{row.id}"
        self._taken.add(place.lower())
        self.runs[place] = row.id
        folder = self._root / place
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def experiment(self, name: str) -> Path:
        """Return the folder of an experiment, made where it is not there."""
        folder = self._root.joinpath(*(self.spelling(part) for part in name.split("/")))
        folder.mkdir(parents=True, exist_ok=True)
        return folder
