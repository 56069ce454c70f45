"""What differs in the code of two runs, from the store's own copies of it.

The snapshots answer long after the repository moved on. Where one of them is not there,
the commits and what was recorded of changes on top of them are all that can be told.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui_tracker.code_store import CodeChange, CodeStore, CodeUnavailable
from tui_tracker.compare.ignoring import Ignored
from tui_tracker.compare.patches import path_of, split_patch
from tui_tracker.compare.values import CodeDifference, CodeSide
from tui_tracker.facts import mapping, switch, word
from tui_tracker.lineage.words import code_line
from tui_tracker.queries import RunKey, get_run
from tui_tracker.store import Store

if TYPE_CHECKING:
    from tui_tracker.facts import Facts


def compare_code(
    store: Store, a: Facts, b: Facts, names: tuple[str, str], ignored: Ignored
) -> CodeDifference:
    """Return what differs in the code that two `code` parts record."""
    sides = _side(a), _side(b)
    if sides[0].tree and sides[0].tree == sides[1].tree:
        return CodeDifference(*sides, same=True)
    if not a and not b:
        return CodeDifference(*sides, same=None)
    lacking = [name for name, side in zip(names, sides, strict=True) if not side.snapshot]
    if lacking:
        return _by_commits(sides, (a, b), _no_snapshot(lacking))
    try:
        return _by_snapshots(store, sides, ignored)
    except CodeUnavailable as error:
        return _by_commits(sides, (a, b), f"The files cannot be compared: {error}")


def _side(facts: Facts) -> CodeSide:
    snapshot = mapping(facts, "snapshot")
    return CodeSide(
        commit=word(facts, "commit"),
        branch=word(facts, "branch"),
        snapshot=word(snapshot, "commit"),
        tree=word(snapshot, "tree"),
        line=code_line(facts) if facts else "not recorded",
    )


def _no_snapshot(names: list[str]) -> str:
    whose = " and ".join(f"{name!r}" for name in dict.fromkeys(names))
    return f"No snapshot was taken of the code of {whose}, so files cannot be compared."


def _by_commits(
    sides: tuple[CodeSide, CodeSide], facts: tuple[Facts, Facts], why: str
) -> CodeDifference:
    """Tell what commits alone can tell: two clean trees of one commit are the same."""
    clean = all(switch(side, "dirty") is False for side in facts)
    same = True if clean and sides[0].commit and sides[0].commit == sides[1].commit else None
    return CodeDifference(*sides, same=same, why="" if same else why)


def _by_snapshots(
    store: Store, sides: tuple[CodeSide, CodeSide], ignored: Ignored
) -> CodeDifference:
    old, new = (side.snapshot for side in sides)
    if len(old) != len(new):
        raise CodeUnavailable("one repository has SHA-1 ids and the other SHA-256 ids")
    code = CodeStore.holding(store.folder, old)
    changes = code.changes(old, new)
    files = tuple(change for change in changes if not ignored.hides("code", change.path))
    diff = code.diff(old, new) if files else ""
    hidden = [change.path for change in changes if ignored.hides("code", change.path)]
    return CodeDifference(
        *sides,
        same=not changes,
        files=files,
        diff=without_files(diff, hidden) if hidden else diff,
        ignored=len(hidden),
    )


def without_files(diff: str, paths: list[str]) -> str:
    """Return a unified diff without the parts that are about some paths."""
    return "".join(patch for patch in split_patch(diff) if path_of(patch) not in paths)


def changes_of_run(
    store: Store, key: RunKey
) -> tuple[tuple[CodeChange, ...], dict[str, str], Facts]:
    """Return what a run's code had on top of its commit, by file; and what is recorded of it.

    Raises:
        CodeUnavailable: there is no snapshot, or it is no longer in the store.
    """
    parts = {part.name: part for part in get_run(store, key).lineage}
    facts: Facts = parts["code"].facts if "code" in parts else {}
    snapshot = word(mapping(facts, "snapshot"), "commit")
    if not snapshot:
        raise CodeUnavailable("no snapshot was taken of this run's code")
    code = CodeStore.holding(store.folder, snapshot)
    base = code.base_of(snapshot)
    if base is None:
        return (), {}, facts
    changes = tuple(code.changes(base, snapshot))
    patches = {path_of(patch): patch for patch in split_patch(code.diff(base, snapshot))}
    return changes, patches, facts
