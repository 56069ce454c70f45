"""Environments that were built: what they are, and where they are kept.

They lie in the user's cache folder under a hash of what was asked for, so that a second
rerun finds them. One counts only with its mark of completion in it, which is written
last: what a killed build left is removed and built anew.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tui_tracker.reproduce.installers import Tool
from tui_tracker.reproduce.packages import probe
from tui_tracker.reproduce.record import mapping, sequence
from tui_tracker.reproduce.requirements import Requirement

try:
    import fcntl
except ImportError:  # Windows: two builds of one environment at once may collide
    fcntl = None  # type: ignore[assignment]

_MARK = "complete.json"


@dataclass(frozen=True, slots=True)
class Decision:
    """Which environment is to be used, and why."""

    kind: str
    """`current`, `recorded`, `uv`, `venv`, or `none`, which cannot be built here."""
    executable: str
    """The interpreter that is there; "" where one is built."""
    tool: Tool | None
    python: str
    """The version to build with."""
    requirements: tuple[Requirement, ...]
    why: str
    substituted: tuple[str, ...]
    """What is known beforehand to differ."""
    editable: tuple[tuple[str, str | None], ...] = ()
    """Packages of that interpreter that lie in folders, which may have changed since: name,
    and the snapshot of the folder when the run began."""


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """An environment that is ready to run in."""

    executable: str
    folder: str
    """Of its own; "" where an interpreter that is there is used."""
    substituted: tuple[str, ...]
    """Lowers the best verdict to "consistent"."""
    notes: tuple[str, ...]
    import_paths: tuple[str, ...]
    """Source folders that stand before the installed packages."""
    cached: bool
    packages: int


def cache_folder() -> Path:
    """Return where built environments are kept."""
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return Path(cache) / "tui_tracker" / "environments"


def kept_source(snapshot: str, write_out: Callable[[str, str], object]) -> Path:
    """Return a folder with the files of a snapshot; written once, whole or not at all."""
    folder = cache_folder() / "sources" / snapshot
    if not folder.is_dir():
        folder.parent.mkdir(parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".new-"))
        try:
            write_out(snapshot, str(fresh))
            fresh.replace(folder)
        except OSError:
            if not folder.is_dir():  # else another process was quicker
                raise
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
    return folder


def mark_complete(folder: Path, rebuilt: Rebuilt) -> None:
    said = {
        "executable": rebuilt.executable,
        "substituted": rebuilt.substituted,
        "notes": rebuilt.notes,
        "import_paths": rebuilt.import_paths,
        "packages": rebuilt.packages,
    }
    temporary = folder / f"{_MARK}.new"
    temporary.write_text(json.dumps(said), encoding="utf-8")
    temporary.replace(folder / _MARK)


def find_complete(folder: Path) -> Rebuilt | None:
    """Return a whole environment of the cache; None where there is none that still starts."""
    try:
        said = mapping(json.loads((folder / _MARK).read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return None
    executable = str(said.get("executable"))
    if probe(executable) is None:  # its base interpreter was removed since
        return None
    texts = {
        key: tuple(map(str, sequence(said.get(key))))
        for key in ("substituted", "notes", "import_paths")
    }
    packages = said.get("packages")
    return Rebuilt(
        executable=executable,
        folder=str(folder),
        cached=True,
        packages=packages if isinstance(packages, int) else 0,
        **texts,
    )


@contextmanager
def locked(folder: Path, tell: Callable[[str], None]) -> Iterator[None]:
    """Let one process build an environment at a time."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with open(f"{folder}.lock", "w", encoding="utf-8") as file:
        if fcntl is not None:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                tell("environment  another process builds it: waiting")
                with suppress(OSError):  # a file system without locks
                    fcntl.flock(file, fcntl.LOCK_EX)
        yield
