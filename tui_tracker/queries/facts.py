"""Facts about the store itself."""

from __future__ import annotations

import os

from tui_tracker import folder as folders
from tui_tracker.queries.answers import StoreFacts
from tui_tracker.store import Store


def data_version(store: Store) -> int:
    """Return a number that changes when another connection changed the store."""
    return store.data_version()


def store_facts(store: Store) -> StoreFacts:
    """Return what the store holds and what it weighs."""
    (counts,) = store.read(
        "SELECT count(*), count(archived_ms), count(deleted_ms), coalesce(sum(points), 0), "
        "(SELECT count(*) FROM experiment) FROM run"
    )
    runs, archived, trashed, points, experiments = counts
    schema = store.read("PRAGMA user_version")[0][0]
    journals = _sizes(folders.journals(store.folder))
    side_files = [store.path, store.path + "-wal"]
    return StoreFacts(
        folder=store.folder,
        database=store.path,
        schema=schema,
        database_bytes=sum(os.path.getsize(p) for p in side_files if os.path.exists(p)),
        journal_bytes=sum(journals.values()),
        artifact_bytes=sum(_sizes(folders.artifacts(store.folder)).values()),
        experiments=experiments,
        runs=runs,
        archived=archived,
        trashed=trashed,
        points=points,
        journals=sum(path.endswith(".journal") for path in journals),
        network=folders.is_network(store.folder),
        read_only=store.read_only,
    )


def _sizes(folder: str) -> dict[str, int]:
    """Return the size of every file below a folder; files that vanish meanwhile are left out."""
    found: dict[str, int] = {}
    for root, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(root, name)
            try:
                found[path] = os.path.getsize(path)
            except OSError:
                continue
    return found
