"""What is made of curves, against plain Python over the same points."""

from __future__ import annotations

import math
import statistics
from datetime import UTC

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui_tracker.curves import (
    Axis,
    band,
    crossing,
    difference,
    duration_label,
    duration_ticks,
    fill,
    interpolate,
    nice_range,
    reduce,
    smoothed,
    ticks,
    time_labels,
    time_ticks,
    trace,
)

VALUES = st.floats(-1e9, 1e9) | st.sampled_from([math.nan, math.inf, -math.inf, 1e308, -1e308])
STEPS = st.integers(-1000, 1000) | st.integers(-(2**62), 2**62)
POINTS = st.lists(st.tuples(STEPS, VALUES), min_size=1, max_size=80)
PLAIN = st.dictionaries(st.integers(0, 50), st.floats(-1e6, 1e6), min_size=1, max_size=30)
QUICK = settings(derandomize=True, max_examples=150, deadline=None, database=None)


@QUICK
@given(POINTS, st.integers(1, 40))
def test_a_reduced_curve_brackets_every_value_and_loses_none(points, slots):
    curve = reduce([x for x, _ in points], [value for _, value in points], slots)

    assert curve is not None
    assert len(curve.lows) <= slots
    for x, value in points:
        index = next(i for i in range(len(curve.lows)) if curve.lows[i] <= x <= curve.highs[i])
        if math.isfinite(value):
            assert curve.mins[index] <= value <= curve.maxs[index]
    finite = [value for _, value in points if math.isfinite(value)]
    shown = [value for value in (*curve.mins, *curve.maxs) if math.isfinite(value)]
    assert (min(shown, default=0), max(shown, default=0)) == (
        min(finite, default=0),
        max(finite, default=0),
    )
    assert sorted(curve.lows) == list(curve.lows)


@QUICK
@given(POINTS, st.integers(1, 40))
def test_the_mean_of_a_bucket_lies_between_its_ends(points, slots):
    curve = reduce([x for x, _ in points], [value for _, value in points], slots)

    assert curve is not None
    for low, mean, high in zip(curve.mins, curve.means, curve.maxs, strict=True):
        assert (math.isnan(low) and math.isnan(mean)) or low <= mean <= high


