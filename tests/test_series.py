"""What a series comes to, and its points, against plain Python over the same numbers."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterator, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from processes import points
from test_journal_damage import RUN_ID, START, write_metrics

from tui_tracker import blocks, queries
from tui_tracker.drain import recover
from tui_tracker.journal_writer import JournalWriter
from tui_tracker.queries import MetricSummary, RunKey
from tui_tracker.series import AxisCache, OpenSeries
from tui_tracker.store import Store

Point = tuple[int, float]

STEPS = st.integers(-5, 40) | st.integers(-(2**63), 2**63 - 1)
VALUES = st.floats(-1e6, 1e6) | st.sampled_from(
    [math.nan, math.inf, -math.inf, 0.0, -0.0, 1e308, -1e308, 5e-324]
)
POINTS = st.lists(st.tuples(STEPS, VALUES), min_size=1, max_size=60)


def save(store: Store, batches: Sequence[Sequence[Point]]) -> tuple[RunKey, MetricSummary]:
    """Save a series in batches, loaded anew for every second one."""
    with store.write() as connection:
        connection.execute("INSERT OR IGNORE INTO experiment VALUES (1, 'e', 0)")
        connection.execute("INSERT OR IGNORE INTO key VALUES (1, 1, 'loss', '')")
        run = connection.execute(
            "INSERT INTO run (uuid, experiment, name, status, started_ms) "
            "VALUES (randomblob(16), 1, 'r', 'finished', 0)"
        ).lastrowid
        series = OpenSeries(run or 0, 1)
        for number, batch in enumerate(batches):
            if number % 2:
                series = OpenSeries.load(connection, run or 0, 1)
            steps, values = [step for step, _ in batch], [value for _, value in batch]
            series.add(steps, list(range(len(batch))), values)
            series.save(connection, AxisCache())
    detail = queries.get_run(store, run or 0)
    return run or 0, detail.row.metrics["loss"]


def split(items: Sequence[Point], sizes: Sequence[int]) -> list[Sequence[Point]]:
    batches, place, turn = [], 0, 0
    while place < len(items):
        size = sizes[turn % len(sizes)]
        batches.append(items[place : place + size])
        place, turn = place + size, turn + 1
    return batches


def same(a: float | None, b: float | None) -> bool:
    if a is None or b is None or a != a or b != b:
        return repr(a) == repr(b)
    return a == b


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A store for all examples of a property: each makes a run of its own."""
    with Store.open(tmp_path_factory.mktemp("series") / "store", create=True) as store:
        yield store


@settings(derandomize=True, max_examples=150, deadline=None, database=None)
@given(POINTS, st.lists(st.integers(1, 9), min_size=1, max_size=4))
def test_a_summary_is_what_plain_python_makes_of_the_points(shared, logged, sizes):
    run, found = save(shared, split(logged, sizes))
    series = queries.read_series(shared, run, found.key)

    values = [value for _, value in logged]
    finite = [(step, value) for step, value in logged if math.isfinite(value)]
    assert list(series.steps) == [step for step, _ in logged]
    assert array("d", series.values).tobytes() == array("d", values).tobytes()
    assert (found.count, found.first_step, found.last_step) == (
        len(logged),
        logged[0][0],
        logged[-1][0],
    )
    assert same(found.first, values[0])
    assert same(found.last, values[-1])
    assert found.nan == sum(map(math.isnan, values))
    assert found.inf == sum(map(math.isinf, values))
    assert found.min == min((value for _, value in finite), default=None)
    assert found.max == max((value for _, value in finite), default=None)
    if finite:
        # Divided first: the plain sum of numbers near the largest overflows.
        wanted = math.fsum(value / len(finite) for _, value in finite)
        scale = max(abs(value) for _, value in finite)
        assert found.mean == pytest.approx(wanted, rel=1e-9, abs=1e-12 * scale + 1e-320)
        assert found.min_step == next(step for step, value in finite if value == found.min)
        assert found.max_step == next(step for step, value in finite if value == found.max)
    else:
        assert (found.mean, found.min_step, found.max_step) == (None, None, None)


@pytest.mark.parametrize("sizes", [[1], [7, 1000, 3], [1023], [1024], [1025], [5000]])
def test_drains_of_odd_sizes_leave_the_same_series(store, sizes):
    logged = [(step * 3, math.sin(step)) for step in range(5000)]

    run, found = save(store, split(logged, sizes))
    series = queries.read_series(store, run, found.key)

    assert list(zip(series.steps, series.values, strict=True)) == logged
    assert found.mean == pytest.approx(math.fsum(v for _, v in logged) / 5000, rel=1e-12)
    heads = store.read("SELECT seq, n FROM series_block ORDER BY seq")
    assert heads == [(0, 1024), (1, 1024), (2, 1024), (3, 1024), (4, 904)]


