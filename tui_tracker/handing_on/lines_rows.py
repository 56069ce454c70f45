"""Rows of a store from our JSON lines.

Types of columns are checked here, because SQLite keeps whatever it is given; what the
rows mean is for `bundle.inspection` to judge. Totals of a series are worked out anew from
its points; only the mean and the spread, whose last bits depend on how the points came
in, are taken from the file where they agree with what was worked out.
"""

from __future__ import annotations

import hashlib
import json
import math
import sqlite3
import zlib
from typing import Any

from tui_tracker.facts import clean
from tui_tracker.handing_on import lines_format as form
from tui_tracker.merge_rows import insert_sql
from tui_tracker.queries.selection import STATUSES
from tui_tracker.series import AxisCache, OpenSeries

_LONG_TEXT = 512
_HELD = 100_000
"""Points of a series before they are written."""
_CLOSE = 1e-6
_APART = frozenset(("run", "param", "series_block", "console_block", "block", "content", "key"))
_DERIVED = frozenset(("audit", "experiment", "fact", "fact_body", "run_body"))


class RowWriter:
    """Writes lines into a store; `connection` may be another one from one line to the next."""

    def __init__(self) -> None:
        self.connection: sqlite3.Connection
        self._axes = AxisCache()
        self._columns: dict[str, dict[str, str]] = {}
        self._keys: dict[tuple[int, str, str], int] = {}
        self._series: OpenSeries | None = None
        """The one whose points come just now: all of a series follow one another."""
        self._held = 0
        self._run: tuple[object, int] = ("", 0)
        """Id and key of the run whose lines come."""
        self._said: dict[int, tuple[float | None, float | None]] = {}
        """Mean and spread of that run's series, as the file has them."""

    def take(self, line: dict[str, Any]) -> None:
        """Write what a line says.

        Raises:
            ValueError, TypeError, LookupError, OverflowError: it says nothing that can be.
        """
        if "points" not in line:
            self.settle()
        if "run" not in line:
            self._take_told(line)
        elif "is" in line:
            self._take_run(line["run"], line["is"])
        else:
            key = self._key_of(line["run"])
            (what,) = line.keys() - {"run", "steps", "times_ms", "values"}
            if what == "points":
                self._take_points(key, line)
            elif what == "printed":
                self._take_printed(key, line[what])
            else:
                self._take_row(what, line["run"], key, line[what])

    def settle(self) -> None:
        """Write the series that is at its end."""
        series, self._series = self._series, None
        if series is None:
            return
        series.save(self.connection, self._axes)
        self._axes.clear()
        mean, m2 = self._said.get(series.metric, (series.mean, series.m2))
        if _agree(mean, series.mean) and _agree(m2, series.m2):
            self.connection.execute(
                "UPDATE metric SET mean=?, m2=? WHERE run=? AND key=?",
                (mean, m2, series.run, series.metric),
            )

    def _take_run(self, run_id: str, facts: dict[str, Any]) -> None:
        facts = dict(facts)
        if facts["status"] not in STATUSES:
            raise ValueError(f"{facts['status']!r:.40} is no status of a run")
        params = facts.pop("params", {})
        experiment = self._experiment(facts.pop("experiment"), facts.pop("experiment_created_ms"))
        row = self._row("run", facts)
        row |= {"uuid": _uuid(run_id), "experiment": experiment}
        cursor = self.connection.execute(insert_sql("run", tuple(row)), tuple(row.values()))
        key = int(cursor.lastrowid or 0)
        self._run, self._said = (run_id, key), {}
        for name, value in params.items():
            kind, number, text = form.read_param(value)
            digest = None
            if text is not None and len(text) > _LONG_TEXT and kind in ("str", "list"):
                text, digest = text[:_LONG_TEXT], self._content(text)
            self.connection.execute(
                "INSERT INTO param (run, key, type, number, text, digest) VALUES (?,?,?,?,?,?)",
                (key, self._key(["param", name, ""]), kind, number, text, digest),
            )

    def _take_row(self, table: str, run_id: str, key: int, facts: dict[str, Any]) -> None:
        if table in _APART | _DERIVED or not (columns := self._columns_of(table)):
            raise ValueError(f"{table!r:.40} is no kind of line")
        owner = "of" if "of" in columns else "run"
        if owner not in columns:
            raise ValueError(f"{table!r:.40} is no kind of line about a run")
        row = self._row(table, facts)
        if table == "metric":
            # Its totals are worked out anew from its points.
            self._said[row["key"]] = row.get("mean"), row.get("m2")
            return
        row[owner] = _uuid(run_id) if owner == "of" else key
        if table == "journal":
            row["keysets"] = b""
        self.connection.execute(insert_sql(table, tuple(row)), tuple(row.values()))

    def _take_points(self, run: int, line: dict[str, Any]) -> None:
        steps, times = _integers(line["steps"]), _integers(line["times_ms"])
        values = form.read_numbers(line["values"])
        if not len(steps) == len(times) == len(values) > 0:
            raise ValueError("steps, times_ms and values are not of one length")
        key = self._key(line["points"])
        series = self._series
        if series is None or (series.run, series.metric) != (run, key):
            self.settle()
            series = self._series = OpenSeries.load(self.connection, run, key)
        series.add(steps, times, list(values))
        self._held += len(values)
        if self._held > _HELD:
            series.save(self.connection, self._axes)
            self._axes.clear()
            self._held = 0

    def _take_printed(self, run: int, lines: list[Any]) -> None:
        for at, stream, text in lines:
            if not _is_whole(at) or stream not in ("o", "e", "O", "E") or not isinstance(text, str):
                raise ValueError("a printed line is no [milliseconds, stream, text]")
        seq, first = self.connection.execute(
            "SELECT coalesce(max(seq) + 1, 0), coalesce(sum(n), 0) FROM console_block WHERE run=?",
            (run,),
        ).fetchone()
        packed = zlib.compress(json.dumps(lines).encode("utf-8", "surrogatepass"))
        self.connection.execute(
            "INSERT INTO console_block (run, seq, first_line, n, data) VALUES (?,?,?,?,?)",
            (run, seq, first, len(lines), packed),
        )

    def _take_told(self, line: dict[str, Any]) -> None:
        if "end" in line:
            return
        (table,) = line
        if table not in ("alias", "decision"):
            raise ValueError(f"{table!r:.40} is no kind of line")
        row = self._row(table, line[table])
        self.connection.execute(insert_sql(table, tuple(row)), tuple(row.values()))

    def _row(self, table: str, facts: dict[str, Any]) -> dict[str, Any]:
        """Return the columns of a row, with the numbers that this store has for names."""
        columns = self._columns_of(table)
        row: dict[str, Any] = {}
        for name, value in facts.items():
            if name == "content":
                if table == "lineage" and not isinstance(value, (dict, type(None))):
                    raise ValueError("facts of a lineage that have no names")
                row["digest"] = None if value is None else self._content(_text_of(value))
            elif name == "key" and isinstance(value, list):
                row[name] = self._key(value)
            elif name not in columns or name in ("id", "of"):
                raise ValueError(f"{name!r:.40} is nothing that a {table} has")
            elif name != "run" or table == "reproduction":
                row[name] = _checked(name, columns[name], value)
        return row

    def _columns_of(self, table: str) -> dict[str, str]:
        if table not in self._columns:
            found = self.connection.execute("SELECT name, type FROM pragma_table_info(?)", (table,))
            self._columns[table] = dict(found.fetchall())
        return self._columns[table]

    def _key_of(self, run_id: object) -> int:
        if self._run[0] != run_id:
            raise ValueError(f"the run {run_id!r:.40} has not begun in the lines before")
        return self._run[1]

    def _experiment(self, name: str, created_ms: int) -> int:
        if not isinstance(name, str) or not _is_whole(created_ms):
            raise ValueError("a run without an experiment")
        self.connection.execute(
            "INSERT OR IGNORE INTO experiment (name, created_ms) VALUES (?,?)", (name, created_ms)
        )
        row = self.connection.execute("SELECT id FROM experiment WHERE name=?", (name,)).fetchone()
        return int(row[0])

    def _key(self, label: list[str]) -> int:
        kind, name, context = label
        if not isinstance(name, str) or not isinstance(context, str):
            raise ValueError("a name that is no text")
        where = form.KINDS.index(kind), clean(name), clean(context)
        if where not in self._keys:
            self.connection.execute(
                "INSERT OR IGNORE INTO key (kind, name, context) VALUES (?,?,?)", where
            )
            row = self.connection.execute(
                "SELECT id FROM key WHERE kind=? AND name=? AND context=?", where
            ).fetchone()
            self._keys[where] = int(row[0])
        return self._keys[where]

    def _content(self, text: str) -> bytes:
        raw = text.encode("utf-8", "replace")
        digest = hashlib.sha256(raw).digest()
        self.connection.execute(
            "INSERT OR IGNORE INTO content VALUES (?,?)", (digest, zlib.compress(raw))
        )
        return digest


