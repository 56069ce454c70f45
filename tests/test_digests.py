"""Digests of objects in memory: every change is seen, and nothing that is no change."""

from __future__ import annotations

import datetime
import decimal
import io
import math
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from tui_tracker.capture.digests import digest

np = pytest.importorskip("numpy")
pd = pytest.importorskip("pandas")
pl = pytest.importorskip("polars")
pa = pytest.importorskip("pyarrow")

ROWS = 12_000
FAR = 10_001
"""A row that a digest of the first ten thousand would not see."""


def whole(value: object) -> str:
    """Return the digest of a value of which everything is known."""
    feed = digest(value)
    assert not feed.unknown
    assert feed.digest.startswith("sha256:")
    return feed.digest


def frame() -> Any:
    """A table with a column of every common kind."""
    source = np.random.default_rng(0)
    half = ROWS // 2
    return pd.DataFrame(
        {
            "float": source.random(ROWS),
            "int": source.integers(0, 9, ROWS),
            "bool": source.random(ROWS) > 0.5,
            "time": pd.date_range("2020", periods=ROWS, freq="min"),
            "zoned": pd.date_range("2020", periods=ROWS, freq="min", tz="Europe/Berlin"),
            "category": pd.Categorical(source.choice(["a", "b", "c"], ROWS)),
            "text": source.choice(["x", "yy", "zzz"], ROWS),
            "object": pd.Series([[1], None, "1", 1] * (ROWS // 4), dtype=object),
            "masked": pd.array([1, None] * half, dtype="Int64"),
            "flag": pd.array([True, None] * half, dtype="boolean"),
            "arrow": pd.array([1, None] * half, dtype="int64[pyarrow]"),
            "period": pd.period_range("2020", periods=ROWS, freq="h"),
            "interval": pd.interval_range(0, ROWS),
        }
    )


def test_equal_tables_have_equal_digests():
    assert whole(frame()) == whole(frame())


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("float", 0.5),
        ("int", 77),
        ("time", pd.Timestamp("1999")),
        ("zoned", pd.Timestamp("1999", tz="Europe/Berlin")),
        ("text", "other"),
        ("object", 1.0),
        ("masked", 5),
        ("flag", False),
        ("arrow", 9),
        ("period", pd.Period("1999-01-01 00:00", freq="h")),
    ],
)
def test_one_cell_beyond_the_ten_thousandth_row_is_seen(column, value):
    table = frame()
    table.at[FAR, column] = value

    assert whole(table) != whole(frame())


def test_a_boolean_that_is_turned_is_seen():
    table = frame()
    table.at[FAR, "bool"] = not table.at[FAR, "bool"]

    assert whole(table) != whole(frame())


@pytest.mark.parametrize(
    "change",
    [
        lambda t: t[list(t.columns[::-1])],
        lambda t: t.rename(columns={"int": "integer"}),
        lambda t: t.astype({"int": "int32"}),
        lambda t: t.set_index(t.index + 1),
        lambda t: t.rename_axis("row"),
        lambda t: t.set_index(["int", "text"]),
        lambda t: t.assign(category=t["category"].cat.rename_categories({"a": "q"})),
        lambda t: t.assign(category=t["category"].cat.reorder_categories(["c", "b", "a"])),
        lambda t: t.assign(category=t["category"].cat.as_ordered()),
        lambda t: t.assign(zoned=t["zoned"].dt.tz_convert("UTC")),
        lambda t: t.iloc[::-1],
        lambda t: t.assign(masked=t["masked"].fillna(0)),
    ],
)
def test_order_names_dtypes_index_and_categories_are_seen(change: Callable[[Any], Any]):
    assert whole(change(frame())) != whole(frame())


def test_the_same_csv_read_twice_has_one_digest():
    columns = ["float", "int", "bool", "time", "text"]
    text = frame()[columns].to_csv(index=False)

    assert whole(pd.read_csv(io.StringIO(text))) == whole(pd.read_csv(io.StringIO(text)))


def test_what_pandas_own_hash_takes_for_the_same_is_told_apart():
    def objects(*cells: object) -> Any:
        return pd.Series(list(cells), dtype=object)

    assert whole(objects(1, "1")) != whole(objects("1", 1))
    assert whole(objects(None)) != whole(objects(math.nan))
    assert whole(objects([1, 2])) != whole(objects([2, 1]))


def test_a_column_of_the_users_own_objects_is_named_and_does_not_look_whole():
    found = digest(pd.DataFrame({"a": [1, 2], "model": [object(), object()]}))

    assert list(found.unknown) == ["builtins.object"]
    assert found.digest.startswith("sample:")


def test_every_nan_is_the_same_nan():
    negative = np.array([0x7FF8000000000000, 0xFFF8000000000001], np.uint64).view(np.float64)

    assert whole(negative) == whole(np.array([np.nan, np.nan]))
    assert whole(pd.Series(negative)) == whole(pd.Series([np.nan, np.nan]))
    assert whole(pl.Series(negative)) == whole(pl.Series([math.nan, math.nan]))
    assert whole(pa.array(negative)) == whole(pa.array(np.array([np.nan, np.nan])))


