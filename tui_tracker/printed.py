"""What a run printed, as blocks of lines: the last one is open until it is full."""

from __future__ import annotations

import json
import sqlite3
import zlib

from tui_tracker.facts import whole, word

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tui_tracker.facts import Facts

_BLOCK_LINES = 512
_BLOCK_BYTES = 1 << 16


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
        stream = "e" if word(facts, "stream") == "err" else "o"
        at_ms = whole(facts, "t") or 0
        text = word(facts, "text")
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
