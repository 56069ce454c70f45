"""Tags of runs, and what is told by tags: stars and groups."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tui_tracker.edits.batch import THESE, Batch, batch_of, label
from tui_tracker.edits.kinds import GROUP, STAR
from tui_tracker.store import Store


def tag(store: Store, keys: Sequence[int], tags: Iterable[str]) -> int:
    """Add tags to runs; return how many runs had not all of them.

    Raises:
        InvalidArgument: a tag is empty or too long.
        StoreError: the store cannot be written.
    """
    labels = dict.fromkeys(label("a tag", text) for text in tags)
    with batch_of(store, keys) as batch:
        for text in labels:
            _add(batch, text)
        return batch.changed


def untag(store: Store, keys: Sequence[int], tags: Iterable[str]) -> int:
    """Remove tags from runs; return how many runs had one of them."""
    with batch_of(store, keys) as batch:
        for text in dict.fromkeys(text.strip() for text in tags):
            _remove(batch, "tag = :tag", {"tag": text})
        return batch.changed


def star(store: Store, keys: Sequence[int]) -> int:
    """Star runs; return how many were not starred."""
    return tag(store, keys, [STAR])


def unstar(store: Store, keys: Sequence[int]) -> int:
    """Take the stars of runs away; return how many had one."""
    return untag(store, keys, [STAR])


def group(store: Store, keys: Sequence[int], name: str | None) -> int:
    """Put runs into a group instead of the one they are in; return how many changed.

    With None they are in no group afterwards.

    Raises:
        InvalidArgument: the name is empty or too long.
    """
    text = "" if name is None else GROUP + label("a group", name)
    with batch_of(store, keys) as batch:
        old = "substr(tag, 1, :length) = :group AND tag <> :tag"
        _remove(batch, old, {"length": len(GROUP), "group": GROUP, "tag": text})
        if text:
            _add(batch, text)
        return batch.changed


def _add(batch: Batch, text: str) -> None:
    lacking = (
        "SELECT id AS run, NULL, :tag FROM run WHERE id IN (SELECT value FROM json_each(:keys)) "
        "AND NOT EXISTS (SELECT 1 FROM tag AS t WHERE t.run = run.id AND t.tag = :tag)"
    )
    if batch.record("tag", lacking, {"tag": text}):
        batch.run(
            "INSERT OR IGNORE INTO tag SELECT id, :tag, :at_ms FROM run "
            "WHERE id IN (SELECT value FROM json_each(:keys))",
            {"tag": text},
        )


def _remove(batch: Batch, which: str, bound: dict[str, object]) -> None:
    having = f"SELECT run, tag, at_ms FROM tag WHERE {which} AND {THESE}"
    if batch.record("untag", having, bound):
        batch.run(f"DELETE FROM tag WHERE {which} AND {THESE}", bound)
