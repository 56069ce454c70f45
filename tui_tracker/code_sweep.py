"""Snapshots of code that no run names any more, and their objects.

A snapshot that was kept within the grace stays, because the record that names it may
still be on its way. Git removes the objects, with the same grace.

Source: git, Documentation/git-gc.txt (--prune), git-repack.txt.
"""

from __future__ import annotations

import json
import os
import time
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from tui_tracker.code_git import REFS, CodeGit
from tui_tracker.plumbing import GitFailed
from tui_tracker.store import Store

_FORMATS = ("sha1", "sha256")
_MANY_FILES = 2_000
"""So many loose objects are packed even where nothing was removed."""
_WORD = b'"snapshot"'
_GC_S = 600.0
_LOCK_S = 10.0


@dataclass(frozen=True, slots=True)
class SweptCode:
    """What was given back of the store's code."""

    snapshots: int
    """Removed."""
    size_bytes: int
    problem: str = ""


NOTHING = SweptCode(0, 0)


def sweep_code(opened: Store, grace_s: float) -> SweptCode:
    """Remove the snapshots that no run names, and what only they needed."""
    repositories = [CodeGit(opened.folder, form) for form in _FORMATS]
    repositories = [code for code in repositories if code.exists]
    if not repositories:
        return NOTHING
    used = used_snapshots(opened)
    removed = given = 0
    problem = ""
    for code in repositories:
        try:
            count, size = _sweep(code, used, grace_s)
        except (GitFailed, OSError) as error:
            problem = f"the code of removed runs stays: {error}"
            continue
        removed, given = removed + count, given + size
    return SweptCode(removed, given, problem)


def lost_snapshots(opened: Store, *, deep: bool) -> tuple[int, list[tuple[str, str]]]:
    """Return how many snapshots runs name, and (run, problem) for each that cannot be read.

    One that never came into the store whole is not counted: its run says so.
    """
    rows = opened.read(
        "SELECT min(r.name), c.data FROM lineage AS l JOIN run AS r ON r.id = l.run "
        "JOIN content AS c ON c.digest = l.digest "
        "WHERE l.part='code' AND l.status='ok' GROUP BY l.digest"
    )
    named = {
        snapshot: name
        for name, data in rows
        for snapshot in _commits(json.loads(zlib.decompress(data)))
    }
    return len(named), [
        (name, wrong)
        for snapshot, name in named.items()
        if (wrong := _problem(CodeGit.holding(opened.folder, snapshot), snapshot, deep=deep))
    ]


def _commits(facts: dict[str, object]) -> list[str]:
    snapshot = facts.get("snapshot")
    return [str(snapshot["commit"])] if isinstance(snapshot, dict) else []


def _problem(code: CodeGit, snapshot: str, *, deep: bool) -> str:
    try:
        if not (code.exists and code.has_ref(snapshot)):
            return "is gone from the store"
        if deep:
            code.run("fsck", "--no-dangling", snapshot, wait_s=_GC_S)
    except GitFailed as error:
        return f"cannot be read ({error})"
    return ""


def used_snapshots(opened: Store) -> set[str]:
    """Return the snapshots that any run's lineage names, in whatever part."""
    return {
        snapshot
        for (data,) in opened.read(
            "SELECT c.data FROM content AS c "
            "WHERE c.digest IN (SELECT digest FROM lineage WHERE digest IS NOT NULL)"
        )
        if _WORD in (text := zlib.decompress(data))
        for snapshot in _named(json.loads(text))
    }


def _named(facts: object) -> Iterator[str]:
    """Yield what stands under `snapshot`, at any depth: an id, or the facts of one."""
    if isinstance(facts, list):
        for member in facts:
            yield from _named(member)
    if not isinstance(facts, dict):
        return
    for key, value in facts.items():
        if key == "snapshot":
            yield from _ids(value)
        else:
            yield from _named(value)


def _ids(value: object) -> Iterator[str]:
    if isinstance(value, str):
        # A part may name a snapshot as `tree/commit`.
        yield from value.split("/")
    elif isinstance(value, dict):
        yield from (str(value[key]) for key in ("commit", "tree") if key in value)


def _sweep(code: CodeGit, used: set[str], grace_s: float) -> tuple[int, int]:
    """Return how many snapshots were removed, and how many bytes that gave back."""
    with code.locked(_LOCK_S) as alone:
        if not alone:
            return 0, 0
        unused = [
            (snapshot, tree)
            for snapshot, tree in _list(code)
            if not {snapshot, tree} & used and _age(code, snapshot) >= grace_s
        ]
        if unused:
            lines = [f"delete {REFS}{snapshot}\n" for snapshot, _ in unused]
            code.run("update-ref", "--stdin", feed="".join(lines).encode())
        before, files = _weigh(code)
        if unused or files > _MANY_FILES:
            prune = f"--prune={int(grace_s)}.seconds.ago"
            code.run("gc", "--quiet", prune, wait_s=_GC_S)
        after, _ = _weigh(code)
    return len(unused), max(0, before - after)


def _list(code: CodeGit) -> list[tuple[str, str]]:
    """Return commit and tree of every snapshot."""
    out = code.run("for-each-ref", "--format=%(objectname) %(tree)", REFS).decode()
    return [(commit, tree) for commit, _, tree in (li.partition(" ") for li in out.splitlines())]


def _age(code: CodeGit, snapshot: str) -> float:
    """Return seconds since the snapshot was kept; for ever ago where git packed its ref."""
    try:
        return time.time() - os.stat(os.path.join(code.path, REFS, snapshot)).st_mtime
    except OSError:
        return float("inf")


def _weigh(code: CodeGit) -> tuple[int, int]:
    """Return the bytes of all objects, and in how many files they lie."""
    total = count = 0
    for root, _, names in os.walk(code.objects):
        for name in names:
            try:
                total += os.path.getsize(os.path.join(root, name))
            except OSError:
                continue  # a capture renamed it meanwhile
            count += 1
    return total, count
