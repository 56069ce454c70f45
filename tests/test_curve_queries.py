"""Curves of several runs: few questions, the same buckets for all, exact points where asked."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_series import POINTS, save

from tui_tracker import queries
from tui_tracker.curves import reduce
from tui_tracker.drain import recover
from tui_tracker.errors import StoreDamaged
from tui_tracker.queries import ChartWanted, XAxis, first_crossings, read_curves, read_values_at
from tui_tracker.queries.curves import room_to_grow
from tui_tracker.queries.curves_over import read_difference
from tui_tracker.queries.seeds import seed_digests, seed_siblings
from tui_tracker.store import Store


@contextmanager
def questions(store: Store, most: int) -> Iterator[None]:
    """Fail where more than so many queries are asked."""
    asked: list[str] = []
    read = store.read

    def counted(sql: str, parameters: object = ()) -> object:
        asked.append(sql)
        return read(sql, parameters)  # type: ignore[arg-type]

    store.read = counted  # type: ignore[method-assign, assignment]
    try:
        yield
    finally:
        store.read = read  # type: ignore[method-assign]
    assert len(asked) <= most, asked


@pytest.fixture
def pairs_of(store) -> Callable[..., list[tuple[int, int]]]:
    """The pairs of all runs with a metric, in the order that they were started."""

    def find(metric: str) -> list[tuple[int, int]]:
        recover(store)
        order = queries.Order("started", descending=False)
        rows = queries.get_rows(store, queries.list_run_keys(store, order=order), metrics=None)
        return [(row.key, row.metrics[metric].key) for row in rows if metric in row.metrics]

    return find


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with Store.open(tmp_path_factory.mktemp("curves") / "store", create=True) as store:
        yield store


def test_all_charts_of_a_run_are_two_questions(store, log_run, pairs_of):
    log_run("a", **{f"m{n}": [float(n + step) for step in range(100)] for n in range(20)})
    pairs = [pairs_of(f"m{n}")[0] for n in range(20)]

    with questions(store, 2):
        found = read_curves(store, [ChartWanted((pair,)) for pair in pairs], 64)

    assert [(found[pair].mins[0], found[pair].maxs[-1]) for pair in pairs] == [
        (float(n), n + 99.0) for n in range(20)
    ]


def test_a_long_curve_is_one_question_and_reads_no_block(shared):
    values = [0.0] * 200_000
    values[123_456] = 7.0
    run, metric = save(shared, [list(enumerate(values))])

    with questions(shared, 1):
        curve = read_curves(shared, [ChartWanted(((run, metric.key),))], 100)[run, metric.key]

    assert (max(curve.maxs), len(curve.lows)) == (7.0, 100)


@settings(derandomize=True, max_examples=60, deadline=None, database=None)
@given(POINTS, st.integers(1, 30))
def test_curves_from_blocks_are_those_from_points(shared, logged, slots):
    run, metric = save(shared, [logged])
    pair = (run, metric.key)

    found = read_curves(shared, [ChartWanted((pair,))], slots)[pair]
    wanted = reduce([step for step, _ in logged], [value for _, value in logged], slots)

    assert wanted is not None
    assert (list(found.lows), list(found.highs)) == (list(wanted.lows), list(wanted.highs))
    same = {"rel": 0, "abs": 0, "nan_ok": True}
    assert list(found.mins) == pytest.approx(list(wanted.mins), **same)
    assert list(found.maxs) == pytest.approx(list(wanted.maxs), **same)
    assert (found.first, found.last, found.count) == (wanted.first, wanted.last, wanted.count)


def test_curves_of_a_chart_are_laid_over_the_same_slots(store, log_run, pairs_of):
    log_run("long", loss=[0.0] * 100)
    log_run("short", loss=[0.0] * 30)
    first, second = pairs_of("loss")

    found = read_curves(store, [ChartWanted((first, second))], 10)

    assert {(curve.low, curve.high, curve.slots) for curve in found.values()} == {(0, 99, 10)}
    assert len(found[second].lows) == 3


def test_a_growing_chart_ends_ahead_of_its_points(store, log_run, pairs_of):
    log_run("a", loss=[0.0] * 96)
    (pair,) = pairs_of("loss")

    curve = read_curves(store, [ChartWanted((pair,), grows=True)], 10)[pair]

    assert (curve.low, curve.high) == room_to_grow(0, 95) == (0, 100)


def test_time_since_the_start_begins_near_zero_for_every_run(store, log_run, pairs_of):
    log_run("first", loss=[0.0, 1.0])
    log_run("second", loss=[0.0, 1.0])
    pairs = pairs_of("loss")

    with questions(store, 3):
        found = read_curves(store, [ChartWanted(tuple(pairs))], 64, XAxis("relative"))

    assert all(0 <= curve.first < 60_000 for curve in found.values())


def test_the_time_of_day_is_that_of_the_points(store, log_run, pairs_of):
    log_run("a", loss=[0.0, 1.0, 2.0])
    (pair,) = pairs_of("loss")
    series = queries.read_series(store, *pair)

    curve = read_curves(store, [ChartWanted((pair,))], 64, XAxis("wall"))[pair]

    assert (curve.first, curve.last) == (min(series.times_ms), max(series.times_ms))
    assert max(curve.maxs) == 2.0


def test_on_a_metric_points_stand_where_it_was_and_between_its_steps(store, folder, pairs_of):
    import tui_tracker as tt

    run = tt.init("e", "a", store=folder)
    for step in range(31):
        run.log({"loss": float(step)}, step=step)
        if step in (10, 20):
            run.log({"epoch": step / 10}, step=step)
    run.finish()
    (pair,), (axis,) = pairs_of("loss"), pairs_of("epoch")

    with questions(store, 3):
        curve = read_curves(store, [ChartWanted((pair,))], 100, XAxis("metric", axis[1]))[pair]

    # Steps before 10 and behind 20 have no known epoch.
    assert (curve.first, curve.last) == (1.0, 2.0)
    assert list(zip(curve.lows, curve.mins, strict=True))[5] == (1.5, 15.0)


def test_a_point_is_found_in_the_one_block_that_holds_it(shared):
    run, metric = save(shared, [[(step, float(step)) for step in range(0, 50_000, 5)]])
    pair = (run, metric.key)

    with questions(shared, 2):
        found = read_values_at(shared, [pair], 20_003)

    assert (found[pair].step, found[pair].values) == (20_005, (20_005.0,))


def test_a_repeated_step_has_all_its_values(shared):
    run, metric = save(shared, [[(0, 1.0), (5, 2.0), (5, 3.0), (9, 4.0)]])

    found = read_values_at(shared, [(run, metric.key)], 5)

    assert found[run, metric.key].values == (2.0, 3.0)


def test_beyond_its_ends_a_series_has_no_value(shared):
    run, metric = save(shared, [[(10, 1.0), (20, 2.0)]])

    assert read_values_at(shared, [(run, metric.key)], 9) == {}
    assert read_values_at(shared, [(run, metric.key)], 21) == {}


def test_between_two_blocks_the_nearer_point_counts(shared):
    points = [(step, 0.0) for step in range(1024)] + [(5000 + step, 1.0) for step in range(10)]
    run, metric = save(shared, [points])

    found = read_values_at(shared, [(run, metric.key)], 4000)

    assert (found[run, metric.key].step, found[run, metric.key].values) == (5000, (1.0,))


@settings(derandomize=True, max_examples=60, deadline=None, database=None)
@given(POINTS, st.floats(-1e6, 1e6))
def test_the_first_crossing_is_the_one_of_plain_python(shared, logged, threshold):
    run, metric = save(shared, [logged])

    found = first_crossings(shared, [(run, metric.key)], threshold)[run, metric.key]

    finite = [(step, value) for step, value in logged if math.isfinite(value)]
    rising = bool(finite) and finite[0][1] <= threshold
    beyond = [
        (step, value)
        for step, value in finite
        if (value >= threshold if rising else value <= threshold)
    ]
    assert (found.step, found.value) == (beyond[0] if beyond else (None, None))


def test_a_crossing_in_a_long_series_reads_two_blocks(shared):
    values = [0.0] * 100_000
    values[77_777] = 1.0
    run, metric = save(shared, [list(enumerate(values))])

    with questions(shared, 3):
        found = first_crossings(shared, [(run, metric.key)], 0.9)

    assert found[run, metric.key].step == 77_777


def test_a_difference_tells_how_much_of_it_is_interpolated(store, folder, pairs_of):
    import tui_tracker as tt

    for name, apart in (("a", 1), ("b", 2)):
        run = tt.init("e", name, store=folder)
        for step in range(0, 11, apart):
            run.log({"loss": step * apart}, step=step)
        run.finish()

    found = read_difference(store, *pairs_of("loss"), 100, low=None, high=None)

    assert found is not None
    curve, made = found
    assert list(curve.means) == [float(-step) for step in range(11)]
    assert made == 5


def test_a_spike_of_one_step_stays_in_the_difference_of_long_series(shared):
    long = [(step, 1.0) for step in range(300_000)]
    long[222_222] = (222_222, 50.0)
    long[1::3] = [(step, math.nan) for step, _ in long[1::3]]
    one, spiked = save(shared, [long])
    other, flat = save(shared, [[(0, 1.0), (300_000, 1.0)]])
    pairs = (one, spiked.key), (other, flat.key)

    whole, _ = read_difference(shared, *pairs, 100, low=None, high=None) or (None, 0)
    near, _ = read_difference(shared, *pairs, 100, low=1000, high=1099) or (None, 0)

    assert whole is not None
    assert near is not None
    assert max(whole.maxs) == 49.0
    assert list(near.lows) == list(near.highs) == list(range(1000, 1100))
    assert min(value for value in whole.means if not math.isnan(value)) == 0.0


def test_runs_that_differ_by_seed_share_a_digest_and_find_each_other(store, log_run, pairs_of):
    for seed in range(3):
        log_run(f"s{seed}", params={"lr": 0.1, "seed": seed}, loss=[1.0])
    log_run("other", params={"lr": 0.2, "seed": 0}, loss=[1.0])
    keys = [run for run, _ in pairs_of("loss")]

    digests = seed_digests(store, keys)

    assert len({digests[key] for key in keys[:3]}) == 1
    assert len(set(digests.values())) == 2
    assert seed_siblings(store, keys[1]) == keys[:3]
    assert seed_siblings(store, keys[3]) == [keys[3]]


def test_a_damaged_block_is_told(store, log_run, pairs_of):
    log_run("a", loss=[1.0, 2.0])
    (pair,) = pairs_of("loss")
    with store.write() as connection:
        connection.execute("UPDATE block SET data=x'09'")

    with pytest.raises(StoreDamaged, match="a series block"):
        read_curves(store, [ChartWanted((pair,))], 10)
    with pytest.raises(StoreDamaged, match="a series block"):
        read_values_at(store, [pair], 0)


def test_a_full_block_is_read_once_for_the_same_chart(shared):
    run, metric = save(shared, [[(step, float(step)) for step in range(3000)]])
    chart = ChartWanted(((run, metric.key),), 0, 4000)
    first = read_curves(shared, [chart], 100)
    read: list[object] = []
    real = shared.read

    def counted(sql: str, parameters: object = ()) -> object:
        rows = real(sql, parameters)
        read.extend(rows if "FROM block" in sql else ())
        return rows

    shared.read = counted
    second = read_curves(shared, [chart], 100)
    shared.read = real

    # The third block is not full.
    assert len(read) == 1
    assert list(first[run, metric.key].maxs) == list(second[run, metric.key].maxs)
