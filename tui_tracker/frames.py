"""Runs and points as frames of pandas or polars: `tt.frame`."""

from __future__ import annotations

import json
import os
from array import array
from collections.abc import Collection, Sequence
from typing import Any, Literal

from tui_tracker.errors import InvalidArgument
from tui_tracker.handing_on.points import Stretch, read_points
from tui_tracker.handing_on.run_table import Cell, TableColumn, read_table, run_columns
from tui_tracker.handing_on.secrets import Cleaner
from tui_tracker.queries.renamed import labels_as_read
from tui_tracker.queries.rows import run_uuid
from tui_tracker.queries.selection import Selection, list_run_keys
from tui_tracker.series_frames import (
    float_column,
    is_polars,
    load_engine,
    time_column,
    whole_column,
)
from tui_tracker.store import Store

What = Literal["runs", "points"]
Frame = Any
"""A `pandas.DataFrame` or a `polars.DataFrame`."""


def frame(
    query: str = "",
    *,
    what: What = "runs",
    metrics: Collection[str] | None = None,
    engine: Literal["pandas", "polars"] = "pandas",
    store: str | os.PathLike[str] | None = None,
    archived: bool = False,
) -> Frame:
    """Return the runs that a query fits as a frame, newest first, or all points of them.

    `what="runs"` is a line a run: `id`, `name`, `experiment`, `status`, `started` and `ended`
    (datetime64[ms, UTC]; no time while running), `duration_s` (float64), `parent`, `host`,
    `user`, `archived` (bool), `points` (int64), `tags` and `notes` (lists), then `param:NAME`
    and, of each metric, `metric:LABEL.last`, `.min`, `.max` (float64) and `.count` (Int64). A
    param is bool, Int64, float64 or text, whichever holds all its values; with a missing value
    a bool of pandas is `boolean`.

    `what="points"` is a line a point in log order: `run` (the id), `metric`, `context`
    (categories), `step` (int64), `time` (datetime64[ms, UTC]), `value` (float64).

    `metrics` are the labels wanted (`loss`, `loss@val`), None for all. `store` is a folder;
    without it the store is found as everywhere else.

    Raises:
        InvalidArgument: the library is not installed, or a word is not known.
        QueryError: the query cannot be read, or names a field that no run has.
        StoreError: there is no store, or it cannot be read.
    """
    from tui_tracker.drain import recover

    if what not in ("runs", "points"):
        raise InvalidArgument(f"what={what!r} is not known: 'runs' and 'points' are")
    library = load_engine(engine)
    wanted = None if metrics is None else frozenset(_listed(metrics))
    with Store.open(store) as opened:
        recover(opened)
        keys = list_run_keys(opened, Selection(query=query, archived=archived))
        if wanted is not None:
            wanted = frozenset(labels_as_read(opened, wanted).values())
        if what == "points":
            return _points(library, opened, keys, wanted)
        columns = run_columns(opened, keys, wanted)
        cleaner = Cleaner(keep=True)  # nothing leaves the machine
        rows = [row for chunk in read_table(opened, keys, columns, cleaner) for row in chunk]
        cells = list(zip(*rows, strict=True)) if rows else [()] * len(columns)
        return library.DataFrame(
            {
                column.name: _column(library, column, values)
                for column, values in zip(columns, cells, strict=True)
            }
        )


def _listed(metrics: Collection[str]) -> Collection[str]:
    return [metrics] if isinstance(metrics, str) else metrics


def _points(
    library: Any, store: Store, keys: Sequence[int], metrics: Collection[str] | None
) -> Frame:
    steps, times, values = array("q"), array("q"), array("d")
    labels = _Codes(), _Codes(), _Codes()
    for one in read_points(store, keys, labels=metrics):
        for codes, word in zip(labels, (str(one.run), one.metric, one.context), strict=True):
            codes.add(word, len(one.values))
        _extend(steps, times, values, one)
    runs, names, contexts = labels
    runs.rename(_ids(store, [int(key) for key in runs.words]))
    return library.DataFrame(
        {
            "run": runs.column(library),
            "metric": names.column(library),
            "context": contexts.column(library),
            "step": whole_column(library, steps),
            "time": time_column(library, times),
            "value": float_column(library, values),
        }
    )


def _extend(steps: array[int], times: array[int], values: array[float], one: Stretch) -> None:
    steps += one.steps
    times += one.times_ms
    values += one.values


class _Codes:
    """A column of few words, kept as their numbers."""

    def __init__(self) -> None:
        self._known: dict[str, int] = {}
        self._codes = array("i")

    @property
    def words(self) -> list[str]:
        return list(self._known)

    def add(self, word: str, times: int) -> None:
        code = self._known.setdefault(word, len(self._known))
        self._codes += array("i", (code,)) * times

    def rename(self, words: Sequence[str]) -> None:
        self._known = {word: number for number, word in enumerate(words)}

    def column(self, library: Any) -> Any:
        if not is_polars(library):
            import numpy

            codes: Any = numpy.frombuffer(self._codes, dtype="int32") if self._codes else []
            return library.Categorical.from_codes(codes, categories=self.words)
        words = library.Series(self.words, dtype=library.String).cast(library.Categorical)
        return words.gather(self._codes.tolist())


def _ids(store: Store, keys: Sequence[int]) -> list[str]:
    rows = store.read(
        "SELECT id, uuid FROM run WHERE id IN (SELECT value FROM json_each(?))",
        (json.dumps(list(keys)),),
    )
    found = {key: run_uuid(uuid) for key, uuid in rows}
    return [found.get(key, "") for key in keys]


def _column(library: Any, column: TableColumn, values: Sequence[Cell]) -> Any:
    """Return the cells of a column of a table of runs."""
    cells: list[Any] = list(values)
    if column.type == "time":
        stamps = [None if one is None else round(one.timestamp() * 1000) for one in cells]
        return time_column(library, stamps)
    if column.type == "float":
        # A polars null and a NaN differ: no value, and a value that is no number.
        if is_polars(library):
            return library.Series(cells, dtype=library.Float64)
        return library.Series(
            [float("nan") if one is None else one for one in cells], dtype="float64"
        )
    return library.Series(cells, dtype=_type(library, column, None in cells))


def _type(library: Any, column: TableColumn, missing: bool) -> Any:
    if is_polars(library):
        return {
            "text": library.String,
            "texts": library.List(library.String),
            "bool": library.Boolean,
            "int": library.Int64,
        }[column.type]
    if column.type == "int":
        return "Int64" if column.name != "points" else "int64"
    return {"text": "object", "texts": "object", "bool": "boolean" if missing else "bool"}[
        column.type
    ]
