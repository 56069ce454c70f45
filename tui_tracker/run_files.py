"""What one run brings in beside its numbers: files, data, splits, notebooks.

All of it is told by records of the run's journal. Files and data are read in threads, and
`wait` returns when that is done.
"""

from __future__ import annotations

import os
import threading
import time

from tui_tracker import artifacts, journal
from tui_tracker import folder as folders

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from tui_tracker.capture.data import DataLog
    from tui_tracker.journal_writer import JournalWriter
    from tui_tracker.start import Start


class RunFiles:
    """The files and data of one run in one process."""

    def __init__(
        self,
        start: Start,
        writer: JournalWriter,
        warn: Callable[[str], None],
        declare: Callable[[str], None],
    ) -> None:
        self._start, self._warn, self._declare = start, warn, declare
        self._append = writer.append
        self._folder = folders.artifacts(start.folder)
        self._worker = artifacts.ArtifactWorker(self._folder, self._tell_file)
        self._data: DataLog | None = None
        self._lock = threading.Lock()
        self._last_ms = 0

    def add(self, path: str | os.PathLike[str], kind: str, name: str | None, *, copy: bool) -> None:
        """Take in a file, or all files of a folder, later; see `Run.log_artifact`."""
        source = os.fspath(path)
        shown = name or _shown_path(source)
        facts: dict[str, object] = {"kind": str(kind), "t": self._next_ms()}
        if not os.path.lexists(source):
            self._warn(f"log_artifact(): there is no {source!r}")
            self._tell_file({**facts, "path": shown, "problem": "no such file"})
            return
        empty = True
        for full, below in artifacts.list_files(source):
            empty = False
            place = f"{shown}/{below}" if below else shown
            # Names that are no text stay apart by their escaped bytes.
            place = place.encode("utf-8", "backslashreplace").decode()
            self._worker.submit(full, {**facts, "path": place}, copy=copy)
        if empty:
            problem = "the folder holds no file"
            self._tell_file({**facts, "path": shown, "problem": problem})

    def data(self) -> DataLog:
        """Return what records data and splits."""
        if self._data is None:
            from tui_tracker.capture.data import DataLog  # most runs have none at start

            # SQLite may have been at work in another thread when this process was forked.
            self._data = DataLog(
                self._start.folder,
                self._tell_part,
                self.keep,
                self._warn,
                declare=self._declare,
                cached=self._start.writer != "fork",
            )
        return self._data

    def keep(self, path: str, kind: str, data: bytes) -> str:
        """Store an artifact of these bytes; return its SHA-256.

        Raises:
            OSError: it cannot be written.
        """
        sha256 = artifacts.put_bytes(self._folder, data)
        facts: dict[str, object] = {"kind": kind, "t": self._next_ms(), "path": path}
        facts |= {"size": len(data), "sha256": sha256, "copied": True, "problem": ""}
        self._tell_file(facts)
        return sha256

    def keep_notebook(self, raw: bytes, name: str) -> None:
        """Store the cells of a notebook."""
        self.keep(name, "notebook", raw)

    def tell_lineage(self, part: dict[str, object]) -> None:
        """Write down one part of the lineage."""
        self._append(journal.LINEAGE, part)

    def wait(self) -> None:
        """Return when all files and data are read."""
        if self._data is not None:
            self._data.finish()
        self._worker.finish()

    def forget(self) -> None:
        """Let go of what belongs to the process that this one was forked from."""
        self._data = None

    def _next_ms(self) -> int:
        """Return Unix milliseconds that no artifact has yet: path and time tell them apart."""
        with self._lock:
            self._last_ms = max(_now_ms(), self._last_ms + 1)
            return self._last_ms

    def _tell_file(self, facts: dict[str, object]) -> None:
        # Written also while the run's end waits for the last of them.
        self._append(journal.ARTIFACT, {"t": _now_ms(), **facts})

    def _tell_part(
        self, part: str, status: str, reason: str, took_ms: int | None, facts: dict[str, object]
    ) -> None:
        record = {"part": part, "status": status, "reason": reason, "facts": facts}
        self._append(journal.LINEAGE, {**record, "took_ms": took_ms, "t": _now_ms()})


def _shown_path(path: str) -> str:
    """Return a path as people know it: from the current folder, else its last part."""
    full = os.path.abspath(path)
    below = os.path.relpath(full)
    return below if not below.startswith("..") else os.path.basename(full)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
