"""What a journal's records mean to the store: rows of a run, its journals, its console.

The drain opens one `RunWriter` a transaction. A run is made from whichever of its
journals comes first; only the main one says what it is called and when it began.
"""

from __future__ import annotations

import json
import sqlite3
import time
import zlib

from tui_tracker import journal
from tui_tracker.values import params_digest_text

# Loaded by a training process too: `typing` alone would double what it costs.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    Facts = Mapping[str, object]

_LONG_TEXT = 512
_BLOCK_LINES = 512
_BLOCK_BYTES = 1 << 16
_PARAM, _METRIC = 0, 1
_WORST = ("failed", "killed", "crashed", "finished")


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
            writer = _word(facts, "writer") or _writer_in(name)
            self._writers[name] = _writer_in(name) if writer == "rank" else writer
            self._connection.execute(
                "INSERT INTO journal (name, run, writer, attempt, drained, status, keysets) "
                "VALUES (?,?,?,?,0,'running',x'')",
                (name, self.key, self._writers[name], _whole(facts, "attempt") or 1),
            )
            if self.rank(name):
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
        if self._writer_of(name) == "capture":
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

    def _give_up_pending(self, reason: str) -> None:
        # A helper that still comes writes over it.
        self._connection.execute(
            "UPDATE lineage SET status='failed', reason=? WHERE run=? AND status='pending'",
            (reason, self.key),
        )

    def finish(self, name: str, facts: Facts) -> None:
        """Apply a finish record."""
        ended = _whole(facts, "t") or int(time.time() * 1000)
        status = _word(facts, "status")
        self.end_journal(
            name, status if status in _WORST else "finished", _word(facts, "why"), ended
        )
        lost = _whole(facts, "lost") or 0
        if lost:
            self._connection.execute(
                "UPDATE run SET lost=lost+?, lost_why=? WHERE id=?",
                (lost, _word(facts, "lost_why"), self.key),
            )

    def status(self) -> str:
        row = self._connection.execute("SELECT status FROM run WHERE id=?", (self.key,)).fetchone()
        return row[0] if row else ""

    def is_side(self, name: str) -> bool:
        """Return whether a journal's end says nothing about the run's."""
        return self._writer_of(name) in ("fork", "capture")

    def rank(self, name: str) -> str:
        """Return `rank1` and so on for a journal of another rank than 0, else ""."""
        writer = self._writer_of(name)
        return writer if writer.startswith("rank") else ""

    def stamp(self) -> int:
        """Return a number that changes whenever any journal of the run was drained."""
        row = self._connection.execute(
            "SELECT coalesce(sum(drained), 0) FROM journal WHERE run=?", (self.key,)
        ).fetchone()
        return int(row[0])

    def metric_context(self, name: str, context: str) -> str:
        """Return the context of a metric; ranks other than 0 have one of their own."""
        return _clean(".".join(part for part in (context, self.rank(name)) if part))

    def metric_key(self, name: str, context: str) -> int:
        return self._intern(_METRIC, _clean(name), context)

    # -- what the other records say

    def apply(self, kind: int, facts: Facts) -> None:
        """Apply a record that is neither metrics nor console nor finish."""
        at_ms = _whole(facts, "t") or int(time.time() * 1000)
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
        for part in _list(facts, "lineage"):
            if isinstance(part, dict):
                self._save_lineage(part, over=part.get("status") != "pending")

    def _make_run(self, facts: Facts) -> None:
        experiment = _word(facts, "experiment") or "recovered"
        name = _word(facts, "name") or f"recovered-{self._uuid.hex()[-6:]}"
        # A UUIDv7 begins with the milliseconds at which it was made.
        started = _whole(facts, "t") or int.from_bytes(self._uuid[:6], "big")
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
            started = _whole(facts, "t") or 0
            self._connection.execute(
                "UPDATE run SET status='running', ended_ms=NULL, ended_by='', "
                "host=?, user=?, pid=?, parent=coalesce(?, parent) WHERE id=?",
                (
                    *(_word(facts, "host"), _word(facts, "user"), _whole(facts, "pid")),
                    *(_digits(facts, "parent"), self.key),
                ),
            )
            if (_whole(facts, "attempt") or 1) == 1:
                self._connection.execute(
                    "UPDATE run SET name=?, experiment=?, started_ms=? WHERE id=?",
                    (
                        *(
                            _word(facts, "name"),
                            self._experiment(_word(facts, "experiment"), started),
                        ),
                        *(started, self.key),
                    ),
                )

    def _save_params(self, params: Mapping[str, object], at_ms: int) -> None:
        for name, value in params.items():
            self._save_param(_clean(name), value, at_ms)
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
        if old is not None:
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
        if value is None:
            return "none", None, None, None
        if isinstance(value, bool):
            return "bool", float(value), None, None
        if isinstance(value, int):
            exact = abs(value) <= 2**53
            return "int", _float(value), None if exact else str(value), None
        if isinstance(value, float):
            return (
                "float",
                None if value != value else value,
                None if value == value else "NaN",
                None,
            )
        kind = "str" if isinstance(value, str) else "list"
        text = _clean(value) if isinstance(value, str) else json.dumps(value, default=str)
        if len(text) <= _LONG_TEXT:
            return kind, None, text, None
        return kind, None, text[:_LONG_TEXT], self._save_content(text.encode())

    def _all_params(self) -> dict[str, object]:
        rows = self._connection.execute(
            "SELECT k.name, p.type, p.number, p.text, hex(p.digest) FROM param AS p "
            "JOIN key AS k ON k.id = p.key WHERE p.run=?",
            (self.key,),
        )
        return {name: list(columns) for name, *columns in rows}

    def _save_tags(self, facts: Facts, at_ms: int) -> None:
        for tag in _words(facts, "add"):
            self._connection.execute(
                "INSERT OR IGNORE INTO tag VALUES (?,?,?)", (self.key, _clean(tag), at_ms)
            )
        for tag in _words(facts, "remove"):
            self._connection.execute(
                "DELETE FROM tag WHERE run=? AND tag=?", (self.key, _clean(tag))
            )

    def _save_note(self, facts: Facts, at_ms: int) -> None:
        self._connection.execute(
            "INSERT INTO note (run, at_ms, author, text) VALUES (?,?,?,?)",
            (self.key, at_ms, _word(facts, "user"), _word(facts, "text")),
        )

    def _save_artifact(self, facts: Facts, at_ms: int) -> None:
        self._connection.execute(
            "INSERT OR REPLACE INTO artifact "
            "(run, path, at_ms, kind, size, sha256, copied, problem) VALUES (?,?,?,?,?,?,?,?)",
            (
                *(self.key, _word(facts, "path"), at_ms, _word(facts, "kind")),
                *(_whole(facts, "size"), _digits(facts, "sha256")),
                *(int(bool(facts.get("copied"))), _word(facts, "problem")),
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
                *(self.key, _word(facts, "part"), _word(facts, "status"), _word(facts, "reason")),
                *(_whole(facts, "took_ms"), digest),
            ),
        )

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


