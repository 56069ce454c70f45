"""What amendments come to: which of them are whole, which count, and facts as they have it.

Amendments of a run are a chain: each has the SHA-256 of its own words and of the hash before
it, and the first begins with the id of the run. The newest whole one of a field counts; one
that says nothing gives the record back. Plain rows and plain facts, because the rows that
queries compare are made of them below all that knows a run.
"""

from __future__ import annotations

import json

from tui_tracker.facts import mapping, whole, word

TYPE_CHECKING = False
if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from typing import Any

    from tui_tracker.facts import Facts

SAID = (
    "SELECT a.run, r.uuid, a.field, a.old, a.new, a.evidence, a.confidence, a.who, a.at_ms, "
    "a.reason, a.prev_hash, a.hash FROM main.amendment AS a JOIN main.run AS r ON r.id = a.run "
    "WHERE {chosen} ORDER BY a.run, a.at_ms, a.id"
)
TAGS = {"metrics.main": "main_metric", "metrics.context": "context"}
"""Fields that a tag tells."""
BESIDE = ("params", "tags", "metrics", "notes", "artifacts")
"""Heads of fields that are no lineage."""
LISTS = ("data", "split")
_DIGITS = 64


def first_hash(uuid: bytes) -> bytes:
    """Return what the chain of a run begins with."""
    import hashlib

    return hashlib.sha256(b"tui_tracker amendments\n" + uuid).digest()


def chain_hash(before: bytes, row: Sequence[object]) -> bytes:
    """Return the hash of an amendment: field, old, new, evidence, confidence, who, at, reason."""
    import hashlib

    words = json.dumps(list(row), ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(before + words.encode()).digest()


def is_whole(row: Sequence[Any], hashes: set[object]) -> bool:
    """Return whether a row of `SAID`, without its run, is right and follows one that is there."""
    uuid, *said, before, digest = row
    follows = before == first_hash(uuid) or (before in hashes and before != digest)
    return bool(follows) and chain_hash(bytes(before or b""), said) == digest


def value_said(text: object) -> object:
    """Return what was written as JSON; what is none stands as it is, and its hash is wrong."""
    if text is None:
        return None
    try:
        return json.loads(str(text))
    except ValueError:
        return str(text)


def place_of(field: str) -> tuple[str, str]:
    """Return the part of a field and the rest: the name of a data set may have dots."""
    if field.partition(":")[0] in LISTS and ":" in field:
        head, _, rest = field.rpartition(".")
        return head, rest
    head, _, rest = field.partition(".")
    return head, rest


def steps_of(head: str, rest: str) -> list[str]:
    """Return the names on the way to a fact of a part."""
    return [rest] if head.partition(":")[0] in LISTS else rest.split(".")


def changed(facts: Facts, steps: Sequence[str], new: object) -> dict[str, object]:
    """Return facts with one of them as an amendment has it; the given ones stay."""
    # Runs share their facts, so nothing on the way may be changed in place.
    first, *rest = steps
    inner = mapping(facts, first)
    return {**facts, first: changed(inner, rest, new) if rest else new}


def amended_facts(head: str, facts: Facts, said: Mapping[str, object]) -> dict[str, object]:
    """Return the facts of a part as the fields said of it have them, by their names in it."""
    found = dict(facts)
    for rest, new in said.items():
        found = changed(found, steps_of(head, rest), new)
    if head.partition(":")[0] in LISTS:
        found.setdefault("name", head.partition(":")[2])
    return found


def file_said(value: object) -> tuple[str, int | None, str]:
    """Return kind, size in bytes and SHA-256 of a file as an amendment tells it; "" for unknown."""
    facts: Facts = value if isinstance(value, dict) else {"sha256": value}
    digest = word(facts, "sha256").rpartition(":")[2].lower()
    is_digest = len(digest) == _DIGITS and not digest.strip("0123456789abcdef")
    return word(facts, "kind"), whole(facts, "size"), digest if is_digest else ""


def fields_said(
    connection: sqlite3.Connection, chosen: str, bound: Sequence[object] = ()
) -> dict[int, dict[str, object]]:
    """Return what counts of the amendments of runs, by run and field; nothing in an old store."""
    known = "SELECT 1 FROM main.sqlite_schema WHERE name = 'amendment'"
    if not connection.execute(known).fetchone():
        return {}
    found: dict[int, dict[str, object]] = {}
    rows = connection.execute(SAID.format(chosen=chosen), tuple(bound))
    for run, of_run in _by_run(rows):
        hashes = {row[-1] for row in of_run}
        newest = {row[1]: value_said(row[3]) for row in of_run if is_whole(row, hashes)}
        found[run] = {field: new for field, new in newest.items() if new is not None}
    return found


def _by_run(rows: Iterable[Sequence[Any]]) -> Iterator[tuple[int, list[Sequence[Any]]]]:
    of_run: list[Sequence[Any]] = []
    current = None
    for run, *row in rows:
        if run != current and of_run:
            yield current, of_run  # type: ignore[misc]
            of_run = []
        current = run
        of_run.append(row)
    if of_run:
        yield current, of_run  # type: ignore[misc]


def parts_said(said: Mapping[str, object]) -> dict[str, dict[str, object]]:
    """Return what is said of lineage, by part and the field's name in it."""
    found: dict[str, dict[str, object]] = {}
    for field, new in said.items():
        head, rest = place_of(field)
        if head not in BESIDE and rest:
            found.setdefault(head, {})[rest] = new
    return found
