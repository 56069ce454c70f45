"""Write all of some runs as JSON lines; `lines_format` tells the form.

What belongs to a run is read from the schema, as a merge does, so that a new table is not
forgotten. Names are those that were logged, whatever aliases say; the aliases go along.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Sequence
from typing import Any

from tui_tracker.handing_on import lines_format as form
from tui_tracker.handing_on.losses import Losses
from tui_tracker.handing_on.points import in_chunks, in_full_blocks, read_points
from tui_tracker.handing_on.secrets import Cleaner
from tui_tracker.merge_rows import Table, tables_of_runs
from tui_tracker.queries.contents import content
from tui_tracker.queries.rows import run_uuid
from tui_tracker.store import Store

Write = Callable[[str], object]
_APART = frozenset(("param", "series_block", "console_block"))
"""Tables whose rows have a form of their own."""
_THESE = "IN (SELECT value FROM json_each(:keys))"
_LINES = 500
"""Printed lines in a line."""


def write_lines(
    store: Store,
    keys: Sequence[int],
    write: Write,
    *,
    cleaner: Cleaner,
    losses: Losses,
    tell: Callable[[int], None] = lambda _: None,
) -> None:
    """Write these runs, in their order; `tell` hears how many points went out.

    Raises:
        StoreDamaged: points or lines of a run cannot be read.
    """
    _Writer(store, write, cleaner, losses, tell).write(keys)


class _Writer:
    """One file while it is written."""

    def __init__(
        self,
        store: Store,
        write: Write,
        cleaner: Cleaner,
        losses: Losses,
        tell: Callable[[int], None],
    ) -> None:
        self._store, self._write, self._cleaner = store, write, cleaner
        self._losses, self._tell = losses, tell
        self._tables = [t for t in tables_of_runs(store) if t.name not in _APART]
        self._keys = {
            number: [form.KINDS[kind], name, context]
            for number, kind, name, context in store.read(
                "SELECT id, kind, name, context FROM main.key WHERE kind < 3"
            )
        }
        self._numbered = frozenset(
            table.name
            for table in self._tables
            if store.read("SELECT 1 FROM pragma_table_info(?) WHERE name='id'", (table.name,))
        )
        self._batches: dict[int, int] = {}
        self._texts: dict[bytes, Any] = {}
        self._experiments: dict[str, None] = {}
        self._points = 0

    def write(self, keys: Sequence[int]) -> None:
        self._write(form.line({"tui_tracker": form.MAGIC, "version": form.VERSION}))
        done = 0
        for chunk in in_chunks(self._store, keys):
            with self._store.one_moment():
                done += self._write_runs(chunk)
        self._write_told()
        self._write(form.line({"end": {"runs": done, "points": self._points}}))

    def _write_runs(self, chunk: list[int]) -> int:
        bound = {"keys": json.dumps(chunk)}
        runs = _read_runs(self._store, bound)
        params = self._read_params(bound)
        rows = {table.name: self._read_rows(table, bound, runs) for table in self._tables}
        points = in_full_blocks(read_points(self._store, chunk, system=True, as_logged=True))
        ahead = next(points, None)
        for key in (key for key in chunk if key in runs):
            run_id, facts = runs[key]
            self._experiments[facts["experiment"]] = None
            facts = {name: self._text(value) for name, value in facts.items()}
            facts["params"] = params.get(key, {})
            self._write(form.line({"run": run_id, "is": facts}))
            for table in self._tables:
                for row in rows[table.name].get(key, ()):
                    self._write(form.line({"run": run_id, table.name: row}))
            self._write_console(key, run_id)
            while ahead is not None and ahead.run == key:
                self._points += len(ahead.values)
                self._tell(len(ahead.values))
                self._write(_points_line(run_id, ahead))
                ahead = next(points, None)
        return len(runs)

    def _read_params(self, bound: dict[str, Any]) -> dict[int, dict[str, Any]]:
        found: dict[int, dict[str, Any]] = {}
        for run, name, kind, number, text, digest in self._store.read(
            "SELECT p.run, k.name, p.type, p.number, p.text, p.digest FROM main.param AS p "
            f"JOIN main.key AS k ON k.id = p.key WHERE p.run {_THESE} ORDER BY p.run, k.name",
            bound,
        ):
            whole = text if digest is None else content(self._store, digest).decode()
            value = form.param(kind, number, whole)
            found.setdefault(run, {})[name] = self._cleaner.param(name, value)
        return found

    def _read_rows(
        self, table: Table, bound: dict[str, Any], runs: dict[int, tuple[str, Any]]
    ) -> dict[int, list[dict[str, Any]]]:
        """Return the rows of a table by run, in an order that is the same in every store."""
        names = ", ".join(f'"{name}"' for name in table.columns)
        owners: dict[int | bytes, int] = {key: key for key in runs}
        where = f"run {_THESE}"
        if table.owner == "of":
            owners = {bytes.fromhex(one.replace("-", "")): key for key, (one, _) in runs.items()}
            where = f'"of" IN (SELECT uuid FROM run WHERE id {_THESE})'
        found: dict[int, list[dict[str, Any]]] = {}
        order = "ORDER BY at_ms, id" if table.name in self._numbered else ""
        for row in self._store.read(
            f'SELECT {names} FROM main."{table.name}" WHERE {where} {order}', bound
        ):
            facts = dict(zip(table.columns, row, strict=True))
            owner = owners[facts.pop(table.owner)]
            found.setdefault(owner, []).append(self._shaped(table, facts))
        if not order:
            for rows in found.values():
                rows.sort(key=lambda row: json.dumps(row, sort_keys=True))
        return found

    def _shaped(self, table: Table, facts: dict[str, Any]) -> dict[str, Any]:
        """Return a row as it is written: nothing in it is a number of this store."""
        shaped: dict[str, Any] = {}
        for name, value in facts.items():
            if name == "digest":
                shaped["content"] = self._content(value)
            else:
                shaped[name] = self._cell(table, name, value)
        if table.name == "artifact":
            self._without_place(shaped)
        elif table.name == "journal":
            del shaped["keysets"]  # of use only where its file is
        elif table.name == "param_change":
            shaped["value"] = self._change(shaped["key"][1], facts["value"])
        return shaped

    def _cell(self, table: Table, name: str, value: Any) -> Any:
        if name in ("key", "metric") and name in table.numbers:
            return self._keys[value]
        if name == "batch":
            return self._batches.setdefault(value, len(self._batches) + 1)
        if isinstance(value, bytes):
            return value.hex()
        return form.number(value) if isinstance(value, float) else self._text(value)

    def _without_place(self, artifact: dict[str, Any]) -> None:
        """Say nothing of whether the bytes came along when this run was brought in so."""
        if artifact["problem"] == form.NOT_INSIDE:
            artifact |= {"copied": 1, "problem": ""}
        if artifact["copied"]:
            self._losses.add("file", "known by hash alone in there: tt bundle takes files along")

    def _change(self, name: str, packed: str) -> str:
        kind, value = json.loads(packed)
        cleaned = self._cleaner.param(name, value) if kind in ("str", "list") else value
        return packed if cleaned is value or cleaned == value else json.dumps([kind, cleaned])

    def _content(self, digest: bytes | None) -> Any:
        if digest is None:
            return None
        if digest not in self._texts:
            if len(self._texts) >= 4096:
                self._texts.clear()
            text = content(self._store, digest).decode("utf-8", "replace")
            self._texts[digest] = self._cleaner.value(form.embedded(text, _compact, "text"))
        return self._texts[digest]

    def _text(self, value: Any) -> Any:
        """Return a value of a column, cleaned where it is a text or JSON in one."""
        if not isinstance(value, str) or not value:
            return value
        if value[:1] in ("{", "["):
            try:
                inner = json.loads(value)
            except ValueError:
                return self._cleaner.text(value)
            cleaned = self._cleaner.value(inner)
            return value if cleaned == inner or inner != inner else json.dumps(cleaned)
        return self._cleaner.text(value)

    def _write_console(self, key: int, run_id: str) -> None:
        inside = False
        held: list[list[Any]] = []
        for (seq,) in self._store.read(
            "SELECT seq FROM console_block WHERE run=? ORDER BY seq", (key,)
        ):
            data = self._store.read(
                "SELECT data FROM console_block WHERE run=? AND seq=?", (key, seq)
            )[0][0]
            lines = json.loads(zlib.decompress(data))
            texts, inside = self._cleaner.lines([line[2] for line in lines], inside)
            held += ([*line[:2], text] for line, text in zip(lines, texts, strict=True))
            while len(held) >= _LINES:
                self._write(form.line({"run": run_id, "printed": held[:_LINES]}))
                del held[:_LINES]
        if held:
            self._write(form.line({"run": run_id, "printed": held}))

    def _write_told(self) -> None:
        """Write what is told about the experiments of the runs, as a merge brings it."""
        names = sorted(self._experiments)
        batches: dict[int, int] = {}
        for batch, scope, *rest in self._store.read(
            "SELECT batch, scope, kind, raw, canonical, who, at_ms, reason FROM alias "
            "WHERE reverted_ms IS NULL ORDER BY at_ms, id"
        ):
            for place in names if scope == "" else [scope] if scope in self._experiments else []:
                columns = ("scope", "kind", "raw", "canonical", "who", "at_ms", "reason")
                facts = dict(zip(columns, (place, *map(self._text, rest)), strict=True))
                facts["batch"] = batches.setdefault(batch, len(batches) + 1)
                self._write(form.line({"alias": facts}))
        columns = ("experiment", "rule", "winner", "at_ms", "who", "members", "digest")
        told = Table("decision", "run", columns, frozenset())
        for row in self._store.read(
            f"SELECT {', '.join(columns)} FROM decision ORDER BY at_ms, id"
        ):
            if row[0] in self._experiments:
                facts = dict(zip(columns, row, strict=True))
                self._write(form.line({"decision": self._shaped(told, facts)}))


def _read_runs(store: Store, bound: dict[str, Any]) -> dict[int, tuple[str, dict[str, Any]]]:
    """Return id and columns of runs by key."""
    names = [column[1] for column in store.read("PRAGMA main.table_info(run)")]
    wanted = [name for name in names if name not in ("id", "uuid", "experiment")]
    found = {}
    for key, uuid, experiment, created, *columns in store.read(
        "SELECT r.id, r.uuid, e.name, e.created_ms, "
        f"{', '.join(f'r.{name}' for name in wanted)} FROM run AS r "
        f"JOIN experiment AS e ON e.id = r.experiment WHERE r.id {_THESE}",
        bound,
    ):
        facts = {"experiment": experiment, "experiment_created_ms": created}
        for name, value in zip(wanted, columns, strict=True):
            facts[name] = value.hex() if isinstance(value, bytes) else value
        if facts["parent"]:
            facts["parent"] = run_uuid(bytes.fromhex(facts["parent"]))
        found[key] = run_uuid(uuid), facts
    return found


def _points_line(run_id: str, points: Any) -> str:
    kind = form.KINDS[2 if points.system else 1]
    return form.line(
        {
            "run": run_id,
            "points": [kind, points.metric, points.context],
            "steps": points.steps.tolist(),
            "times_ms": points.times_ms.tolist(),
            "values": form.numbers(points.values),
        }
    )


def _compact(facts: Any) -> str:
    """Return facts of lineage as the text that the store keeps of them."""
    return json.dumps(facts, sort_keys=True, separators=(",", ":"))