@QUICK
@given(st.integers(0, 9_999), st.integers(2, 60), st.integers(2, 30))
def test_a_spike_of_one_step_reaches_the_top_wherever_it_is(at, cells, height):
    values = [0.0] * 10_000
    values[at] = 1.0
    curve = reduce(range(10_000), values, 2 * cells)
    x, y = Axis(0, 9_999, 2 * cells), Axis(0, 1, 4 * height)

    layer = trace(curve, x, y)

    columns = [layer[place : place + height] for place in range(0, len(layer), height)]
    hit = [index for index, column in enumerate(columns) if column[0] & 0x11]
    middle = (curve.lows[curve.slot(at)] + curve.highs[curve.slot(at)]) / 2
    assert hit == [x.place(middle) // 2]


@QUICK
@given(POINTS, st.integers(2, 30), st.integers(1, 12), st.booleans(), st.booleans())
def test_any_points_are_drawn_and_filled_without_trouble(points, cells, height, log, means):
    curve = reduce([x for x, _ in points], [value for _, value in points], 2 * cells)
    assert curve is not None
    x = Axis(curve.low, max(curve.high, curve.low + 1), 2 * cells)
    y = Axis(1e-3, 1e9, 4 * height, log=True) if log else Axis(-1e9, 1e9, 4 * height)

    drawn = [trace(curve, x, y, means=means), fill(curve, x, y)]

    assert [len(layer) for layer in drawn] == [cells * height] * 2


@QUICK
@given(PLAIN, PLAIN)
def test_a_difference_is_what_straight_lines_between_the_points_give(first, second):
    at, values, made = difference(
        *((sorted(one), [one[x] for x in sorted(one)]) for one in (first, second))
    )

    def value(one: dict[int, float], x: float) -> float:
        if x in one:
            return one[int(x)]
        left, right = max(s for s in one if s < x), min(s for s in one if s > x)
        return one[left] + (one[right] - one[left]) * (x - left) / (right - left)

    low, high = max(min(first), min(second)), min(max(first), max(second))
    wanted = sorted(x for x in first.keys() | second.keys() if low <= x <= high)
    assert at == wanted
    assert made == sum(not (x in first and x in second) for x in wanted)
    for x, found in zip(at, values, strict=True):
        assert found == pytest.approx(value(first, x) - value(second, x), abs=1e-6)


@QUICK
@given(st.lists(PLAIN, min_size=1, max_size=5))
def test_a_band_over_runs_with_all_steps_in_common_is_their_statistics(runs):
    steps = sorted(runs[0])
    values = [[run.get(step, 0.5 * step) for step in steps] for run in runs]
    curves = [reduce(steps, one, 100, low=0, high=50) for one in values]

    spread, deviation = band(curves, "range"), band(curves, "std")

    assert spread is not None
    assert deviation is not None
    assert (spread.fewest, spread.most) == (len(runs), len(runs))
    for index, column in enumerate(zip(*values, strict=True)):
        mean = statistics.fmean(column)
        near = {"rel": 1e-9, "abs": 1e-6}
        assert spread.mean.means[index] == pytest.approx(mean, **near)
        assert (spread.spread.mins[index], spread.spread.maxs[index]) == (min(column), max(column))
        std = statistics.stdev(column) if len(column) > 1 else 0.0
        assert deviation.spread.maxs[index] == pytest.approx(mean + std, **near)
        assert deviation.spread.mins[index] == pytest.approx(mean - std, **near)


def test_a_run_counts_between_its_points_but_not_beyond_them():
    every = reduce(range(5), [0.0] * 5, 5, low=0, high=4)
    seldom = reduce([1, 3], [2.0, 4.0], 5, low=0, high=4)

    found = band([every, seldom], "range")

    assert found is not None
    assert list(found.mean.means) == [0.0, 1.0, 1.5, 2.0, 0.0]
    assert (found.fewest, found.most) == (1, 2)


def test_a_run_does_not_count_beside_its_nan():
    steady = reduce(range(3), [1.0] * 3, 3)
    broken = reduce(range(3), [3.0, math.nan, 3.0], 3)

    found = band([steady, broken], "range")

    assert found is not None
    assert list(found.mean.means) == [2.0, 1.0, 2.0]


def test_no_curve_has_no_band():
    assert band([], "range") is None


def test_interpolation_ends_where_the_points_do():
    found = interpolate([0, 10], [1.0, 2.0], [-1, 0, 5, 10, 11])

    assert [str(value) for value in found] == ["nan", "1.0", "1.5", "2.0", "nan"]


def test_of_a_step_that_was_logged_twice_the_last_value_counts():
    at, values, _ = difference(([0, 1, 1], [5.0, 1.0, 3.0]), ([0, 1], [0.0, 0.0]))

    assert (at, values) == ([0, 1], [5.0, 3.0])


@pytest.mark.parametrize(
    ("values", "threshold", "rising", "place"),
    [
        ([0.1, 0.5, 0.9], 0.5, True, 1),
        ([0.9, 0.5, 0.1], 0.5, False, 1),
        ([0.1, math.nan, math.inf, 0.9], 0.5, True, 3),
        ([0.1, 0.2], 0.5, True, None),
    ],
)
def test_a_crossing_is_the_first_finite_value_at_or_beyond(values, threshold, rising, place):
    assert crossing(values, threshold, rising=rising) == place


def test_a_smoothed_curve_is_a_line_of_means():
    curve = reduce(range(4), [1.0, 0.0, 1.0, 0.0], 2)

    over = smoothed(curve, 0.5)

    assert list(over.mins) == list(over.maxs) == [0.5, 0.5]


@pytest.mark.parametrize(
    ("high_ms", "labels"),
    [
        (400, ["0", "100ms", "200ms", "300ms", "400ms"]),
        (60_000, ["0", "15s", "30s", "45s", "1m"]),
        (3 * 3_600_000, ["0", "1h", "2h", "3h"]),
        (90 * 60_000, ["0", "30m", "1h", "1h30"]),
        (3 * 86_400_000, ["0", "1d", "2d", "3d"]),
    ],
)
def test_lengths_of_time_have_round_ticks_in_their_unit(high_ms, labels):
    assert [duration_label(tick) for tick in duration_ticks(0, high_ms, 4)] == labels


def test_a_clock_has_round_times_and_the_date_at_midnight():
    noon = 1_760_011_200_000 + 3 * 3_600_000

    found = time_labels(time_ticks(noon, noon + 24 * 3_600_000, 5, UTC), UTC)

    assert found == ["18:00", "Oct 10", "06:00", "12:00"]


@QUICK
@given(st.floats(-1e12, 1e12), st.floats(1e-6, 1e12), st.integers(1, 20))
def test_axes_hold_their_range_and_few_ticks(low, width, count):
    high = low + width

    wide = nice_range(low, high, count)

    assert wide[0] <= low
    assert wide[1] >= high
    assert len(ticks(low, high, count)) <= count + 1


@QUICK
@given(st.lists(st.floats(-1e12, 1e12), min_size=1), st.floats(-1e12, 1e12), st.floats(1e-3, 1e12))
def test_many_places_are_those_of_one_by_one(values, low, width):
    axis = Axis(low, low + width, 200)

    for many, value in zip(axis.places(values), values, strict=True):
        assert abs(many - axis.place(value)) <= 1
