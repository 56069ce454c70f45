"""Write runs into one file.

The runs are merged into a store of their own first, which is cleaned of secrets, told
what is left out, and copied page by page into a new file: a deleted text stays in the
free pages of the one it was deleted from. Files are read twice, once for their hash and
for secrets, once into the bundle; nothing larger than a piece of them is in memory.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
import tempfile
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from tui_tracker import folder as folders
from tui_tracker import journal, merge
from tui_tracker.bundle import files as sources
from tui_tracker.bundle import format as layout
from tui_tracker.bundle.cleaning import clean_store
from tui_tracker.bundle.code import pack_code
from tui_tracker.bundle.files import Source
from tui_tracker.bundle.format import BundledRun, Contents, LeftOut, Member, Progress
from tui_tracker.bundle.staging import open_staged
from tui_tracker.database import SCHEMA_VERSION, connect, translated
from tui_tracker.errors import InvalidArgument, RunIsLive, StoreError
from tui_tracker.outgoing import clean_value
from tui_tracker.queries import get_rows
from tui_tracker.store import Store

_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The first moment that a zip file can name: members carry no time of this machine."""


@dataclass(frozen=True, slots=True)
class Bundled:
    """A bundle that was written."""

    path: str
    size_bytes: int
    sha256: str
    contents: Contents


def write_bundle(
    store: Store,
    keys: Sequence[int],
    target: str,
    *,
    with_artifacts: bool = True,
    with_data: bool = False,
    version: str = "",
    progress: Progress | None = None,
) -> Bundled:
    """Write these runs into a new file; `version` is what it says of this program.

    Raises:
        InvalidArgument: the file exists, or no run was named.
        RunIsLive: a run is still running or being written.
        OSError: the file cannot be written; nothing is left of it.
    """
    if not keys:
        raise InvalidArgument("a bundle needs at least one run")
    if os.path.lexists(target):
        raise InvalidArgument(f"{target!r} exists already: name a new file for the bundle")
    _refuse_live(store, keys)
    place = os.path.dirname(os.path.abspath(target))
    with (
        tempfile.TemporaryDirectory(prefix=".tt-bundle-", dir=place) as beside,
        tempfile.TemporaryDirectory(prefix="tt-bundle-") as temporary,
    ):
        draft = os.path.join(beside, "draft")
        writer = _Writer(store, temporary, f"tui-tracker {version}".strip(), progress)
        contents = writer.write(draft, keys, with_artifacts=with_artifacts, with_data=with_data)
        digest = layout.seal(draft)
        size = os.path.getsize(draft)
        _publish(draft, target)
    return Bundled(target, size, digest, contents)


def _refuse_live(store: Store, keys: Sequence[int]) -> None:
    for row in get_rows(store, keys):
        if row.status == "running" or _is_written(store, row.id):
            raise RunIsLive(f"{row.name!r} is still running: bundle it when it has ended")


def _is_written(store: Store, run_id: str) -> bool:
    """Return whether a process writes a journal of this run, or left something in one."""
    for path in journal.list_journals(folders.journals(store.folder), run_id):
        rows = store.read("SELECT drained FROM journal WHERE name=?", (os.path.basename(path),))
        if journal.is_live(path) or _size(path) > (rows[0][0] if rows else 0):
            return True
    return False


def _publish(draft: str, target: str) -> None:
    # A link fails where somebody else made that file meanwhile; a rename would not.
    try:
        os.link(draft, target)
    except FileExistsError as error:
        raise InvalidArgument(f"{target!r} exists already: name a new file") from error
    except OSError:  # a file system without links
        os.replace(draft, target)