# -- arrays


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", ">f8", "c16", "g", "i2", "U3", "S2", "M8[s]"])
def test_where_an_array_lies_in_memory_does_not_matter(dtype):
    values = np.arange(24).astype(dtype).reshape(4, 6)

    assert whole(np.asfortranarray(values)) == whole(values)
    assert whole(np.repeat(values, 2, axis=1)[:, ::2]) == whole(values)
    assert whole(values.copy()) == whole(values)


def test_shape_dtype_byte_order_and_order_are_seen():
    values = np.arange(24.0).reshape(4, 6)
    others = [values.reshape(6, 4), values.T, values.astype("f4"), values.astype(">f8")]
    others += [values[::-1], values.astype(int), values.ravel(), values[:, :, None]]

    assert len({whole(other) for other in [values, *others]}) == 9


def test_one_value_of_a_large_array_is_seen():
    values = np.zeros((1000, 1300))
    other = values.copy()
    other[777, 777] = 1e-300

    assert whole(values) != whole(other)
    assert whole(values[:, ::2]) != whole(other[:, 1::2])


def test_padding_within_records_is_not_content():
    dtype = np.dtype([("flag", "i1"), ("value", "f8")], align=True)
    one, other = np.zeros(5, dtype), np.empty(5, dtype)
    other.view("u1")[:] = 7
    for name in ("flag", "value"):
        one[name] = other[name] = np.arange(5)

    assert whole(one) == whole(other)
    other["flag"][3] = 0
    assert whole(one) != whole(other)


def test_masked_arrays_are_their_mask_and_what_shows():
    one = np.ma.array([1, 2, 3], mask=[0, 1, 0])
    other = np.ma.array([1, 9, 3], mask=[0, 1, 0])

    assert whole(one) == whole(other)
    assert whole(one) != whole(np.ma.array([1, 2, 3], mask=[0, 0, 1]))


def test_objects_and_texts_of_any_length_in_arrays_are_read():
    assert whole(np.array(["a", None, 1], object)) != whole(np.array(["a", None, 2], object))
    if hasattr(np, "dtypes") and hasattr(np.dtypes, "StringDType"):
        kind = np.dtypes.StringDType()
        assert whole(np.array(["a", "b" * 99], kind)) != whole(np.array(["a", "b" * 98], kind))
        assert whole(np.array(["a", "b" * 99], kind)) == whole(np.array(["a", "b" * 99], kind))


def test_sparse_matrices_are_their_entries():
    sparse = pytest.importorskip("scipy.sparse")
    matrix = sparse.random(50, 50, 0.1, random_state=0)
    other = matrix.tocsr()
    other.data[0] += 1

    assert whole(matrix) == whole(matrix.tocsc()) == whole(matrix.tolil())
    assert whole(matrix) != whole(other)


# -- polars and Arrow


