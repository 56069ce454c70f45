from __future__ import annotations

import math

import pytest

from tui_tracker.curves import (
    Axis,
    Canvas,
    Curve,
    gaps,
    log_ticks,
    nice_range,
    reduce,
    smooth,
    sparkline,
    tick_labels,
    ticks,
    trace,
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


def test_a_log_axis_over_a_decade_has_them_too_where_they_fit():
    assert log_ticks(1, 11, 5) == [1, 2, 5, 10]
    assert log_ticks(1, 11, 3) == [1, 10]


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


def curve_of(values: list[float], steps: list[int] | None = None, slots: int = 1000) -> Curve:
    curve = reduce(steps or range(len(values)), values, slots)
    assert curve is not None
    return curve


def dots(curve: Curve, x: Axis, y: Axis) -> list[str]:
    """Return the drawn dots, a line of `#` and blanks for each row of dots."""
    layer, height = trace(curve, x, y), (y.dots + 3) // 4
    rows = []
    for row in range(y.dots):
        cells = layer[row // 4 :: height]
        bits = [(mask >> row % 4 & 1, mask >> 4 + row % 4 & 1) for mask in cells]
        rows.append("".join(".#"[bit] for pair in bits for bit in pair)[: x.dots])
    return rows


def test_a_spike_of_one_bucket_is_drawn_to_its_full_height():
    drawn = dots(curve_of([1.0] * 5 + [100.0] + [1.0] * 4), Axis(0, 9, 10), Axis(1, 100, 8))

    # The neighbours reach half way up to it.
    assert [row[5] for row in drawn] == ["#"] * 8 or [row[5] for row in drawn][:4] == ["#"] * 4
    assert drawn[0] == ".....#...."


def test_a_spike_within_a_bucket_is_drawn_from_its_smallest_to_its_largest_value():
    curve = curve_of([1.0] * 50 + [100.0] + [1.0] * 49, slots=10)

    drawn = dots(curve, Axis(0, 99, 10), Axis(1, 100, 8))

    assert [row[5] for row in drawn] == ["#"] * 8


def test_a_bucket_without_a_finite_value_is_a_gap_that_no_line_crosses():
    x, curve = Axis(0, 4, 5), curve_of([0.0, 0.0, math.nan, 1.0, 1.0])

    assert dots(curve, x, Axis(0, 1, 4)) == ["...##", ".....", ".....", "##..."]
    assert gaps(curve, x) == [2]


def test_points_far_apart_are_joined_by_a_line():
    drawn = dots(curve_of([0.0, 1.0]), Axis(0, 1, 5), Axis(0, 1, 5))

    assert all("#" in column for column in zip(*drawn, strict=True))
    assert [row.index("#") for row in drawn] == sorted(
        (row.index("#") for row in drawn), reverse=True
    )


def test_neighbours_that_do_not_touch_meet_half_way():
    drawn = dots(curve_of([0.0, 7.0]), Axis(0, 1, 2), Axis(0, 7, 8))

    assert drawn == [".#"] * 4 + ["#."] * 4


def test_steps_outside_the_axis_are_left_out():
    curve = curve_of([0.0] * 5, [0, 10, 11, 12, 50])

    assert dots(curve, Axis(10, 12, 3), Axis(0, 1, 4))[3] == "###"


def test_a_log_axis_leaves_out_what_is_not_above_zero():
    drawn = dots(curve_of([1.0, 0.0, 10.0]), Axis(0, 2, 3), Axis(1, 10, 2, log=True))

    assert drawn == ["..#", "#.."]


def test_braille_packs_two_by_four_dots_into_a_cell():
    canvas = Canvas(2, 2)
    canvas.add(bytes([0x81, 0x00, 0x00, 0x0F]), 1)

    assert [text for text, _ in canvas.rows()] == ["⢁ ", " ⡇"]


def test_a_cell_belongs_to_the_topmost_line_and_keeps_the_dots_of_those_below():
    canvas = Canvas(2, 1)
    canvas.add(bytes([0x01, 0x01]), 1)
    canvas.add(bytes([0x80, 0x00]), 2)

    assert canvas.rows() == [("⢁⠁", bytes([2, 1]))]


def test_what_lies_over_others_hides_their_dots():
    canvas = Canvas(1, 1)
    canvas.add(b"\xff", 1)
    canvas.add(b"\x08", 2, over=True)

    assert canvas.rows() == [("⡀", bytes([2]))]


@pytest.mark.parametrize(
    ("low", "high", "wide"),
    [(0.03, 2.31, (0.0, 2.5)), (0.0, 1.0, (0.0, 1.0)), (-3, 12, (-5, 12.5))],
)
def test_a_range_ends_at_half_ticks(low, high, wide):
    assert nice_range(low, high, 5) == wide


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
