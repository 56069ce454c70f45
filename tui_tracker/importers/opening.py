"""What another tool left, opened in place: a passing store in the cache folder, and its reader.

    $XDG_CACHE_HOME/tui_tracker/opened/<pid>-<random>/

The reader is a process of its own (`follow`). The folder is gone when it is closed; what
a killed process left is removed by the next one that opens something.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from tui_tracker.errors import ImportFailed, InvalidArgument
from tui_tracker.importers.follow import REPORT
from tui_tracker.importers.told import Told
from tui_tracker.store import Store

_SAID = "stderr.txt"
_LEAST_FREE = 256 << 10
"""Bytes; a store that is begun needs more."""
_LOOK_S = 0.02
_STOP_S = 5.0


@dataclass(frozen=True, slots=True)
class Reading:
    """How far the reader is."""

    tools: tuple[str, ...] = ()
    runs: int = 0
    done: bool = False
    """All that was there at the start is in; now it is followed."""
    skipped: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    error: str = ""


class OpenedInPlace:
    """A passing store that shows a path of another tool; a context manager that ends it."""

    def __init__(self, path: Path, tool: str = "", told: Told | None = None) -> None:
        self.path = path.absolute()
        base = _base()
        base.mkdir(parents=True, exist_ok=True)
        _sweep(base)
        self.folder = Path(tempfile.mkdtemp(prefix=f"{os.getpid()}-", dir=base))
        command = [sys.executable, "-m", "tui_tracker.importers.follow"]
        with (self.folder / _SAID).open("wb") as said:
            self._process = subprocess.Popen(
                [*command, str(self.folder), str(self.path), tool, (told or Told()).as_text()],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=said,
                # Ctrl-C in the app is none for the reader, which ends with the app.
                start_new_session=True,
            )

    def reading(self) -> Reading:
        """Return how far the reader is now."""
        try:
            told: dict[str, Any] = json.loads((self.folder / REPORT).read_text("utf-8"))
        except (OSError, ValueError):
            told = {}
        error = str(told.get("error", ""))
        if not error and self._process.poll() is not None:
            error = f"{self.path}: the process that reads it ended{self._last_words()}"
        return Reading(
            tuple(told.get("tools", ())),
            int(told.get("runs", 0)),
            bool(told.get("done")),
            tuple(one["why"] for one in told.get("skipped", ())),
            tuple(told.get("warnings", ())),
            error,
        )

    def wait(self, *, first_run: bool = False) -> Reading:
        """Wait until all is read, or only until there is a run to look at.

        Raises:
            ImportFailed: nothing could be read.
            InvalidArgument: there is nothing to read.
        """
        while True:
            now = self.reading()
            if now.error and not now.runs:
                raise _trouble(now.error, self.path)
            if now.done or now.error or (first_run and self._has_run()):
                return now
            time.sleep(_LOOK_S)

    def store(self) -> Store:
        """Return the store, to be looked at only."""
        return Store.open(self.folder, foreign=str(self.path))

    def close(self) -> None:
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            self._process.wait(0.2)
        except subprocess.TimeoutExpired:
            self._process.terminate()
            try:
                self._process.wait(_STOP_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self) -> OpenedInPlace:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _last_words(self) -> str:
        # A full disk takes no last words either.
        if shutil.disk_usage(self.folder).free < _LEAST_FREE:
            return f": the disk of {self.folder.parent} is full"
        try:
            lines = (self.folder / _SAID).read_text("utf-8", "replace").strip().splitlines()
        except OSError:
            lines = []
        return f": {lines[-1]}" if lines else ""

    def _has_run(self) -> bool:
        if not (self.folder / "store.db").exists():
            return False
        from tui_tracker.errors import StoreError

        try:
            with self.store() as store:
                return bool(store.read("SELECT 1 FROM run LIMIT 1"))
        except StoreError:
            return False  # it is being made


def _trouble(error: str, path: Path) -> ImportFailed | InvalidArgument:
    """Return what the reader said as an error of ours, which names the path once."""
    place = f"{path}: "
    if str(path) in error and not error.startswith(place):
        return InvalidArgument(error)
    return ImportFailed(str(path), "", error.removeprefix(place))


def _base() -> Path:
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return Path(cache) / "tui_tracker" / "opened"


def _sweep(base: Path) -> None:
    """Remove what processes left that are gone."""
    for folder in base.iterdir():
        number = folder.name.partition("-")[0]
        if number.isdigit() and not _is_alive(int(number)):
            shutil.rmtree(folder, ignore_errors=True)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