def polars_frame() -> Any:
    source = np.random.default_rng(1)
    half = ROWS // 2
    return pl.DataFrame(
        {
            "float": source.random(ROWS),
            "text": source.choice(["x", "yy", "a much longer text than twelve"], ROWS),
            "bool": source.random(ROWS) > 0.5,
            "list": [[1, 2], [], None, [3, None]] * (ROWS // 4),
            "struct": [{"x": 1, "y": "q"}, None] * half,
            "null": [1, None] * half,
            "category": pl.Series(["u", "v"] * half, dtype=pl.Categorical),
            "enum": pl.Series(["u", "v"] * half, dtype=pl.Enum(["u", "v"])),
            "array": pl.Series([[1, 2], [3, 4]] * half, dtype=pl.Array(pl.Int64, 2)),
        }
    )


def test_chunks_of_polars_are_not_content():
    table = polars_frame()

    assert whole(polars_frame()) == whole(table)
    assert whole(pl.concat([table[:7001], table[7001:]], rechunk=False)) == whole(table)
    assert whole(pl.concat([table[:3], table])[3:]) == whole(table)


@pytest.mark.parametrize(
    ("column", "value"),
    [("float", 0.5), ("text", "zz"), ("bool", None), ("null", 44), ("enum", None)],
)
def test_one_cell_of_polars_is_seen(column, value):
    table = polars_frame()
    other = table.clone()
    other[FAR, column] = value

    assert whole(other) != whole(table)


@pytest.mark.parametrize("column", ["list", "struct", "array"])
def test_one_cell_within_a_cell_of_polars_is_seen(column):
    table = polars_frame()
    changed = {"list": [1, 3], "struct": {"x": 2, "y": "q"}, "array": [1, 3]}[column]
    other = table.with_columns(
        pl.Series(column, [*table[column][: ROWS - 4], changed, *table[column][ROWS - 3 :]],
                  dtype=table[column].dtype)
    )  # fmt: skip

    assert whole(other) != whole(table)


def test_what_lies_under_a_missing_value_is_not_content():
    numbers = pl.DataFrame({"n": [1, 2, 3]})
    hidden = numbers.with_columns(pl.when(pl.col("n") != 2).then(pl.col("n")).alias("n"))
    mask = np.array([False, True, False])
    one, other = pa.array(np.array([1, 2, 3]), mask=mask), pa.array(np.array([1, 9, 3]), mask=mask)

    assert whole(hidden) == whole(pl.DataFrame({"n": [1, None, 3]}))
    assert whole(one) == whole(other)


@pytest.mark.parametrize(
    ("dtype", "values"),
    [
        (pl.Int64, [*range(50), None]),
        (pl.String, ["a", "b" * 40, None, ""]),
        (pl.Boolean, [True, False, None]),
        (pl.Decimal(10, 2), [1, 2, None]),
        (pl.Datetime("us", "UTC"), [10, 5, None]),
        (pl.List(pl.Int8), [[], [1], [1, None], None]),
    ],
)
def test_however_a_series_came_together_it_is_the_same(dtype, values):
    source = random.Random(str(dtype))
    for _ in range(30):
        cells = [source.choice(values) for _ in range(source.randint(1, 60))]
        series = pl.Series(cells, dtype=dtype)
        at, more = source.randint(0, len(cells)), source.randint(0, 3)
        before = pl.Series(values[:1] * more, dtype=dtype)
        joined = pl.concat([before, series[:at], series[at:]], rechunk=source.random() < 0.5)
        arrow = series.to_arrow()
        sliced = pa.concat_arrays([before.to_arrow(), arrow])[more:]

        assert whole(joined[more:]) == whole(series)
        assert whole(pa.chunked_array([arrow[:at], arrow[at:]])) == whole(arrow)
        assert whole(sliced) == whole(arrow)


def test_chunks_of_arrow_are_not_content_and_cells_are():
    table = polars_frame().drop("category", "enum").to_arrow()
    parts = pa.concat_tables([table.slice(0, 77), table.slice(77)])
    numbers = pa.table({"a": [1, 2, 3]})

    assert whole(parts) == whole(table)
    assert whole(numbers) != whole(pa.table({"a": [1, 2, 4]}))
    assert whole(numbers) != whole(pa.table({"b": [1, 2, 3]}))
    assert whole(numbers) != whole(pa.table({"a": pa.array([1, 2, 3], pa.int32())}))


def test_maps_and_dictionaries_of_arrow_are_read():
    kind = pa.map_(pa.string(), pa.int64())
    one, other = pa.array([[("a", 1)], []], kind), pa.array([[("a", 2)], []], kind)

    assert whole(one) != whole(other)
    assert whole(pa.array(["a", "b"]).dictionary_encode()) != whole(
        pa.array(["b", "a"]).dictionary_encode()
    )


# -- plain values


@dataclass
class Settings:
    size: int
    names: list[str]


def test_plain_values_are_told_apart():
    day = datetime.date(2026, 1, 2)
    values: list[object] = [
        *(None, True, 1, 1.0, 1j, "1", b"1", [1], (1,), {1}, [1, 1], [[1]], [True], range(1)),
        *({"a": 1}, {"a": 2}, {"b": 1}, {}, [], "", day, decimal.Decimal(1), ["a", "bc"]),
        *(["ab", "c"], Settings(1, ["a"]), Settings(1, ["b"]), 10**5000, -(10**5000), [1, "1"]),
        *([1.5, 2.5], [1, 2.5], [2**63], ["1", 1]),
    ]

    assert len({whole(value) for value in values}) == len(values)


def test_the_order_of_keys_is_no_content_and_that_of_rows_is():
    assert whole({"a": 1, "b": 2}) == whole({"b": 2, "a": 1})
    assert whole({"x": np.arange(3), "y": [1]}) == whole({"y": [1], "x": np.arange(3)})
    assert whole({3, 1, 2}) == whole({1, 2, 3})
    assert whole([{"a": 1}, {"a": 2}]) != whole([{"a": 2}, {"a": 1}])


def test_a_list_that_holds_itself_has_a_digest():
    endless: list[object] = [1]
    endless.append(endless)

    assert whole(endless)


def test_an_object_with_a_fingerprint_is_taken_at_its_word():
    class Mine:
        def __init__(self, mark: str) -> None:
            self.mark = mark

        def __fingerprint__(self) -> str:
            return self.mark

    assert whole([Mine("a")]) != whole([Mine("b")])
    assert whole([Mine("a")]) == whole([Mine("a")])


def test_a_generator_is_not_used_up():
    numbers = (number for number in range(3))

    assert list(digest(numbers).unknown) == ["builtins.generator"]
    assert list(numbers) == [0, 1, 2]
