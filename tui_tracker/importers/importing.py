"""A path of another tool into a store: once, or again and again while it grows."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tui_tracker.errors import ImportFailed, TrackerError
from tui_tracker.importers import Source, find_sources
from tui_tracker.importers.records import Reader, Unread
from tui_tracker.importers.writing import Progress, StoreWriter, Taken
from tui_tracker.store import Store

OURS = "tui_tracker"
"""The tool of what `tt export` wrote."""
Open = Callable[[Source], Reader]
BringBack = Callable[[Path, Store], Taken]
"""Brings runs that this program wrote itself back as they were; it is above this package,
because it reaches what records the live machine."""


@dataclass(slots=True)
class Imported:
    """What an import did, by run ids."""

    tools: list[str] = field(default_factory=list)
    """Of which something was found, in order."""
    imported: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    same: list[str] = field(default_factory=list)
    """Runs that were there already and did not change."""
    skipped: list[Unread] = field(default_factory=list)
    warnings: list[Unread] = field(default_factory=list)
    points: int = 0

    def add(self, tool: str, taken: Taken) -> None:
        if tool not in self.tools:
            self.tools.append(tool)
        self.imported += taken.imported
        self.updated += taken.updated
        self.same += taken.same
        self.points += taken.points
        for one in taken.unread:
            self.tell(one)

    def settle(self) -> None:
        """Name each run once, although copies of it may have been met: for the most it did."""
        self.imported = list(dict.fromkeys(self.imported))
        new = set(self.imported)
        self.updated = [run for run in dict.fromkeys(self.updated) if run not in new]
        new.update(self.updated)
        self.same = [run for run in dict.fromkeys(self.same) if run not in new]

    def tell(self, one: Unread) -> None:
        (self.skipped if one.skipped else self.warnings).append(one)


@dataclass(slots=True)
class _Followed:
    """A source that stays open between two readings."""

    source: Source
    reader: Reader
    writer: StoreWriter


class Follower:
    """Reads all that is at or below a path into a store, as often as it is asked to."""

    def __init__(
        self,
        store: Store,
        path: Path,
        *,
        tool: str = "",
        keep_files: bool = True,
        progress: Progress | None = None,
        opened: Open = Source.open,
        bring_back: BringBack | None = None,
        every_s: float = math.inf,
    ) -> None:
        self._bring_back, self._every_s = bring_back, every_s
        self._store, self._path, self._tool = store, path, tool
        self._keep_files, self._progress = keep_files, progress
        self._open_reader = opened
        self._followed: dict[tuple[str, Path], _Followed] = {}
        self._failed: set[tuple[str, Path]] = set()
        self._told: set[Unread] = set()

    def read(self, *, look_again: bool = True) -> Imported:
        """Bring in what is new; each trouble is told once.

        `look_again` also finds sources that were not there before.

        Raises:
            InvalidArgument: there is nothing at the path.
            StoreError: the store cannot be written.
        """
        done = Imported()
        if look_again or not self._followed:
            self._look(done)
        runs = points = 0
        for one in list(self._followed.values()):
            taken = self._take(one)
            done.add(one.source.tool, taken)
            runs, points = runs + 1, points + taken.points
        done.settle()
        done.skipped = self._new(done.skipped)
        done.warnings = self._new(done.warnings)
        return done

    def close(self) -> None:
        for one in self._followed.values():
            one.reader.close()
        self._followed.clear()

    def _look(self, done: Imported) -> None:
        for source in find_sources(self._path, tool=self._tool, tell=done.tell):
            place = (source.tool, source.path)
            if place in self._followed or place in self._failed:
                continue
            if self._bring_back is not None and source.tool == OURS:
                self._failed.add(place)  # done with
                done.add(source.tool, self._brought(source, self._bring_back))
                continue
            try:
                reader = self._open_reader(source)
            except (ImportFailed, OSError) as error:
                self._failed.add(place)
                done.tell(_whole(source, error))
                continue
            roots = (source.claim.root, source.path)
            writer = StoreWriter(
                *(self._store, source.tool, roots),
                keep_files=self._keep_files,
                progress=self._progress,
                every_s=self._every_s,
            )
            self._followed[place] = _Followed(source, reader, writer)

    def _brought(self, source: Source, bring_back: BringBack) -> Taken:
        try:
            return bring_back(source.path, self._store)
        except (ImportFailed, OSError) as error:
            return Taken(unread=[_whole(source, error)])

    def _take(self, one: _Followed) -> Taken:
        try:
            return one.writer.take(one.reader.read())
        except (ImportFailed, OSError) as error:
            return Taken(unread=[_whole(one.source, error)])
        except TrackerError:
            raise
        except Exception as error:  # noqa: BLE001 - a mistake of one reader costs no other source
            problem = f"the reader met what it does not know ({type(error).__name__}: {error})"
            return Taken(unread=[Unread(one.source.path, "", problem, skipped=True)])

    def _new(self, unread: list[Unread]) -> list[Unread]:
        new = [one for one in dict.fromkeys(unread) if one not in self._told]
        self._told.update(new)
        return new


def import_path(
    store: Store,
    path: Path,
    *,
    tool: str = "",
    progress: Progress | None = None,
    opened: Open = Source.open,
    bring_back: BringBack | None = None,
) -> Imported:
    """Copy all runs at or below a path into the store, with their files.

    A source that cannot be read is skipped, and the others are imported all the same.

    Raises:
        InvalidArgument: there is nothing at the path, or nothing in it that can be read.
        StoreError: the store cannot be written.
    """
    follower = Follower(
        store, path, tool=tool, progress=progress, opened=opened, bring_back=bring_back
    )
    try:
        return follower.read()
    finally:
        follower.close()


def _whole(source: Source, error: Exception) -> Unread:
    if isinstance(error, ImportFailed):
        return Unread(Path(error.path), error.place, error.problem, skipped=True)
    reason = getattr(error, "strerror", None) or str(error)
    return Unread(source.path, "", f"cannot be read: {reason}", skipped=True)
