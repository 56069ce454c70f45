"""Splits of a run: whether their indices are kept, and what leaks from one role to another."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from tui_tracker.artifacts import stored_path
from tui_tracker.capture.split_format import read_split
from tui_tracker.capture.splits import hash_roles
from tui_tracker.facts import mapping, whole, word
from tui_tracker.lineage.present import Check, Present, Recorded
from tui_tracker.lineage.tree import LineageNode, listed, missing_part
from tui_tracker.lineage.words import plural, role_counts, short_digest, split_line, text_of
from tui_tracker.queries import LineagePart

if TYPE_CHECKING:
    from tui_tracker.facts import Facts

_SMALL = 1 << 20
"""Indices of at most so many bytes are read without a deep check."""


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
        mark, why = _check_indices(indices, digest, recorded, here)
    else:
        mark, why = "recorded", "its indices are not kept, only their hash"
    return LineageNode(
        title, short_digest(digest), mark, why, tuple(_split_facts(facts)), value=digest
    )


def _check_indices(indices: str, digest: str, recorded: Recorded, here: Present) -> Check:
    """Return whether the indices are kept, and where they are read, whether they give the hash."""
    size = _kept_size(recorded, indices)
    mark, why = here.check_kept(indices, size)
    if mark != "verified" or not (here.deep or (size or 0) <= _SMALL):
        return mark, f"indices: {why}"
    try:
        roles = read_split(stored_path(here.artifacts, indices.rpartition(":")[2]))
        found = hash_roles({role: as_rows(rows) for role, rows in roles.items()})
    except (OSError, ValueError) as error:
        return "changed", f"indices: {error}"
    if found != digest:
        return "changed", f"its indices give {short_digest(found)}"
    return "verified", "its indices are kept, and give this hash"


def as_rows(rows: Sequence[object]) -> array[int] | list[str]:
    """Return rows as they are hashed: numbers packed, ids as texts."""
    if all(isinstance(row, int) for row in rows):
        return array("q", rows)  # type: ignore[arg-type]
    return [str(row) for row in rows]


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