def test_numbers_at_both_ends_have_a_mean_between_them(store):
    _, found = save(store, [[(0, 1e308)], [(1, -1e308)], [(2, 1.7e308)], [(3, -1.7e308)]])

    assert found.mean == pytest.approx(0.0, abs=1e293)


@settings(derandomize=True, max_examples=200, deadline=None, database=None)
@given(
    st.lists(st.tuples(st.integers(-20, 60), VALUES), min_size=1, max_size=90),
    st.integers(1, 30),
    st.none() | st.integers(-25, 65),
    st.none() | st.integers(-25, 65),
    st.integers(1, 40),
)
def test_buckets_keep_every_minimum_and_maximum(shared, logged, wanted, low, high, capacity):
    whole, blocks.CAPACITY = blocks.CAPACITY, capacity
    try:
        run, found = save(shared, split(logged, [capacity * 3]))
        buckets = queries.read_buckets(shared, run, found.key, wanted, low=low, high=high)
    finally:
        blocks.CAPACITY = whole

    assert buckets is not None
    check(buckets, logged, wanted, low, high)


def check(
    buckets: queries.Buckets,
    logged: Sequence[Point],
    wanted: int,
    low: int | None,
    high: int | None,
) -> None:
    inside = [
        (step, value)
        for step, value in logged
        if (low is None or step >= low) and (high is None or step <= high)
    ]
    finite = [value for _, value in inside if math.isfinite(value)]
    mins = [value for value in buckets.mins if value == value]
    maxs = [value for value in buckets.maxs if value == value]
    assert len(buckets.mins) <= wanted
    assert min(mins, default=None) == min(finite, default=None)
    assert max(maxs, default=None) == max(finite, default=None)
    # Each bucket's ends are values that were logged between its steps, and no point
    # lies outside of the buckets that cover its step.
    spans = list(
        zip(buckets.low_steps, buckets.high_steps, buckets.mins, buckets.maxs, strict=True)
    )
    for first, last, least, most in spans:
        between = [v for step, v in inside if first <= step <= last and math.isfinite(v)]
        assert (least != least) == (most != most)
        if least == least:
            assert least in between
            assert most in between
    for step, value in inside:
        covering = [span for span in spans if span[0] <= step <= span[1]]
        assert covering, step
        if math.isfinite(value):
            assert any(least <= value <= most for _, _, least, most in covering)


def test_one_spike_in_a_million_points_stays_visible(store):
    logged = [(step, 0.5) for step in range(1_000_000)]
    logged[654_321] = (654_321, 99.0)

    run, found = save(store, [logged])
    buckets = queries.read_buckets(store, run, found.key, 300)
    zoomed = queries.read_buckets(store, run, found.key, 300, low=600_000, high=700_000)

    assert buckets is not None
    assert zoomed is not None
    assert max(buckets.maxs) == 99.0
    assert max(zoomed.maxs) == 99.0
    assert (len(buckets.maxs) <= 300, buckets.count) == (True, 1_000_000)


def test_a_range_that_cuts_through_blocks_shows_the_points_at_its_ends(store):
    logged = [(step, float(step)) for step in range(10 * 1024)]

    run, found = save(store, [logged])
    buckets = queries.read_buckets(store, run, found.key, 4, low=1000, high=9000)

    assert buckets is not None
    assert (min(buckets.mins), max(buckets.maxs)) == (1000.0, 9000.0)


def test_no_point_no_buckets(store):
    assert queries.read_buckets(store, 1, 1, 10) is None


def test_many_names_in_one_call_and_in_one_each(folder):
    with Store.open(folder, create=True) as store:
        writer = JournalWriter(str(folder / "journals" / f"{RUN_ID}.journal"), START)
        write_metrics(writer, 0, **{f"all{n}": float(n) for n in range(10_000)})
        writer.close()
        found = recover(store)
        (key,) = queries.list_run_keys(store)
        run = queries.get_run(store, key)

    assert (found.problems, len(run.row.metrics)) == ((), 10_000)
    assert points(folder, "all9999") == [(0, 9999.0)]


def test_names_that_only_differ_in_what_no_store_can_keep_lose_no_point(folder):
    with Store.open(folder, create=True) as store:
        writer = JournalWriter(str(folder / "journals" / f"{RUN_ID}.journal"), START)
        for step in range(3):
            write_metrics(writer, step, **{"a\ud800": 1.0})
            write_metrics(writer, step, **{"a\udfff": 2.0})
            recover(store)
        writer.close()
        recover(store)
        (key,) = queries.list_run_keys(store)
        (metric,) = queries.get_run(store, key).row.metrics.values()
        series = queries.read_series(store, key, metric.key)

    assert metric.count == len(series.values) == 6
    assert sorted(series.values) == [1.0] * 3 + [2.0] * 3
