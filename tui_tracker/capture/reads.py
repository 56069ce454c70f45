"""Which files that look like data a process opened for reading, and nobody declared.

Python reports each `open` to audit hooks. A hook cannot be taken off again, so there is
one a process, made with the first run that wants it, and it does nothing while no run
is open. What a library opens in C (pyarrow, h5py, safetensors, OpenCV) or a spawned
process opens is not seen; forked workers tell what they read.
"""

from __future__ import annotations

import os
import stat
import sys
import threading
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from tui_tracker.capture.workers import Pipe

_TABLES = "csv tsv parquet feather arrow orc avro xls xlsx json jsonl ndjson sqlite db lmdb mdb"
_ARRAYS = (
    "npy npz h5 hdf5 pt pth ckpt safetensors pkl pickle joblib tfrecord tfrecords mat zarr bin"
)
_MEDIA = "png jpg jpeg bmp gif tif tiff webp dcm nii wav flac mp3 ogg mp4 avi mkv webm npz"
_PACKED = frozenset("gz bz2 xz zst lz4 zip tar tgz".split())
_TEXT = frozenset(("txt",))
_SUFFIXES = frozenset(f"{_TABLES} {_ARRAYS} {_MEDIA}".split()) - {"bin", "db"}
_WATCHED = _SUFFIXES | _PACKED | _TEXT
_DATA_FOLDERS = frozenset("data dataset datasets corpus corpora raw input inputs".split())
_CONFIGURATION = frozenset("package.json tsconfig.json config.json settings.json".split())

_MOST_FILES = 10_000
_MOST_FOLDERS = 1000
_MOST_NAMES = 20
_STAT_S = 0.2

_open: tuple[Reads, ...] = ()
"""Of the runs that are open."""
_hooked = False


class Reads:
    """Files that were read while one run was open."""

    def __init__(self, left_out: Iterable[str]) -> None:
        self._left_out = list(left_out)
        self._declared: set[str] = set()
        self._read: dict[str, None] = {}
        self._written: set[str] = set()
        self._more = 0
        self._began = time.time()
        self._pid = os.getpid()
        self._pipe: Pipe | None = None

    def begin(self) -> None:
        """Begin to watch; a process that refuses audit hooks raises."""
        global _open, _hooked
        if not _hooked:
            sys.addaudithook(_hook)
            _hooked = True
        _open = (*_open, self)

    def forget(self) -> None:
        global _open
        _open = tuple(reads for reads in _open if reads is not self)
        if self._pipe is not None:
            self._pipe.close()
            self._pipe = None

    def before_fork(self) -> None:
        """Make what a child tells by which files it opens."""
        if self._pipe is None and os.getpid() == self._pid:
            from tui_tracker.capture import workers

            self._pipe = workers.Pipe()

    def hear_workers(self) -> None:
        """Take in what forked children opened."""
        for path, written in self._pipe.receive() if self._pipe is not None else ():
            self.take(path, written=written)

    @property
    def is_whole(self) -> bool:
        """Whether all that forked children told was heard."""
        return self._pipe is None or not self._pipe.overflowed

    def declare(self, path: str) -> None:
        """Leave out a file, or all that lies in a folder: it is recorded otherwise."""
        self._declared.add(os.path.realpath(path))

    def take(self, path: str, *, written: bool) -> None:
        """Note a file that was opened."""
        if path in (self._written if written else self._read):
            return
        if len(self._written if written else self._read) >= _MOST_FILES:
            self._more += not written
            return
        if written:
            self._written.add(path)
        else:
            self._read[path] = None
        if self._pipe is not None and os.getpid() != self._pid:
            self._pipe.send(path, written=written)

    def facts(self, stat_s: float = _STAT_S) -> dict[str, object]:
        """Return what was read and not declared, by folder."""
        self.hear_workers()
        self._left_out = [os.path.realpath(path) for path in self._left_out]
        folders: dict[str, list[str]] = {}
        more = self._more
        for path in list(self._read):
            folder, name = os.path.split(path)
            if path not in self._written:
                folders.setdefault(folder, []).append(name)
        found: dict[str, object] = {}
        deadline = time.monotonic() + stat_s
        for folder, names in sorted(folders.items()):
            real = os.path.realpath(folder)
            kept = [] if self._is_left_out(real) else self._undeclared(real, names)
            if len(found) >= _MOST_FOLDERS:
                more += len(kept)
            elif kept and (facts := self._folder(folder, kept, deadline)):
                found[_show(folder)] = facts
        return {"folders": found, "more": more}

    def _undeclared(self, folder: str, names: list[str]) -> list[str]:
        return [name for name in names if os.path.join(folder, name) not in self._declared]

    def _is_left_out(self, folder: str) -> bool:
        if "site-packages" in folder or "dist-packages" in folder:
            return True
        places = (*self._left_out, *self._declared)
        return os.path.join(folder, "").startswith(tuple(os.path.join(p, "") for p in places))

    def _folder(self, folder: str, names: list[str], deadline: float) -> dict[str, object]:
        """Return what was read in a folder, {} where nothing of it was there before."""
        size = 0
        kept: list[str] = []
        for number, name in enumerate(names):
            if time.monotonic() > deadline:  # a slow file system: the sum is not worth the wait
                size, kept = -1, kept + names[number:]
                break
            try:
                facts = os.stat(os.path.join(folder, name))
            except OSError:
                continue  # an `open` that failed was reported too
            # What is younger than the run was made by it, perhaps by a library in C.
            if stat.S_ISREG(facts.st_mode) and facts.st_mtime < self._began:
                size += facts.st_size
                kept.append(name)
        if not kept:
            return {}
        found: dict[str, object] = {"files": len(kept), "names": sorted(kept)[:_MOST_NAMES]}
        return found if size < 0 else {**found, "bytes": size}


