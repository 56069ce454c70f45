"""Runs as a table of typed columns, one line a run.

    id            text       the run's id
    name          text
    experiment    text
    status        text       running, finished, failed, killed, crashed, pruned
    started       time       UTC, milliseconds
    ended         time       UTC, milliseconds; none while the run is running
    duration_s    float      seconds; until now while the run is running
    parent        text       id of the run that it belongs to; none without one
    host, user    text
    archived      bool
    points        int        points of all its metrics
    tags, notes   texts      a list; notes oldest first
    param:NAME    bool, int, float or text, whichever holds all its values exactly (whole
                  numbers beyond 64 bits and lists are text); none where the run has none
    metric:LABEL.last, .min, .max     float; NaN where it was last NaN, none without points;
                  min and max are over the finite values
    metric:LABEL.count                int; none where the run never logged it

LABEL is `name`, or `name@context` where there is a context.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from tui_tracker.handing_on.secrets import Cleaner
from tui_tracker.queries.answers import ParamValue, RunRow
from tui_tracker.queries.columns import ColumnSpec
from tui_tracker.queries.rows import METRIC_KIND, PARAM_KIND, run_uuid
from tui_tracker.queries.runs import get_rows
from tui_tracker.store import Store

Type = Literal["text", "texts", "bool", "int", "float", "time"]
Cell = str | bool | int | float | datetime | list[str] | None

_CHUNK = 500
_PLAIN: tuple[tuple[str, Type], ...] = (
    ("id", "text"),
    ("name", "text"),
    ("experiment", "text"),
    ("status", "text"),
    ("started", "time"),
    ("ended", "time"),
    ("duration_s", "float"),
    ("parent", "text"),
    ("host", "text"),
    ("user", "text"),
    ("archived", "bool"),
    ("points", "int"),
    ("tags", "texts"),
    ("notes", "texts"),
)
_STATS: tuple[tuple[str, Type], ...] = (
    ("last", "float"),
    ("min", "float"),
    ("max", "float"),
    ("count", "int"),
)
_SPEC_TYPES: dict[str, Type] = {
    "started": "time",
    "ended": "time",
    "duration": "float",
    "tags": "texts",
    "notes": "texts",
    "tag": "texts",
    "health": "texts",
    "spark": "texts",
}
"""Types of what `--columns` may name, where it is no text, param or metric."""
HELD = ("param", "metric", "tag", "note")
"""What the table holds, in the words of `losses`."""


@dataclass(frozen=True, slots=True)
class TableColumn:
    """A column: its name, what its cells are, and where they come from."""

    name: str
    type: Type
    source: str = ""
    """Name of the param, or label of the metric."""
    statistic: str = ""


def run_columns(
    store: Store, keys: Sequence[int], metrics: Collection[str] | None = None
) -> list[TableColumn]:
    """Return the columns of these runs; `metrics` are the labels wanted, None for all."""
    columns = [TableColumn(name, kind) for name, kind in _PLAIN]
    for name, kinds in sorted(_param_kinds(store, keys).items()):
        columns.append(TableColumn(f"param:{name}", _type_of(kinds), name))
    for label in sorted(_labels(store, keys)):
        if metrics is None or label in metrics:
            columns += (
                TableColumn(f"metric:{label}.{stat}", kind, label, stat) for stat, kind in _STATS
            )
    return columns


def read_table(
    store: Store, keys: Sequence[int], columns: Sequence[TableColumn], cleaner: Cleaner
) -> Iterator[list[list[Cell]]]:
    """Yield the cells of some runs at a time, a list a run in the order of the columns."""
    params = [column.source for column in columns if column.name.startswith("param:")]
    labels = list(dict.fromkeys(column.source for column in columns if column.statistic))
    for start in range(0, len(keys), _CHUNK):
        chunk = list(keys[start : start + _CHUNK])
        with store.one_moment():
            rows = get_rows(store, chunk, params=params, metrics=labels, notes=True)
            more = _more(store, chunk)
        yield [[_cell(row, column, more[row.key], cleaner) for column in columns] for row in rows]


def spec_columns(
    store: Store, keys: Sequence[int], specs: Sequence[ColumnSpec]
) -> list[TableColumn]:
    """Return columns for what `--columns` names, each with the type that holds its values."""
    kinds = _param_kinds(store, keys) if any(spec.kind == "param" for spec in specs) else {}
    found = []
    for spec in specs:
        if spec.kind == "param":
            kind = _type_of(kinds.get(spec.key, set()))
        elif spec.kind == "metric":
            kind = "int" if spec.stat in ("count", "nan", "inf") else "float"
        else:
            kind = _SPEC_TYPES.get(spec.kind, "text")
        found.append(TableColumn(spec.title or spec.field, kind, spec.key))
    return found


def as_cell(value: Any, column: TableColumn, cleaner: Cleaner) -> Cell:
    """Return a value as JSON has it, as a cell of its column's type."""
    if value is None:
        return None
    if column.type == "time":
        return datetime.fromisoformat(value)
    if column.type == "texts":
        return [cleaner.text(str(member)) for member in value]
    if isinstance(value, (str, list)) and column.source:
        value = cleaner.param(column.source, value)
    return _param(value, column.type)


