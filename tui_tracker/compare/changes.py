"""What differs in the code of several runs from that of one of them, file by file.

Two states of code never change, so what was found once is kept: a page that follows
live runs asks git no second time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from tui_tracker.code_store import CodeChange, CodeStore, CodeUnavailable
from tui_tracker.compare.patches import path_of, split_patch
from tui_tracker.compare.sides import Side
from tui_tracker.facts import mapping, word
from tui_tracker.lineage.words import plural
from tui_tracker.store import Store


@dataclass(frozen=True, slots=True)
class Changed:
    """What differs in one run's code from the reference's."""

    files: tuple[CodeChange, ...] = ()
    why: str = ""
    """Why that cannot be told file by file; "" where it can."""

    @property
    def words(self) -> str:
        """Return `3 files, +12/-4`; "" where nothing differs or nothing can be told."""
        if not self.files:
            return ""
        added = sum(change.added or 0 for change in self.files)
        removed = sum(change.removed or 0 for change in self.files)
        lines = f", +{added:,}/-{removed:,}" if added or removed else ""
        return f"{plural(len(self.files), 'file')}{lines}"


def code_between(store: Store, sides: Sequence[Side], reference: int) -> tuple[Changed, ...]:
    """Return what differs in the code of each run from the reference's."""
    snapshots = [_snapshot(side) for side in sides]
    ours = snapshots[reference]
    found = []
    for place, (side, theirs) in enumerate(zip(sides, snapshots, strict=True)):
        if place == reference or theirs == ours != "":
            found.append(Changed())
        elif not (ours and theirs):
            lacking = side if not theirs else sides[reference]
            found.append(Changed(why=f"no snapshot was taken of the code of {lacking.name!r}"))
        else:
            found.append(_changed(store.folder, ours, theirs))
    return tuple(found)


def _snapshot(side: Side) -> str:
    return word(mapping(side.facts("code"), "snapshot"), "commit")


def _changed(folder: str, ours: str, theirs: str) -> Changed:
    try:
        return Changed(_files(folder, ours, theirs))
    except CodeUnavailable as error:  # not kept: the code may come back with a bundle
        return Changed(why=str(error))


@lru_cache(maxsize=256)
def _files(folder: str, ours: str, theirs: str) -> tuple[CodeChange, ...]:
    if len(ours) != len(theirs):
        raise CodeUnavailable("one repository has SHA-1 ids and the other SHA-256 ids")
    return tuple(CodeStore.holding(folder, ours).changes(ours, theirs))


def patches_between(
    store: Store, ours: Side, theirs: Side
) -> tuple[tuple[CodeChange, ...], dict[str, str]]:
    """Return the files that differ between the code of two runs, and the diff of each by path.

    Raises:
        CodeUnavailable: a snapshot was not taken, or is no longer in the store.
    """
    old, new = _snapshot(ours), _snapshot(theirs)
    for side, snapshot in ((ours, old), (theirs, new)):
        if not snapshot:
            raise CodeUnavailable(f"no snapshot was taken of the code of {side.name!r}")
    files = _files(str(store.folder), old, new)
    diff = CodeStore.holding(str(store.folder), old).diff(old, new) if files else ""
    return files, {path_of(patch): patch for patch in split_patch(diff)}
