"""Data that a run declares: what it was, told by content, off the training thread.

`DataLog` writes a record at once, so that a killed run leaves at least the name, and another
one when the content is known. Objects that are small are hashed before the call returns;
others are copied and hashed in the thread; beyond 256 MB the call waits and says so, because a
copy could end the training for want of memory. Whatever goes wrong is the record's reason.
"""

from __future__ import annotations

import glob
import os
import threading
import time
from queue import SimpleQueue

# All that the thread needs, and before it starts: a fork may come at any time, and a child
# would inherit the lock of a module that is being imported.
from tui_tracker.capture import (  # noqa: F401
    data_arrays,
    data_frames,
    data_objects,
    data_watch,
    digests,
    manifest,
    pointers,
    split_log,
)
from tui_tracker.capture.data_cache import HashCache

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Facts = dict[str, object]
    Outcome = tuple[Facts, str, str]
    """Facts to add, status, reason."""
    Record = Callable[[str, str, str, int | None, Facts], None]
    """Takes part, status, reason, milliseconds and facts."""
    Keep = Callable[[str, str, bytes], str]
    """Stores an artifact of this path and kind; returns its SHA-256."""

_SMALL, _LARGE = 1 << 20, 256 << 20
_MOST_TOLD = 20
_MOST_PATHS = 100
_BYTES_PER_S = 1e9
_PATIENCE_S = 3.0
"""How long `finish` waits before it says what it waits for."""


