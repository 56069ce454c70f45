"""What readers of one folder a run have in common: names, keys, times, files as artifacts."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from tui_tracker.importers.claims import Claim
from tui_tracker.importers.records import ImportedArtifact

MOST_FILES = 100_000
_DEEPEST = 32


def run_id(claim: Claim, path: Path | None = None) -> str:
    """Return the path below what was opened; for that itself, its name."""
    path = path or claim.path
    try:
        below = path.relative_to(claim.root).as_posix()
    except ValueError:
        below = "."
    return clean(below if below != "." else folder_name(path))


def folder_name(path: Path) -> str:
    """Return the name of a folder, also of `.` and of the top of a file system."""
    return clean(path.name or path.absolute().resolve().name or str(path.absolute()))


def run_key(path: Path) -> str:
    """Return what tells a run by the place of its folder or file."""
    return clean(os.path.realpath(path))


def clean(text: str) -> str:
    """Return a text that can be written: bytes of names that are no text are replaced."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def experiment_of(claim: Claim) -> str:
    """Return the name of the folder that was opened, for tools that have no experiments."""
    return folder_name(claim.root)


def list_artifacts(
    folder: Path,
    *,
    without: Iterable[Path] = (),
    only: Iterable[str] = (),
    kinds: dict[str, str] | None = None,
    prefix: str = "",
) -> Iterator[ImportedArtifact]:
    """Yield the files at and below a folder by name, but for some; links are not followed.

    `only` names entries of the folder where not all of them are meant. `kinds` tells the kind by
    the name's ending; `prefix` goes before each path.
    """
    left_out = {str(path) for path in without}
    wanted = set(only)
    if wanted:
        left_out |= {str(folder / name) for name in _names(folder) if name not in wanted}
    for count, path in enumerate(_files(folder, left_out, 0)):
        if count >= MOST_FILES:
            return
        yield artifact(path, prefix + clean(path.relative_to(folder).as_posix()), kinds)


def artifact(
    path: Path, name: str, kinds: dict[str, str] | None = None, *, used: bool = False
) -> ImportedArtifact:
    """Return a file of a run; its size is as of now."""
    try:
        size = path.stat().st_size
    except OSError:
        size = None
    kind = (kinds or {}).get(path.suffix.lower(), "")
    return ImportedArtifact(name, path, kind=kind, size_bytes=size, used=used)


def is_plain_file(path: Path, below: Path | None = None) -> bool:
    """Return whether it is a file, no link, and, with its links resolved, below a folder."""
    try:
        if not stat.S_ISREG(path.lstat().st_mode):
            return False
        return below is None or path.resolve().is_relative_to(below.resolve())
    except (OSError, ValueError, RuntimeError):
        return False


def _names(folder: Path) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []


def _files(folder: Path, left_out: set[str], depth: int) -> Iterator[Path]:
    try:
        with os.scandir(folder) as found:
            entries = sorted(found, key=lambda entry: entry.name)
    except OSError:
        return
    for entry in entries:
        path = folder / entry.name
        if str(path) in left_out:
            continue
        if entry.is_file(follow_symlinks=False):
            yield path
        elif entry.is_dir(follow_symlinks=False) and depth < _DEEPEST:
            yield from _files(path, left_out, depth + 1)


def changed_ms(paths: Iterable[Path]) -> tuple[int, int] | None:
    """Return when the first and the last of some files were changed; None where none is there."""
    times = []
    for path in paths:
        try:
            times.append(path.stat().st_mtime_ns // 1_000_000)
        except OSError:
            continue
    return (min(times), max(times)) if times else None


def utc(text: object) -> datetime | None:
    """Return a time in ISO 8601 as an aware one, without a zone as UTC; None where it is none."""
    if not isinstance(text, str):
        return None
    try:
        moment = datetime.fromisoformat(text.strip())
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


KINDS = {
    **dict.fromkeys((".pt", ".pth", ".bin", ".safetensors", ".ckpt", ".h5", ".keras"), "model"),
    **dict.fromkeys((".onnx", ".engine", ".joblib", ".pkl"), "model"),
    **dict.fromkeys((".png", ".jpg", ".jpeg", ".svg", ".gif", ".webp"), "image"),
    **dict.fromkeys((".csv", ".tsv", ".parquet"), "table"),
    **dict.fromkeys((".py", ".ipynb", ".sh"), "code"),
    **dict.fromkeys((".log", ".txt", ".md", ".html"), "text"),
}
