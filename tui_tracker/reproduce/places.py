"""The scratch folder that a run is rebuilt in, and how files come into it.

Everything of a reproduction but the built environments lies here and is removed at the
end, however it ends. Files come in as read-only copies; what is too large for that comes
in as a link, and is checked again afterwards.
"""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

COPIED_BYTES = 256 << 20
"""Larger data are linked to, not copied."""


@contextmanager
def scratch_folder(*, keep: bool) -> Iterator[Path]:
    """Give a new folder; remove it afterwards unless it is to be kept."""
    # Resolved, because scripts that resolve their own path must see one root.
    folder = Path(os.path.realpath(tempfile.mkdtemp(prefix="tt-reproduce-")))
    try:
        yield folder
    finally:
        if not keep:
            remove_tree(folder)


def remove_tree(folder: Path) -> None:
    """Remove a folder with all in it, read-only files and folders too; links are not followed."""
    for root, folders, _ in os.walk(folder):
        for name in folders:
            path = os.path.join(root, name)
            if not os.path.islink(path):
                try:
                    os.chmod(path, os.stat(path).st_mode | stat.S_IRWXU)
                except OSError:
                    pass  # rmtree tells nothing either: what is left lies in the temporary folder
    shutil.rmtree(folder, ignore_errors=True)


def bring_in(
    source: Path,
    target: Path,
    tell: Callable[[str], None],
    *,
    largest_bytes: int = COPIED_BYTES,
) -> str:
    """Put a file or folder into the scratch tree; return `copied` or `linked`.

    Raises:
        OSError: there is no room, or the source cannot be read.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    if size_of(source) > largest_bytes:
        target.symlink_to(source.resolve(), target_is_directory=source.is_dir())
        return "linked"
    tell(f"data         copying {source.name}")
    if source.is_dir():
        shutil.copytree(source, target, symlinks=False, dirs_exist_ok=True)
        for root, _, names in os.walk(target):
            for name in names:
                os.chmod(os.path.join(root, name), 0o444)
    else:
        shutil.copy2(source, target)
        target.chmod(0o444)
    return "copied"


def size_of(path: Path) -> int:
    """Return the bytes of a file, or of all files in a folder."""
    if not path.is_dir():
        return path.stat().st_size
    return sum(
        os.stat(os.path.join(root, name), follow_symlinks=False).st_size
        for root, _, names in os.walk(path)
        for name in names
    )


def below(path: str, top: str | None) -> str | None:
    """Return a path relative to the folder that it lies in; None where it lies elsewhere."""
    if not top or not os.path.isabs(path):
        return None
    relative = os.path.relpath(path, top)
    return None if relative == ".." or relative.startswith(".." + os.sep) else relative
