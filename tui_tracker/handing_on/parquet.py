"""Tables as Parquet, through pyarrow (extra `export`), a row group at a time.

Points:

    run      dictionary<string>   id of the run
    metric   dictionary<string>
    context  dictionary<string>   "" where nothing was said
    step     int64
    time     timestamp[ms, UTC]
    value    double               NaN and infinities as logged

Runs: the columns of `run_table`: text is string, texts list<string>, bool bool, int int64,
float double, time timestamp[ms, UTC]. The metadata of the schema have `tui_tracker` (the
version), `query` and `what`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tui_tracker.errors import InvalidArgument
from tui_tracker.handing_on.points import Stretch
from tui_tracker.handing_on.run_table import Cell, TableColumn

if TYPE_CHECKING:
    from array import array

_GROUP = 1 << 20
"""Points of a row group."""
NEEDED = "writing Parquet needs pyarrow: pip install 'tui-tracker[export]'"


def write_points(
    stretches: Iterable[Stretch],
    names: Callable[[int], str],
    path: str,
    metadata: Mapping[str, str],
    tell: Callable[[int], None],
) -> None:
    """Write points into a new file; `names` gives a run's id.

    Raises:
        InvalidArgument: pyarrow is not there.
    """
    arrow, parquet = _pyarrow()
    text = arrow.dictionary(arrow.int32(), arrow.string())
    fields = [(name, text) for name in ("run", "metric", "context")]
    fields += [("step", arrow.int64()), ("time", arrow.timestamp("ms", tz="UTC"))]
    fields += [("value", arrow.float64())]
    schema = arrow.schema(fields).with_metadata(dict(metadata))
    with parquet.ParquetWriter(path, schema, compression="zstd") as writer:
        held: list[Stretch] = []
        size = 0
        for one in stretches:
            held.append(one)
            size += len(one.values)
            if size >= _GROUP:
                writer.write_table(_points(arrow, schema, held, names))
                tell(size)
                held, size = [], 0
        if held:
            writer.write_table(_points(arrow, schema, held, names))
            tell(size)


def _points(arrow: Any, schema: Any, held: Sequence[Stretch], names: Callable[[int], str]) -> Any:
    def texts(words: Sequence[str]) -> Any:
        known = {word: number for number, word in enumerate(dict.fromkeys(words))}
        codes = arrow.chunked_array(
            [
                arrow.array([known[word]], arrow.int32()).take(
                    arrow.nulls(len(one.values), arrow.int32()).fill_null(0)
                )
                for word, one in zip(words, held, strict=True)
            ]
        ).combine_chunks()
        return arrow.DictionaryArray.from_arrays(codes, arrow.array(list(known), arrow.string()))

    def numbers(columns: Sequence[array[Any]], kind: Any) -> Any:
        pieces = [
            arrow.Array.from_buffers(kind, len(column), [None, arrow.py_buffer(column)])
            for column in columns
        ]
        return arrow.chunked_array(pieces)

    stamp = arrow.timestamp("ms", tz="UTC")
    return arrow.table(
        [
            texts([names(one.run) for one in held]),
            texts([one.metric for one in held]),
            texts([one.context for one in held]),
            numbers([one.steps for one in held], arrow.int64()),
            numbers([one.times_ms for one in held], stamp),
            numbers([one.values for one in held], arrow.float64()),
        ],
        schema=schema,
    )


def write_runs(
    chunks: Iterable[list[list[Cell]]],
    columns: Sequence[TableColumn],
    path: str,
    metadata: Mapping[str, str],
) -> None:
    """Write runs into a new file.

    Raises:
        InvalidArgument: pyarrow is not there.
    """
    arrow, parquet = _pyarrow()
    types = {
        "text": arrow.string(),
        "texts": arrow.list_(arrow.string()),
        "bool": arrow.bool_(),
        "int": arrow.int64(),
        "float": arrow.float64(),
        "time": arrow.timestamp("ms", tz="UTC"),
    }
    schema = arrow.schema([(column.name, types[column.type]) for column in columns])
    schema = schema.with_metadata(dict(metadata))
    with parquet.ParquetWriter(path, schema, compression="zstd") as writer:
        for rows in chunks:
            if rows:
                cells = zip(*rows, strict=True)
                arrays = [
                    arrow.array(list(column), kind)
                    for column, kind in zip(cells, schema.types, strict=True)
                ]
                writer.write_table(arrow.table(arrays, schema=schema))


def _pyarrow() -> tuple[Any, Any]:
    try:
        import pyarrow  # type: ignore[import-untyped]
        import pyarrow.parquet  # type: ignore[import-untyped]
    except ImportError as error:
        raise InvalidArgument(NEEDED) from error
    return pyarrow, pyarrow.parquet
