"""Snapshots of code that tests put into a store by hand."""

from __future__ import annotations

from tui_tracker.capture.objects import ObjectWriter
from tui_tracker.code_git import CodeGit

_WHEN = "1700000000 +0000"


def write_commit(code: CodeGit, tree: bytes, parents: tuple[str, ...] = ()) -> str:
    above = [parent.encode() for parent in parents]
    writer = ObjectWriter(code)
    commit = writer.add_commit(tree, above, _WHEN).decode()
    writer.flush()
    return commit


def keep(
    code: CodeGit, files: dict[bytes, tuple[str, bytes]], parents: tuple[str, ...] = ()
) -> str:
    """Put a snapshot of these files (path: mode, bytes) into the repository by hand."""
    code.make()
    trees: dict[bytes, list[bytes]] = {}
    for path, (mode, data) in files.items():
        oid = code.run("hash-object", "-w", "--stdin", feed=data).strip()
        folder, _, name = path.rpartition(b"/")
        trees.setdefault(folder, []).append(b"%s blob %s\t%s" % (mode.encode(), oid, name))
    for folder in sorted((f for f in trees if f), reverse=True):
        made = code.run("mktree", "-z", feed=b"\0".join([*trees[folder], b""])).strip()
        above, _, name = folder.rpartition(b"/")
        trees.setdefault(above, []).append(b"040000 tree %s\t%s" % (made, name))
    tree = code.run("mktree", "-z", feed=b"\0".join([*trees.get(b"", []), b""]))
    commit = write_commit(code, tree.strip(), parents)
    code.keep(commit)
    return commit
