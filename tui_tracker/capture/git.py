"""Which commit a run started from.

`read_head` reads the files of `.git` and starts no process: it is what `init` can
afford. `read_status` asks git through GitPython, in the helper process.

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


def read_status(start: str) -> dict[str, object]:
    """Return commit, branch, remote and what is changed on top of the commit.

    Raises:
        Exception: git is missing, refuses the folder, or fails; the caller records why.
    """
    from git import Repo  # 100 ms: only where it is used

    os.environ.update(GIT_OPTIONAL_LOCKS="0", GIT_TERMINAL_PROMPT="0")
    with Repo(start, search_parent_directories=True) as repo:
        text = repo.git.status("--porcelain=v2", "--branch", "-z", "--untracked-files=normal")
        facts = _parse_status(text)
        url = repo.git.config("--get", "remote.origin.url", with_exceptions=False)
        facts["remote"] = _remote(url)
        facts["top"] = str(repo.working_tree_dir)
    return facts


def _parse_status(text: str) -> dict[str, object]:
    """Return the facts in the output of `git status --porcelain=v2 --branch -z`."""
    staged = unstaged = untracked = conflicted = 0
    commit = branch = None
    parts = iter(text.split("\0"))
    for part in parts:
        if part.startswith("# branch.oid "):
            commit = part[13:]
        elif part.startswith("# branch.head "):
            branch = part[14:]
        elif part[:2] in ("1 ", "2 "):
            staged += part[2] != "."
            unstaged += part[3] != "."
            if part[0] == "2":
                next(parts, None)  # a rename is followed by its old path
        elif part.startswith("u "):
            conflicted += 1
        elif part.startswith("? "):
            untracked += 1
    counts = {
        "staged": staged,
        "unstaged": unstaged,
        "untracked": untracked,
        "conflicted": conflicted,
    }
    return {
        "commit": None if commit == "(initial)" else commit,
        "branch": None if branch == "(detached)" else branch,
        "dirty": any(counts.values()),
        "changes": counts,
    }


def _remote(url: str) -> str | None:
    """Return a remote's address without user name and password."""
    if "://" in url:
        scheme, rest = url.split("://", 1)
        host, slash, path = rest.partition("/")
        url = f"{scheme}://{host.rsplit('@', 1)[-1]}{slash}{path}"
    return url or None


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