def _text_of(value: Any) -> str:
    if isinstance(value, dict) and len(value) == 1 and isinstance(value.get("text"), str):
        return str(value["text"])
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def _checked(name: str, kind: str, value: Any) -> Any:
    """Return a value as its column holds it.

    Raises:
        ValueError: it is of another type.
    """
    if value is None:
        return None
    if kind == "DOUBLE":
        return form.read_number(value)
    if kind == "BLOB" and isinstance(value, str):
        return bytes.fromhex(value.replace("-", ""))
    if kind == "TEXT" and isinstance(value, str):
        return clean(value)
    if kind == "INTEGER" and _is_whole(value):
        return value
    raise ValueError(f"{name!r:.40} is of another type than a store has it")


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and -(2**63) <= value < 2**63


def _integers(values: Any) -> list[int]:
    if not isinstance(values, list) or not all(map(_is_whole, values)):
        raise ValueError("a step or a time is no whole number of 64 bits")
    return values


def _uuid(run_id: Any) -> bytes:
    raw = bytes.fromhex(run_id.replace("-", "")) if isinstance(run_id, str) else b""
    if len(raw) != 16:
        raise ValueError(f"{run_id!r:.40} is no id of a run")
    return raw


def _agree(said: float | None, found: float | None) -> bool:
    if said is None or found is None:
        return said is found
    return math.isclose(said, found, rel_tol=_CLOSE, abs_tol=1e-300)