def system_folders() -> list[str]:
    """Return the folders whose files are nobody's data."""
    library = os.path.dirname(os.path.abspath(os.__file__))
    places = [library, "/proc", "/sys", "/dev", "/etc", "/usr/share", "/usr/lib"]
    return places + ([sys.prefix] if sys.prefix != sys.base_prefix else [])


def _hook(event: str, args: tuple[object, ...]) -> None:
    # Called for each event of the process: all but the open of a likely file ends here.
    if event == "open" and _open:
        path = args[0]
        if type(path) is bytes:
            path = path.decode(errors="surrogateescape")
        if type(path) is str and path[path.rfind(".") + 1 :].lower() in _WATCHED:
            try:
                _note(path, args[1], args[2])
            except Exception:  # noqa: BLE001  it would end the open, and the training
                pass


def _note(path: str, mode: object, flags: object) -> None:
    if not _is_data(path) or threading.current_thread().name.startswith("tt-"):
        return
    if mode is None:  # os.open
        written = type(flags) is int and bool(flags & (os.O_WRONLY | os.O_RDWR))
    else:
        written = type(mode) is str and any(letter in mode for letter in "wax+")
    full = os.path.normpath(os.path.join(os.getcwd(), path))
    for reads in _open:
        reads.take(full, written=written)


def _is_data(path: str) -> bool:
    """Return whether a file's name is that of data, rather than of a text or an archive."""
    *folders, name = path.lower().split(os.sep)
    stem, _, suffix = name.rpartition(".")
    if suffix in _PACKED:
        inner = stem.rpartition(".")[2]
        return inner in _SUFFIXES or inner in ("txt", "tar") or suffix in ("zip", "tar", "tgz")
    if suffix in _TEXT:
        return not _DATA_FOLDERS.isdisjoint(folders)
    return name not in _CONFIGURATION


def _show(folder: str) -> str:
    home = os.path.expanduser("~")
    inside = folder == home or folder.startswith(os.path.join(home, ""))
    return "~" + folder[len(home) :] if inside else folder
