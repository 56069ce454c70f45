"""Datasets, splits and undeclared reads of a run, compared with the files as they are now."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from tui_tracker.capture.pointers import find_pointer, is_address
from tui_tracker.code_store import CodeStore, CodeUnavailable
from tui_tracker.facts import mapping, members, whole, word, words
from tui_tracker.formatting import format_size
from tui_tracker.lineage.folders import check_folder
from tui_tracker.lineage.present import Check, Present, Recorded
from tui_tracker.lineage.tree import LineageNode, group, listed, missing_part
from tui_tracker.lineage.words import (
    data_line,
    plural,
    reads_line,
    short_digest,
    text_of,
)
from tui_tracker.queries import LineagePart

if TYPE_CHECKING:
    from tui_tracker.facts import Facts

_IN_MEMORY = ("pandas", "polars", "arrow", "numpy", "torch", "object")


def data_group(recorded: Recorded, here: Present) -> LineageNode:
    """Return the datasets, each checked against its file or folder."""
    parts = recorded.named("data")
    nodes = [_dataset(part, recorded, here) for part in parts]
    if not nodes:
        why = "the script declared none: run.log_data() does"
        return group("data", [LineageNode("datasets", "", "not recorded", why)])
    if len(nodes) == 1:
        return replace(group("data", nodes, data_line(parts[0].facts)))
    return listed("data", nodes, plural(len(nodes), "dataset"))


def _dataset(part: LineagePart, recorded: Recorded, here: Present) -> LineageNode:
    facts = part.facts
    title = word(facts, "name") or part.name.partition(":")[2] or part.name
    if not facts or not word(facts, "digest"):
        return missing_part(title, "" if part.status == "ok" else part.status, part.reason)
    (mark, why), differing = _check(facts, recorded, here)
    detail = ", ".join(w for w in (word(facts, "version"), word(facts, "role")) if w)
    digest = word(facts, "digest")
    detail = " ".join(w for w in (detail, short_digest(digest)) if w)
    if part.status == "partial" and part.reason:
        why = f"{why}; {part.reason}"
    children = (*_differing(differing), *_dataset_facts(facts))
    return LineageNode(title, detail, mark, why, children, digest, closed=True)


def _differing(nodes: tuple[LineageNode, ...]) -> Iterator[LineageNode]:
    """Yield the files of a folder that differ; they are not counted beside the folder."""
    if nodes:
        told = [replace(node, summed=True) for node in nodes]
        told_of = f"{plural(len(nodes), 'file')} changed or missing"
        yield replace(listed("files", told, told_of), closed=True)


def _check(
    facts: Facts, recorded: Recorded, here: Present
) -> tuple[Check, tuple[LineageNode, ...]]:
    """Compare what lies at a dataset's path with its digest; return also the files that differ."""
    kind, digest, path = (word(facts, key) for key in ("kind", "digest", "path"))
    if kind in _IN_MEMORY and not word(facts, "manifest"):
        return ("recorded", f"it was in memory ({kind}): there is no file to compare"), ()
    if not path:
        return ("recorded", "no path was recorded"), ()
    if is_address(path):
        return ("recorded", "it is not on this machine, and no network is asked"), ()
    place = recorded.path(path)
    if kind == "folder" or word(facts, "manifest"):
        return check_folder(facts, place, here)
    if kind == "pointer":
        return _check_pointer(digest, place, here), ()
    mark, why = here.check_file(place, digest, whole(facts, "bytes"))
    if mark in ("missing", "changed") and _is_in_snapshot(recorded, here, place, digest):
        kept = f"{why}; the snapshot of the code holds it"
        return ("verified" if mark == "missing" else mark, kept), ()
    return (mark, why), ()


def _is_in_snapshot(recorded: Recorded, here: Present, path: str, digest: str) -> bool:
    """Return whether the code that was kept of the run holds a file of this digest there."""
    code = recorded.facts("code")
    commit, top = word(mapping(code, "snapshot"), "commit"), word(code, "top")
    below = os.path.relpath(path, top) if top else ".."
    if not commit or below.startswith(".."):
        return False
    try:
        data = CodeStore.holding(here.store.folder, commit).read_file(commit, below)
    except (CodeUnavailable, OSError):
        return False
    return f"sha256:{hashlib.sha256(data).hexdigest()}" == digest


def _check_pointer(digest: str, path: str, here: Present) -> Check:
    """Compare what another tool said of a path with what it says now."""
    if not os.path.lexists(path) and not os.path.lexists(f"{path}.dvc"):
        return "missing", "it is not there any more"
    if not here.deep:
        return "recorded", "it is there; a deep check reads it"
    found = find_pointer(path)
    if found is None or not found.digest:
        return "changed", (found.reason if found else "") or "nothing vouches for it any more"
    if found.digest == digest:
        return "verified", "what stands for it is the same"
    return "changed", f"{short_digest(digest)}, now {short_digest(found.digest)}"


def _dataset_facts(facts: Facts) -> Iterator[LineageNode]:
    for key in ("path", "kind", "source", "licence"):
        if text := text_of(facts, key):
            yield LineageNode(key, text)
    counts = [
        plural(count, what)
        for what in ("file", "row")
        if (count := whole(facts, f"{what}s")) is not None
    ]
    size = whole(facts, "bytes")
    counts += [format_size(size)] if size is not None else []
    if counts:
        yield LineageNode("size", ", ".join(counts))
    if facts.get("full") is False:
        yield LineageNode("digest", "of a sample", why="not of all its bytes", doubt=True)
    columns = [item for item in members(facts, "columns") if isinstance(item, list) and item]
    if columns:
        nodes = [LineageNode(str(c[0]), str(c[-1])) for c in columns]
        yield replace(listed("columns", nodes, plural(len(nodes), "column")), closed=True)
    if pointer := mapping(facts, "pointer"):
        text = " ".join(
            f"{key}={text_of(pointer, key)}" for key in pointer if text_of(pointer, key)
        )
        yield LineageNode("pointer", text)


def reads_group(recorded: Recorded) -> LineageNode | None:
    """Return the folders of data that was read and never declared; None where there is none."""
    part = recorded.parts.get("reads")
    folders = mapping(part.facts, "folders") if part else {}
    if not folders:
        return None
    nodes = [_folder(path, mapping(folders, path)) for path in folders]
    more = whole(part.facts, "more") if part else 0
    if more:
        nodes.append(LineageNode("…", f"{more:,} more files", "not recorded", "not listed"))
    return listed("reads", nodes, reads_line(part.facts if part else {}))


def _folder(path: str, facts: Facts) -> LineageNode:
    files, size = whole(facts, "files") or 0, whole(facts, "bytes")
    detail = plural(files, "file") + (f", {format_size(size)}" if size is not None else "")
    names = " ".join(words(facts, "names")[:5])
    why = f"read and never declared: {names}"
    return LineageNode(path, detail, "not recorded", why, value=path)
