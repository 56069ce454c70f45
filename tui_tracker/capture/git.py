"""Which commit a run started from, as the files of `.git` say.

No process is started, so `init` can afford it; `worktree.py` asks git for the rest.

Source: git, Documentation/gitrepository-layout.txt.
"""

from __future__ import annotations

import os


def find_top(start: str) -> str | None:
    """Return the top folder of the work tree that `start` lies in, None outside of one."""
    here = start
    while not os.path.exists(os.path.join(here, ".git")):
        above = os.path.dirname(here)
        if above == here:
            return None
        here = above
    return here


def read_head(start: str) -> dict[str, object]:
    """Return `top`, `commit` and `branch` as the files say; {} outside a work tree.

    `commit` is None before the first commit, `branch` None on a detached head.
    """
    top = find_top(start)
    if top is None:
        return {}
    git = _git_folder(top)
    head = _read(os.path.join(git, "HEAD"))
    if not head.startswith("ref: "):
        return {"top": top, "commit": head or None, "branch": None}
    ref = head[5:]
    branch = ref.removeprefix("refs/heads/")
    return {"top": top, "commit": _resolve(git, ref), "branch": branch}


def _git_folder(top: str) -> str:
    path = os.path.join(top, ".git")
    if os.path.isdir(path):
        return path
    pointer = _read(path)  # a linked work tree or a submodule: "gitdir: PATH"
    return os.path.normpath(os.path.join(top, pointer.removeprefix("gitdir: ")))


def _resolve(git: str, ref: str) -> str | None:
    common = _read(os.path.join(git, "commondir"))
    shared = os.path.normpath(os.path.join(git, common)) if common else git
    for place in (git, shared):
        if commit := _read(os.path.join(place, ref)):
            return commit
    for line in _read(os.path.join(shared, "packed-refs")).splitlines():
        commit, _, name = line.partition(" ")
        if name == ref:
            return commit
    return None


def _read(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read().strip()
    except OSError:
        return ""
