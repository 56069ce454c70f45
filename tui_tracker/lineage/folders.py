"""A folder of data compared with the list of its files that was kept."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tui_tracker.artifacts import stored_path
from tui_tracker.capture.listing import Listing, list_folder
from tui_tracker.facts import members, word
from tui_tracker.formatting import format_count
from tui_tracker.lineage.present import Check, Present
from tui_tracker.lineage.tree import LineageNode, add_up
from tui_tracker.lineage.words import plural

if TYPE_CHECKING:
    from tui_tracker.facts import Facts


@dataclass(frozen=True, slots=True)
class Entry:
    """A file of a folder, as its manifest has it."""

    name: bytes
    """Below the folder, apart by `/`."""
    size: int
    digest: str


def check_folder(facts: Facts, top: str, here: Present) -> tuple[Check, tuple[LineageNode, ...]]:
    """Compare a folder with its manifest; return the mark, and the files that differ."""
    manifest = word(facts, "manifest")
    if not os.path.isdir(top):
        return ("missing", "the folder is not there any more"), ()
    if not manifest:
        return ("recorded", "the list of its files was not kept; the folder is there"), ()
    try:
        with open(stored_path(here.artifacts, manifest.rpartition(":")[2]), "rb") as file:
            entries = read_manifest(file.read())
    except (OSError, ValueError) as error:
        return ("recorded", f"the list of its files cannot be read: {error}"), ()
    listing = list_folder(top, here.store.folder)
    here.learn(listing.files)
    nodes = [*_compare(entries, top, here)]
    # Of several paths only those were taken that the list has.
    if not members(facts, "paths"):
        nodes += _new_files(entries, listing)
    differing = tuple(node for node in nodes if node.mark in ("changed", "missing"))
    return _summed(nodes, differing, len(entries)), differing


def read_manifest(raw: bytes) -> list[Entry]:
    """Return the entries of a manifest as `capture.manifest` writes it.

    Raises:
        ValueError: it is none.
    """
    entries = []
    # A name may hold a line end, so an entry is read from NUL to NUL.
    parts = raw.split(b"\0")
    name = parts[0]
    for size, rest in zip(parts[1::2], parts[2::2], strict=True):
        digest, _, following = rest.partition(b"\n")
        entries.append(Entry(name, int(size), digest.decode("utf-8", "replace")))
        name = following
    return entries


def _compare(entries: list[Entry], top: str, here: Present) -> Iterator[LineageNode]:
    total, done = sum(entry.size for entry in entries), 0
    for entry in entries:
        title = entry.name.decode("utf-8", "surrogateescape")
        path = os.path.join(top, *title.split("/"))
        if entry.digest.startswith("link:"):
            continue
        mark, why = here.check_file(path, entry.digest, entry.size)
        done += entry.size
        here.told(title, done, total)
        yield LineageNode(title, "", mark, why, value=entry.digest)


def _new_files(entries: list[Entry], listing: Listing) -> Iterator[LineageNode]:
    known = {entry.name for entry in entries}
    for below, *_ in listing.files:
        if below not in known:
            title = below.decode("utf-8", "surrogateescape")
            yield LineageNode(title, "", "changed", "it was not there then")


def _summed(nodes: list[LineageNode], differing: tuple[LineageNode, ...], files: int) -> Check:
    if differing:
        counts = [
            f"{format_count(count)} {mark}"
            for mark in ("changed", "missing")
            if (count := sum(node.mark == mark for node in differing))
        ]
        return add_up(differing)[0], f"{' and '.join(counts)} of {plural(files, 'file')}"
    unread = sum(node.mark == "recorded" for node in nodes)
    if unread:
        return "recorded", f"{plural(files, 'file')} in the right size; a deep check reads them"
    return "verified", f"the hashes of {plural(files, 'file')} are right"
