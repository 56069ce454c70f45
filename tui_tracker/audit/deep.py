"""A deep look: are commit, data and files of runs there, and are their bytes the same?

Uses the checks of the lineage. Files are read and hashed until the time for it is over;
what is left then is compared by size and by hashes that are known already, and counted.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from tui_tracker.audit.record import RunRecord
from tui_tracker.code_store import CodeStore, CodeUnavailable
from tui_tracker.lineage.data import data_group
from tui_tracker.lineage.kept import artifacts_group
from tui_tracker.lineage.present import Present, Recorded
from tui_tracker.lineage.repository import CommitFound, find_commit
from tui_tracker.lineage.tree import LineageNode
from tui_tracker.store import Store

LONGEST_S = 60.0
"""For reading files of all runs together; sizes and known hashes come on top."""

_Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Seen:
    """What is there of one run now."""

    commit: CommitFound | None = None
    """None where no commit is recorded."""
    copy_kept: bool = False
    """The store has the snapshot of the code, whatever became of the commit."""
    data: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """Mark and reason by name, of what changed or is missing."""
    artifacts: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """The same of files, by path."""
    whole: bool = True
    """All that there is was read; else the time was over."""


class _Look:
    """One deep look at many runs, which share commits, data and files."""

    def __init__(self, store: Store, longest_s: float) -> None:
        self._store = store
        self._until = time.monotonic() + longest_s
        # Every file that several runs name is read once: their hashes are remembered.
        self._here = Present(store, deep=True, progress=None)
        self._commits: dict[tuple[str, str], CommitFound] = {}
        self._copies: dict[str, bool] = {}

    def close(self) -> None:
        self._here.close()

    def see(self, record: RunRecord) -> Seen:
        recorded = Recorded(record.detail, record.parts)
        self._here.deep = time.monotonic() < self._until
        data = _lost(data_group(recorded, self._here).children)
        self._here.deep = time.monotonic() < self._until
        files = artifacts_group(recorded, self._here)
        return Seen(
            self._commit(record),
            self._copy(str(record.fact("code", "snapshot", "commit") or "")),
            dict(data),
            dict(_lost(files.children) if files is not None else ()),
            self._here.deep,
        )

    def _commit(self, record: RunRecord) -> CommitFound | None:
        top, commit = (str(record.fact("code", key) or "") for key in ("top", "commit"))
        if not commit:
            return None
        if (top, commit) not in self._commits:
            self._commits[top, commit] = find_commit(top, commit)
        return self._commits[top, commit]

    def _copy(self, snapshot: str) -> bool:
        if snapshot and snapshot not in self._copies:
            try:
                kept = CodeStore.holding(self._store.folder, snapshot).has(snapshot)
            except (CodeUnavailable, OSError):
                kept = False
            self._copies[snapshot] = kept
        return self._copies.get(snapshot, False)


def _lost(nodes: Sequence[LineageNode]) -> Iterator[tuple[str, tuple[str, str]]]:
    for node in nodes:
        if node.lost:
            yield node.title, (node.mark, node.why)


def look_deep(
    store: Store,
    records: Sequence[RunRecord],
    keys: Sequence[int],
    *,
    longest_s: float = LONGEST_S,
    progress: _Progress | None = None,
) -> list[RunRecord]:
    """Return the records, those of `keys` with what was seen of them; no network is asked.

    `progress` is told how many runs were looked at, and how many there are.
    """
    asked, done = set(keys), 0
    look = _Look(store, longest_s)
    found = []
    try:
        for record in records:
            if record.key in asked:
                record = replace(record, seen=look.see(record))
                done += 1
                if progress is not None:
                    progress(done, len(asked))
            found.append(record)
    finally:
        look.close()
    return found
