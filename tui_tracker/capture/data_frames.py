"""Tables of pandas, polars and Arrow, column by column.

Names and dtypes in order, then of each column which rows are missing and the others' values.
What lies under a missing value, in how many chunks a column came, and which library
keeps its texts is not content. pandas' own `hash_pandas_object` is not used: it takes 1 and
"1", and None and NaN, for the same, it cannot hash a list in a cell, and 64 bits that anybody
can aim at are no identity.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from tui_tracker.capture.digests import Feed

_NAN = float("nan")


def feed_pandas(feed: Feed, value: Any) -> bool:
    """Take a DataFrame, Series, Index, or an array or a single value of pandas."""
    pandas = sys.modules["pandas"]
    if isinstance(value, pandas.DataFrame):
        feed.text("pandas.DataFrame")
        _feed_index(feed, value.columns)
        _feed_index(feed, value.index)
        for position in range(value.shape[1]):
            _feed_column(feed, value.iloc[:, position].array)
    elif isinstance(value, pandas.Series):
        feed.text("pandas.Series")
        feed.value(value.name)
        _feed_index(feed, value.index)
        _feed_column(feed, value.array)
    elif isinstance(value, pandas.Index):
        _feed_index(feed, value)
    elif isinstance(value, pandas.api.extensions.ExtensionArray):
        _feed_column(feed, value)
    elif value is pandas.NaT or value is pandas.NA:
        feed.text(repr(value))
    elif isinstance(value, (pandas.Timestamp, pandas.Timedelta, pandas.Period, pandas.Interval)):
        feed.text(f"{type(value).__name__} {value!r}")
    else:
        return False
    return True


def _feed_index(feed: Feed, index: Any) -> None:
    feed.text("pandas.Index")
    feed.values(index.names)
    for level in range(index.nlevels):
        # Level by level: a MultiIndex would become a tuple a row.
        _feed_column(feed, index.get_level_values(level).array)


def _feed_column(feed: Feed, column: Any) -> None:
    """Take an extension array; numpy's are wrapped in one."""
    dtype = column.dtype
    feed.text(f"{dtype} {len(column)}")
    kind = type(dtype).__name__
    if kind == "CategoricalDtype":
        feed.value(bool(column.ordered))
        _feed_column(feed, column.categories.array)
        feed.value(column.codes)
    elif kind in ("DatetimeTZDtype", "PeriodDtype"):
        feed.value(column.asi8)
    elif kind == "IntervalDtype":
        _feed_column(feed, column.left.array)
        _feed_column(feed, column.right.array)
    elif kind == "SparseDtype":
        feed.value(column.to_dense())
    elif kind == "ArrowDtype":
        feed.value(column.__arrow_array__())
    elif hasattr(dtype, "numpy_dtype") and hasattr(column, "_mask"):
        feed.value(column.isna())
        feed.value(column.to_numpy(dtype=dtype.numpy_dtype, na_value=dtype.numpy_dtype.type(0)))
    else:
        _feed_numpy_column(feed, column, kind)


def _feed_numpy_column(feed: Feed, column: Any, kind: str) -> None:
    if kind == "NumpyEADtype" or hasattr(column.dtype, "char"):
        values = column.to_numpy()
        if values.dtype.kind != "O":
            feed.value(values)
            return
    feed.cells(column.to_numpy(dtype=object).tolist())


def feed_polars(feed: Feed, value: Any) -> bool:
    """Take a DataFrame or Series; a LazyFrame is a recipe, and is not run."""
    polars = sys.modules["polars"]
    if isinstance(value, polars.DataFrame):
        feed.text(f"polars.DataFrame {value.shape}")
        for column in value.get_columns():
            feed.text(column.name)
            _feed_series(feed, polars, column)
    elif isinstance(value, polars.Series):
        feed.text("polars.Series " + value.name)
        _feed_series(feed, polars, value)
    else:
        return False
    return True


def _feed_series(feed: Feed, polars: Any, series: Any) -> None:
    dtype = series.dtype
    feed.text(f"{dtype!r} {len(series)}")
    if series.null_count():
        feed.take("m", _polars_stream(polars, series.is_null().cast(polars.UInt8)))
        series = series.drop_nulls()
    if isinstance(dtype, polars.Struct):
        for field in dtype.fields:
            feed.text(field.name)
            _feed_series(feed, polars, series.struct.field(field.name))
    elif isinstance(dtype, polars.Array):
        _feed_series(feed, polars, series.cast(polars.List(dtype.inner)))
    elif isinstance(dtype, polars.List):
        lengths = series.list.len()
        _feed_series(feed, polars, lengths)
        _feed_series(feed, polars, series.filter(lengths > 0).explode())
    elif dtype == polars.Object:
        feed.cells(series.to_list())
    else:
        feed.take("p", _polars_stream(polars, _plain_series(polars, series)))


