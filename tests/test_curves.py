from __future__ import annotations

import math

import pytest

from tui_tracker.curves import (
    Axis,
    Column,
    braille,
    columns,
    gaps,
    log_ticks,
    smooth,
    sparkline,
    tick_labels,
    ticks,
    value_range,
)


@pytest.mark.parametrize(
    ("low", "high", "count", "labels"),
    [
        (0, 18, 4, ["0", "5", "10", "15"]),
        (0.157, 1.06, 4, ["0.5", "1.0"]),
        (0.183, 1.01, 5, ["0.2", "0.4", "0.6", "0.8", "1.0"]),
        (0, 100_000, 5, ["0", "20k", "40k", "60k", "80k", "100k"]),
        (-1, 1, 4, ["-1.0", "-0.5", "0.0", "0.5", "1.0"]),
        (0, 4e-5, 4, ["0", "1e-5", "2e-5", "3e-5", "4e-5"]),
        (1000, 4000, 3, ["1000", "2000", "3000", "4000"]),
    ],
)
def test_ticks_are_round_and_their_labels_agree_on_decimals(low, high, count, labels):
    assert tick_labels(ticks(low, high, count)) == labels


@pytest.mark.parametrize(
    ("low", "high"),
    [(1.0, 1.0), (2.0, 1.0), (math.nan, 1.0), (0.0, math.inf), (1e300, 1e300 * (1 + 1e-15))],
)
def test_a_range_without_room_has_no_ticks_or_few(low, high):
    assert len(ticks(low, high, 5)) <= 6


def test_ticks_of_the_largest_floats_do_not_overflow():
    assert all(math.isfinite(tick) for tick in ticks(-1.7e308, 1.7e308, 4))


def test_a_log_axis_has_powers_of_ten():
    assert tick_labels(log_ticks(3e-4, 20, 6)) == [
        "0.001",
        "0.01",
        "0.1",
        "1",
        "10",
    ]


def test_a_log_axis_within_one_decade_has_ones_twos_and_fives():
    assert log_ticks(0.15, 0.9, 4) == [0.2, 0.5]


def test_a_log_axis_places_decades_evenly():
    axis = Axis(0.01, 100, 5, log=True)

    assert [axis.place(value) for value in (0.01, 0.1, 1, 10, 100, 0, -3)] == [
        0,
        1,
        2,
        3,
        4,
        0,
        0,
    ]


def test_an_axis_of_huge_values_does_not_overflow():
    axis = Axis(-1.7e308, 1.7e308, 101)

    assert [axis.place(v) for v in (-1.7e308, 0.0, 1.7e308)] == [0, 50, 100]


@pytest.mark.parametrize(
    ("values", "log", "limits"),
    [
        ([1.0, 3.0], False, (1.0, 3.0)),
        ([2.0], False, (1.8, 2.2)),
        ([0.0], False, (-1.0, 1.0)),
        ([math.nan, math.inf], False, None),
        ([-1.0, 0.0, 5.0], True, (2.5, 10.0)),
        ([], False, None),
    ],
)
def test_the_range_shows_every_finite_value(values, log, limits):
    assert value_range(values, values, log=log) == limits


def test_a_spike_of_one_bucket_is_drawn_to_its_full_height():
    x, y = Axis(0, 9, 10), Axis(0, 100, 8)
    maxs = [1.0] * 5 + [100.0] + [1.0] * 4

    drawn = columns(range(10), range(10), [1.0] * 10, maxs, x, y)

    assert drawn[5] == Column(0, 7)


def test_a_bucket_without_a_finite_value_is_a_gap_that_no_line_crosses():
    x, y = Axis(0, 4, 5), Axis(0, 1, 4)
    values = [0.0, 0.0, math.nan, 1.0, 1.0]

    drawn = columns(range(5), range(5), values, values, x, y)

    assert drawn == [Column(3, 3), Column(3, 3), None, Column(0, 0), Column(0, 0)]
    assert gaps(range(5), range(5), values, x) == [2]


def test_points_far_apart_are_joined_by_a_line():
    x, y = Axis(0, 1, 5), Axis(0, 1, 5)

    drawn = columns([0, 1], [0, 1], [0.0, 1.0], [0.0, 1.0], x, y)

    assert all(column is not None for column in drawn)
    assert [column.bottom for column in drawn if column] == sorted(
        (column.bottom for column in drawn if column), reverse=True
    )


def test_neighbours_that_do_not_touch_meet_half_way():
    x, y = Axis(0, 1, 2), Axis(0, 7, 8)

    drawn = columns([0, 1], [0, 1], [0.0, 7.0], [0.0, 7.0], x, y)

    assert drawn == [Column(4, 7), Column(0, 3)]


def test_steps_outside_the_axis_are_left_out():
    x, y = Axis(10, 12, 3), Axis(0, 1, 4)

    drawn = columns([0, 10, 11, 12, 50], [0, 10, 11, 12, 50], [0.0] * 5, [0.0] * 5, x, y)

    assert drawn == [Column(3, 3)] * 3


def test_braille_packs_two_by_four_dots_into_a_cell():
    drawn = [Column(0, 0), Column(3, 3), Column(4, 7), None]

    assert braille(drawn, 2) == ["⢁ ", " ⡇"]


def test_smoothing_starts_at_the_first_value_and_leaves_nan_alone():
    smoothed = smooth([1.0, math.nan, 0.0, 0.0], 0.5)

    assert smoothed[0] == 1.0
    assert math.isnan(smoothed[1])
    assert smoothed[2] == pytest.approx(1 / 3)


def test_smoothing_by_zero_changes_nothing():
    assert smooth([3.0, 1.0, 2.0], 0.0) == [3.0, 1.0, 2.0]


def test_a_sparkline_keeps_the_spike_and_marks_the_gap():
    line = sparkline([0.0, 0.0, 0.0, 9.0, 0.0, 0.0, math.nan, math.nan], 4)

    assert line == "▁▇▁×"


@pytest.mark.parametrize(
    ("values", "line"),
    [([], ""), ([math.nan], "×"), ([5.0, 5.0], "▁▁"), ([1.0], "▁")],
)
def test_a_sparkline_of_little_is_short(values, line):
    assert sparkline(values, 8) == line
