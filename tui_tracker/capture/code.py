"""The part `code` of a run's lineage: the commit, what is changed, and a snapshot.

The record holds nothing that differs between two runs of one state, so that a sweep
stores it once. It is written when the snapshot is taken, and once more when all objects
of it are in the store: a reader never waits for the second.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from tui_tracker.capture import git
from tui_tracker.capture.changes import change_facts, diffstat, scan_secrets
from tui_tracker.capture.entry import Entry, find_entry, relative
from tui_tracker.capture.history import Head, read_head, remote_url
from tui_tracker.capture.objects import FileChanged
from tui_tracker.capture.pinning import is_whole, pin
from tui_tracker.capture.plain_tree import find_root, take_plain
from tui_tracker.capture.selection import MOST_NAMED, Limits, Selection, Skipped, read_limits
from tui_tracker.capture.snapshot import Taken, Taker
from tui_tracker.capture.worktree import (
    Change,
    Deadline,
    Place,
    Status,
    read_place,
    read_status,
    shared_index_times,
)
from tui_tracker.code_git import CodeGit
from tui_tracker.plumbing import GitFailed, to_text

LIMIT_S = 15.0
_PIN_S = 60.0
"""Nobody waits for the copying: all other parts are recorded before it."""
_COPYING = "its objects are still being copied into the store"
_ADVICE = re.compile(r"git config --global --add safe\.directory \S.*")

Record = Callable[[str, str, dict[str, object]], None]
"""Takes status, reason and facts."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a run was started, and what its process said of itself."""

    store_folder: str
    start: str
    announced: Mapping[str, Mapping[str, object]]

    def modules(self) -> list[object]:
        found = self.announced.get("modules", {}).get("modules")
        return found if isinstance(found, list) else []

    def entry(self, top: str) -> Entry:
        process = self.announced.get("process", {})
        return find_entry(self.start, top, process, self.modules())

    def imported(self, top: str) -> list[str]:
        """Return the files below `top` that the process ran, relative to it."""
        paths = [str(m.get("path") or "") for m in self.modules() if isinstance(m, dict)]
        entry = self.entry(top).path
        places = [os.path.join(top, os.path.expanduser(path)) for path in paths if path]
        inner = (relative(place, top) for place in (*places, *([entry] if entry else [])))
        return [path for path in inner if path is not None and not path.startswith(".git/")]


def capture_code(origin: Origin, record: Record) -> Callable[[], None]:
    """Take the snapshot of a run and record it; say why where it is not whole.

    Return what is left to do: to copy the objects into the store and to record that.
    """
    deadline = Deadline(LIMIT_S)
    known: dict[str, object] = dict(git.read_head(origin.start))
    if not known:
        record_plain(origin, known, "not in a git work tree", "none", record)
        return _nothing
    try:
        place = read_place(origin.start, deadline)
        unsteady: set[bytes] = set()
        with shared_index_times(place):
            while True:
                try:
                    return _capture_repository(origin, place, known, deadline, unsteady, record)
                except FileChanged as changed:
                    unsteady.add(changed.path)
    except GitFailed as error:
        # Git told what is changed, and then could not give the files.
        vcs = "git" if "dirty" in known else "unreadable"
        record_plain(origin, known, _reason(error), vcs, record, str(error))
    return _nothing


def take_snapshot(store_folder: str, folder: str) -> tuple[str, str, dict[str, object]]:
    """Take the snapshot of any folder, such as an editable package; return status, reason, facts.

    Raises:
        OSError: the store cannot be written.
    """
    records: list[tuple[str, str, dict[str, object]]] = []
    capture_code(Origin(store_folder, folder, {}), lambda *record: records.append(record))()
    return records[-1]


def _nothing() -> None:
    """Nothing is left to do."""


def _capture_repository(
    origin: Origin,
    place: Place,
    known: dict[str, object],
    deadline: Deadline,
    unsteady: Collection[bytes],
    record: Record,
) -> Callable[[], None]:
    known.update(top=place.top, shallow=place.shallow)
    status = read_status(place, deadline)
    code = CodeGit(origin.store_folder, place.object_format)
    code.make()
    selection = Selection(read_limits(place.top), origin.store_folder)
    changes = _counted(status, selection, place)
    known.update(change_facts(changes))
    extra = [os.fsencode(path) for path in origin.imported(place.top)]
    taker = Taker(code, selection, deadline, unsteady)
    taken = taker.take(place, status, extra)
    head = read_head(place, status, deadline)
    snapshot, base = _commit(taker, place, taken, head)
    is_kept = code.has_ref(snapshot)
    written = 0 if is_kept else taker.writer.flush()
    secrets, searched = scan_secrets(place.top, taken.read)
    facts: dict[str, object] = {
        **known,
        "vcs": "git",
        **head.facts,
        "diffstat": diffstat(code, snapshot, base, bool(changes), taken.objects, deadline),
        "snapshot": {
            "tree": taken.tree,
            "commit": snapshot,
            **({"base": head.tree} if head.tree else {}),
            "format": place.object_format,
            "kind": "work tree",
            **_selection_facts(selection),
        },
        "checkout": _checkout(place, taken),
        "entry": origin.entry(place.top).facts(place.top),
        **({"remote": remote} if (remote := remote_url(place, status)) else {}),
        **_inner_facts(taken),
        "secrets": secrets,
    }
    doubts = _doubts(selection, status, head, base)
    doubts += [] if searched else ["not all changed files were searched for secrets"]
    if is_kept:
        code.keep(snapshot)
        _record_with(doubts, facts, record)
        return _nothing
    _record_with([*doubts, _COPYING], facts, record)

    def finish() -> None:
        try:
            pin(code, snapshot, taken.objects, written, Deadline(_PIN_S))
        except (GitFailed, OSError) as error:
            doubts.append(f"its objects are only in the repository: {error}")
        _record_with(doubts, facts, record)

    return finish


