"""Bring the runs of a bundle into a store; nothing in the file is trusted.

Everything is checked before the store is touched: the seal, that every member is one that
the list names, by name, size and hash, that the store inside is one of ours with neither
views nor triggers, and that its texts inflate to what their hash says. Members are never
unpacked by their names: a file of the bundle becomes an artifact by its hash, or a file
of our own in a temporary folder. After that the files come first, then the code, then the
runs one by one, so whatever stops it, the next try goes on.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tui_tracker import folder as folders
from tui_tracker.artifacts import put_pieces
from tui_tracker.bundle import format as layout
from tui_tracker.bundle.cleaning import keep_facts
from tui_tracker.bundle.format import Contents, Progress
from tui_tracker.bundle.inspection import inspect_file, inspect_store
from tui_tracker.bundle.staging import open_staged
from tui_tracker.code_store import CodeStore
from tui_tracker.errors import BundleError, TrackerError
from tui_tracker.merge import Merged, has_file, merge_runs
from tui_tracker.store import Store

_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    NotImplementedError,
    RuntimeError,
    ValueError,
    OverflowError,
    KeyError,
    IndexError,
    struct.error,
    OSError,
)
"""What `zipfile` raises on bytes that are no zip file; it also seeks before their begin."""
_RATIO = 200
"""A store deflates to a tenth; a list of contents to a twentieth."""
_LINK = 0o120000
_KIND = 0o170000


@dataclass(frozen=True, slots=True)
class Unbundled:
    """What came out of a bundle."""

    contents: Contents
    sha256: str
    """Of the bundle, by its seal."""
    runs: Merged
    snapshots: int
    problems: tuple[str, ...]
    """What the bundle holds and could not be brought in, in one sentence each."""


class Bundle:
    """A bundle that was checked: nothing of it can differ from what its list says."""

    def __init__(
        self, path: str, archive: zipfile.ZipFile, contents: Contents, sha256: str
    ) -> None:
        self.path, self.contents, self.sha256 = path, contents, sha256
        self._archive = archive

    def extract(self, name: str, target: str) -> None:
        """Write a member into a file.

        Raises:
            BundleError: it is not what the list says.
        """
        with open(target, "xb") as file:
            for data in self.read(name):
                file.write(data)

    def read(self, name: str) -> Iterator[bytes]:
        """Yield a member in pieces; the last comes only when size and hash are right.

        Raises:
            BundleError: it is not what the list says.
        """
        member = self.contents.members[name]
        digest = hashlib.sha256()
        size = 0
        held = b""
        try:
            with self._archive.open(name) as file:
                while size <= member.size and (data := file.read(layout.CHUNK)):
                    digest.update(data)
                    size += len(data)
                    yield held
                    held = data
        except _BROKEN as error:
            raise BundleError(self.path, f"{name} in it is damaged") from error
        if size != member.size or digest.hexdigest() != member.sha256:
            raise BundleError(self.path, f"{name} in it is not what its list of contents says")
        yield held


@contextmanager
def open_bundle(path: str, *, progress: Progress | None = None) -> Iterator[Bundle]:
    """Give a bundle whose outside was checked.

    Raises:
        BundleError: it is no bundle, a damaged one, or one of a later version.
        OSError: it cannot be read.
    """
    sha256 = layout.check_seal(path, progress)
    try:
        archive = zipfile.ZipFile(path)
    except _BROKEN as error:
        raise BundleError(path, "it is no zip file inside, so it holds no runs") from error
    with archive:
        infos = archive.infolist()
        _refuse_odd_list(path, infos)
        contents = layout.read_contents(path, _read_list(path, archive))
        _refuse_others(path, infos, contents)
        yield Bundle(path, archive, contents, sha256)


def unbundle(
    path: str, wanted: str | None = None, *, progress: Progress | None = None
) -> Unbundled:
    """Bring the runs of a bundle into the store that `wanted` names; make it if there is none.

    A run that is there already is brought up to date, as `merge` does it.

    Raises:
        BundleError: the file cannot be trusted; nothing was written.
        StoreError: the store cannot be used.
    """
    with (
        open_bundle(path, progress=progress) as bundle,
        tempfile.TemporaryDirectory(prefix="tt-unbundle-") as temporary,
    ):
        _refuse_too_large(bundle, temporary)
        inside = os.path.join(temporary, "store")
        os.mkdir(inside)
        bundle.extract(layout.STORE, folders.database(inside))
        inspect_file(bundle.path, folders.database(inside))
        packs = _extract_code(bundle, temporary)
        for name in _artifacts(bundle):
            for _ in bundle.read(name):
                pass
        with open_staged(inside) as source:
            inspect_store(bundle.path, source, bundle.contents)
            folder = folders.locate(wanted)
            folders.make(folder)
            _refuse_too_large(bundle, folder)
            with Store.open(folder, create=True) as target:
                return _bring_in(bundle, source, target, packs, progress)


def _bring_in(
    bundle: Bundle, source: Store, target: Store, packs: list[str], progress: Progress | None
) -> Unbundled:
    members = bundle.contents.members
    sizes = {name: members[name].size for name in _artifacts(bundle)}
    total, done = sum(sizes.values()), 0

    def fetch(sha256: str) -> str:
        nonlocal done
        name = layout.artifact_name(sha256)
        if name not in members:
            return "left out of the bundle"
        place = folders.artifacts(target.folder)
        if not has_file(place, sha256):
            put_pieces(place, bundle.read(name))
        done += sizes.pop(name, 0)
        if progress is not None:
            progress(done, total)
        return ""

    problems = [problem for pack in packs if (problem := _take_code(target.folder, pack))]
    _mark_origin(source, bundle)
    merged = merge_runs(source, target, fetch=fetch)
    return Unbundled(
        bundle.contents,
        bundle.sha256,
        merged,
        bundle.contents.counts.get("snapshots", 0) if not problems else 0,
        tuple(problems),
    )


def _take_code(folder: str, pack: str) -> str:
    """Take a git bundle in; return why that cannot be done, else ""."""
    errors = []
    for form in ("sha1", "sha256"):
        try:
            CodeStore(folder, form).unpack(Path(pack))
        except TrackerError as error:
            errors.append(str(error))
        else:
            return ""
    return f"the code was not brought in: {errors[0]}"


def _mark_origin(source: Store, bundle: Bundle) -> None:
    """Say in the runs that say nothing of where they came from that it was this bundle."""
    facts = {
        "relation": "bundle",
        "bundle": f"sha256:{bundle.sha256}",
        "made_at": bundle.contents.made_at,
        "tool": bundle.contents.tool,
    }
    with source.write() as connection:
        digest = keep_facts(connection, facts)
        connection.execute(
            "INSERT OR IGNORE INTO lineage (run, part, status, digest) "
            "SELECT id, 'origin', 'ok', ? FROM run",
            (digest,),
        )


def _artifacts(bundle: Bundle) -> list[str]:
    return [name for name in bundle.contents.members if name.startswith("artifacts/")]


def _extract_code(bundle: Bundle, temporary: str) -> list[str]:
    packs = []
    for name in sorted(bundle.contents.members):
        if name.startswith("code"):
            packs.append(os.path.join(temporary, name))
            bundle.extract(name, packs[-1])
    return packs


def _read_list(path: str, archive: zipfile.ZipFile) -> bytes:
    try:
        with archive.open(layout.LIST) as file:
            text = file.read(layout.LONGEST_LIST + 1)
    except _BROKEN as error:
        raise BundleError(path, "it has no readable list of contents") from error
    if len(text) > layout.LONGEST_LIST:
        raise BundleError(path, "its list of contents is too long to be one that tt bundle writes")
    return text


def _refuse_odd_list(path: str, infos: list[zipfile.ZipInfo]) -> None:
    names = [info.filename for info in infos]
    if len(set(names)) != len(names):
        raise BundleError(path, "two members have one name, which tt bundle never does")
    for info in infos:
        if info.filename != layout.LIST and not layout.is_member_name(info.filename):
            raise BundleError(path, f"{info.filename[:80]!r} is no name of a bundle's member")
        if (info.external_attr >> 16) & _KIND == _LINK:
            raise BundleError(path, f"{info.filename!r} is a link, which no member may be")


def _refuse_others(path: str, infos: list[zipfile.ZipInfo], contents: Contents) -> None:
    """Refuse a file whose members are not those of the list, or inflate beyond measure."""
    found = {info.filename: info for info in infos if info.filename != layout.LIST}
    if found.keys() != contents.members.keys() or layout.STORE not in found:
        raise BundleError(path, "its members are not those that its list of contents names")
    for name, info in found.items():
        if info.file_size != contents.members[name].size:
            raise BundleError(path, f"{name} in it has not the size that its list says")
        most = info.compress_size * _RATIO if name == layout.STORE else info.compress_size
        if info.file_size > most:
            raise BundleError(path, f"{name} in it inflates beyond what tt bundle writes")
        if name.startswith("artifacts/") and not name.endswith(contents.members[name].sha256):
            raise BundleError(path, f"{name} in it has another hash than its name")


def _refuse_too_large(bundle: Bundle, folder: str) -> None:
    """Refuse before anything is written what the disk has no room for."""
    members = bundle.contents.members.items()
    inside = sum(member.size for name, member in members if not name.startswith("artifacts/"))
    artifacts = sum(member.size for name, member in members if name.startswith("artifacts/"))
    needed = inside if os.path.basename(folder).startswith("tt-unbundle-") else artifacts
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise BundleError(
            bundle.path, f"it needs {needed:,} bytes in {folder}, where {free:,} are free"
        )