def _cell(row: RunRow, column: TableColumn, more: tuple[str | None, int], cleaner: Cleaner) -> Cell:
    if column.statistic:
        summary = row.metrics.get(column.source)
        value: Cell = getattr(summary, column.statistic) if summary else None
        return value
    if column.source or column.name.startswith("param:"):
        if column.source not in row.params:
            return None
        return _param(cleaner.param(column.source, row.params[column.source]), column.type)
    if column.name in ("tags", "notes"):
        return [cleaner.text(text) for text in getattr(row, column.name)]
    if column.name in ("parent", "points"):
        return more[column.name == "points"]
    name = {"started": "started_at", "ended": "ended_at"}.get(column.name, column.name)
    found: Cell = getattr(row, name)
    return cleaner.text(found) if isinstance(found, str) and name != "id" else found


def _param(value: ParamValue, kind: Type) -> Cell:
    if value is None:
        return None
    if kind == "float" and isinstance(value, (int, float)):
        return float(value)
    if kind == "text":
        return value if isinstance(value, str) else json.dumps(value)
    return value  # type: ignore[return-value]


def _more(store: Store, chunk: list[int]) -> dict[int, tuple[str | None, int]]:
    rows = store.read(
        "SELECT id, parent, points FROM run WHERE id IN (SELECT value FROM json_each(:keys))",
        {"keys": json.dumps(chunk)},
    )
    return {key: (run_uuid(parent) if parent else None, points) for key, parent, points in rows}


def _param_kinds(store: Store, keys: Sequence[int]) -> dict[str, set[str]]:
    """Return the types that the params of these runs have, by name."""
    found: dict[str, set[str]] = {}
    for rows in _in_runs(
        store,
        keys,
        # Digits are kept as text where a float does not hold them; 19 may be too many.
        "SELECT DISTINCT k.name, CASE WHEN p.type != 'int' OR p.text IS NULL THEN p.type "
        "WHEN length(ltrim(p.text, '-')) < 19 OR (length(ltrim(p.text, '-')) = 19 "
        f"AND ltrim(p.text, '-') <= '{2**63 - 1}') THEN 'long' ELSE 'huge' END "
        "FROM param AS p JOIN key AS k ON k.id = p.key "
        f"WHERE k.kind = {PARAM_KIND} AND p.run",
    ):
        for name, kind in rows:
            found.setdefault(name, set()).add(kind)
    return found


def _labels(store: Store, keys: Sequence[int]) -> set[str]:
    return {
        f"{name}@{context}" if context else name
        for rows in _in_runs(
            store,
            keys,
            "SELECT DISTINCT k.name, k.context FROM metric AS m JOIN key AS k ON k.id = m.key "
            f"WHERE k.kind = {METRIC_KIND} AND m.run",
        )
        for name, context in rows
    }


def _in_runs(store: Store, keys: Sequence[int], sql: str) -> Iterator[list[Any]]:
    for start in range(0, len(keys), 5000):
        bound = {"keys": json.dumps(list(keys[start : start + 5000]))}
        yield store.read(f"{sql} IN (SELECT value FROM json_each(:keys))", bound)


def _type_of(kinds: set[str]) -> Type:
    """Return the type that holds all values exactly; text holds anything."""
    told = kinds - {"none"}
    if told == {"bool"}:
        return "bool"
    if told and told <= {"int", "long"}:
        return "int"
    # Whole numbers beyond 2**53 (`long`) have no place among floats.
    return "float" if told and told <= {"int", "float"} else "text"
