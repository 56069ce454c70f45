"""What a journal's records mean to the store: rows of a run and of its journals.

The drain opens one `RunWriter` a transaction. A run is made from whichever of its
journals comes first; only the main one says what it is called and when it began.
"""

from __future__ import annotations

import json
import sqlite3
import time
import zlib

from tui_tracker import journal
from tui_tracker.fact_rows import save_facts
from tui_tracker.facts import clean, members, param_columns, whole, word, words
from tui_tracker.values import params_digest_text

# Loaded by a training process too: `typing` alone would double what it costs.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from tui_tracker.facts import Facts

_LONG_TEXT = 512
_PARAM, METRIC, SYSTEM = 0, 1, 2
"""Kinds of names; system metrics are none of the user's, and stay out of their sight."""
_GIVEN = "SELECT 1 FROM edit WHERE run=:run AND what='tag' AND new=:tag AND undone_ms IS NULL"
"""Whether a person gave the run a tag."""
_WORST = ("failed", "killed", "crashed", "pruned", "finished")


class RunWriter:
    """The rows of one run, inside one write transaction."""

    def __init__(self, connection: sqlite3.Connection, run_id: str) -> None:
        self._connection = connection
        self._uuid = bytes.fromhex(run_id.replace("-", ""))
        row = connection.execute("SELECT id FROM run WHERE uuid=?", (self._uuid,)).fetchone()
        self.key: int = row[0] if row else 0
        self._writers: dict[str, str] = {}

    # -- the run and its journals

    def journal_place(self, name: str) -> int | None:
        """Return how far the store has the journal, None where it has nothing of it."""
        row = self._connection.execute(
            "SELECT drained, writer FROM journal WHERE name=?", (name,)
        ).fetchone()
        if row is None:
            return None
        self._writers[name] = row[1]
        return int(row[0])

    def open(self, name: str, start: Facts | None) -> None:
        """Make sure that run and journal have rows; take what a start record says."""
        facts: Facts = start or {}
        if not self.key:
            self._make_run(facts)
        if name not in self._writers:
            writer = word(facts, "writer") or _writer_in(name)
            own = writer not in ("rank", "fork", "join")
            self._writers[name] = writer if own else _writer_in(name)
            self._connection.execute(
                "INSERT INTO journal (name, run, writer, attempt, drained, status, keysets) "
                "VALUES (?,?,?,?,0,'running',x'')",
                (name, self.key, self._writers[name], whole(facts, "attempt") or 1),
            )
            if self.rank(name) and not self.is_side(name):
                # The other ranks may have ended before this one was seen.
                self._connection.execute(
                    "UPDATE run SET status='running', ended_ms=NULL WHERE id=?", (self.key,)
                )
            if start is not None:
                self._start(name, facts)

    def save_journal(
        self, name: str, drained: int, keysets: bytes | None, damage: str, points: int, lost: int
    ) -> None:
        self._connection.execute(
            "UPDATE journal SET drained=?, damage=?, keysets=coalesce(?, keysets) WHERE name=?",
            (drained, damage, keysets, name),
        )
        if points or lost or damage:
            self._connection.execute(
                "UPDATE run SET points=points+?, lost=lost+?, "
                "lost_why=CASE WHEN ?='' THEN lost_why ELSE ? END WHERE id=?",
                (points, lost, damage, damage, self.key),
            )

    def end_journal(self, name: str, status: str, why: str, ended_ms: int) -> None:
        """Note how the writer of a journal ended, and what that makes of the run."""
        self._connection.execute("UPDATE journal SET status=? WHERE name=?", (status, name))
        if self._writer_of(name) == "capture" and not self._is_helped():
            self._give_up_pending("the helper process ended before it was recorded")
        if self.is_side(name):
            return
        states = [
            row[0]
            for row in self._connection.execute(
                "SELECT status FROM journal WHERE run=? AND (writer='main' OR writer LIKE 'rank%') "
                "AND attempt=(SELECT max(attempt) FROM journal WHERE run=?)",
                (self.key, self.key),
            )
        ]
        settled = next((status for status in _WORST if status in states), "running")
        if "running" in states or settled == "running":
            return
        self._connection.execute(
            "UPDATE run SET status=?, ended_ms=max(?, coalesce(ended_ms, 0), started_ms), "
            "ended_by=CASE WHEN ?='' THEN ended_by ELSE ? END WHERE id=?",
            (settled, ended_ms, why, why, self.key),
        )
        if settled in ("crashed", "killed"):
            self._give_up_pending("the run ended before it was recorded")

    def _is_helped(self) -> bool:
        """Return whether a helper process of the run still writes."""
        row = self._connection.execute(
            "SELECT count(*) FROM journal WHERE run=? AND writer='capture' AND status='running'",
            (self.key,),
        ).fetchone()
        return bool(row[0])

    def _give_up_pending(self, reason: str) -> None:
        # A helper that still comes writes over it.
        self._connection.execute(
            "UPDATE lineage SET status='failed', reason=? WHERE run=? AND status='pending'",
            (reason, self.key),
        )

    def finish(self, name: str, facts: Facts) -> None:
        """Apply a finish record."""
        ended = whole(facts, "t") or int(time.time() * 1000)
        status = word(facts, "status")
        self.end_journal(
            name, status if status in _WORST else "finished", word(facts, "why"), ended
        )
        lost = whole(facts, "lost") or 0
        if lost:
            self._connection.execute(
                "UPDATE run SET lost=lost+?, lost_why=? WHERE id=?",
                (lost, word(facts, "lost_why"), self.key),
            )

    def status(self) -> str:
        row = self._connection.execute("SELECT status FROM run WHERE id=?", (self.key,)).fetchone()
        return row[0] if row else ""

    @property
    def id(self) -> str:
        """The run's id as people see it."""
        digits = self._uuid.hex()
        return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))

    def last_ms(self) -> int:
        """Return when the run's last point was logged, else when it began."""
        row = self._connection.execute(
            "SELECT coalesce((SELECT max(last_ms) FROM metric WHERE run=r.id), r.started_ms) "
            "FROM run AS r WHERE r.id=?",
            (self.key,),
        ).fetchone()
        return int(row[0])

    def is_side(self, name: str) -> bool:
        """Return whether a journal's end says nothing about the run's."""
        return self._writer_of(name).startswith(("fork", "join", "capture"))

    def rank(self, name: str) -> str:
        """Return `rank1` and so on for a journal of another rank than 0, else ""."""
        parts = self._writer_of(name).split(".")
        return next((part for part in parts if part.startswith("rank")), "")

    def stamp(self) -> int:
        """Return a number that changes whenever any journal of the run was drained."""
        row = self._connection.execute(
            "SELECT coalesce(sum(drained), 0) FROM journal WHERE run=?", (self.key,)
        ).fetchone()
        return int(row[0])

    def metric_context(self, name: str, context: str) -> str:
        """Return the context of a metric; ranks other than 0 have one of their own."""
        return clean(".".join(part for part in (context, self.rank(name)) if part))

    def metric_key(self, name: str, context: str, kind: int = METRIC) -> int:
        return self._intern(kind, clean(name), context)

    def started_ms(self) -> int:
        row = self._connection.execute(
            "SELECT started_ms FROM run WHERE id=?", (self.key,)
        ).fetchone()
        return int(row[0])

    # -- what the other records say

    def apply(self, kind: int, facts: Facts) -> None:
        """Apply a record that is neither metrics nor console nor finish."""
        at_ms = whole(facts, "t") or int(time.time() * 1000)
        if "params" in facts and isinstance(facts["params"], dict):
            self._save_params(facts["params"], at_ms)
        if "add" in facts or "remove" in facts:
            self._save_tags(facts, at_ms)
        if kind in (journal.NOTE, journal.START) and facts.get("text"):
            self._save_note(facts, at_ms)
        elif kind == journal.ARTIFACT:
            self._save_artifact(facts, at_ms)
        elif kind == journal.LINEAGE:
            self._save_lineage(facts)
        for part in members(facts, "lineage"):
            if isinstance(part, dict):
                self._save_lineage(part, over=part.get("status") != "pending")

    def _make_run(self, facts: Facts) -> None:
        experiment = word(facts, "experiment") or "recovered"
        name = word(facts, "name") or f"recovered-{self._uuid.hex()[-6:]}"
        # A UUIDv7 begins with the milliseconds at which it was made.
        started = whole(facts, "t") or int.from_bytes(self._uuid[:6], "big")
        cursor = self._connection.execute(
            "INSERT INTO run (uuid, experiment, name, status, started_ms) "
            "VALUES (?,?,?,'running',?)",
            (self._uuid, self._experiment(experiment, started), name, started),
        )
        self.key = int(cursor.lastrowid or 0)

    def _experiment(self, name: str, at_ms: int) -> int:
        row = self._connection.execute("SELECT id FROM experiment WHERE name=?", (name,)).fetchone()
        if row:
            return int(row[0])
        cursor = self._connection.execute(
            "INSERT INTO experiment (name, created_ms) VALUES (?,?)", (name, at_ms)
        )
        return int(cursor.lastrowid or 0)

    def _start(self, name: str, facts: Facts) -> None:
        writer = self._writer_of(name)
        if writer == "main":
            started = whole(facts, "t") or 0
            self._connection.execute(
                "UPDATE run SET status='running', ended_ms=NULL, ended_by='', "
                "host=?, user=?, pid=?, parent=coalesce(?, parent) WHERE id=?",
                (
                    *(word(facts, "host"), word(facts, "user"), whole(facts, "pid")),
                    *(_digits(facts, "parent"), self.key),
                ),
            )
            if (whole(facts, "attempt") or 1) == 1:
                self._connection.execute(
                    "UPDATE run SET name=?, experiment=?, started_ms=? WHERE id=?",
                    (
                        *(
                            word(facts, "name"),
                            self._experiment(word(facts, "experiment"), started),
                        ),
                        *(started, self.key),
                    ),
                )

        elif writer.startswith("join"):
            self._take_given(facts)

    def _take_given(self, facts: Facts) -> None:
        """Take the name and experiment that a script gave a run which `tt run` had begun."""
        given = facts.get("given")
        if not isinstance(given, dict):
            return
        if name := word(given, "name"):
            # A name that a person gave meanwhile stays.
            self._connection.execute(
                "UPDATE run SET name=? WHERE id=? AND NOT EXISTS (SELECT 1 FROM edit "
                "WHERE run=? AND what='rename' AND undone_ms IS NULL)",
                (name, self.key, self.key),
            )
        if experiment := word(given, "experiment"):
            (before,) = self._connection.execute(
                "SELECT experiment FROM run WHERE id=?", (self.key,)
            ).fetchone()
            after = self._experiment(experiment, whole(facts, "t") or 0)
            self._connection.execute("UPDATE run SET experiment=? WHERE id=?", (after, self.key))
            # One that was made for this run alone would stay behind empty.
            self._connection.execute(
                "DELETE FROM experiment WHERE id=? AND id NOT IN (SELECT experiment FROM run)",
                (before,),
            )

    def _save_params(self, params: Mapping[str, object], at_ms: int) -> None:
        for name, value in params.items():
            self._save_param(clean(name), value, at_ms)
        text = params_digest_text(self._all_params())
        digest = _sha256(text.encode("utf-8", "replace"))[:8]
        self._connection.execute("UPDATE run SET params_digest=? WHERE id=?", (digest, self.key))

    def _save_param(self, name: str, value: object, at_ms: int) -> None:
        key = self._intern(_PARAM, name, "")
        kind, number, text, digest = self._param_columns(value)
        new = (kind, number, text, digest)
        old = self._connection.execute(
            "SELECT type, number, text, digest FROM param WHERE run=? AND key=?", (self.key, key)
        ).fetchone()
        if old == new:
            return
        if old is not None and (text is not None or number is None or old[1] != number):
            # A command's 5 that the script reads as 5.0 is no change.
            self._note_change(key, old, new, at_ms)
        self._connection.execute(
            "INSERT OR REPLACE INTO param VALUES (?,?,?,?,?,?)", (self.key, key, *new)
        )

    def _note_change(
        self, key: int, old: tuple[object, ...], new: tuple[object, ...], at_ms: int
    ) -> None:
        """Keep both values of a param that was logged again, with their times."""
        changes = self._connection.execute(
            "SELECT count(*) FROM param_change WHERE run=? AND key=?", (self.key, key)
        ).fetchone()[0]
        started = self._connection.execute(
            "SELECT started_ms FROM run WHERE id=?", (self.key,)
        ).fetchone()[0]
        rows = [(started, old)] if changes == 0 else []
        for when, (kind, number, text, digest) in [*rows, (at_ms, new)]:
            whole = text if digest is None else self._read_content(digest)
            value = json.dumps([kind, number if whole is None else whole])
            self._connection.execute(
                "INSERT INTO param_change (run, key, at_ms, value) VALUES (?,?,?,?)",
                (self.key, key, when, value),
            )

    def _param_columns(self, value: object) -> tuple[str, float | None, str | None, bytes | None]:
        kind, number, text = param_columns(value)
        if text is None or len(text) <= _LONG_TEXT:
            return kind, number, text, None
        return kind, number, text[:_LONG_TEXT], self._save_content(text.encode())

    def _all_params(self) -> dict[str, object]:
        rows = self._connection.execute(
            "SELECT k.name, p.type, p.number, p.text, hex(p.digest) FROM param AS p "
            "JOIN key AS k ON k.id = p.key WHERE p.run=?",
            (self.key,),
        )
        return {name: list(columns) for name, *columns in rows}

    def _save_tags(self, facts: Facts, at_ms: int) -> None:
        for tag in words(facts, "add"):
            # Where a person gave the same tag, the time tells that it is the run's own now,
            # and undoing the person's leaves it.
            self._connection.execute(
                "INSERT INTO tag VALUES (:run, :tag, :at) ON CONFLICT (run, tag) DO UPDATE "
                f"SET at_ms=max(at_ms + 1, excluded.at_ms) WHERE EXISTS ({_GIVEN})",
                {"run": self.key, "tag": clean(tag), "at": at_ms},
            )
        for tag in words(facts, "remove"):
            # What a person gave later stays.
            self._connection.execute(
                "DELETE FROM tag WHERE run=:run AND tag=:tag "
                f"AND NOT EXISTS ({_GIVEN} AND at_ms > :at)",
                {"run": self.key, "tag": clean(tag), "at": at_ms},
            )

    def _save_note(self, facts: Facts, at_ms: int) -> None:
        self._connection.execute(
            "INSERT INTO note (run, at_ms, author, text) VALUES (?,?,?,?)",
            (self.key, at_ms, word(facts, "user"), word(facts, "text")),
        )

    def _save_artifact(self, facts: Facts, at_ms: int) -> None:
        self._connection.execute(
            "INSERT OR REPLACE INTO artifact "
            "(run, path, at_ms, kind, size, sha256, copied, problem) VALUES (?,?,?,?,?,?,?,?)",
            (
                *(self.key, word(facts, "path"), at_ms, word(facts, "kind")),
                *(whole(facts, "size"), _digits(facts, "sha256")),
                *(int(bool(facts.get("copied"))), word(facts, "problem")),
            ),
        )

    def _save_lineage(self, facts: Facts, *, over: bool = True) -> None:
        # The helper's journal may be drained before the one that announces its parts.
        body = facts.get("facts")
        digest = None
        if body:
            text = json.dumps(body, sort_keys=True, separators=(",", ":"))
            digest = self._save_content(text.encode("utf-8", "replace"))
        self._connection.execute(
            f"INSERT OR {'REPLACE' if over else 'IGNORE'} INTO lineage VALUES (?,?,?,?,?,?)",
            (
                *(self.key, word(facts, "part"), word(facts, "status"), word(facts, "reason")),
                *(whole(facts, "took_ms"), digest),
            ),
        )
        if self._is_told(word(facts, "part"), digest):
            told = body if isinstance(body, dict) else {}
            save_facts(self._connection, self.key, word(facts, "part"), told)

    def _is_told(self, part: str, digest: bytes | None) -> bool:
        """Return whether a part of the run's lineage is what this content says."""
        row = self._connection.execute(
            "SELECT digest FROM lineage WHERE run=? AND part=?", (self.key, part)
        ).fetchone()
        return row is not None and row[0] == digest

    def _save_content(self, raw: bytes) -> bytes:
        digest = _sha256(raw)
        self._connection.execute(
            "INSERT OR IGNORE INTO content VALUES (?,?)", (digest, zlib.compress(raw))
        )
        return digest

    def _read_content(self, digest: object) -> str:
        row = self._connection.execute(
            "SELECT data FROM content WHERE digest=?", (digest,)
        ).fetchone()
        return zlib.decompress(row[0]).decode() if row else ""

    def _intern(self, kind: int, name: str, context: str) -> int:
        where = (name, kind, context)
        row = self._connection.execute(
            "SELECT id FROM key WHERE name=? AND kind=? AND context=?", where
        ).fetchone()
        if row:
            return int(row[0])
        cursor = self._connection.execute(
            "INSERT INTO key (name, kind, context) VALUES (?,?,?)", where
        )
        return int(cursor.lastrowid or 0)

    def _writer_of(self, name: str) -> str:
        return self._writers.get(name) or _writer_in(name)


def _writer_in(name: str) -> str:
    """Return the kind of writer that a journal's name tells of.

    `main`, `rank1`, `capture`, `fork`, `fork.rank1` for a child of another rank, and
    `join` for a script in the run that `tt run` began.
    """
    parts = name.split(".")[1:-1]
    if "capture" in parts:
        return "capture"
    ranks = [f"rank{part[1:]}" for part in parts if part.startswith("r")]
    forks = ["fork" if part[0] == "p" else "join" for part in parts if part[:1] in ("p", "s")]
    return ".".join([*forks, *ranks]) or "main"


def _sha256(raw: bytes) -> bytes:
    import hashlib  # 4 ms, which a reader with nothing to drain need not wait for

    return hashlib.sha256(raw).digest()


def _digits(facts: Facts, key: str) -> bytes | None:
    """Return bytes that are told in hexadecimal, dashes passed over."""
    try:
        return bytes.fromhex(word(facts, key).replace("-", "")) or None
    except ValueError:
        return None
