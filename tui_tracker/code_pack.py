"""Snapshots handed on: as a git bundle to other stores, as a repository to a folder.

A bundle holds `refs/snapshots/<commit>` and every object that those reach.

Source: git, Documentation/gitformat-bundle.txt, gitrepository-layout.txt (alternates).
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Collection, Sequence
from pathlib import Path

from tui_tracker.capture.objects import ObjectWriter
from tui_tracker.code_files import CodeUnavailable, ask, list_files, refuse_hostile
from tui_tracker.code_git import REFS, CodeGit
from tui_tracker.plumbing import PLAIN, GitFailed, to_bytes

_LONG_S = 120.0
_NOTICE = b"This file was left out when its run was bundled, because it may hold a secret.\n"
_MALFORMED_BUT_HARMLESS = (
    "zeroPaddedFilemode badFilemode gitmodulesUrl gitmodulesName gitmodulesPath gitmodulesParse "
    "gitmodulesLarge gitmodulesMissing gitmodulesBlob gitmodulesSymlink gitmodulesUpdate "
    "gitattributesSymlink gitattributesLarge gitattributesLineLength gitattributesMissing "
    "gitattributesBlob"
).split()
"""Files that only a git checkout would act upon, and nothing here is one."""


def pack(
    code: CodeGit, snapshots: Sequence[str], target: Path, leave_out: Collection[str]
) -> dict[str, str]:
    """Write a bundle; return the id under which it holds each snapshot."""
    if not snapshots:
        raise CodeUnavailable("no snapshot was named, so there is nothing to pack")
    with tempfile.TemporaryDirectory(prefix="tt-pack-") as temporary:
        scratch = CodeGit(temporary, code.object_format)
        scratch.make()
        _borrow(scratch.path, code)
        packed: dict[str, str] = {}
        for snapshot in snapshots:
            ask(code, snapshot, "rev-list", "--objects", "--quiet", snapshot, wait_s=_LONG_S)
            packed[snapshot] = _without(scratch, snapshot, frozenset(leave_out), temporary)
            scratch.keep(packed[snapshot])
        try:
            scratch.run(
                "bundle", "create", "--quiet", str(target.absolute()), "--all", wait_s=_LONG_S
            )
        except GitFailed as error:
            raise CodeUnavailable(f"the code cannot be packed: {error}") from error
    return packed


def unpack(code: CodeGit, source: Path) -> list[str]:
    """Take a bundle's snapshots in; return their ids.

    Raises:
        CodeUnavailable: the file is no bundle of ours, is damaged, or holds a hostile path.
    """
    if not source.is_file():
        raise CodeUnavailable(f"{source}: there is no such file")
    code.make()
    settings = [f"fetch.fsck.{name}=ignore" for name in _MALFORMED_BUT_HARMLESS]
    settings.append("fetch.fsckObjects=true")
    place = str(source.absolute())
    try:
        heads = code.run("bundle", "list-heads", place, wait_s=_LONG_S).decode().splitlines()
        names = dict(line.split(" ", 1)[::-1] for line in heads)
        found = [commit for name, commit in names.items() if name == REFS + commit]
        # Into no ref: a snapshot is kept only when it was looked at.
        code.run(
            *(word for setting in settings for word in ("-c", setting)),
            *("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-auto-maintenance"),
            *(place, *(REFS + commit for commit in found)),
            wait_s=_LONG_S,
        )
    except GitFailed as error:
        raise CodeUnavailable(f"{source}: the code in it cannot be taken in ({error})") from error
    for commit in found:
        refuse_hostile(list_files(code, commit))
        code.keep(commit)
    return found


def make_repository(code: CodeGit, snapshot: str, folder: str) -> None:
    """Leave a `.git` in a folder that a snapshot was written to, its HEAD the snapshot.

    Raises:
        CodeUnavailable: there is a `.git` already, or git cannot make one.
    """
    place = os.path.join(folder, ".git")
    if os.path.lexists(place):
        raise CodeUnavailable(f"{place!r} is there already and is not touched")
    environment = {"GIT_DIR": place, "GIT_WORK_TREE": folder}
    form = f"--object-format={code.object_format}"
    try:
        code.run("init", "--quiet", "--template=", form, environment=environment)
        _borrow(place, code)
        os.makedirs(os.path.join(place, "info"), exist_ok=True)
        attributes = Path(code.path, "info", "attributes").read_bytes()
        Path(place, "info", "attributes").write_bytes(attributes)
        code.run("config", "core.autocrlf", "false", environment=environment)
        code.run("update-ref", "--no-deref", "HEAD", snapshot, environment=environment)
        code.run("read-tree", snapshot, environment=environment, wait_s=_LONG_S)
        refresh = ("update-index", "-q", "--refresh")
        code.run(*refresh, environment=environment, wait_s=_LONG_S, accept=(0, 1))
    except GitFailed as error:
        raise CodeUnavailable(f"{folder}: no repository can be made here ({error})") from error


def _borrow(repository: str, code: CodeGit) -> None:
    place = Path(repository, "objects", "info")
    place.mkdir(parents=True, exist_ok=True)
    (place / "alternates").write_bytes(os.fsencode(os.path.abspath(code.objects)) + b"\n")


def _without(scratch: CodeGit, snapshot: str, leave_out: frozenset[str], temporary: str) -> str:
    """Return a snapshot that has a notice where these paths were; itself if it has none."""
    if not leave_out:
        return snapshot
    parents = scratch.run("rev-list", "--parents", "-1", snapshot).decode().split()[1:]
    new_parents = [_without(scratch, parent, leave_out, temporary) for parent in parents]
    hit = [file.path for file in list_files(scratch, snapshot) if file.path in leave_out]
    if not hit and new_parents == parents:
        return snapshot
    environment = {"GIT_INDEX_FILE": os.path.join(temporary, "index")}
    scratch.run("read-tree", snapshot, environment=environment)
    notice = scratch.run("hash-object", "-w", "--stdin", feed=_NOTICE).strip()
    lines = [b"%s %s\t%s" % (PLAIN.encode(), notice, to_bytes(path)) for path in hit]
    feed = b"\0".join([*lines, b""]) if lines else b""
    scratch.run("update-index", "-z", "--index-info", feed=feed, environment=environment)
    tree = scratch.run("write-tree", environment=environment).decode().strip()
    when = scratch.run("show", "-s", "--format=%ct +0000", snapshot).decode().strip()
    above = [parent.encode() for parent in new_parents]
    writer = ObjectWriter(scratch)
    commit = writer.add_commit(tree.encode(), above, when).decode()
    writer.flush()
    return commit