class DataLog:
    """What one run declares of its data; its calls never raise."""

    def __init__(
        self,
        skip: str,
        record: Record,
        keep: Keep,
        warn: Callable[[str], None],
        *,
        declare: Callable[[str], None],
        cached: bool = True,
    ) -> None:
        self._skip, self._record, self._keep, self._warn = skip, record, keep, warn
        self._declare = declare
        """Told of every path that data has: reading it is no secret any more."""
        self._queue: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._cache = HashCache() if cached else None
        self._parts: dict[str, object] = {}
        """Role of each part that was declared."""
        self._digests: dict[str, object] = {}
        self._watched: dict[str, data_watch.Watch] = {}
        self._told: dict[str, tuple[str, str, int | None, Facts]] = {}
        """What was recorded last of the parts that are watched."""
        self._doing = ""

    def log_data(
        self,
        name: str,
        data: object,
        path: object,
        role: str,
        said: Mapping[str, object],
        *,
        split: object,
        columns: Mapping[str, object],
    ) -> None:
        """Declare data and perhaps its split; see `Run.log_data`.

        `said` are facts that go in as they are, `columns` the groups and times of the split.
        """
        self._log_data(name, data, path, role, said)
        if split is not None:
            roles, folds = (split, None) if hasattr(split, "keys") else ({}, split)
            names = {"data": str(name)}
            self.log_split(str(name), roles, folds, names, columns, table=data)  # type: ignore[arg-type]

    def log_split(
        self,
        name: str,
        roles: Mapping[str, object],
        folds: object,
        said: Mapping[str, object],
        columns: Mapping[str, object],
        *,
        table: object = None,
    ) -> None:
        """Declare one split or several folds; see `Run.log_split`.

        `columns` may be names of columns of `table`.
        """
        split_log.log_split(self, name, roles, folds, said, columns, table, self._warn)

    def _log_data(
        self, name: str, data: object, path: object, role: str, said: Mapping[str, object]
    ) -> None:
        if path is None and isinstance(data, (str, os.PathLike)):
            data, path = None, data
        part = self._part(str(name), str(role))
        facts: Facts = {"name": str(name), "role": str(role), "kind": "object"}
        facts |= {
            key: pointers.clean_address(str(value))
            for key, value in said.items()
            if value is not None
        }
        try:
            if path is not None:
                if not isinstance(path, (str, bytes, os.PathLike)):
                    path = _several(path)
                facts |= _shown(path)
            paths = [] if path is None else _paths(path)
            for place in paths:
                self._declare(place)
            if data is not None:
                self._log_object(part, facts, data)
            elif path is not None:
                self._log_paths(part, facts, paths)
            else:
                self.fail(part, facts, "neither data nor path was given")
        except Exception as error:  # noqa: BLE001  whatever was handed in
            self.fail(part, facts, f"{type(error).__name__}: {error}"[:300])

    def fail(self, part: str, facts: Facts, reason: str) -> None:
        """Record that a part could not be told, and say so."""
        self._record(part, "failed", reason, None, facts)
        self._warn(f"{part.partition(':')[2]!r} cannot be recorded: {reason}")

    def later(self, part: str, facts: Facts, work: Callable[[], Outcome]) -> None:
        """Record a part as pending, and do the work for it in the thread."""
        self._record(part, "pending", "", None, facts)
        self._queue.put(lambda: self._settle(part, facts, work))
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="tt-data", daemon=True)
            self._thread.start()

    def now(self, part: str, facts: Facts, work: Callable[[], Outcome]) -> None:
        """Record a part before this returns."""
        self._settle(part, facts, work)

    def keep(self, path: str, kind: str, data: bytes) -> str:
        """Store an artifact; return its SHA-256.

        Raises:
            OSError: it cannot be written.
        """
        return self._keep(path, kind, data)

    def finish(self) -> None:
        """Wait until all is recorded."""
        if self._thread is not None and self._thread.is_alive():
            self._queue.put(None)
            self._thread.join(_PATIENCE_S)
            if self._thread.is_alive():
                self._warn(f"the run ends when {self._doing} was read to its end")
            self._thread.join()
        self._thread = None
        self._look_again()
        if self._cache is not None:
            self._cache.close()

    def _look_again(self) -> None:
        """Record which files were rewritten since they were read; nothing where none was."""
        for part, watch in list(self._watched.items()):
            if part in self._told and (changed := watch.changed()):
                del self._watched[part]
                status, reason, took_ms, facts = self._told[part]
                self._record(part, status, reason, took_ms, {**facts, "changed": changed})
                self._warn(f"{changed[0]!r} of {facts.get('name')!r} was rewritten meanwhile")

    def _work(self) -> None:
        while (job := self._queue.get()) is not None:
            job()

    def _settle(self, part: str, facts: Facts, work: Callable[[], Outcome]) -> None:
        started = time.monotonic()
        self._doing = repr(part.partition(":")[2])
        try:
            added, status, reason = work()
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:  # noqa: BLE001  polars panics outside of Exception
            added, status, reason = {}, "failed", f"{type(error).__name__}: {error}"[:300]
        facts = {**facts, **added}
        took_ms = int((time.monotonic() - started) * 1000)
        self._record(part, status, reason, took_ms, facts)
        if part in self._watched:
            self._told[part] = status, reason, took_ms, facts
        if status == "failed":
            self._warn(f"{part.partition(':')[2]!r} cannot be recorded: {reason}")
        before = self._digests.setdefault(part, facts.get("digest"))
        if before != facts.get("digest"):
            self._warn(f"data {facts.get('name')!r} was logged again with other content")
            self._digests[part] = facts.get("digest")

    def _part(self, name: str, role: str) -> str:
        """Return the part of a data set; a second role under one name has a part of its own."""
        part = f"data:{name}"
        if self._parts.setdefault(part, role) != role:
            part = f"{part}.{role}"
            self._parts[part] = role
        return part

    # -- files

    def _log_paths(self, part: str, facts: Facts, paths: list[str]) -> None:
        if not paths:
            self.fail(part, facts, "no file has such a name")
            return
        if all(map(pointers.is_address, paths)):
            self.now(part, facts, lambda: _addresses(paths))
            return
        gone = [path for path in paths if not os.path.lexists(path)]
        if len(gone) == len(paths) and not os.path.exists(paths[0] + ".dvc"):
            self.fail(part, {**facts, "kind": "file"}, f"there is no {gone[0]!r}")
            return
        full = [os.path.abspath(path) for path in paths]
        kind = "folder" if len(full) > 1 or os.path.isdir(full[0]) else "file"
        self.later(part, {**facts, "kind": kind}, lambda: self._read(part, full))

    def _read(self, part: str, paths: list[str]) -> Outcome:
        """Return what came of files and folders."""
        if len(paths) == 1:
            pointer = pointers.find_pointer(paths[0], cache=self._cache)
            if pointer is not None and pointer.digest:
                return _outcome(pointer)
            found = manifest.digest_path(paths[0], cache=self._cache, skip=self._skip)
            if pointer is not None:
                found.pointer = pointer.pointer
        else:
            found = manifest.digest_paths(paths, cache=self._cache, skip=self._skip)
        added, status, reason = _outcome(found)
        if (watch := data_watch.watch(found, found.manifest)) is not None:
            self._watched[part] = watch
        if found.manifest:
            name = f"{part.partition(':')[2]}.manifest"
            try:
                added["manifest"] = self._keep(name, "manifest", found.manifest)
            except OSError as error:
                status, reason = "partial", f"the list of files could not be kept: {error.strerror}"
        return added, status, reason

    # -- objects

    def _log_object(self, part: str, facts: Facts, data: object) -> None:
        data = data_objects.inner_data(data)
        if (named := data_objects.named_content(data)) is not None:
            self.now(part, facts, lambda: (named, "ok", ""))
            return
        facts = facts | data_objects.describe(data)
        if data_objects.is_dataset(data):
            roots = data_objects.roots_of(data)
            if roots:
                full = [os.path.abspath(root) for root in roots]
                for root in full:
                    self._declare(root)
                facts = {**_shown(full[0]), **facts}
                self.later(part, facts, lambda: self._read_dataset(part, full, data))
                return
        size = data_objects.size_of(data)
        if size <= _SMALL:
            self.now(part, facts, lambda: _digest(data))
        elif size <= _LARGE and data_objects.stands_still(data):
            copy = data_objects.still_copy(data)
            self.later(part, facts, lambda: _digest(copy))
        else:
            if size > _LARGE:
                seconds = max(1, round(size / _BYTES_PER_S))
                self._warn(f"reading {size / 1e9:.1f} GB of {facts['name']!r}, about {seconds} s")
            self.now(part, facts, lambda: _digest(data))

    def _read_dataset(self, part: str, roots: list[str], data: object) -> Outcome:
        """Return what came of the files of a dataset, and of which of its rows were chosen."""
        added, status, reason = self._read(part, roots)
        chosen = data_objects.chosen_rows(data)
        if chosen and "digest" in added:
            # Another choice of the same files is other data.
            new = digests.digest([added["digest"], chosen])
            added["files_digest"] = added["digest"]
            added["digest"] = new.digest
        added.pop("kind", None)
        return added, status, reason


