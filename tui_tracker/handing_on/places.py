"""Where an export goes: a file or a folder that is whole or not there at all.

Everything is written beside its place under another name and renamed at the end. What is
there already stays, unless it may be replaced; and a folder is replaced only where it is
one of ours, told by the list in it: a mistyped path must not cost a home folder.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tui_tracker.errors import InvalidArgument

LIST = "tui_tracker.json"
"""The file in an exported folder that says what it is, and what names were changed to."""


def refuse_existing(path: str, *, force: bool, folder: bool) -> None:
    """Refuse a place where something is that may not be replaced.

    Raises:
        InvalidArgument: that is so.
    """
    if not os.path.lexists(path):
        return
    if not force:
        raise InvalidArgument(f"{path!r} exists already: name another place, or add --force")
    if folder and not os.path.isfile(os.path.join(path, LIST)):
        raise InvalidArgument(f"{path!r} is no folder that tt export made: it is not replaced")
    if not folder and not os.path.isfile(path):
        raise InvalidArgument(f"{path!r} is no file: it is not replaced")


@contextmanager
def new_file(path: str, *, force: bool = False) -> Iterator[str]:
    """Give a name to write to; what is there in the end comes to stand at `path`.

    Raises:
        InvalidArgument: something is there that may not be replaced.
    """
    refuse_existing(path, force=force, folder=False)
    draft = f"{path}.{os.getpid()}.new"
    try:
        yield draft
        _place(draft, path, force=force)
    finally:
        if os.path.exists(draft):
            os.unlink(draft)


def _place(draft: str, path: str, *, force: bool) -> None:
    if force:
        os.replace(draft, path)
        return
    # A link fails where somebody else made that file meanwhile; a rename would not.
    try:
        os.link(draft, path)
    except FileExistsError as error:
        raise InvalidArgument(f"{path!r} exists already: name another place") from error
    except OSError:  # a file system without links
        os.replace(draft, path)


@contextmanager
def new_folder(path: str, made: dict[str, object], *, force: bool = False) -> Iterator[Path]:
    """Give a folder to write in, which comes to stand at `path`; `made` is put in its list.

    Raises:
        InvalidArgument: something is there that may not be replaced.
    """
    refuse_existing(path, force=force, folder=True)
    whole = os.path.abspath(path)
    with tempfile.TemporaryDirectory(prefix=".tt-export-", dir=os.path.dirname(whole)) as beside:
        draft = Path(beside) / "new"
        draft.mkdir()
        yield draft
        (draft / LIST).write_text(json.dumps(made, indent=1, ensure_ascii=False) + "\n", "utf-8")
        if os.path.lexists(path):
            refuse_existing(path, force=force, folder=True)
            os.rename(path, os.path.join(beside, "old"))
        os.rename(draft, path)
        shutil.rmtree(os.path.join(beside, "old"), ignore_errors=True)
