"""The recorded code, written out whole and compared byte for byte."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tui_tracker.code_store import CodeStore, CodeUnavailable
from tui_tracker.reproduce.failures import CODE, CannotReproduce
from tui_tracker.reproduce.places import bring_in
from tui_tracker.reproduce.record import Facts, Recorded, number, word
from tui_tracker.store import Store

_CODE = frozenset(
    ".py .pyx .pxd .pyi .ipynb .so .pyd .c .cc .cpp .h .hpp .cu .cuh .rs .r .jl .sh .toml .yaml "
    ".yml .json .cfg .ini .txt".split()
)
"""Of a skipped file: without one like these a training cannot be expected to start."""


@dataclass(frozen=True, slots=True)
class Tree:
    """The code as it lies in the scratch folder."""

    folder: Path
    cwd: Path
    files: int
    brought: tuple[str, ...]
    """Files that were too large for the snapshot and still lay where the run had them."""
    missing: tuple[str, ...]
    """Skipped files that are gone, and are hopefully not code."""


def check_code(store: Store, record: Recorded) -> None:
    """Refuse a run whose code cannot be had.

    Raises:
        CannotReproduce: nothing was kept, or it is not in this store.
    """
    code = record.code
    if code.snapshot is None:
        known = f"; commit {code.commit:.12} was checked out" if code.commit else ""
        raise CannotReproduce(
            "code",
            f"{record.name!r} cannot be rebuilt: {code.missing_why}{known}",
            exit_code=CODE,
        )
    if not CodeStore.holding(store.folder, code.snapshot).has(code.snapshot):
        raise CannotReproduce(
            "code",
            f"the snapshot {code.snapshot:.12} of the code is not in this store",
            exit_code=CODE,
            ways_out=("import the run's bundle with `tt unbundle`",),
        )


def rebuild_code(store: Store, record: Recorded, folder: Path, tell: Callable[[str], None]) -> Tree:
    """Write the recorded tree into a folder and verify it.

    Raises:
        CannotReproduce: it is not what was recorded.
    """
    snapshot = record.code.snapshot
    assert snapshot is not None
    code = CodeStore.holding(store.folder, snapshot)

    def progress(done: int, total: int) -> None:
        tell(f"code         {done:,} of {total:,} files")

    try:
        files = code.write_out(snapshot, str(folder), progress=progress, as_repository=True)
        wrong = code.verify(snapshot, str(folder))
    except (CodeUnavailable, OSError) as error:
        raise CannotReproduce("code", f"the code: {error}", exit_code=CODE) from error
    if wrong:
        path, what = wrong[0]
        more = f" and {len(wrong) - 1} more" if len(wrong) > 1 else ""
        problem = f"the rebuilt tree is not what was recorded: {path} is {what}{more}"
        raise CannotReproduce("code", problem, exit_code=CODE)
    _check_entry(record, folder)
    brought, missing = _bring_skipped(record, folder, tell)
    cwd = folder / (record.cwd_rel or "")
    cwd.mkdir(parents=True, exist_ok=True)  # git keeps no empty folder
    return Tree(folder, cwd, files, tuple(brought), tuple(missing))


def _check_entry(record: Recorded, folder: Path) -> None:
    entry, wanted = record.code.entry, record.code.entry_sha256
    if entry is None or wanted is None or os.path.isabs(entry):
        return
    wanted = wanted.removeprefix("sha256:")
    path = folder / entry
    found = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
    if found != wanted:
        what = "is not in the snapshot" if not found else f"has sha256:{found:.12} in the snapshot"
        raise CannotReproduce(
            "code",
            f"the script {entry} {what}, but the process ran sha256:{wanted:.12}: "
            "it was changed while the run began",
            exit_code=CODE,
        )


def _bring_skipped(
    record: Recorded, folder: Path, tell: Callable[[str], None]
) -> tuple[list[str], list[str]]:
    """Return the skipped files that could be brought in, and those that could not."""
    brought: list[str] = []
    missing: list[str] = []
    for item in record.code.skipped:
        path = word(item.get("path"))
        if path is None or os.path.isabs(path) or ".." in Path(path).parts:
            continue
        source = Path(record.code.top or os.devnull) / path
        if _is_same(source, item):
            bring_in(source, folder / path, tell)
            brought.append(path)
        elif not (folder / path).exists():
            missing.append(path)
    lost = [path for path in missing if Path(path).suffix.lower() in _CODE]
    if lost:
        named = ", ".join(lost[:3]) + (f" and {len(lost) - 3} more" if len(lost) > 3 else "")
        raise CannotReproduce(
            "code",
            f"the snapshot is not complete (code.snapshot-incomplete): {named} was too large to "
            "keep, and is no longer where it lay",
            exit_code=CODE,
        )
    return brought, missing


def _is_same(source: Path, item: Facts) -> bool:
    """Return whether a file is still the one that was skipped."""
    wanted = (word(item.get("sha256")) or "").removeprefix("sha256:")
    try:
        if not wanted or source.stat().st_size != number(item.get("size")):
            return False
        digest = hashlib.sha256()
        with source.open("rb") as file:
            while data := file.read(1 << 20):
                digest.update(data)
    except OSError:
        return False
    return digest.hexdigest() == wanted
