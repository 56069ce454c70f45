"""Datasets, splits and undeclared reads of a run, compared with the files as they are now."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from tui_tracker.facts import mapping, members, whole, word, words
from tui_tracker.formatting import format_size
from tui_tracker.lineage.present import Check, Present, Recorded, is_sha256
from tui_tracker.lineage.tree import LineageNode, group, listed, missing_part
from tui_tracker.lineage.words import (
    data_line,
    plural,
    reads_line,
    role_counts,
    short_digest,
    split_line,
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
    mark, why = _check(facts, recorded, here)
    detail = ", ".join(w for w in (word(facts, "version"), word(facts, "role")) if w)
    digest = word(facts, "digest")
    detail = " ".join(w for w in (detail, short_digest(digest)) if w)
    if part.status == "partial" and part.reason:
        why = f"{why}; {part.reason}"
    children = tuple(_dataset_facts(facts))
    return LineageNode(title, detail, mark, why, children, digest, closed=True)


def _check(facts: Facts, recorded: Recorded, here: Present) -> Check:
    """Compare what lies at a dataset's path with its digest."""
    kind, digest, path = (word(facts, key) for key in ("kind", "digest", "path"))
    if kind in _IN_MEMORY:
        return "recorded", f"it was in memory ({kind}): there is no file to compare"
    if not path:
        return "recorded", "no path was recorded"
    if "://" in path:
        return "recorded", "it is not on this machine, and no network is asked"
    if kind == "folder":
        return _check_folder(facts, recorded, here)
    if not is_sha256(digest):
        return "recorded", f"a {digest.partition(':')[0]} digest does not stand for all its bytes"
    return here.check_file(recorded.path(path), digest, whole(facts, "bytes"))


def _check_folder(facts: Facts, recorded: Recorded, here: Present) -> Check:
    raise NotImplementedError


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


def splits_group(recorded: Recorded, here: Present) -> LineageNode | None:
    """Return the splits; None where the run logged none."""
    parts = recorded.named("split")
    if not parts:
        return None
    nodes = [_split(part, recorded, here) for part in parts]
    detail = split_line(parts[0].facts) if len(parts) == 1 else plural(len(parts), "split")
    return listed("splits", nodes, detail)


def _split(part: LineagePart, recorded: Recorded, here: Present) -> LineageNode:
    facts = part.facts
    title = word(facts, "name") or part.name.partition(":")[2] or part.name
    digest = word(facts, "hash")
    if not digest:
        return missing_part(title, "" if part.status == "ok" else part.status, part.reason)
    indices = word(facts, "indices")
    if indices:
        size = _kept_size(recorded, indices)
        mark, why = here.check_kept(indices, size)
        why = f"indices: {why}"
    else:
        mark, why = "recorded", "its indices are not kept, only their hash"
    return LineageNode(
        title, short_digest(digest), mark, why, tuple(_split_facts(facts)), value=digest
    )


def _kept_size(recorded: Recorded, digest: str) -> int | None:
    hexadecimal = digest.rpartition(":")[2]
    sizes = {artifact.sha256: artifact.size_bytes for artifact in recorded.run.artifacts}
    return sizes.get(hexadecimal)


def _split_facts(facts: Facts) -> Iterator[LineageNode]:
    roles = role_counts(facts)
    if roles:
        yield LineageNode("roles", ", ".join(roles))
    made = [text_of(facts, key) for key in ("strategy", "splitter", "library")]
    if any(made):
        yield LineageNode("made by", " ".join(part for part in made if part))
    yield from _leaks(facts, "overlap", "shared by both", "no index is in two roles")
    yield from _leaks(facts, "duplicates", "twice in one role", "")
    yield from _leaks(facts, "group_leak", "groups in both", "no group is in two roles")
    yield from _leaks(facts, "time_leak", "out of order in time", "in order of time")


def _leaks(facts: Facts, key: str, words_of_leak: str, none: str) -> Iterator[LineageNode]:
    """Yield what a check of the split found, and where it found nothing, that."""
    title = key.replace("_", " ")
    found = mapping(facts, key)
    leaks = [(pair, n) for pair in found if (n := whole(found, pair))]
    for pair, count in leaks:
        yield LineageNode(title, f"{pair}: {count:,}", why=words_of_leak, doubt=True)
    if key in facts and not leaks and none:
        yield LineageNode(title, "0", why=none)


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