def _plain_series(polars: Any, series: Any) -> Any:
    """Return the same values in a form that has no history."""
    if series.dtype == polars.Categorical:
        return series.cast(polars.String)  # codes depend on what else the process has read
    if series.dtype == polars.Boolean:
        return series.cast(polars.UInt8)  # the last byte's unused bits are anything
    return series.fill_nan(float("nan")) if series.dtype.is_float() else series


def _polars_stream(polars: Any, series: Any) -> Any:
    """Return the values as one Arrow stream, the same for equal values."""
    import io

    # A missing value at the end, so that there always is a list of which are: whether
    # polars keeps one where none is missing depends on where the values came from.
    end = polars.Series([None], dtype=series.dtype)
    whole = polars.concat([series.rename(""), end], rechunk=True)
    sink = io.BytesIO()
    # The newest layout of texts remembers how they came together; the oldest does not.
    polars.DataFrame([whole]).write_ipc_stream(
        sink, compression="uncompressed", compat_level=polars.CompatLevel.oldest()
    )
    return sink.getbuffer()


def feed_arrow(feed: Feed, value: Any) -> bool:
    """Take a Table, RecordBatch, array or single value of Arrow."""
    arrow = sys.modules["pyarrow"]
    if isinstance(value, (arrow.Table, arrow.RecordBatch)):
        feed.text(f"arrow {value.num_rows} {value.num_columns}")
        for name, column in zip(value.schema.names, value.columns, strict=True):
            feed.text(name)
            _feed_arrow(feed, arrow, column)
    elif isinstance(value, (arrow.Array, arrow.ChunkedArray)):
        _feed_arrow(feed, arrow, value)
    elif isinstance(value, arrow.Scalar):
        feed.text(str(value.type))
        feed.value(value.as_py())
    else:
        return False
    return True


def _feed_arrow(feed: Feed, arrow: Any, column: Any) -> None:
    feed.text(f"{column.type} {len(column)}")
    column = _one_array(arrow, column)
    types = arrow.types
    if types.is_null(column.type):
        return
    if column.null_count:
        feed.take("m", _arrow_message(arrow, column.is_null().cast("uint8")))
        column = column.drop_null()
    if types.is_struct(column.type):
        for field, values in zip(column.type, column.flatten(), strict=True):
            feed.text(field.name)
            _feed_arrow(feed, arrow, values)
    elif types.is_fixed_size_list(column.type):
        _feed_arrow(feed, arrow, column.flatten())
    elif types.is_list(column.type) or types.is_large_list(column.type):
        feed.take("a", _arrow_message(arrow, column.value_lengths().cast("int64")))
        _feed_arrow(feed, arrow, column.flatten())
    else:
        feed.take("a", _arrow_message(arrow, _plain_arrow(arrow, column)))


def _one_array(arrow: Any, column: Any) -> Any:
    """Return one array of plain storage for any number of chunks."""
    types = arrow.types
    if isinstance(column.type, arrow.BaseExtensionType):
        chunks = getattr(column, "chunks", [column])
        column = arrow.chunked_array([c.storage for c in chunks], column.type.storage_type)
    if types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    # Texts of more than 2 GB fit into one array only with long offsets.
    if types.is_string(column.type) or types.is_string_view(column.type):
        column = column.cast(arrow.large_string())
    elif types.is_binary(column.type) or types.is_binary_view(column.type):
        column = column.cast(arrow.large_binary())
    return column.combine_chunks() if isinstance(column, arrow.ChunkedArray) else column


def _plain_arrow(arrow: Any, column: Any) -> Any:
    if arrow.types.is_boolean(column.type):
        return column.cast("uint8")  # the last byte's unused bits are anything
    if arrow.types.is_float32(column.type) or arrow.types.is_float64(column.type):
        from importlib import import_module

        compute = import_module(f"{arrow.__name__}.compute")
        return compute.if_else(compute.is_nan(column), arrow.scalar(_NAN, column.type), column)
    return column


def _arrow_message(arrow: Any, column: Any) -> Any:
    # Written out, a slice is only what it shows.
    return arrow.RecordBatch.from_arrays([column], [""]).serialize()
