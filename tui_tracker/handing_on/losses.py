"""What a target could not hold, counted by kind and told in a sentence each."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field

from tui_tracker.store import Store

Progress = Callable[[int, int], None]
_CHUNK = 5000
_COUNTS = {
    "param": "SELECT count(*) FROM param WHERE run {these}",
    "earlier value of a param": "SELECT count(*) FROM param_change WHERE run {these}",
    "metric": "SELECT count(*) FROM metric AS m JOIN key AS k ON k.id = m.key "
    "WHERE k.kind = 1 AND m.run {these}",
    "series of the machine": "SELECT count(*) FROM metric AS m JOIN key AS k ON k.id = m.key "
    "WHERE k.kind = 2 AND m.run {these}",
    "tag": "SELECT count(*) FROM tag WHERE run {these}",
    "note": "SELECT count(*) FROM note WHERE run {these}",
    "file": "SELECT count(*) FROM artifact WHERE run {these}",
    "part of the lineage": "SELECT count(*) FROM lineage WHERE run {these}",
    "printed line": "SELECT coalesce(sum(console_lines), 0) FROM run WHERE id {these}",
    "change by hand": "SELECT count(*) FROM edit WHERE run {these}",
    "amendment": "SELECT count(*) FROM amendment WHERE run {these}",
}
"""What runs hold beside their points, and how it is counted."""
_PLURALS = {
    "earlier value of a param": "earlier values of params",
    "series of the machine": "series of the machine",
    "part of the lineage": "parts of the lineage",
    "change by hand": "changes by hand",
}


@dataclass(slots=True)
class Losses:
    """Counts of what was left out or changed, by what it is and why."""

    counts: dict[tuple[str, str], int] = field(default_factory=dict)

    def add(self, what: str, why: str, count: int = 1) -> None:
        """Count things; `what` is one of them, `why` goes on the sentence after the count."""
        if count:
            self.counts[what, why] = self.counts.get((what, why), 0) + count

    def sentences(self) -> list[str]:
        """Return a sentence for each kind."""
        return [f"{count_words(n, what)} {why}" for (what, why), n in self.counts.items()]


def count_words(count: int, what: str) -> str:
    """Return `1 note`, `3,000 notes`."""
    return f"{count:,} {what}" if count == 1 else f"{count:,} {_PLURALS.get(what, f'{what}s')}"


def count_left_out(
    store: Store, keys: Sequence[int], losses: Losses, held: Collection[str], why: str
) -> None:
    """Count what these runs have beside their points that is not among `held`."""
    unknown = set(held) - _COUNTS.keys()
    assert not unknown, unknown
    for what, sql in _COUNTS.items():
        if what not in held:
            losses.add(what, why, _count(store, keys, sql))


def _count(store: Store, keys: Sequence[int], sql: str) -> int:
    total = 0
    for start in range(0, len(keys), _CHUNK):
        bound = {"keys": json.dumps(list(keys[start : start + _CHUNK]))}
        these = "IN (SELECT value FROM json_each(:keys))"
        total += store.read(sql.format(these=these), bound)[0][0]
    return total