class Console:
    """The console of a run: its last block, open until it is full."""

    def __init__(self, run: int) -> None:
        self._run = run
        self._seq = 0
        self._first = 0
        self._lines: list[tuple[int, str, str]] = []
        self._partial: dict[str, tuple[int, str, str]] = {}
        """The unfinished line of each stream, replaced until its line end comes."""
        self._full: list[tuple[int, int, list[tuple[int, str, str]]]] = []
        self._size = 0
        self._changed = False

    @classmethod
    def load(cls, connection: sqlite3.Connection, run: int) -> Console:
        """Return the console as the store has it."""
        console = cls(run)
        row = connection.execute(
            "SELECT seq, first_line, n, data FROM console_block WHERE run=? "
            "ORDER BY seq DESC LIMIT 1",
            (run,),
        ).fetchone()
        if row is not None:
            console._seq, console._first, _, data = row
            for at_ms, stream, text in json.loads(zlib.decompress(data)):
                if stream.isupper():
                    console._partial[stream] = (at_ms, stream, text)
                else:
                    console._append((at_ms, stream, text))
        return console

    def add(self, facts: Facts, rank: str) -> None:
        """Take one record of printed text."""
        stream = "e" if _word(facts, "stream") == "err" else "o"
        at_ms = _whole(facts, "t") or 0
        text = _word(facts, "text")
        if rank:
            text = f"[{rank}] {text}"
        self._changed = True
        if facts.get("partial"):
            self._partial[stream.upper()] = (at_ms, stream.upper(), text)
            return
        self._partial.pop(stream.upper(), None)
        self._append((at_ms, stream, text))

    def save(self, connection: sqlite3.Connection) -> None:
        """Write full blocks and the open one."""
        if not self._changed:
            return
        open_lines = [*self._lines, *self._partial.values()]
        for seq, first, lines in [*self._full, (self._seq, self._first, open_lines)]:
            data = zlib.compress(json.dumps(lines, separators=(",", ":")).encode(), 6)
            connection.execute(
                "INSERT OR REPLACE INTO console_block VALUES (?,?,?,?,?)",
                (self._run, seq, first, len(lines), data),
            )
        connection.execute(
            "UPDATE run SET console_lines=? WHERE id=?", (self._first + len(open_lines), self._run)
        )
        self._full.clear()
        self._changed = False

    def _append(self, line: tuple[int, str, str]) -> None:
        self._lines.append(line)
        self._size += len(line[2])
        if len(self._lines) >= _BLOCK_LINES or self._size >= _BLOCK_BYTES:
            self._full.append((self._seq, self._first, self._lines))
            self._seq, self._first = self._seq + 1, self._first + len(self._lines)
            self._lines, self._size = [], 0


def _writer_in(name: str) -> str:
    """Return the kind of writer that a journal's name tells of: `main`, `rank1`, `fork` ..."""
    for part in name.split(".")[1:-1]:
        if part == "capture":
            return part
        if part.startswith("p"):
            return "fork"
        if part.startswith("r"):
            return f"rank{part[1:]}"
    return "main"


def _sha256(raw: bytes) -> bytes:
    import hashlib  # 4 ms, which a reader with nothing to drain need not wait for

    return hashlib.sha256(raw).digest()


def _clean(value: object) -> str:
    """Return a text that SQLite takes: lone surrogates have no UTF-8."""
    return str(value).encode("utf-8", "replace").decode()


def _word(facts: Facts, key: str) -> str:
    value = facts.get(key)
    return "" if value is None else _clean(value)


def _words(facts: Facts, key: str) -> list[str]:
    return [str(item) for item in _list(facts, key)]


def _list(facts: Facts, key: str) -> list[object]:
    value = facts.get(key)
    return value if isinstance(value, list) else []


def _whole(facts: Facts, key: str) -> int | None:
    value = facts.get(key)
    return value if isinstance(value, int) and abs(value) < 2**63 else None


def _digits(facts: Facts, key: str) -> bytes | None:
    """Return bytes that are told in hexadecimal, dashes passed over."""
    try:
        return bytes.fromhex(_word(facts, key).replace("-", "")) or None
    except ValueError:
        return None


def _float(value: int) -> float | None:
    try:
        return float(value)
    except OverflowError:
        return None
