"""The changes of one request: its number, time and author, inside its write transaction."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from tui_tracker.capture.process import user_name
from tui_tracker.errors import InvalidArgument
from tui_tracker.store import Store

LONGEST_LABEL = 500
"""Characters of a tag or a name."""
THESE = "run IN (SELECT value FROM json_each(:keys))"


class Batch:
    """One batch of rows of `edit`.

    Changes are made to all runs by one statement each, so that a hundred thousand runs
    take a second and lock the store no longer.
    """

    def __init__(self, connection: sqlite3.Connection, keys: Iterable[int]) -> None:
        self.connection = connection
        self.at_ms = time.time_ns() // 1_000_000
        self.who = user_name()
        number, self._before = connection.execute(
            "SELECT max(coalesce(max(batch), 0), 0) + 1, coalesce(max(id), 0) FROM edit"
        ).fetchone()
        self._bound: dict[str, object] = {
            "batch": number,
            "at_ms": self.at_ms,
            "who": self.who,
            "keys": json.dumps(list(dict.fromkeys(keys)), separators=(",", ":")),
        }

    def record(self, what: str, runs_old_new: str, bound: dict[str, object] | None = None) -> int:
        """Write a row for each of `SELECT run, old, new`; return how many there are."""
        return self.run(
            "INSERT INTO edit (batch, at_ms, who, what, run, old, new) "
            f"SELECT :batch, :at_ms, :who, :what, * FROM ({runs_old_new})",
            {"what": what, **(bound or {})},
        )

    def run(self, sql: str, bound: dict[str, object] | None = None) -> int:
        """Run a statement with `:keys`, `:at_ms` and `:who`; return how many rows it changed."""
        return self.connection.execute(sql, {**self._bound, **(bound or {})}).rowcount

    @property
    def changed(self) -> int:
        """How many runs this batch changes."""
        found = self.connection.execute(
            "SELECT count(DISTINCT run) FROM edit WHERE id>? AND batch=?",
            (self._before, self._bound["batch"]),
        ).fetchone()
        return int(found[0])


@contextmanager
def batch_of(store: Store, keys: Iterable[int]) -> Iterator[Batch]:
    """Give a batch about these runs inside one write transaction."""
    with store.write() as connection:
        yield Batch(connection, keys)


def label(what: str, text: str) -> str:
    """Return a tag or a name as it is stored.

    Raises:
        InvalidArgument: it is empty or too long.
    """
    words = utf8(text).strip()
    if not words:
        raise InvalidArgument(f"{what} needs at least one character: nothing was changed")
    if len(words) > LONGEST_LABEL:
        raise InvalidArgument(
            f"{what} of {len(words)} characters is too long, at most {LONGEST_LABEL} fit"
        )
    return words


def utf8(text: str) -> str:
    """Return a text that SQLite takes: arguments that are no UTF-8 have lone surrogates."""
    return text.encode("utf-8", "replace").decode()