class _Writer:
    """One bundle while it is written."""

    def __init__(self, store: Store, temporary: str, tool: str, progress: Progress | None) -> None:
        self._store, self._temporary, self._tool = store, temporary, tool
        self._progress = progress
        self._done = self._total = 0
        self._members: dict[str, Member] = {}
        self._left: list[LeftOut] = []

    def write(
        self, draft: str, keys: Sequence[int], *, with_artifacts: bool, with_data: bool
    ) -> Contents:
        folder = os.path.join(self._temporary, "store")
        os.mkdir(folder)
        with open_staged(folder) as copy:
            self._copy_runs(copy, keys)
            with copy.write() as connection:
                files = self._choose(connection, with_artifacts, with_data)
                packed = pack_code(self._store.folder, connection, self._temporary)
                self._left += packed.left_out
                hidden = clean_store(connection)
            points = copy.read("SELECT coalesce(sum(points), 0) FROM run")[0][0]
            runs = self._runs(copy)
            plain = os.path.join(self._temporary, layout.STORE)
            _copy_pages(copy, plain)
        with zipfile.ZipFile(draft, "w", allowZip64=True) as archive:
            archive.comment = layout.unsealed_comment()
            for file in files:
                self._add(archive, layout.artifact_name(file.sha256), file.path)
            for name, path in packed.members.items():
                self._add(archive, name, path)
            self._add(archive, layout.STORE, plain, deflate=True)
            counts = {
                "runs": len(runs),
                "artifacts": len(files),
                "artifact_bytes": sum(file.size for file in files),
                "snapshots": packed.snapshots,
                "hidden": hidden,
            }
            contents = self._contents(runs, points, counts)
            info = zipfile.ZipInfo(layout.LIST, _EPOCH)
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, contents.to_json())
        return contents

    def _contents(
        self, runs: tuple[BundledRun, ...], points: int, counts: dict[str, int]
    ) -> Contents:
        return Contents(
            tool=self._tool,
            made_at=datetime.now(UTC).isoformat(timespec="seconds"),
            schema=SCHEMA_VERSION,
            runs=runs,
            points=points,
            members=self._members,
            left_out=tuple(_cleaned(item) for item in self._left),
            counts=counts,
        )

    def _copy_runs(self, copy: Store, keys: Sequence[int]) -> None:
        done = merge.merge_runs(self._store, copy, keys, fetch=lambda _: "")
        for run, reason in done.left:
            raise RunIsLive(f"{run}: {reason}")

    def _choose(
        self, connection: sqlite3.Connection, with_artifacts: bool, with_data: bool
    ) -> list[Source]:
        if not with_artifacts:
            self._left += sources.leave_artifacts(connection)
        wanted = sources.stored_files(connection, self._store.folder)
        if with_data:
            data, left = sources.data_files(connection, self._store.folder)
            wanted += data
            self._left += left
        self._total = 2 * sum({file.sha256: _size(file.place) for file in wanted}.values())
        files, left = sources.choose(connection, wanted, self._tell)
        self._left += left
        return files

    def _runs(self, copy: Store) -> tuple[BundledRun, ...]:
        rows = get_rows(copy, [row[0] for row in copy.read("SELECT id FROM run ORDER BY uuid")])
        return tuple(BundledRun(row.id, row.name, row.experiment, row.status) for row in rows)

    def _add(
        self, archive: zipfile.ZipFile, name: str, path: str, *, deflate: bool = False
    ) -> None:
        """Copy a file into the bundle, piece by piece."""
        info = zipfile.ZipInfo(name, _EPOCH)
        info.compress_type = zipfile.ZIP_DEFLATED if deflate else zipfile.ZIP_STORED
        info.file_size = os.path.getsize(path)
        digest = hashlib.sha256()
        size = 0
        with open(path, "rb") as source, archive.open(info, "w", force_zip64=True) as sink:
            while data := source.read(layout.CHUNK):
                sink.write(data)
                digest.update(data)
                size += len(data)
                self._tell(len(data))
        if name.startswith("artifacts/") and not name.endswith(digest.hexdigest()):
            raise StoreError(path, "it was changed while it was bundled: try again")
        self._members[name] = Member(size, digest.hexdigest())

    def _tell(self, more: int) -> None:
        self._done += more
        if self._progress is not None:
            self._progress(min(self._done, self._total), self._total)


def _copy_pages(store: Store, target: str) -> None:
    """Copy a store page by page into a new file."""
    # Not through its reading connection: where names have aliases that one has views in
    # place of tables, and SQLite would make the copy's indexes on those.
    connection = connect(store.path, wait_s=5.0)
    try:
        with translated(store.path):
            connection.execute("VACUUM INTO ?", (target,))
    finally:
        connection.close()


def _cleaned(item: LeftOut) -> LeftOut:
    return LeftOut(item.run, item.what, clean_value(item.path), clean_value(item.why), item.asked)


def _size(path: str) -> int:
    try:
        return os.path.getsize(path)
    except OSError:
        return 0