def _digest(data: object) -> Outcome:
    feed = digests.digest(data)
    if not feed.unknown:
        return {"digest": feed.digest, "full": True}, "ok", ""
    unknown = ", ".join(feed.unknown)
    own = f"{type(data).__module__}.{type(data).__qualname__}"
    if own in feed.unknown:
        name = type(data).__qualname__
        reason = f"a {name} cannot be verified: give path=, or give it a __fingerprint__() method"
        return {}, "partial", reason
    reason = f"it holds what cannot be verified: {unknown}"
    return {"digest": feed.digest, "full": False}, "partial", reason


def _outcome(found: manifest.PathDigest) -> Outcome:
    added: Facts = {"kind": found.kind, "full": found.full}
    added |= {"bytes": found.bytes, "files": found.files}
    if found.digest:
        added["digest"] = found.digest
    if found.pointer:
        added["pointer"] = found.pointer
    if found.problems:
        told = [{"path": path, "why": why} for path, why in found.problems[:_MOST_TOLD]]
        added |= {"problems": told, "problem_count": len(found.problems)}
    if found.left_out:
        added["left_out"] = found.left_out[:_MOST_TOLD]
    return added, found.status, found.reason


def _addresses(paths: list[str]) -> Outcome:
    found = [pointers.read_address(path) for path in paths]
    if len(found) == 1:
        added, status, reason = _outcome(found[0])
        return {key: fact for key, fact in added.items() if fact != 0}, status, reason
    pointer = {"kind": "addresses", "addresses": [one.digest for one in found[:_MOST_PATHS]]}
    digest = "addresses:" + digests.digest([one.digest for one in found]).digest.partition(":")[2]
    added = {"kind": "pointer", "digest": digest, "pointer": pointer, "files": len(found)}
    reason = next((one.reason for one in found if one.reason), "")
    added["full"] = all(one.full for one in found)
    return added, "partial" if reason else "ok", reason


def _paths(path: object) -> list[str]:
    """Return the paths that a path, a pattern or several of them mean."""
    if not isinstance(path, (str, bytes, os.PathLike)):
        return [one for each in path for one in _paths(each)]  # type: ignore[attr-defined]
    text = _local(os.fsdecode(path))
    if pointers.is_address(text) or os.path.lexists(text) or not glob.has_magic(text):
        return [text]
    return sorted(glob.glob(text, recursive=True))


def _local(path: str) -> str:
    if path.startswith("file://"):
        return "/" + path[len("file://") :].lstrip("/")
    if path.startswith("~") and not os.path.lexists(path):
        return os.path.expanduser(path)
    return path


def _shown(path: object) -> Facts:
    """Return a path as it was given, home as `~` and addresses without their secrets."""
    if isinstance(path, (str, bytes, os.PathLike)):
        return {"path": _short(os.fsdecode(path))}
    several = [_short(os.fsdecode(one)) for one in _several(path)]
    try:
        top = os.path.commonpath([os.path.dirname(one) or "." for one in several])
    except ValueError:  # none, some from the root and some not, or on several drives
        top = ""
    return {"path": top, "paths": several[:_MOST_PATHS]}


def _several(paths: object) -> list[str | os.PathLike[str]]:
    """Return paths as a list: whatever they came in may be gone through once, or in any order."""
    try:
        found = list(paths)  # type: ignore[call-overload]
    except TypeError:
        raise TypeError(f"path is a file, a folder or a list of them, not {paths!r:.60}") from None
    return sorted(found) if isinstance(paths, (set, frozenset)) else found


def _short(path: str) -> str:
    if pointers.is_address(path):
        return str(pointers.read_address(path).pointer.get("address", path))
    home = os.path.expanduser("~")
    if home != os.sep and (path == home or path.startswith(home.rstrip(os.sep) + os.sep)):
        path = "~" + path[len(home.rstrip(os.sep)) :]
    return path.encode("utf-8", "backslashreplace").decode()