def _record_with(doubts: Sequence[str], facts: dict[str, object], record: Record) -> None:
    record("partial" if doubts else "ok", "; ".join(doubts), facts)


def _counted(status: Status, selection: Selection, place: Place) -> list[Change]:
    """Return the changes that count: a cache or a store is none."""
    top = os.fsencode(place.top)
    return [
        change
        for change in status.changes
        if change.letter != "?" or not selection.leave_out(top, change.path)
    ]


def record_plain(
    origin: Origin,
    known: Mapping[str, object],
    reason: str,
    vcs: str,
    record: Record,
    said: str = "",
) -> None:
    """Record the files that look like code, where git does not tell which belong to it."""
    top = known.get("top")
    root = str(top) if top else find_root(origin.start, origin.entry(origin.start).path)
    selection = Selection(Limits(), origin.store_folder)
    plain = take_plain(CodeGit(origin.store_folder), root, origin.imported(root), selection)
    snapshot = {"tree": plain.tree, "commit": plain.commit, "format": "sha1", "kind": "plain"}
    facts: dict[str, object] = {
        **{key: value for key, value in known.items() if value is not None},
        "top": root,
        "vcs": vcs,
        "snapshot": {**snapshot, **_selection_facts(selection, plain.whole)},
        "entry": origin.entry(root).facts(root),
    }
    if advice := _ADVICE.search(said):
        facts["advice"] = advice[0]
    one = plain.files == 1
    kept = f"{plain.files} {'file that looks' if one else 'files that look'} like code"
    more = "" if plain.whole else ", and not all of them"
    record("partial", f"{reason}: {kept} {'was' if one else 'were'} kept{more}", facts)


def _commit(taker: Taker, place: Place, taken: Taken, head: Head) -> tuple[str, str | None]:
    """Return the snapshot's commit and the one of HEAD's files, None where that cannot be kept."""
    writer, tree, base = taker.writer, taken.tree.encode(), None
    # The files of HEAD may be on a server only; without them there is still the snapshot.
    here = not place.is_partial
    if head.tree and (here or is_whole(taker.code, head.tree, taken.objects, taker.deadline)):
        base = writer.add_commit(head.tree.encode(), (), head.when)
    if base and taken.tree == head.tree:
        return base.decode(), base.decode()
    snapshot = writer.add_commit(tree, [base] if base else (), head.when)
    return snapshot.decode(), base.decode() if base else None


def _doubts(selection: Selection, status: Status, head: Head, base: str | None) -> list[str]:
    doubts = []
    if selection.losses:
        are = "file is" if selection.losses == 1 else "files are"
        doubts.append(f"{selection.losses} {are} not in the snapshot")
    if status.without_filters:
        doubts.append("git's filters failed, and changes were told without them")
    if head.tree and not base:
        doubts.append("the files of the commit are not all here, so there is nothing to compare to")
    return doubts


def _selection_facts(selection: Selection, whole: bool = True) -> dict[str, object]:
    skipped = sorted(selection.skipped, key=lambda entry: entry.path)
    facts: dict[str, object] = {
        "complete": whole and not selection.losses,
        "skipped": [_skipped(entry) for entry in skipped[:MOST_NAMED]],
        "left_out": selection.left_out,
    }
    if len(selection.skipped) > MOST_NAMED:
        facts["skipped_more"] = len(selection.skipped) - MOST_NAMED
    return facts


def _skipped(entry: Skipped) -> dict[str, object]:
    facts = {"path": to_text(entry.path), "size": entry.size, "sha256": entry.sha256}
    return {**{key: value for key, value in facts.items() if value is not None}, "why": entry.why}


def _inner_facts(taken: Taken) -> dict[str, object]:
    submodules: list[object] = [
        {"path": to_text(inner.path), "commit": inner.commit, "dirty": inner.dirty}
        for inner in taken.submodules
    ]
    facts: dict[str, object] = {
        "submodules": submodules,
        "embedded": [to_text(path) for path in taken.embedded],
    }
    if taken.ignored:
        facts["ignored"] = [to_text(path) for path in taken.ignored]
    return facts


def _checkout(place: Place, taken: Taken) -> dict[str, object]:
    return {
        "autocrlf": place.settings.get("core.autocrlf", "false"),
        "eol": place.settings.get("core.eol", "native"),
        "symlinks": place.is_on("core.symlinks", True),
        "sparse": place.is_on("core.sparsecheckout", False),
        "filters": taken.filters,
    }


def _reason(error: GitFailed) -> str:
    if "dubious ownership" in error.problem:
        return "git does not trust the owner of this repository"
    if error.code is None and "not installed" in error.problem:
        return "git is not installed"
    return f"git cannot read this repository ({error.problem.splitlines()[0][:200]})"
