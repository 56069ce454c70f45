"""What of a run's code can be had now: commit, snapshot, entry file, imported modules."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from tui_tracker.capture.process import shorten_home
from tui_tracker.code_files import blob_id
from tui_tracker.code_store import CodeFile, CodeStore, CodeUnavailable
from tui_tracker.facts import mapping, mappings, members, switch, whole, word, words
from tui_tracker.formatting import format_size
from tui_tracker.lineage.present import SMALL, Present, Recorded
from tui_tracker.lineage.repository import CommitFound, find_commit
from tui_tracker.lineage.tree import LineageNode, group, listed, missing_part
from tui_tracker.lineage.words import changes_line, code_line, plural

if TYPE_CHECKING:
    from tui_tracker.facts import Facts

_MOST_READS = 20
_STATES = {
    "A": "added",
    "M": "changed",
    "D": "deleted",
    "R": "renamed",
    "T": "another kind",
    "U": "in conflict",
    "?": "untracked",
    "S": "submodule",
}


class _Kept:
    """A snapshot, as far as the store has it."""

    def __init__(
        self,
        node: LineageNode,
        files: dict[str, CodeFile] | None = None,
        store: CodeStore | None = None,
    ) -> None:
        self.node = node
        self.files = files
        """None where the snapshot is not there."""
        self._store = store
        self._reads = 0

    def may_read(self, here: Present) -> bool:
        """Return whether one more file may be read: git is started twice for each."""
        return here.deep or self._reads < _MOST_READS

    def read(self, path: str) -> bytes:
        assert self._store is not None
        self._reads += 1
        return self._store.read_file(self.node.value, path)


def code_group(recorded: Recorded, here: Present) -> LineageNode:
    """Return the code: the commit, what was changed on top of it, and whether it is kept."""
    part = recorded.parts.get("code")
    if part is None or not part.facts:
        reason = part.reason if part else ""
        gap = missing_part("snapshot", part.status if part else "", reason)
        return group("code", [gap, *_process_nodes(recorded, here)])
    facts = part.facts
    kept = _snapshot(facts, here, part.status, part.reason)
    nodes = [
        *_version_control(facts),
        *_commit(facts, kept),
        kept.node,
        *_changed_files(facts, kept),
        *_submodules(facts),
        *_secrets(facts),
        *_entry(recorded, facts, here, kept),
        *_modules(recorded, facts, here, kept),
    ]
    return group("code", nodes, code_line(facts))


def _process_nodes(recorded: Recorded, here: Present) -> Iterator[LineageNode]:
    yield from _entry(recorded, {}, here, _Kept(LineageNode("")))
    yield from _modules(recorded, {}, here, _Kept(LineageNode("")))


def _version_control(facts: Facts) -> Iterator[LineageNode]:
    """Yield why there is no commit, where the run was outside of version control."""
    state = word(facts, "vcs")
    if state == "none":
        why = "it ran outside of version control: git init here names its versions"
        yield LineageNode("repository", "none", "not recorded", why)
    elif state == "unreadable":
        advice = word(facts, "advice")
        why = f"git refused to read it: {advice}" if advice else "git could not read it"
        yield LineageNode("repository", word(facts, "top"), "not recorded", why, value=advice)


def _commit(facts: Facts, kept: _Kept) -> Iterator[LineageNode]:
    commit, top = word(facts, "commit"), word(facts, "top")
    if not commit:
        return
    found = find_commit(top, commit)
    node = LineageNode("commit", commit[:12], value=commit, opens="changes")
    informs = kept.node.mark == "verified"
    if found.state == "reached":
        yield replace(node, mark="verified", why=f"in the repository{_pushed(facts, found)}")
    elif found.state == "unreached":
        why = "no branch leads to it any more, so git may drop it"
        yield replace(node, mark="verified", why=why, doubt=not informs)
    elif found.state == "absent":
        why = "the repository lost it"
        # With a snapshot nothing is lost but a name.
        yield replace(node, mark="changed" if informs else "missing", why=why, informs=informs)
    else:
        why = found.why or "its repository is not at its place on this machine"
        yield replace(node, why=why)


def _pushed(facts: Facts, found: CommitFound) -> str:
    if found.pushed:
        return " and on a remote"
    return ", not pushed" if switch(facts, "pushed") is False else ""


def _snapshot(facts: Facts, here: Present, status: str, reason: str) -> _Kept:
    """Return the node of the snapshot and its files, where the store has it."""
    recorded = mapping(facts, "snapshot")
    commit = word(recorded, "commit")
    if not commit:
        return _Kept(missing_part("snapshot", status if status != "ok" else "", reason))
    store = CodeStore.holding(here.store.folder, commit)
    node = LineageNode("snapshot", commit[:12], value=commit, opens="changes")
    try:
        if not store.has(commit):
            why = reason or "it is no longer in the store's code.git"
            return _Kept(replace(node, mark="missing", why=why))
        files = {file.path: file for file in store.list_files(commit)}
        wrong = _wrong_files(store, commit, here) if here.deep else []
    except (CodeUnavailable, OSError) as error:
        return _Kept(replace(node, mark="missing", why=str(error)))
    skipped = tuple(_skipped(recorded, facts, here))
    size = sum(file.size for file in files.values())
    why = f"{plural(len(files), 'file')}, {format_size(size)}, in the store"
    why += " and every hash is right" if here.deep else ""
    why += f"; {reason}" if reason else ""
    node = replace(node, mark="verified", why=why, children=(*wrong, *skipped))
    if wrong:
        node = replace(node, mark="changed", why=f"{plural(len(wrong), 'file')} damaged")
    elif skipped or switch(recorded, "complete") is False:
        count = plural(len(skipped), "file")
        node = replace(node, why=f"{why}; {count} left out", doubt=True)
    return _Kept(node, files, store)


def _wrong_files(store: CodeStore, commit: str, here: Present) -> list[LineageNode]:
    """Rebuild the snapshot in a temporary folder; return the files that do not come back."""
    with tempfile.TemporaryDirectory(prefix="tt-lineage-") as folder:
        store.write_out(commit, folder, progress=lambda done, all_: here.told("code", done, all_))
        wrong = store.verify(commit, folder)
    return [LineageNode(path, "", "changed", f"{how} when rebuilt") for path, how in wrong]


def _skipped(recorded: Facts, facts: Facts, here: Present) -> Iterator[LineageNode]:
    """Yield what was left out of the snapshot, compared with what lies there now."""
    top = word(facts, "top")
    for file in mappings(recorded, "skipped"):
        path, size, digest = word(file, "path"), whole(file, "size"), word(file, "sha256")
        why = f"left out: {word(file, 'why') or 'no reason was given'}"
        node = LineageNode(path, format_size(size), "not recorded", why)
        if digest:
            mark, now = here.check_file(f"{top}/{path}", digest, size)
            node = replace(node, mark=mark, why=f"{why}; {now}", value=digest)
        yield node
    left_out = mapping(recorded, "left_out")
    for kind in left_out:
        count = whole(left_out, kind) or 0
        yield LineageNode(kind, plural(count, "path"), "not recorded", "left out by rule")


def _changed_files(facts: Facts, kept: _Kept) -> Iterator[LineageNode]:
    pairs = [pair for pair in members(facts, "files") if isinstance(pair, list) and len(pair) > 1]
    nodes = [_changed_file(str(pair[0]), str(pair[-1]), kept) for pair in pairs]
    if nodes:
        node = listed("changes", nodes, changes_line(facts))
        yield replace(node, opens="changes", value=changes_line(facts))


def _changed_file(state: str, path: str, kept: _Kept) -> LineageNode:
    node = LineageNode(path, _STATES.get(state[:1], state), value=path)
    if kept.files is None:
        return replace(node, why="its content is not kept", mark="not recorded")
    if state[:1] == "D" or path in kept.files:
        return replace(node, mark="verified", why="in the snapshot", opens="changes")
    return replace(node, mark="not recorded", why="not in the snapshot", doubt=True)


def _submodules(facts: Facts) -> Iterator[LineageNode]:
    for module in mappings(facts, "submodules"):
        state = switch(module, "dirty")
        said = "changed inside" if state else "clean" if state is False else ""
        commit = word(module, "commit")
        yield LineageNode(
            "submodule",
            ", ".join(part for part in (word(module, "path"), commit[:12], said) if part),
            why="its commit is not looked for",
            value=commit,
        )
    for path in words(facts, "embedded"):
        yield LineageNode("repository", path, why="a repository inside, not a submodule")


def _secrets(facts: Facts) -> Iterator[LineageNode]:
    for secret in mappings(facts, "secrets"):
        line = whole(secret, "line")
        place = word(secret, "path") + (f":{line}" if line is not None else "")
        kind = word(secret, "kind") or "secret"
        why = f"{kind}: kept in this store, hidden wherever it is shown or exported"
        yield LineageNode("secret", place, "recorded", why, doubt=True)


def _entry(recorded: Recorded, facts: Facts, here: Present, kept: _Kept) -> Iterator[LineageNode]:
    """Yield the file that was started, looked up in the snapshot, else on disk."""
    entry = mapping(facts, "entry")
    path, digest = word(entry, "path"), word(entry, "sha256")
    if not path:
        if script := word(recorded.facts("process"), "script"):
            yield LineageNode("entry file", script, why="only its name was recorded")
        return
    node = LineageNode("entry file", path, value=digest)
    yield _looked_up(node, path, digest, word(facts, "top"), here, kept)


def _looked_up(
    node: LineageNode, path: str, digest: str, top: str, here: Present, kept: _Kept
) -> LineageNode:
    """Return the node of a file with its mark: as it is in the snapshot, else on disk."""
    if not digest:
        return replace(node, why="it has no hash")
    if kept.files is None or path not in kept.files:
        mark, why = here.check_file(on_disk(path, top), digest, None)
        return replace(node, mark=mark, why=f"on disk, not in a snapshot: {why}")
    data = _on_disk_as_kept(on_disk(path, top), kept.files[path])
    if data is None and not kept.may_read(here):
        return replace(node, why="in the snapshot; a deep check reads it")
    try:
        data = kept.read(path) if data is None else data
    except CodeUnavailable as error:
        return replace(node, mark="missing", why=str(error))
    if hashlib.sha256(data).hexdigest() == digest.rpartition(":")[2]:
        return replace(node, mark="verified", why="as it is in the snapshot")
    return replace(node, mark="changed", why="the snapshot has it otherwise: it was edited")


def _on_disk_as_kept(path: str, file: CodeFile) -> bytes | None:
    """Return the bytes on disk where they are those of the snapshot: no git need be asked."""
    try:
        if os.path.getsize(path) != file.size or file.size > SMALL:
            return None
        with open(path, "rb") as opened:
            data = opened.read()
    except (OSError, ValueError):
        return None
    algorithm = "sha256" if len(file.oid) == 64 else "sha1"
    return data if blob_id(iter((data,)), len(data), algorithm) == file.oid else None


def on_disk(path: str, top: str) -> str:
    """Return where a recorded path lies: relative ones below `top`, `~` at home."""
    return os.path.join(top, os.path.expanduser(path))


def _modules(recorded: Recorded, facts: Facts, here: Present, kept: _Kept) -> Iterator[LineageNode]:
    """Yield the local modules that the process imported."""
    imported = recorded.facts("modules")
    modules = mappings(imported, "modules")
    changed = words(imported, "changed")
    nodes = [
        _looked_up(
            LineageNode(word(module, "name"), word(module, "path"), value=word(module, "sha256")),
            word(module, "path"),
            word(module, "sha256"),
            word(facts, "top"),
            here,
            kept,
        )
        for module in modules
    ]
    if nodes:
        yield replace(listed("modules", nodes, f"{len(nodes)} imported from here"), closed=True)
    for path in changed:
        why = "its source changed while the run was going on"
        yield LineageNode("module", path, "recorded", why, doubt=True)


def command_group(recorded: Recorded) -> LineageNode:
    """Return how the run was started."""
    process = recorded.facts("process")
    if not process:
        part = recorded.parts.get("process")
        gap = missing_part("argv", part.status if part else "", part.reason if part else "")
        return group("command", [gap])
    argv = words(process, "argv")
    hidden = len(members(process, "redacted"))
    why = f"{plural(hidden, 'word')} hidden" if hidden else ""
    facts: Iterable[tuple[str, str, str]] = (
        ("argv", shorten_home(" ".join(argv)), why),
        ("cwd", shorten_home(word(process, "cwd")), ""),
        ("executable", shorten_home(word(process, "executable")), ""),
        ("user", "@".join(p for k in ("user", "host") if (p := word(process, k))), ""),
    )
    nodes = [LineageNode(name, text, why=said) for name, text, said in facts if text]
    if scheduler := mapping(process, "scheduler"):
        text = " ".join(f"{key}={word(scheduler, key)}" for key in scheduler)
        nodes.append(LineageNode("scheduler", text))
    if container := mapping(process, "container"):
        text = " ".join(f"{key}={word(container, key)}" for key in container)
        nodes.append(LineageNode("container", text))
    program = os.path.basename(argv[0]) if argv else ""
    return group("command", nodes, " ".join([program, *argv[1:]]))
